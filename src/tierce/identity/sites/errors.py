"""Why a live session of a site is not read, or no further ticket given."""

from enum import StrEnum

from tierce.identity.errors import IdentityError


class TicketReason(StrEnum):
    """Fixed words, safe to answer, log and count."""

    LAPSED = "lapsed"
    STALE = "stale"
    OTHER_KEY = "other_key"
    NO_KEY = "no_key"


class TicketRefusedError(IdentityError):
    """The browser has to sign before its session is read, or what it signed gives no ticket."""

    def __init__(self, reason: TicketReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The session's ticket is refused ({reason.value}).")
        self.reason = reason
