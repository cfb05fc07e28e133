"""An insurer's part of a list, counted in one reading and written as canonical text; pure.

The file is described in docs/reference/hand-over.md, with which a test reads one back.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from tierce.incidents.cohorts.rules import cohort_of
from tierce.incidents.rules import slice_head
from tierce.journal.engagement import PAIRS
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros
from tierce.kernel.ids import InsurerId
from tierce.notices.model import Emptied, InsurerSlice
from tierce.notices.rules import LETTER_PREFIX
from tierce.notices.slices.model import Head, Member
from tierce.scope.model import Exposure
from tierce.scope.rules import exposure_line

VERSION: Final = "tierce-hand-over-v1"
COLUMNS: Final = ("reference", "member_number", "rank", "categories", "cohort", "first_at", "last_at", "entries")
RECORD_BYTES_MAX: Final = 200
"""The longest record, its line feed included; a member number has 20 characters at most."""
MOMENTS_MAX: Final = 100_000
"""Seconds whose text is kept at once: a day and more, some ten mebibytes."""
_last_eight: Final = struct.Struct(">Q").unpack_from


class References:
    """References of letters of one list at one insurer, as `notices.rules.letter_reference` makes them, in bulk."""

    def __init__(self, scope_digest: bytes, insurer: InsurerId) -> None:
        """Prepare what all of them begin with."""
        self._begun = hashlib.sha256(LETTER_PREFIX + scope_digest)
        self._insurer = insurer.to_bytes(2, "big")

    def of(self, person: int) -> str:
        """The reference of one person's letter."""
        made, pairs = self._begun.copy(), PAIRS
        made.update(person.to_bytes(8, "big") + self._insurer)
        number = _last_eight(made.digest(), 24)[0]
        return (
            f"{pairs[number >> 50 & 1023]}{pairs[number >> 40 & 1023]}-"
            f"{pairs[number >> 30 & 1023]}{pairs[number >> 20 & 1023]}-"
            f"{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
        )


class Moments:
    """Seconds since 1970 written as UTC; records of an incident share theirs, or their minutes: the text is kept."""

    def __init__(self) -> None:
        """Know no moment yet."""
        self._known: dict[int, str] = {}
        self._minutes: dict[int, str] = {}

    def of(self, seconds: int) -> str:
        """One moment, ``2026-11-26T07:45:00Z``."""
        text = self._known.get(seconds)
        if text is None:
            if len(self._known) >= MOMENTS_MAX:
                self._known.clear()
            minute, second = divmod(seconds, 60)
            begun = self._minutes.get(minute)
            if begun is None:
                begun = self._minutes[minute] = datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
            text = self._known[seconds] = f"{begun}{second:02}Z"
        return text


def slice_for(
    scope_digest: bytes, insurer: InsurerId, name: str, exposures: Iterable[Exposure]
) -> InsurerSlice | None:
    """Cut one insurer's part out of a list that is in the order of persons; None when it has nobody on it.

    What it is given may be the whole list or that insurer's part, read once and not kept. Its digest, bound to the
    whole list's, leaves out the lines of others, so that an insurer can check its own part alone.
    """
    digest = hashlib.sha256(slice_head(scope_digest, insurer).encode())
    persons = entries = categories = 0
    first_us = last_us = None
    for one in exposures:
        if one.insurer != insurer:
            continue
        persons, entries, categories = persons + 1, entries + one.entries, categories | one.categories
        first_us = one.first_us if first_us is None else min(first_us, one.first_us)
        last_us = one.last_us if last_us is None else max(last_us, one.last_us)
        digest.update(f"{exposure_line(one)}\n".encode())
    if first_us is None or last_us is None:
        return None
    return InsurerSlice(
        insurer=insurer,
        name=name,
        persons=persons,
        entries=entries,
        categories=DataCategory(categories),
        first_at=from_micros(first_us),
        last_at=from_micros(last_us),
        digest=digest.digest(),
    )


def emptied(scope_digest: bytes, insurer: InsurerId, name: str, before: int) -> Emptied:
    """The part of an insurer that has nobody on the list any more; `before` is the list that it was told of."""
    digest = hashlib.sha256(slice_head(scope_digest, insurer).encode()).digest()
    return Emptied(insurer, name, digest, before)


def head_text(head: Head) -> str:
    """What stands before the records: one name and value a line, then an empty line and the columns' names."""
    values = {
        "incident": head.incident,
        "number": str(head.number),
        "revision": str(head.revision),
        "insurer": head.insurer,
        "list": head.list_digest.hex(),
        "slice": head.slice_digest.hex(),
        "notice": head.notice_digest.hex(),
        "records": str(head.records),
        "made": head.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    lines = [VERSION, *(f"{name}: {value}" for name, value in values.items()), "", ",".join(COLUMNS)]
    return "\n".join(lines) + "\n"


def records(references: References, members: Iterable[tuple[Member, tuple[str, int]]]) -> Iterator[str]:
    """Write each record, its line feed included, from what the database gave and (member number, rank) opened."""
    moments, cohorts = Moments(), dict[int, str]()
    of_reference, of_moment = references.of, moments.of
    for (person, categories, first_s, last_s, entries, _), (number, rank) in members:
        cohort = cohorts.get(categories)
        if cohort is None:
            cohort = cohorts[categories] = cohort_of(DataCategory(categories)).value
        yield (
            f"{of_reference(person)},{number},{rank or ''},{categories},{cohort},"
            f"{of_moment(first_s)},{of_moment(last_s)},{entries}\n"
        )
