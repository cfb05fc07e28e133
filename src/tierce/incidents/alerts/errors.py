"""Why an alert cannot be set aside."""

from tierce.kernel.errors import TierceError


class AlertMovedError(TierceError):
    """This alert was taken back or set aside meanwhile."""

    in_french = "Cette alerte a été reprise ou écartée entre-temps."
