"""Steps of a delivery, what a mail server's answer means for it, and how to reach that server."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path


class Step(IntEnum):
    """One thing that happened to an item; steps are only ever added. The numbers are stored."""

    BEGUN = 1
    """An attempt begins: from here on, and until its end is written, it is in doubt."""
    ACCEPTED = 2
    PUT_OFF = 3
    REFUSED = 4
    RESENT = 5
    """A doubt that nobody could settle: the same message, with the same Message-ID, is tried once more."""
    KNOWN = 6
    """A doubt settled by the relay's own log: it had taken the message."""
    BOUNCED = 7
    PRINTED = 8
    POSTED = 9
    RETURNED = 10
    UNPRINTABLE = 11
    CHANGED = 12
    """Her contact data is no longer what the audience was frozen with: not written to under this audience."""
    UNWRITTEN = 13
    """Her text was refused: empty where the law asks for content, vague, or with a link. Tried again once mended."""


class Verdict(Enum):
    """What to do after a mail server's answer."""

    DONE = "done"
    RETRY = "retry"
    SLOW_DOWN = "slow down"
    GIVE_UP = "give up"
    HALT = "halt"
    """It refuses us and not this recipient: every further message would be refused too."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail server's answer: the three digits, and the enhanced status (RFC 3463) when it gives one."""

    code: int
    enhanced: str | None = None

    @property
    def said(self) -> str:
        """Code and status as they are kept; never the server's words, which may quote an address."""
        return f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The relay that takes our messages.

    `sender` is the visible address, `bounces` the domain of return paths; `rate` messages a second at most.
    """

    host: str
    port: int
    sender: str
    bounces: str
    dkim_domain: str
    dkim_selector: str
    dkim_key: Path
    starttls: bool = True
    user: str | None = None
    password: Path | None = None
    connections: int = 8
    rate: float = 0.0
