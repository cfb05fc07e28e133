"""What can go wrong while keys are replaced."""

from tierce.kernel.errors import TierceError


class RotationError(TierceError):
    """A key was not replaced; the one in use still is."""
