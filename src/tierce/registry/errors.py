"""What can go wrong with an insurer's file as a whole; a single line that is refused is a Rejection."""

from tierce.kernel.errors import TierceError


class FeedRefusedError(TierceError):
    """The file cannot be taken in; nothing of it was written."""


class InsurerUnknownError(FeedRefusedError):
    """No insurer has this AMC number; import the insurers' file first with `tierce feed insurers`."""


class FeedBusyError(FeedRefusedError):
    """Another import is running; wait for its end, then start this one again."""
