"""What an establishment's account is, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tierce.kernel.language import Phrase


class AccountState(IntEnum):
    """Where an account stands. Numbers are stored: never moved, never reused."""

    ASKED = 1
    """Taken in, sealed; nobody has opened it."""
    WAITING = 2
    """`billing` opened it and found it to be what it says: it waits for its day and for those who confirm."""
    IN_FORCE = 3
    """What is due to the establishment is sent there."""
    ENDED = 4
    """Another one is in force since, or the establishment has none any more."""
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


@dataclass(frozen=True, slots=True)
class Stored:
    """An account in force as `billing` reads it: sealed, with what may be said of it."""

    id: int
    establishment: int
    sealed: bytes
    country: str
    tail: str
    """The last four characters: all that a page, a line or a message ever shows."""
    holder: str
    since: datetime
