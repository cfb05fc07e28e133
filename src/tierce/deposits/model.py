"""Values of a deposit. `repr` of what was typed shows nothing of it."""

from dataclasses import dataclass
from datetime import date, datetime

from tierce.kernel.care import Domain, Profession
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank
from tierce.policy.deposits import CARE_BEFORE_DAYS, REASON_LABELS, STATE_LABELS, DepositReason, DepositState


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """What the professional read on the card and typed; its repr shows nothing."""

    nir: Nir
    birth_date: BirthDate
    rank: Rank
    amc: str
    member: str
    valid_until: date
    domain: Domain
    care_date: date
    amount: int
    """In cents."""
    label: str | None
    csr: str = ""
    """What tells insurers apart whose cards print this AMC number."""

    def __repr__(self) -> str:
        """Show nothing."""
        return "Typed(...)"


@dataclass(frozen=True, slots=True)
class Choice:
    """An insurer's written choice: payments of one domain up to an amount (cents), for care between two days."""

    insurer: int
    domain: Domain
    up_to: int
    from_day: int
    until_day: int
    days_before: int = CARE_BEFORE_DAYS
    """Days after the care within which the deposit must come; the policy's number at most."""


@dataclass(frozen=True, slots=True)
class Insurer:
    """An insurer as a card names it, with what it chose."""

    id: int
    amc: str
    name: str
    choices: tuple[Choice, ...] = ()
    printed: tuple[tuple[str, str], ...] = ()
    """What its cards print, (AMC number, CSR), where that is more than its own number."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a deposit is worth: its state and why."""

    state: DepositState
    reason: DepositReason


@dataclass(frozen=True, slots=True)
class Signer:
    """Who deposited, as the store knows her at the resolution; each moment is that of the deposit."""

    session: int
    professional: int
    establishment: int
    profession: Profession
    activity: int
    software: int
    device: int
    line: int
    network: bytes
    created: datetime
    revoked: datetime | None
    thumbprint: bytes
    held: bool
    at_work: bool
    """Her activity ran that day: a substitution that is over no longer deposits for the place."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is given at once: a number, and what was typed that names nobody."""

    number: str
    received: datetime
    domain: Domain
    care_date: date
    amount: int
    insurer: str | None
    """The insurer's name, for an AMC number that is one of the operator's."""
    promised: Worth
    """What the deposit is worth if the session that signed it stands; examined when the store is back."""
    label: str | None


@dataclass(frozen=True, slots=True)
class State:
    """What the establishment may read of its receipt later: nobody is named."""

    number: str
    received: datetime | None
    """None for a deposit that the worker has not taken in yet."""
    state: DepositState
    reason: DepositReason
    domain: Domain | None
    care_date: date | None
    amount: int | None
    resolved: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """One deposit in the list of staff, without anybody's identity."""

    number: int
    received: datetime
    state: DepositState
    reason: DepositReason
    domain: Domain | None
    amount: int | None
    insurer: str | None
    establishment: str | None
    town: str | None


def why(worth: Worth | State) -> Phrase:
    """The sentence of a reason, in both languages."""
    if worth.state is DepositState.RECEIVED:
        return STATE_LABELS[worth.state]
    return REASON_LABELS[worth.reason]
