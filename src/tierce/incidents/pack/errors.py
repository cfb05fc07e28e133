"""What can go wrong with a pack."""

from tierce.incidents.errors import IncidentError


class PackError(IncidentError):
    """The pack cannot be made."""


class CheckpointMissingError(PackError):
    """The journal was never signed under this size: `--under` takes the size of a checkpoint."""


class PackExistsError(PackError):
    """There is a file of this name already: give another; a pack replaces nothing."""
