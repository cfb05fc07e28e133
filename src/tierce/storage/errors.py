"""What can go wrong under the stores."""

from tierce.kernel.errors import TierceError


class KeyMissingError(TierceError):
    """A key file that this process needs is missing: make it with `tierce upkeep keys`, or restore the backup."""


class LookupKeyError(TierceError):
    """A look-up key is being replaced, or not as the database says: finish the replacement."""


class SealBrokenError(TierceError):
    """A sealed record does not open: wrong key, wrong place, or altered bytes."""


class SchemaNewerError(TierceError):
    """The database is at a newer schema than this program knows: install the program that upgraded it."""


class ClusterError(TierceError):
    """PostgreSQL could not be found or started."""
