"""What cannot be refused, in sentences that say what to do."""

from tierce.kernel.errors import TierceError


class UndecidedMissingError(TierceError):
    """Aucune facture de ce numéro n'attend ainsi / no invoice of this number waits so."""


class UndecidedMovedError(TierceError):
    """Cette facture n'en est plus là : relisez-la / this invoice is elsewhere by now: read it again."""
