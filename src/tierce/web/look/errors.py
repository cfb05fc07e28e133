"""What can be wrong with the words and the templates: a fault of ours, found at start or in tests."""

from tierce.kernel.errors import TierceError


class LookError(TierceError):
    """The shared look was given something it cannot show."""


class WordsError(LookError):
    """A catalogue of words is not what it must be: the message names file, key and remedy."""


class UnknownWordError(LookError):
    """A page asks for a key that no catalogue holds."""
