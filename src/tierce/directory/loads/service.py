"""Taking in the directory: whole files or nothing, unless a day's difference is abnormally large."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tierce.directory.loads.errors import AbnormalDifferenceError
from tierce.directory.loads.model import Difference, Source
from tierce.directory.loads.rules import (
    abnormal,
    read_activity,
    read_establishment,
    read_identity,
    read_national,
    read_skill,
)
from tierce.directory.loads.store import DirectoryStore
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection

Line = TypeVar("Line")
Rows = Iterable[FeedRow | Rejection]
PROGRESS_LINES = 5_000
"""How many lines are read between two words to the progress bar."""


@dataclass(frozen=True, slots=True)
class Taking:
    """How a file is taken.

    `on_rejection` hears of each refused line and `on_lines` of lines read so far. `day` is the day on which what it
    changes changes, as a day number (None: today). `confirmed` repeats the number of an abnormal difference.
    """

    on_rejection: Callable[[Rejection], None]
    on_lines: Callable[[int], None]
    day: int | None = None
    confirmed: int | None = None


def take_own(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the operator's own whole file; the caller commits.

    What a whole file no longer names is no longer listed, and never deleted: past disclosures name it. A professional
    of whom a line could not be read loses nothing.

    Raises:
        AbnormalDifferenceError: nothing is written; the caller rolls back.
    """
    return _take_activities(store, rows, taking, Source.OWN)


def take_national(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the national extraction, as `take_own` its own file; neither ends what the other names."""
    return _take_activities(store, rows, taking, Source.NATIONAL)


def _take_activities(store: DirectoryStore, rows: Rows, taking: Taking, source: Source) -> FeedCounts:
    counts, kept = FeedCounts(), set[str]()
    read = read_activity if source is Source.OWN else read_national
    store.begin(taking.day)
    store.stage(_lines(rows, read, counts, taking, kept))
    store.keep(sorted(kept))
    store.settle()
    _judge(store.difference(source), counts, taking)
    return _settled(counts, store.write(source))


def take_establishments(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the extraction of FINESS: its names and towns take the place of the directory's; the caller commits.

    Raises:
        AbnormalDifferenceError: nothing is written; the caller rolls back.
    """
    counts = FeedCounts()
    store.begin(taking.day)
    store.stage_places(_lines(rows, read_establishment, counts, taking, set()))
    store.settle()
    _judge(store.place_difference(), counts, taking)
    return _settled(counts, store.write_places())


def take_skills(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the file of skills; those of professionals whom the directory does not have are left out."""
    counts = FeedCounts()
    store.begin(taking.day)
    store.stage_skills(_lines(rows, read_skill, counts, taking, set()))
    _judge(Difference(), counts, taking)
    return _settled(counts, store.write_skills())


def _lines(
    rows: Rows, read: Callable[[Mapping[str, str]], Line], counts: FeedCounts, taking: Taking, kept: set[str]
) -> Iterator[Line]:
    for row in rows:
        if counts.read % PROGRESS_LINES == 0:
            taking.on_lines(counts.read)
        if isinstance(row, FeedRow):
            try:
                line = read(row.cells)
            except FieldError as error:
                rejection = Rejection.of(row.line, error)
                _keep(row.cells, kept)
            else:
                counts.taken += 1
                yield line
                continue
        else:
            rejection = row
        counts.reject(rejection)
        taking.on_rejection(rejection)
    taking.on_lines(counts.read)


def _keep(cells: Mapping[str, str], kept: set[str]) -> None:
    """Remember whom a refused line names, when that much can be read: this file ends nothing of hers."""
    try:
        kept.add(read_identity(cells)[0])
    except (FieldError, KeyError):
        number = cells.get("Identification nationale PP", "")
        if len(number) <= 40:
            kept.add(number)


def _judge(found: Difference, counts: FeedCounts, taking: Taking) -> None:
    found.lines, found.refused = counts.read, counts.rejected
    said = abnormal(found)
    if said and taking.confirmed != found.number:
        msg = (
            f"{'; '.join(said)}. Nothing was written. Check that the file is whole and of the right day; "
            f"if it is, confirm its {found.number} differences with --confirm {found.number}"
        )
        raise AbnormalDifferenceError(msg)


def _settled(counts: FeedCounts, changed: int) -> FeedCounts:
    if changed == 0:
        counts.unchanged, counts.taken = counts.taken, 0
    return counts
