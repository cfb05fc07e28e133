"""What can go wrong while keys are replaced."""

from tierce.kernel.errors import TierceError


class RotationError(TierceError):
    """A key was not replaced; the one in use still is."""


class StillSealingError(RotationError):
    """Every record is sealed under the new key; the old one stays a while, for what may still be sealed under it."""
