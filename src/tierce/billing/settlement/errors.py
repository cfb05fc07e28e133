"""What cannot be done with transfers, in sentences that say what to do."""

from tierce.kernel.errors import TierceError


class BatchMissingError(TierceError):
    """Aucun lot ne porte ce numéro / no batch has this number."""


class BatchMovedError(TierceError):
    """Ce lot n’en est plus là : relisez-le / this batch is elsewhere by now: read it again."""


class SaidError(TierceError):
    """Vous l’avez déjà dit : une autre personne doit le dire aussi / you said so already: somebody else must too."""


class TransferMissingError(TierceError):
    """Aucun virement à votre établissement ne porte ce numéro / no transfer to your establishment has this number."""


class FileChangedError(TierceError):
    """Ce ne serait plus le même fichier : un compte a changé / it would not be the same file: an account changed."""


class FileMissingError(TierceError):
    """Ce lot n’a pas de fichier, ou rien n’est payé d’ici / this batch has no file, or nothing is paid from here."""


class FileThereError(TierceError):
    """Un fichier de ce nom est là, intact : éloignez-le / a file of this name is there, untouched: move it away."""


class FileUnreadableError(TierceError):
    """Pas un fichier de virements, ou vos clés ne l’ouvrent pas / no file of transfers, or not for your keys."""


class ListUnreadableError(TierceError):
    """Pas une liste de contrôle : reprenez-la au bureau / no checking list: take it from the office again."""


class KeyUnreadableError(TierceError):
    """Ce fichier n’a pas de clé privée age, celle que donne age-keygen / this file has no age private key."""
