"""What is asked of an insurer, and what it answers; all values."""

from dataclasses import dataclass
from datetime import date

from tierce.kernel.card import MemberNumber
from tierce.kernel.care import Domain
from tierce.kernel.ids import EntrySeq, InsurerId
from tierce.kernel.nir import BirthDate
from tierce.policy.acts import Outcome


@dataclass(frozen=True, slots=True)
class Declared:
    """An insurer that keeps its people itself: where it is asked, and the key with which its answers are verified."""

    insurer: InsurerId
    amc: str
    url: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one insurer about one of its own people, as her card names her; who asks is not said."""

    number: str
    """Ours for this ask: unguessable, and repeated by the answer."""
    amc: str
    csr: str
    member_number: MemberNumber
    birth_date: BirthDate
    domain: Domain
    care_date: date


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers her: a product that this insurer declared here, by its code, and a period."""

    product: str
    first: date
    last: date
    priority: int
    convention: str


@dataclass(frozen=True, slots=True)
class Said:
    """What an insurer said: covered, by what; or why not."""

    outcome: Outcome
    cover: Cover | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an ask, once its line is on disk; `cover` is set exactly with an answer that is shown."""

    outcome: Outcome
    seq: EntrySeq
    cover: Cover | None = None
