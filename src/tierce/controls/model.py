"""A measure that was promised, what is looked at live, and a day's snapshot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tierce.kernel.language import Phrase
from tierce.policy.staff import StaffRole


@dataclass(frozen=True, slots=True)
class Control:
    """One promised measure.

    `due` is the day by which a measure that nothing holds yet must be held, and one that is held looked at again:
    past it, no version of the program can be built. `live` names what the worker looks at every day.
    """

    key: str
    measure: Phrase
    promised: tuple[str, ...]
    """The pages that promise it."""
    owner: StaffRole
    due: date
    tests: tuple[str, ...] = ()
    live: str | None = None
    missing: Phrase | None = None
    """Why nothing holds it yet, or what part of it nothing holds."""

    @property
    def held(self) -> bool:
        """Whether something holds it: a test, or what is looked at live."""
        return bool(self.tests) or self.live is not None

    def overdue(self, day: date) -> bool:
        """Whether its day has passed."""
        return day > self.due


class Standing(StrEnum):
    """What looking at a measure found."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    """There is nothing to look at yet, as long as that may be so."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a live check found; `said` has the figure it rests on."""

    live: str
    standing: Standing
    said: Phrase


@dataclass(frozen=True, slots=True)
class Readings:
    """What is read from the database for the live checks, in one state of it. Ages are those at `at`."""

    at: datetime
    grants: str
    """SHA-256 of the page of grants as the database has it, in hexadecimal."""
    floors: frozenset[tuple[int, int, int, int]]
    """(profession, asked, drawn, known)."""
    ceilings: frozenset[tuple[str, int, int]]
    shown: frozenset[tuple[str, int]]
    durations: frozenset[tuple[int, int]]
    """(class, days)."""
    cosigned: datetime | None
    split: bool
    """Whether a witness holds another history, and has not cosigned since."""
    verified: datetime | None
    verified_errors: int
    drawn: int
    """Block numbers drawn in the last day."""
    written: int
    """Those of them that hold lines; each other was abandoned, or jumped by a crash or a restored backup."""
    waiting: timedelta | None
    """How long the oldest line waits for a checkpoint; None when none does."""
    backup: datetime | None
    retention: datetime | None
    keys: datetime | None
    """When a data key, or an instance, was last replaced or first made."""
    begun: datetime | None
    """When the first instance of this installation was registered."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the measures stood on one day: a note signed by the worker, and its journal line."""

    day: date
    at: datetime
    note: str
    holding: int
    failing: int
    entry: int


@dataclass(frozen=True, slots=True)
class Rules:
    """One state of the policy, by the digest that journal lines bear; its text is kept beside it."""

    digest: bytes
    """The first 16 bytes of the text's SHA-256."""
    since: datetime
    """When a worker first ran under it."""
    entry: int
    """Its journal line (act 71), by its number."""
