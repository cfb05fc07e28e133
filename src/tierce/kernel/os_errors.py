"""Why the operating system refused a file or a port, in French and English: its own words are English alone."""

import errno
from collections.abc import Mapping
from typing import Final

from tierce.kernel.language import Phrase

_REASONS: Final[Mapping[int, Phrase]] = {
    errno.ENOENT: Phrase("n’existe pas : vérifiez le chemin", "does not exist: check the path"),
    errno.EACCES: Phrase(
        "accès refusé : lancez la commande sous l’utilisateur qui y a droit",
        "permission denied: run the command as the user who may",
    ),
    errno.EPERM: Phrase("opération refusée par le système", "the system does not permit it"),
    errno.EISDIR: Phrase("est un dossier : donnez un fichier", "is a directory: give a file"),
    errno.ENOTDIR: Phrase("n’est pas un dossier : donnez-en un", "is not a directory: give one"),
    errno.EEXIST: Phrase("existe déjà : donnez un autre nom", "is there already: give another name"),
    errno.ENOTEMPTY: Phrase("n’est pas vide : donnez un dossier vide", "is not empty: give an empty folder"),
    errno.ENOSPC: Phrase(
        "plus de place sur ce disque : faites-en, puis recommencez",
        "no room is left on this disk: make some, then run it again",
    ),
    errno.EDQUOT: Phrase("le quota de ce disque est atteint", "this disk's quota is used up"),
    errno.EROFS: Phrase("ce disque est en lecture seule", "this disk is read-only"),
    errno.EADDRINUSE: Phrase(
        "ce port est déjà pris : un autre processus y sert, arrêtez-le ou changez `port`",
        "this port is taken: another process serves there, stop it or change `port`",
    ),
    errno.ECONNREFUSED: Phrase("personne ne répond à cette adresse", "nobody answers at this address"),
}


def os_reason(error: OSError) -> Phrase:
    """Return what is wrong and what to do; an error that we have no words for is told by its code (`EIO`)."""
    code = errno.errorcode.get(error.errno or 0, type(error).__name__)
    unknown = Phrase(f"ne peut pas être lu ou écrit ({code})", f"cannot be read or written ({code})")
    return _REASONS.get(error.errno or 0, unknown)
