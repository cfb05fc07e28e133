"""What can go wrong with an incident."""

from tierce.kernel.errors import TierceError
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase


class IncidentError(TierceError):
    """The incident slice refused an operation."""


class FormError(IncidentError):
    """Something staff typed cannot be taken as it is."""

    def __init__(self, field: str, reason: Phrase) -> None:
        """Name the field, and say what is wrong and what to do; what was typed is not repeated."""
        super().__init__(f"{field} : {reason.fr} / {reason.en}")
        self.field = field
        self.reason = reason


class FreeTextError(FormError):
    """A text typed by staff is empty, too long, or holds what must not be kept."""


class IncidentMissingError(IncidentError):
    """No incident has this number."""

    in_french = "Aucun incident ne porte ce numéro."


class AlreadyOpenedError(IncidentError):
    """Somebody who had seen the same opened an incident on it at the same time, or this was sent twice."""

    def __init__(self, incident: IncidentId) -> None:
        """Say which one was opened."""
        super().__init__(str(incident))
        self.incident = incident


class ListReplacedError(IncidentError):
    """Another list came while this one was made again by itself; that one stands."""

    in_french = "Une autre liste est venue pendant que celle-ci se refaisait d’elle-même ; c’est l’autre qui vaut."


class ListShrinksError(IncidentError):
    """Of an established breach, this list leaves out so many that the one before has: it takes two people."""

    def __init__(self, gone: int) -> None:
        """Say of how many pairs and accounts."""
        super().__init__(str(gone))
        self.gone = gone


class DismissedAloneError(IncidentError):
    """An established breach, of whose list so many lines are told, is none by the word of two people alone."""

    def __init__(self, gone: int) -> None:
        """Say of how many pairs and accounts."""
        super().__init__(str(gone))
        self.gone = gone


class SmallerRefusedError(IncidentError):
    """No smaller list waits, it is one's own, another's waits already, or it takes away other people by now."""

    in_french = (
        "Aucune liste plus petite n’attend, c’est la vôtre, une autre attend déjà, ou elle ôte d’autres personnes."
    )


class ScopeMissingError(IncidentError):
    """This incident has no computed list of people exposed yet."""

    in_french = "Cet incident n’a pas encore de liste calculée des personnes exposées."


class PersonNotExposedError(IncidentError):
    """This person is not on the incident's list for this insurer, so nothing of her may be shown here."""

    in_french = (
        "Cette personne n’est pas sur la liste de l’incident pour cet organisme : rien d’elle n’est montré ici."
    )


class CeilingSoonError(IncidentError):
    """So many people were shown in the last minutes that the database shows nobody for some more."""

    in_french = (
        "Tant de personnes ont été montrées ces dernières minutes que la base n’en montre plus pour quelques autres."
    )


class CeilingReachedError(IncidentError):
    """The day's ceiling of people shown is reached, for this member of staff or for the office: nobody is shown."""

    in_french = (
        "Le plafond du jour des personnes montrées est atteint, pour cet agent ou pour le bureau : plus personne."
    )
