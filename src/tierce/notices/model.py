"""Documents as frozen values: what is printed, sent or shown is exactly this, in both languages."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP
from tierce.scope.model import Gap


class BlockKind(Enum):
    """What a block of a document is for. The first five are those of GDPR article 34(2), none may be absent."""

    NATURE = "nature"
    CONTACT = "contact"
    CONSEQUENCES = "consequences"
    MEASURES = "measures"
    ACTIONS = "actions"
    SCOPE = "scope"
    EVIDENCE = "evidence"
    DUTIES = "duties"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, then in this order: paragraphs, a list of points, more paragraphs."""

    kind: BlockKind
    heading: Phrase
    paragraphs: tuple[Phrase, ...] = ()
    points: tuple[Phrase, ...] = ()
    after: tuple[Phrase, ...] = ()

    def texts(self) -> tuple[Phrase, ...]:
        """Every text under the heading."""
        return self.paragraphs + self.points + self.after


@dataclass(frozen=True, slots=True)
class Document:
    """A letter or a notice, ready to be laid out."""

    title: Phrase
    sender: tuple[str, ...]
    recipient: tuple[Phrase, ...]
    reference: str
    """What can be quoted; empty: nothing is to be."""
    dated: date
    greeting: Phrase
    blocks: tuple[Block, ...]
    closing: Phrase
    signature: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator, as it signs: its name, postal address, telephone, and its data protection officer."""

    name: str
    address: str
    phone: str
    officer: str
    officer_email: str

    @property
    def called(self) -> str:
        """The telephone within a sentence: in one piece, whatever the width of the line."""
        return self.phone.replace(" ", NBSP)


class MeasureKind(StrEnum):
    """A thing that was really done; each has its own sentence, and no sentence exists without its time."""

    ACCESS_HELD = "access held"
    ACCESS_ENDED = "access ended"
    """Every session of the members of staff named was ended."""
    LIST_COMPUTED = "list computed"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: when it took effect, and when it ended if it has."""

    kind: MeasureKind
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is established about an incident, as every document states it.

    `tree_size` is the number of journal lines under the checkpoint that the list was computed from, `digest`
    the list's SHA-256. `by_staff` tells that the operator's own staff's access was used, not a professional's.
    """

    incident: IncidentId
    revision: int
    signal_at: datetime
    aware_at: datetime
    tree_size: int
    digest: bytes
    gaps: tuple[Gap, ...]
    unattributed: int
    measures: tuple[Measure, ...]
    by_staff: bool


@dataclass(frozen=True, slots=True)
class InsurerSlice:
    """One insurer's part: pairs on the list, released lines, categories, first and last time, own digest."""

    insurer: InsurerId
    name: str
    persons: int
    entries: int
    categories: DataCategory
    first_at: datetime
    last_at: datetime
    digest: bytes


@dataclass(frozen=True, slots=True)
class Emptied:
    """An insurer that the list `before` named, as it was told, and the newest does not: its part is empty."""

    insurer: InsurerId
    name: str
    digest: bytes
    before: int
    persons: int = 0


@dataclass(frozen=True, slots=True)
class ReadOfHer:
    """What was read of one person under one insurer: never by whom nor where."""

    insurer_name: str
    categories: DataCategory
    first_at: datetime
    last_at: datetime
    entries: int


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """Somebody whose data was read, and what was read: under each insurer. Its repr shows nothing.

    `name` is None when she is the reader herself; otherwise the reader represents her.
    """

    name: str | None
    reads: tuple[ReadOfHer, ...]

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Subject(...)"
