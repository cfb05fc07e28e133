"""What the laboratory refuses."""

from tierce.kernel.errors import TierceError


class LabError(TierceError):
    """A scenario, a table or an option of the laboratory cannot be used as it stands."""


class BoundExceededError(LabError):
    """A run learned more people than the printed bound: the rule, or the proof, is wrong."""
