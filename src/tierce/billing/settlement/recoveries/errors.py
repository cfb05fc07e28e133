"""What cannot be done with recoveries, in sentences that say what to do."""

from tierce.kernel.errors import TierceError


class RecoveryMissingError(TierceError):
    """Aucune récupération ne porte ce numéro / no recovery has this number."""


class RecoveryMovedError(TierceError):
    """Cette récupération n’en est plus là : relisez-la / this recovery is elsewhere by now: read it again."""
