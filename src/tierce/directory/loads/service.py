"""Taking in the directory: whole files or nothing, unless a day's difference is abnormally large."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tierce.directory.loads.errors import AbnormalDifferenceError
from tierce.directory.loads.model import Difference, Source
from tierce.directory.loads.rules import (
    abnormal,
    named_place,
    named_professional,
    read_activity,
    read_establishment,
    read_national,
    read_skill,
)
from tierce.directory.loads.store import DirectoryStore
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.kernel.language import Language

Line = TypeVar("Line")
Rows = Iterable[FeedRow | Rejection]
PROGRESS_LINES = 5_000
"""How many lines are read between two words to the progress bar."""


@dataclass(frozen=True, slots=True)
class Taking:
    """How a file is taken.

    `on_rejection` hears of each refused line and `on_lines` of lines read so far. `day` is the day on which what it
    changes changes, as a day number, and `last` that of the latest file of its layout. `confirmed` repeats the number
    of an abnormal difference.
    """

    on_rejection: Callable[[Rejection], None]
    on_lines: Callable[[int], None]
    day: int
    last: int | None = None
    confirmed: int | None = None


@dataclass(slots=True)
class _Spared:
    """Whom refused lines name, by the key that the store knows them by; `nobody` counts lines that name no one."""

    name: Callable[[Mapping[str, str]], str | None]
    named: set[str] = field(default_factory=set)
    nobody: int = 0

    def note(self, row: FeedRow | Rejection) -> None:
        """Remember whom a refused line names, when that much can be read: this file ends nothing of hers."""
        named = self.name(row.cells) if isinstance(row, FeedRow) else None
        if named is None:
            self.nobody += 1
        else:
            self.named.add(named)


def take_own(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the operator's own whole file; the caller commits.

    What a whole file no longer names is no longer listed, and never deleted: past disclosures name it. A professional
    whom a refused line names loses nothing; while one names nobody that can be told, nothing ends unconfirmed.

    Raises:
        AbnormalDifferenceError: nothing is written; the caller rolls back.
    """
    return _take_activities(store, rows, taking, Source.OWN)


def take_national(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the national extraction, as `take_own` its own file; neither ends what the other names."""
    return _take_activities(store, rows, taking, Source.NATIONAL)


def _take_activities(store: DirectoryStore, rows: Rows, taking: Taking, source: Source) -> FeedCounts:
    counts, spared = FeedCounts(), _Spared(named_professional)
    read = read_activity if source is Source.OWN else read_national
    store.begin(taking.day)
    store.stage(_lines(rows, read, counts, taking, spared))
    store.keep(sorted(spared.named))
    store.settle()
    _judge(store.difference(source), counts, taking, spared.nobody)
    return _settled(counts, store.write(source))


def take_establishments(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the extraction of FINESS: its names and towns take the place of the directory's; the caller commits.

    A place that a refused line names is not closed, as with professionals.

    Raises:
        AbnormalDifferenceError: nothing is written; the caller rolls back.
    """
    counts, spared = FeedCounts(), _Spared(named_place)
    store.begin(taking.day)
    store.stage_places(_lines(rows, read_establishment, counts, taking, spared))
    store.keep(sorted(spared.named))
    store.settle()
    _judge(store.place_difference(), counts, taking, spared.nobody)
    return _settled(counts, store.write_places())


def take_skills(store: DirectoryStore, rows: Rows, taking: Taking) -> FeedCounts:
    """Take in the file of skills; those of professionals whom the directory does not have are left out."""
    counts = FeedCounts()
    store.begin(taking.day)
    store.stage_skills(_lines(rows, read_skill, counts, taking, _Spared(named_professional)))
    _judge(Difference(), counts, taking)
    return _settled(counts, store.write_skills())


def _lines(
    rows: Rows, read: Callable[[Mapping[str, str]], Line], counts: FeedCounts, taking: Taking, spared: _Spared
) -> Iterator[Line]:
    for row in rows:
        if counts.read % PROGRESS_LINES == 0:
            taking.on_lines(counts.read)
        if isinstance(row, FeedRow):
            try:
                line = read(row.cells)
            except FieldError as error:
                rejection = Rejection.of(row.line, error)
            else:
                counts.taken += 1
                yield line
                continue
        else:
            rejection = row
        spared.note(row)
        counts.reject(rejection)
        taking.on_rejection(rejection)
    taking.on_lines(counts.read)


def _judge(found: Difference, counts: FeedCounts, taking: Taking, nobody: int = 0) -> None:
    found.lines, found.refused, found.nobody = counts.read, counts.rejected, nobody
    found.day, found.last = taking.day, taking.last
    said = abnormal(found)
    if said and taking.confirmed != found.number:
        french, english = ("; ".join(one[language] for one in said) for language in (Language.FR, Language.EN))
        msg = (
            f"{french}. Rien n’est écrit : vérifiez que le fichier est entier et du bon jour, puis répétez le nombre "
            f"de ses écarts. / {english}. Nothing was written: check that the file is whole and of the right day, "
            f"then repeat its differences with --confirm {found.number}"
        )
        raise AbnormalDifferenceError(msg)


def _settled(counts: FeedCounts, changed: int) -> FeedCounts:
    if changed == 0:
        counts.unchanged, counts.taken = counts.taken, 0
    return counts
