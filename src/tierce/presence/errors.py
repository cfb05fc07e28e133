"""What can go wrong with a proof of presence: a reason and a remedy, never what was shown."""

from collections.abc import Mapping

from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.language import Phrase
from tierce.presence.model import Reason

FIELD = "presence"
_ANOTHER = Phrase(
    "Demandez à la personne d’en présenter une nouvelle, puis lisez-la.",
    "Ask the person to show a new one, then read it.",
)
WORDS: Mapping[Reason, tuple[Phrase, Phrase]] = {
    Reason.FORM: (
        Phrase("ce n’est pas une carte dynamique", "this is not a dynamic card"),
        Phrase(
            "Lisez le code en entier, ou tapez les huit chiffres qui l’accompagnent.",
            "Read the whole code, or type the eight digits beside it.",
        ),
    ),
    Reason.SIGNATURE: (
        Phrase("la signature de la carte n’est pas bonne", "the card's signature is not right"),
        Phrase(
            "Lisez-la de nouveau ; si cela persiste, ne vous y fiez pas.",
            "Read it again; if it persists, do not trust it.",
        ),
    ),
    Reason.SIGNER: (
        Phrase("la clé qui a signé la carte ne vaut pas ici", "the key that signed the card does not count here"),
        Phrase("Ne vous y fiez pas ; posez la question sans elle.", "Do not trust it; ask without it."),
    ),
    Reason.EARLY: (
        Phrase("la carte vient d’une horloge en avance", "the card comes from a clock that is ahead"),
        Phrase("Réessayez dans une minute.", "Try again in a minute."),
    ),
    Reason.EXPIRED: (Phrase("la carte ne sert plus", "the card serves no more"), _ANOTHER),
    Reason.AUDIENCE: (
        Phrase("la carte a été faite pour un autre lieu", "the card was made for another place"),
        Phrase(
            "Donnez à la personne le code de votre lieu : sa page en fera une autre.",
            "Give the person the code of your place: her page will make another one.",
        ),
    ),
    Reason.MEANS: (
        Phrase("ce moyen de preuve n’est pas accepté ici", "this means of proof is not accepted here"),
        Phrase("Employez « card » ou « confirmation ».", "Use “card” or “confirmation”."),
    ),
}


class ProofRefusedError(FieldError):
    """What was shown as proof of presence is refused; nothing was looked up."""

    def __init__(self, reason: Reason) -> None:
        """Say why, and what to do."""
        super().__init__(FIELD, *WORDS[reason])
        self.why = reason


class PresenceError(TierceError):
    """The presence slice refused an operation."""


class BearerUnknownError(PresenceError):
    """No live session of the persons' space has this handle."""


class NoSignerError(PresenceError):
    """No insurer of this person signs dynamic cards."""


class PlaceUnknownError(PresenceError):
    """No place has this code."""


class TooManyCardsError(PresenceError):
    """The cards of the day are used up."""


class NotAskedError(PresenceError):
    """No ask of the last minutes that is about this person has this number, or she answered it already."""


class TooManyAnswersError(PresenceError):
    """This person said yes too often today."""


class PeerUnknownError(PresenceError):
    """Aucun pair de ce nom : `tierce presence peer` / no peer of this name may report: register it there."""


class FileUnsignedError(PresenceError):
    """The file is not signed by the peer; nothing was read."""


class KeyFormatError(PresenceError):
    """--key : pas une clé publique Ed25519 en PEM / no Ed25519 public key in PEM: `openssl pkey -in KEY -pubout`."""
