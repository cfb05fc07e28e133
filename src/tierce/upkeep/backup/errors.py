"""What can go wrong with a backup."""

from tierce.kernel.errors import TierceError


class BackupError(TierceError):
    """A backup could not be taken or brought back; what was there before is untouched."""


class BackupBrokenError(BackupError):
    """The files of this backup are not those that its manifest lists."""
