"""Why an account is not taken, confirmed or opened; no message ever holds one."""

from tierce.billing.bank.model import Stopped
from tierce.kernel.errors import FieldError, TierceError


class AccountFieldError(FieldError):
    """A field of an ask is missing or malformed; the message never repeats its value."""


class AccountError(TierceError):
    """The account cannot be changed so."""


class AccountSealError(AccountError):
    """This account was sealed to another key, or for another establishment."""

    in_french = "Ce compte a été scellé pour une autre clé, ou pour un autre établissement."


class AccountMissingError(AccountError):
    """No account has this number."""


class AccountMovedError(AccountError):
    """This ask waits no more, or was confirmed by the same hand already."""


class AccountStoppedError(AccountError):
    """This session may not ask for another account, or not now."""

    def __init__(self, reason: Stopped) -> None:
        """Keep the machine reason."""
        super().__init__(f"Another account may not be asked for ({reason.name.lower()}).")
        self.reason = reason
