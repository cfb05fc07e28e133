"""What the browser of a site's session holds, and what becomes of a renewal."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """What a browser shows with each request: its session's handle, and a ticket that serves for minutes."""

    handle: str
    ticket: str


class Renewed(StrEnum):
    """What the database says of a signed challenge."""

    YES = "yes"
    OVER = "over"
    """No live session has this handle."""
    STALE = "stale"
    """The challenge was used, is too old, or was another session's: the session stands."""
    OTHER_KEY = "other_key"
    """Another key than the session's signed: the session has ended."""
