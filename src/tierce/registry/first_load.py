"""Settles the lines of the first load of an empty register, without asking the database anything.

The tables have no index while they are loaded, so nobody can be looked up. A line whose identifiers and member
number no earlier line of the file can have named is a new person's: that is told by a filter of fixed size, which
errs only towards *perhaps*. Every other line is put off until the indexes are there and the rules can settle it:
the few that name somebody twice, and those whose holder came long before.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Final, NoReturn

import numpy as np

from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Rejection
from tierce.registry.batch import Bools, Ints
from tierce.registry.prepared import ELSEWHERE, NOBODY, Bytes, Linked, Prepared, Settled
from tierce.registry.settle import refuse_other_day, refuse_stranger

_BITS: Final = 1 << 29
"""64 MiB: at five million lines one in a million is put off for nothing, at a hundred million one in twenty."""


class Seen:
    """A filter of keyed numbers: never forgets one, and seldom takes one for another."""

    def __init__(self) -> None:
        self._bits = np.zeros(_BITS // 8, dtype=np.uint8)

    def add(self, keys: Bytes) -> None:
        """Remember keys, 16 bytes each."""
        for place in self._places(keys):
            np.bitwise_or.at(self._bits, place >> 3, (1 << (place & 7)).astype(np.uint8))

    def perhaps(self, keys: Bytes) -> Bools:
        """Tell which keys may have been added."""
        found = np.ones(len(keys), dtype=np.bool_)
        for place in self._places(keys):
            found &= (self._bits[place >> 3] >> (place & 7).astype(np.uint8)) & 1 == 1
        return found

    def _places(self, keys: Bytes) -> list[Ints]:
        words = np.ascontiguousarray(keys).view("<u4").astype(np.int64)
        return [words[:, place] & (_BITS - 1) for place in range(4)]


class FirstLoad:
    """Settles chunk after chunk in the order of the file."""

    def __init__(self, only_day: int | None = None) -> None:
        """With `only_day`, a line that describes another day is refused."""
        self.only_day = only_day
        self._seen = Seen()
        self._last: dict[bytes, int] = {}

    def remember(self, keys: Bytes) -> None:
        """Take in keys and member numbers loaded before an interruption."""
        self._seen.add(keys)

    def settle(self, chunk: Prepared) -> Settled:
        """Settle the lines of new people; put off the others."""
        rows = len(chunk)
        away = self._named_before(chunk)
        persons = np.frombuffer(os.urandom(8 * rows), dtype=np.int64) & (2**63 - 1) | 1
        refused: dict[int, Rejection] = {}
        if self.only_day is not None:
            for row in np.flatnonzero(chunk.effective != self.only_day).tolist():
                refused[row] = _refusal(int(chunk.lines[row]), refuse_other_day)
        holders = self._others(chunk, chunk.holders, "holder_member_number", persons, away, refused)
        deputies = self._others(chunk, chunk.representatives, "representative_member_number", persons, away, refused)
        is_refused = np.zeros(rows, dtype=np.bool_)
        is_refused[list(refused)] = True
        _put_off_who_depends(chunk, away, is_refused)
        taken = np.flatnonzero(~away & ~is_refused)
        numbers = chunk.members.tobytes()
        self._last = {numbers[16 * row : 16 * row + 16]: int(persons[row]) for row in taken.tolist()}
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
        for row in np.flatnonzero((rows == ELSEWHERE) & ~away).tolist():
            key = linked.far[row]
            if key in self._last:
                found[row] = self._last[key]
            elif self._seen.perhaps(np.frombuffer(key, dtype=np.uint8).reshape(1, 16))[0]:
                away[row] = True
            elif row not in refused:
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
