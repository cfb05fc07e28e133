"""A person's own history, as she reads it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tierce.journal.model import Entry
from tierce.kernel.care import Profession
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import EntrySeq, InsurerId
from tierce.kernel.language import Phrase
from tierce.persons.requests.model import ReportAnswer, RightsRequest


class LineKind(Enum):
    """What a line of her history tells her."""

    SHOWN = "shown"
    """A professional asked and was shown something."""
    NOT_SHOWN = "not shown"
    """A professional asked and was shown nothing."""
    STAFF = "staff"
    """A member of the operator's staff read her civil status."""
    OWN = "own"
    """She used her own space."""
    DOOR = "door"
    """Somebody with her traits was refused at the door of her space."""
    KEY = "key"
    """Another browser's key signed for a session of her space, which ended it."""
    SETTING = "setting"
    """She set whether she is told, and where: shown to her, since somebody else may have."""
    PRESENCE = "presence"
    """A card of hers, her word, or a proof that she was there."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, from the open directory: never more than a patient may know of her carer."""

    name: str
    profession: Profession
    establishment: str
    town: str


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """One journal line of hers."""

    seq: EntrySeq
    entry: Entry


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line in plain words.

    `categories` is what was shown; `reported_at` when she answered "it was not me", if she did.
    """

    seq: EntrySeq
    kind: LineKind
    at: datetime
    sentence: Phrase
    insurer: InsurerId
    insurer_name: str | None
    categories: DataCategory
    reported_at: datetime | None
    reply: ReportAnswer | None = None
    """What she was answered to her report, or until when she is."""


@dataclass(frozen=True, slots=True, repr=False)
class OwnRecord:
    """What one insurer's copy holds of her, shown to herself. Numbers are masked: a stolen session learns none."""

    insurer: InsurerId
    insurer_name: str
    family_name: str
    used_name: str
    given_names: str
    birth_date: str
    rank: int
    number_end: str

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "OwnRecord(...)"


@dataclass(frozen=True, slots=True)
class OwnData:
    """All that is held of her, for her copy: records, lines, requests; nobody else's."""

    records: tuple[OwnRecord, ...]
    lines: tuple[HistoryLine, ...]
    requests: tuple[RightsRequest, ...]
    cut: bool
    """Whether older lines were left out."""


@dataclass(frozen=True, slots=True)
class ReadUnderInsurer:
    """All that was shown of her under one insurer's contract."""

    insurer_name: str
    categories: DataCategory
    answers: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class OwnName:
    """Her name, shown to herself. Its repr shows nothing."""

    given_name: str
    family_name: str

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "OwnName(...)"

    @property
    def full(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class History:
    """Her history, the newest line first, and where the next page starts (None at its end)."""

    name: OwnName
    lines: tuple[HistoryLine, ...]
    own_acts: int
    before: EntrySeq | None


@dataclass(frozen=True, slots=True)
class Report:
    """An answer "it was not me": when it was given, and whether it is the first for this line."""

    seq: EntrySeq
    at: datetime
    first: bool
