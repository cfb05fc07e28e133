"""Why what waits is not decided now; each is caught where one is decided, and told by its obstacle, if it has one."""

from tierce.kernel.errors import TierceError


class CoverGoneError(TierceError):
    """The person has no cover left of this insurer that began by the day of care."""


class NumberGoneError(CoverGoneError):
    """What the invoice quotes is no longer kept."""


class AlikeError(TierceError):
    """What is due depends on whether two in whose names the care is are one person, and staff have not said."""


class BehindError(TierceError):
    """Another invoice about the same care is decided first, and is not yet."""
