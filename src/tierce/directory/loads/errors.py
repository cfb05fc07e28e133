"""What can go wrong with a directory file as a whole."""

from tierce.kernel.errors import TierceError


class AbnormalDifferenceError(TierceError):
    """A file would change too much at once; nothing was written. Look at it, then confirm the printed number."""
