"""A request under review as an insurer's staff see it: codes, amounts, days, a place's number; nobody's identity."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from tierce.billing.model import InvoiceReason
from tierce.kernel.care import Domain, Profession
from tierce.kernel.language import Phrase
from tierce.policy.documents import DocumentKind


@dataclass(frozen=True, slots=True)
class Listed:
    """One of those that wait: which, and not what."""

    id: int
    domain: Domain
    at: datetime
    answer_by: date
    closed: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """One page of them, the oldest first, how many wait in all, and where the next page begins."""

    rows: tuple[Listed, ...]
    waiting: int
    following: int | None


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One line in cents; `most` is what the rules give for it, and the most that she may grant."""

    n: int
    item: str
    label: Phrase | None
    quantity: int
    price: int
    amo: int
    asked: int
    most: int


@dataclass(frozen=True, slots=True)
class Review:
    """One request under review."""

    id: int
    domain: Domain
    at: datetime
    care_from: date
    care_until: date
    answer_by: date
    finess: str
    profession: Profession | None
    grantable: bool
    """Whether it may be granted now, and not refused alone."""
    lines: tuple[ReviewLine, ...]
    documents: tuple[DocumentKind, ...] = ()
    """What her grant would be subject to."""

    @property
    def asked(self) -> int:
        """What is asked of the insurer, in cents."""
        return sum(one.asked for one in self.lines)

    @property
    def most(self) -> int:
        """The most that she may grant, in cents."""
        return sum(one.most for one in self.lines)


class Shown(IntEnum):
    """What the database says of one that somebody would read."""

    GONE = 0
    YES = 1
    CLOSED = 2
    USED_UP = 3


class Kept(IntEnum):
    """What the database says of an answer."""

    YES = 0
    GONE = 1
    NOT_NOW = 2
    CLOSED = 3
    UNREAD = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What she decides: cents for each line, in their order, all 0 to refuse; a reason where it is less."""

    dues: tuple[int, ...]
    reason: InvoiceReason = InvoiceReason.NONE

    @property
    def due(self) -> int:
        """What is granted of the whole, in cents."""
        return sum(self.dues)
