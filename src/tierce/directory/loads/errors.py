"""What can go wrong with a directory file as a whole."""

from tierce.kernel.errors import TierceError


class DirectoryShrinksError(TierceError):
    """Too many activities would disappear at once; nothing was written. Check that the file is whole."""
