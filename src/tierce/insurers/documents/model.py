"""An agreement granted subject to documents, as an insurer's staff see it: no amount, no place, nobody's identity."""

from dataclasses import dataclass
from datetime import date, datetime

from tierce.billing.agreements.model import AgreementState
from tierce.kernel.care import Domain
from tierce.policy.documents import DocumentKind


@dataclass(frozen=True, slots=True)
class Declared:
    """The last declaration of one kind: the day that the document bears, and the digest of the file."""

    kind: DocumentKind
    dated: date
    digest: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """One agreement; `id` is what its invoice quotes."""

    id: int
    domain: Domain
    decided: datetime
    state: AgreementState
    by: date
    declared: tuple[Declared, ...]
    missing: tuple[DocumentKind, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many await documents, were granted once they were declared, and are over for want of one."""

    awaited: int
    declared: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class Subjects:
    """One page, the newest first, with the counts of all, and where the next page begins."""

    rows: tuple[Subject, ...]
    counted: Counted
    following: int | None
