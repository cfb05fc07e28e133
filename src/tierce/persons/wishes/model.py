"""A wish to be told, and one notice of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.kernel.ids import PersonId
from tierce.kernel.language import Language


class Ended(StrEnum):
    """Why a wish ended; the words are stored."""

    STOPPED = "stopped"
    REPLACED = "replaced"
    LATE = "late"
    """Its code was not typed in time."""
    TRIES = "tries"
    """Too many codes were typed that were not the one."""
    REFUSED = "refused"
    """The mail server says that the address takes no message."""
    LEFT = "left"
    """She is in the register no more."""
    UNSENT = "unsent"
    """Its code did not leave in time: the mail server did not take it, or was away."""
    UNREADABLE = "unreadable"
    """What her address was sealed with cannot be opened, or is no address."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish of hers, as she reads it; her address is sealed, to her space too."""

    id: int
    made: datetime
    begun: datetime | None
    """When its code was handed to the mail server, or perhaps was: it said nothing yet."""
    sent: datetime | None
    """When the mail server took her code."""
    attempts: int
    """How often her code was tried."""
    proved: datetime | None
    ended: datetime | None
    why: Ended | None
    told: int
    """Messages that left."""
    last_told: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where her wish stands: live, waiting for its code, or the last that ended; `offered` when somebody sends."""

    offered: bool
    live: Wish | None
    waiting: Wish | None
    last: Wish | None

    @property
    def code(self) -> str:
        """What she reads of the code that waits: it left, perhaps did, did not yet, or is about to."""
        one = self.waiting
        if one is None or one.sent is not None:
            return "sent"
        if one.begun is not None:
            return "doubtful"
        return "late" if one.attempts else "soon"


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """What an address is sealed with. Its repr shows nothing."""

    address: str
    code: str

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Sealed(...)"


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A wish as it is kept: no address in clear, and no code. Its repr shows nothing."""

    id: int
    sealed: bytes
    code: bytes
    """SHA-256, from `rules.code_digest`."""
    token: bytes
    language: Language

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Asked(...)"


@dataclass(frozen=True, slots=True)
class Code:
    """A code that waits to be sent."""

    wish: int
    token: bytes
    language: Language
    sealed: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class FirstLook:
    """A first look-up of which she is not told yet; `doubtful` when an attempt began and no end of it is written."""

    wish: int
    person: PersonId
    token: bytes
    language: Language
    sealed: bytes
    attempts: int
    doubtful: bool


class How(StrEnum):
    """What became of a notice; the words are stored."""

    SENT = "sent"
    KNOWN = "known"
    """A doubt settled by the relay's own log: it had taken the message."""
    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    """Handed over twice under one Message-ID, and no answer came either time."""
    STOPPED = "stopped"
    UNWRITTEN = "unwritten"
    """Its text could not be made, as often as it was tried."""
    RETURNED = "returned"
    """It came back: the mailbox does not take it."""


@dataclass(slots=True)
class Tally:
    """What one turn did."""

    codes: int = 0
    found: int = 0
    """Journal lines looked at."""
    sent: int = 0
    put_off: int = 0
    refused: int = 0
