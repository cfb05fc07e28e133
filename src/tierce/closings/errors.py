"""Why a closing is not made or lifted."""

from tierce.kernel.errors import FieldError, TierceError


class ClosingError(FieldError):
    """A field of the closing cannot be accepted as it stands."""


class NotClosedError(TierceError):
    """Rien n’y est fermé : rouvert, ou fini seul. / Nothing is closed there: opened again, or ended by itself."""


class SecondPersonError(TierceError):
    """Une autre personne confirme que celle qui l’a demandé. / Another person confirms than whoever asked for it."""
