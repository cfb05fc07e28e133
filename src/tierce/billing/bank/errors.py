"""Why an account is not taken, confirmed or opened; no message ever holds one."""

from tierce.kernel.errors import FieldError, TierceError


class AccountFieldError(FieldError):
    """A field of an ask is missing or malformed; the message never repeats its value."""


class AccountError(TierceError):
    """The account cannot be changed so."""


class AccountSealError(AccountError):
    """This account was sealed to another key, or for another establishment."""
