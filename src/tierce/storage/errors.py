"""What can go wrong under the stores."""

from tierce.kernel.errors import TierceError


class KeyMissingError(TierceError):
    """A key file that this process needs is missing: make it with `tierce upkeep keys`, or restore the backup."""


class SealBrokenError(TierceError):
    """A sealed record does not open: wrong key, wrong place, or altered bytes."""


class ClusterError(TierceError):
    """PostgreSQL could not be found or started."""
