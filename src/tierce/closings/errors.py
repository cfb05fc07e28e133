"""Why a closing is not made or lifted."""

from tierce.kernel.errors import FieldError, TierceError


class ClosingError(FieldError):
    """A field of the closing cannot be accepted as it stands."""


class NotClosedError(TierceError):
    """Nothing is closed there: it may have been opened again, or have ended by itself."""


class SecondPersonError(TierceError):
    """The release waits for another person: whoever asked for it does not confirm it."""
