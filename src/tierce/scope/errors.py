"""What can go wrong with a scope."""

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase


class ScopeError(TierceError):
    """A scope could not be computed; nothing was written."""


class CriteriaError(ScopeError):
    """The criteria of a scope do not select anything that can be answered for."""

    def __init__(self, field: str, reason: Phrase) -> None:
        """Name the field, and say what is wrong and what to do; what was typed is not repeated."""
        super().__init__(f"{field} : {reason.fr} / {reason.en}")
        self.field = field
        self.reason = reason


class ListAlteredError(ScopeError):
    """Ce fichier n’est pas la liste que dit son nom / its content has another digest than its name, or is no list."""


class ExporterMissingError(ScopeError):
    """Nobody is named as taking this out of the journal: give your name with --by."""

    in_french = "Personne n’est nommé comme sortant ceci du journal : donnez votre nom par --by."


class AnswerRefusedError(ScopeError):
    """This answer was not signed by the key given, or was changed since."""

    in_french = "Cette réponse n’est pas signée par la clé donnée, ou a été changée depuis."


class JournalBehindError(ScopeError):
    """No checkpoint covers the journal yet: start the worker, or wait a second and compute again."""

    in_french = (
        "Aucun point de contrôle ne couvre encore le journal : lancez le worker, ou recommencez dans une seconde."
    )


class SegmentsMissingError(ScopeError):
    """A sealed segment cannot be read: run `tierce journal verify`, then bring its file back from a backup."""

    in_french = "Un segment scellé ne se lit pas : `tierce journal verify`, puis rendez son fichier d’une sauvegarde."
