"""What can go wrong with the register of controls."""

from tierce.kernel.errors import TierceError


class ControlsError(TierceError):
    """The register of controls, or a snapshot, cannot be given."""


class SnapshotMissingError(ControlsError):
    """No snapshot was taken on that day."""

    in_french = "Aucun relevé n’a été fait ce jour-là."


class RulesMissingError(ControlsError):
    """No rules, or several, have this digest: `tierce controls rules` says them all."""

    in_french = "Aucune règle, ou plusieurs, de cette empreinte : `tierce controls rules` les dit toutes."
