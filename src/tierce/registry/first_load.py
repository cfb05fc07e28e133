"""Settles the lines of the first load of an empty register, of one file or several, without asking the database.

The tables have no index while they are loaded, so nobody can be looked up. A line whose identifiers and member
number no earlier line of any file can have named is a new person's: that is told by a filter of fixed size, which
errs only towards *perhaps*. Every other line is put off until the indexes are there and the rules can settle it:
the few that name somebody twice, and those whose holder came long before.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Rejection
from tierce.policy.feeds import EFFECTIVE_AHEAD_DAYS
from tierce.registry.arrays import Bools, Bytes, Ints
from tierce.registry.prepared import ELSEWHERE, NOBODY, Linked, Prepared, Settled
from tierce.registry.settle import refuse_far_day, refuse_other_day, refuse_stranger

_LINES_LEAST, _LINES_MOST = 1 << 20, 1 << 22
"""64 to 256 MiB, a line of bits for four to eight lines of the file: at 33 million, one in some thousands is put off
for nothing (one in forty with 64 MiB); beyond, ever more."""
_FILE_LINES: Final = 8
_LINE_WORDS: Final = 8
"""A key's bits lie in one line of the processor's caches: it is fetched once for all of them."""
_MARKS: Final = 6


class Seen:
    """A filter of keyed numbers: never forgets one, and seldom takes one for another."""

    def __init__(self, file_lines: int) -> None:
        """Make room for the keys and member numbers of so many lines."""
        wanted = 1 << (file_lines // _FILE_LINES).bit_length()
        self._lines = min(max(wanted, _LINES_LEAST), _LINES_MOST)
        self._words = np.zeros(self._lines * _LINE_WORDS, dtype=np.uint64)

    def add(self, keys: Bytes) -> None:
        """Remember keys, 16 bytes each."""
        for words, marks in self._marks(keys):
            word, mark = words, marks
            while len(word):
                self._words[word] |= mark
                # Of two marks of one word, the first was written over.
                lost = (self._words[word] & mark) == 0
                word, mark = word[lost], mark[lost]

    def perhaps(self, keys: Bytes) -> Bools:
        """Tell which keys may have been added."""
        found = np.ones(len(keys), dtype=np.bool_)
        for word, mark in self._marks(keys):
            found &= (self._words[word] & mark) != 0
        return found

    def _marks(self, keys: Bytes) -> Iterator[tuple[Ints, NDArray[np.uint64]]]:
        """The words and bits of each key: its first four bytes name a line, nine bits of the last eight each mark."""
        halves = np.ascontiguousarray(keys).view("<u8")
        line = (halves[:, 0] & np.uint64(self._lines - 1)).astype(np.int64) * _LINE_WORDS
        for place in range(_MARKS):
            bit = halves[:, 1] >> np.uint64(9 * place)
            yield (
                line + ((bit >> np.uint64(6)) & np.uint64(7)).astype(np.int64),
                np.uint64(1) << (bit & np.uint64(63)),
            )


class _Last:
    """The members of the chunk before: whose families may go on in this one."""

    def __init__(self, members: Bytes, persons: Ints) -> None:
        halves = np.ascontiguousarray(members).view("<u8")
        order = np.argsort(halves[:, 0])
        self._halves, self._persons = halves[order], persons[order]

    def find(self, keys: Bytes) -> Ints:
        """Whose member numbers these are; 0 for whoever is not among them."""
        if not len(self._persons):
            return np.zeros(len(keys), dtype=np.int64)
        halves = np.ascontiguousarray(keys).view("<u8")
        place = np.minimum(np.searchsorted(self._halves[:, 0], halves[:, 0]), len(self._persons) - 1)
        return np.where((self._halves[place] == halves).all(axis=1), self._persons[place], 0)


class FirstLoad:
    """Settles chunk after chunk in the order of the file."""

    def __init__(self, today: int, seen: Seen) -> None:
        """Refuse a line of a day too far from `today`; `seen` holds what was loaded before, and learns the rest."""
        self._today = today
        self.only_day: int | None = None
        """A line that describes another day is refused, if there is one."""
        self._seen = seen
        self._last = _Last(np.zeros((0, 16), np.uint8), np.zeros(0, np.int64))

    def settle(self, chunk: Prepared) -> Settled:
        """Settle the lines of new people; put off the others."""
        rows = len(chunk)
        away = self._named_before(chunk)
        persons = np.frombuffer(os.urandom(8 * rows), dtype=np.int64) & (2**63 - 1) | 1
        refused: dict[int, Rejection] = {}
        for row in np.flatnonzero(chunk.effective > self._today + EFFECTIVE_AHEAD_DAYS).tolist():
            refused[row] = _refusal(int(chunk.lines[row]), refuse_far_day)
        if self.only_day is not None:
            for row in np.flatnonzero(chunk.effective != self.only_day).tolist():
                refused[row] = _refusal(int(chunk.lines[row]), refuse_other_day)
        holders = self._others(chunk, chunk.holders, "holder_member_number", persons, away, refused)
        deputies = self._others(chunk, chunk.representatives, "representative_member_number", persons, away, refused)
        is_refused = np.zeros(rows, dtype=np.bool_)
        is_refused[list(refused)] = True
        _put_off_who_depends(chunk, away, is_refused)
        taken = np.flatnonzero(~away & ~is_refused)
        self._last = _Last(chunk.members[taken], persons[taken])
        self._seen.add(chunk.keys[~is_refused[chunk.key_rows]])
        self._seen.add(chunk.members[~is_refused])
        later = [(int(line), False) for line in chunk.lines[away & ~is_refused]]
        rejections = [refused[row] for row in sorted(refused)]
        return Settled(taken, persons[taken], holders[taken], deputies[taken], rejections=rejections, later=later)

    def _named_before(self, chunk: Prepared) -> Bools:
        """Which lines may name somebody that an earlier line named, in this chunk or before it."""
        away = np.zeros(len(chunk), dtype=np.bool_)
        away[chunk.key_rows[self._seen.perhaps(chunk.keys)]] = True
        away |= self._seen.perhaps(chunk.members)
        for keys, rows in ((chunk.keys, chunk.key_rows), (chunk.members, np.arange(len(chunk)))):
            firsts = np.unique(np.ascontiguousarray(keys).view("<u8")[::, 0], return_index=True)[1]
            again = np.ones(len(keys), dtype=np.bool_)
            again[firsts] = False
            away[rows[again]] = True
        if chunk.corrects:
            away[list(chunk.corrects)] = True
        return away

    def _others(
        self, chunk: Prepared, linked: Linked, field: str, persons: Ints, away: Bools, refused: dict[int, Rejection]
    ) -> Ints:
        """Find holders or representatives: in the chunk, or in the last one; else put off, or refuse a stranger."""
        rows = linked.rows
        found = np.where(rows >= 0, persons[np.maximum(rows, 0)], 0)
        far = np.flatnonzero((rows == ELSEWHERE) & ~away)
        if not len(far):
            return np.where(rows == NOBODY, 0, found)
        keys = np.frombuffer(b"".join(linked.far[row] for row in far.tolist()), dtype=np.uint8).reshape(-1, 16)
        found[far] = self._last.find(keys)
        unknown = found[far] == 0
        perhaps = self._seen.perhaps(keys)
        away[far[unknown & perhaps]] = True
        for row in far[unknown & ~perhaps].tolist():
            if row not in refused:
                refused[row] = _refusal(int(chunk.lines[row]), partial(refuse_stranger, field))
        return np.where(rows == NOBODY, 0, found)


def _put_off_who_depends(chunk: Prepared, away: Bools, refused: Bools) -> None:
    """A line that was put off or refused takes with it those that name its member, and those that name theirs."""
    while True:
        gone = away | refused
        more = np.zeros(len(away), dtype=np.bool_)
        for rows in (chunk.holders.rows, chunk.representatives.rows):
            more |= (rows >= 0) & gone[np.maximum(rows, 0)]
        more &= ~gone
        if not more.any():
            return
        away |= more


def _refusal(line: int, refuse: Callable[[], NoReturn]) -> Rejection:
    try:
        refuse()
    except FieldError as error:
        return Rejection.of(line, error)
