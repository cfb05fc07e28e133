"""Why a contract does not end, or what it had stored is not deleted; nothing was changed."""

from collections.abc import Sequence

from tierce.kernel.errors import TierceError
from tierce.upkeep.contract.model import Obstacle


class ContractError(TierceError):
    """The contract stays as it is."""


class UnknownInsurerError(ContractError):
    """Aucun organisme n’a ce numéro AMC : lisez-le dans votre fichier / no insurer has it; your own file says it."""


class FileRunningError(ContractError):
    """A file of rights is being taken in, or one of this insurer's was interrupted."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "un fichier est en cours, ou fut interrompu : prenez-le jusqu’au bout, puis recommencez / a file is "
            "being taken in, or was interrupted: take it in to its end, then run this again"
        )


class KeysHeldError(ContractError):
    """Une de ses clés est en cours de remplacement : recommencez ensuite / one of its keys is being replaced."""


class NotEndedError(ContractError):
    """Ce contrat n’a pas pris fin, ou sa suppression est en cours / it has not ended, or is being deleted."""


class DeletedError(ContractError):
    """Tout est déjà supprimé ; son certificat est gardé (`tierce contract status AMC`) / all is deleted already."""


class ObstaclesError(ContractError):
    """Something still needs what the insurer had stored."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        """Say each, and what ends it."""
        super().__init__(
            "rien n’est supprimé / nothing is deleted:\n" + "\n".join(f"    {one.said}" for one in obstacles)
        )
        self.obstacles = tuple(obstacles)
