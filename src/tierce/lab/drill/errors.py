"""What can go wrong with a drill."""

from tierce.kernel.errors import TierceError


class DrillError(TierceError):
    """A step did not do what it must; the message says which."""
