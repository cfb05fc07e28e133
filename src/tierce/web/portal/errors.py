"""What can stop the portal from showing the page that was asked for."""

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase


class PortalError(TierceError):
    """The portal cannot do what was asked."""


class NotSignedInError(PortalError):
    """The browser holds no session; the sign-in page is the answer."""


class FormRefusedError(PortalError):
    """A form came without its session's token; nothing was relayed."""


class ApiUnreachableError(PortalError):
    """The API did not answer, or not in the form expected; nothing is known of what it did."""


class ApiRefusedError(PortalError):
    """The API refused with a problem document (RFC 9457)."""

    def __init__(self, status: int, code: str, reason: Phrase, remedy: Phrase, field: str | None = None) -> None:
        """Keep what the document says; `field` names the member of the question at fault, if one is."""
        super().__init__(code)
        self.status = status
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.field = field

    @property
    def ends_session(self) -> bool:
        """Whether only signing in again helps."""
        return self.status == 401 and self.code.startswith("session_") and self.code != "session_not_bound"
