"""What an establishment's account is, where it stands, and what is odd about an ask."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from tierce.kernel.ids import StaffId
from tierce.kernel.language import Phrase

HIDDEN = "••••"


class AccountState(IntEnum):
    """Where an account stands. Numbers are stored, and written in the journal: never moved, never reused."""

    ASKED = 1
    """Taken in, sealed; nobody has opened it."""
    WAITING = 2
    """`billing` opened it and found it to be what it says: it waits for its day and for those who confirm."""
    IN_FORCE = 3
    """What is due to the establishment is sent there."""
    ENDED = 4
    """Another one is in force since."""
    REFUSED = 5
    """Staff refused it, somebody of the establishment objected, or it was not what it said."""
    WITHDRAWN = 6
    """Whoever asked took it back."""


STATE_LABELS: dict[AccountState, Phrase] = {
    AccountState.ASKED: Phrase("demandé", "asked"),
    AccountState.WAITING: Phrase("en attente", "waiting"),
    AccountState.IN_FORCE: Phrase("en vigueur", "in force"),
    AccountState.ENDED: Phrase("remplacé", "replaced"),
    AccountState.REFUSED: Phrase("refusé", "refused"),
    AccountState.WITHDRAWN: Phrase("retiré", "withdrawn"),
}


class AccountReason(IntEnum):
    """Why an account is refused. Numbers are stored."""

    NONE = 0
    BY_STAFF = 1
    OBJECTED = 2
    """Somebody else of the establishment said that it is not theirs."""
    NOT_WHAT_IT_SAID = 3
    """What is sealed does not open, is no IBAN, or does not end as its row says."""


REASON_LABELS: dict[AccountReason, Phrase] = {
    AccountReason.BY_STAFF: Phrase("refusé par l’opérateur", "refused by the operator"),
    AccountReason.OBJECTED: Phrase(
        "quelqu’un de l’établissement s’y est opposé", "somebody of the establishment objected"
    ),
    AccountReason.NOT_WHAT_IT_SAID: Phrase(
        "ce qui est scellé n’est pas l’IBAN annoncé", "what is sealed is not the IBAN that it says"
    ),
}


class Origin(IntEnum):
    """By which way an account came in. Numbers are stored."""

    PROFESSIONAL = 1
    FILE = 2
    """The operator's own file, of what it collected at contracting."""


ORIGIN_LABELS: dict[Origin, Phrase] = {
    Origin.PROFESSIONAL: Phrase("demandé depuis le portail ou un logiciel", "asked for from the portal or software"),
    Origin.FILE: Phrase("fichier de l’opérateur", "the operator’s own file"),
}


class Stopped(IntEnum):
    """Why a session may not ask (`bank.stopped`); numbers are the function's."""

    NOT_MANAGER = 1
    SIGNED_IN_LONG_AGO = 2
    NEW_DEVICE = 3
    HELD = 4
    UNDER_WAY = 5
    TOO_OFTEN = 6


class Oddity(IntEnum):
    """What is odd about an ask (`bank.oddities`): one of these, and a second member of staff confirms too."""

    NOBODY_TOLD = 1
    ELSEWHERE = 2
    YOUNG_DEVICE = 3
    HELD_LATELY = 4
    NEW_CLIENT = 5
    CONTACT_CHANGED = 6
    SENT_AWAY = 7
    """Somebody else of the place was suspended or ended there: she would have been told, and could have objected."""


class NumberFrom(IntEnum):
    """Where staff took the telephone number that they called: never from the ask. Numbers are stored."""

    DIRECTORY = 1
    FILE = 2
    """What the establishment signed when it became a client."""


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """An account as somebody typed it, once read. Its repr shows nothing."""

    iban: str
    holder: str

    @property
    def country(self) -> str:
        """The first two letters."""
        return self.iban[:2]

    @property
    def tail(self) -> str:
        """The last four characters."""
        return self.iban[-4:]

    def __repr__(self) -> str:
        return "Typed(•••)"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its establishment and the office read it: masked."""

    id: int
    country: str
    tail: str
    holder: str | None
    state: AccountState
    why: AccountReason
    said: str | None
    asked: datetime
    due: datetime
    since: datetime | None
    ended: datetime | None
    own: bool = False
    """Whether whoever reads it asked for it."""

    @property
    def under_way(self) -> bool:
        """Whether it may still come into force."""
        return self.state in {AccountState.ASKED, AccountState.WAITING}

    @property
    def masked(self) -> str:
        """As every page shows it."""
        return masked(self.country, self.tail)


@dataclass(frozen=True, slots=True)
class Own:
    """What a professional reads of her establishment's account."""

    in_force: Account | None
    under_way: Account | None
    over: tuple[Account, ...]
    stopped: Stopped | None
    """Why this session may not ask for another; None when it may."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An ask as `billing` finds it."""

    id: int
    establishment: int
    sealed: bytes = field(repr=False)
    country: str
    tail: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a member of staff wrote after calling."""

    staff: StaffId
    name: str
    number_from: NumberFrom
    spoken_with: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """An account as staff read it: masked, with its place and who asked."""

    account: Account
    establishment: int
    number: str
    place: str
    town: str
    origin: Origin
    professional: int | None
    name: str | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """One account with all that staff weigh before they decide."""

    seen: Seen
    odd: tuple[Oddity, ...]
    needed: int
    suspended: bool
    confirmations: tuple[Confirmation, ...]
    to_tell: int
    told: int

    @property
    def lacking(self) -> int:
        """How many must still confirm."""
        return max(0, self.needed - len(self.confirmations))


def masked(country: str, tail: str) -> str:
    """Country and last four: « FR •••• 0172 »."""
    return f"{country} {HIDDEN} {tail}"
