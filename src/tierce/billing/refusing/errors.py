"""What cannot be refused, in sentences that say what to do."""

from tierce.kernel.errors import TierceError


class UndecidedMissingError(TierceError):
    """Rien de ce numéro n’attend ainsi / nothing of this number waits so."""


class UndecidedMovedError(TierceError):
    """Elle n’en est plus là : relisez-la / it is elsewhere by now: read it again."""
