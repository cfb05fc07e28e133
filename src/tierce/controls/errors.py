"""What can go wrong with the register of controls."""

from tierce.kernel.errors import TierceError


class ControlsError(TierceError):
    """The register of controls, or a snapshot, cannot be given."""


class SnapshotMissingError(ControlsError):
    """No snapshot was taken on that day."""


class RulesMissingError(ControlsError):
    """No rules of this digest were in force here since their texts are kept."""
