"""What a professional is e-mailed of what is done in her name."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tierce.kernel.language import Language


class Told(IntEnum):
    """What an e-mail tells. Numbers are stored."""

    ASKED = 1
    """Another bank account was asked for at her establishment."""
    IN_FORCE = 2
    CODE = 3
    """A code was made with which an assistant of hers makes a passkey: one whom it names, or who was named before."""
    PASSKEY = 4
    """An assistant of hers made a passkey."""
    DEVICE = 5
    """She signed in, or whoever did so as her, on a device that was never hers."""
    SUBSTITUTE = 6
    """Somebody who works in her stead was declared, from a session of hers or by staff."""
    ADDRESS = 7
    """Staff put another address on file for her, or none: it goes to the one of before."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An account that was asked for: all that a message shows of it."""

    country: str
    tail: str
    asked: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """Who got in under her name, once or more often since the message began to wait."""

    times: int
    first: datetime
    last: datetime
    software: str | None
    """What a device signed in with; None: a browser on the portal, or by several ways."""
    device: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """A message that waits to be sent. Its repr shows nothing."""

    token: bytes
    what: Told
    email: str
    language: Language
    attempts: int
    doubtful: bool
    """Whether an attempt began and no end of it is written."""
    place: str | None
    """None: at several."""
    about: Moved | Entered

    def __repr__(self) -> str:
        return "Mail(•••)"
