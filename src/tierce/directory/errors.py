"""What can go wrong with an enrolment or a substitution."""

from tierce.kernel.errors import FieldError, TierceError


class ProfessionalUnknownError(TierceError):
    """Aucun professionnel de ce numéro / no professional has this national identifier; load the directory."""


class ContactsRefusedError(TierceError):
    """Lines of a file of contacts were refused: nothing of it was kept. FILE.rejects.csv has each with its remedy."""

    def __init__(self, refused: int) -> None:
        super().__init__(
            f"{refused} ligne(s) refusée(s), rien n’a été gardé / line(s) refused, nothing was kept: *.rejects.csv"
        )


class PlaceUnknownError(TierceError):
    """No establishment of the directory has this number; load the directory or FINESS, or check the number."""

    in_french = "Aucun établissement n’a ce numéro : chargez l’annuaire ou FINESS, ou vérifiez le numéro."


class EnrolmentMissingError(TierceError):
    """This professional was never enrolled nor applied at this place; enrol her first."""

    in_french = "Ce professionnel n’a jamais été inscrit à ce lieu, ni ne l’a demandé : inscrivez-le d’abord."


class NotServedError(TierceError):
    """The directory lists no activity of this professional at this place in a profession that the operator serves."""

    in_french = "L’annuaire ne lui connaît à ce lieu aucune activité dans une profession que l’opérateur sert."


class EnrolmentMoveError(TierceError):
    """An enrolment does not go from its present status to that one; `tierce directory show` tells where it stands."""

    in_french = "L’inscription ne passe pas de son état à celui-là ; `tierce directory show` dit où elle en est."


class SubstitutionRefusedError(FieldError):
    """A substitution cannot be declared as it stands."""


class SubstitutionMissingError(TierceError):
    """There is no such substitution still to come or under way; `tierce directory show` lists them."""

    in_french = "Aucun remplacement de ce numéro n’est à venir ni en cours ; `tierce directory show` les dit."
