"""What can go wrong with a pack."""

from tierce.incidents.errors import IncidentError


class PackError(IncidentError):
    """The pack cannot be made."""


class CheckpointMissingError(PackError):
    """The journal was never signed under this size: `--under` takes the size of a checkpoint."""

    in_french = "Le journal n’a jamais été signé sous cette taille : `--under` prend celle d’un point de contrôle."


class PackExistsError(PackError):
    """There is a file of this name already: give another; a pack replaces nothing."""

    in_french = "Un fichier porte déjà ce nom : donnez-en un autre ; un dossier de preuves n’en remplace aucun."
