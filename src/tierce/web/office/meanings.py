"""What each outcome of an ask means, in one sentence, for an account's story."""

from collections.abc import Mapping

from tierce.kernel.language import Phrase
from tierce.policy.acts import Outcome

MEANS: Mapping[Outcome, Phrase] = {
    Outcome.RELEASED: Phrase(
        "Le nom de la complémentaire et la garantie d’une personne ont été montrés.",
        "The insurer’s name and one person’s guarantee were shown.",
    ),
    Outcome.UNKNOWN: Phrase(
        "Ces identifiants ne sont ceux de personne au registre.",
        "These identifiers are nobody’s in the register.",
    ),
    Outcome.NOT_COVERED: Phrase(
        "La personne est connue, mais pas couverte pour ce soin ce jour-là.",
        "The person is known, but not covered for this care on that day.",
    ),
    Outcome.OUT_OF_SEATS: Phrase(
        "L’appareil n’avait plus de place, ou plus pour ce jour : une preuve de présence était demandée.",
        "The device had no seat left, or none for that day: a proof of presence was asked for.",
    ),
    Outcome.PLACE_FULL: Phrase(
        "Les places de tout l’établissement étaient prises : une preuve de présence était demandée.",
        "The seats of the whole establishment were taken: a proof of presence was asked for.",
    ),
    Outcome.ASKED: Phrase(
        "L’organisme, qui tient lui-même ses assurés, a été interrogé ; sa réponse est une autre ligne.",
        "The insurer, which keeps its people itself, was asked; its answer is another line.",
    ),
    Outcome.NOT_ANSWERED: Phrase(
        "L’organisme, qui tient lui-même ses assurés, n’a pas répondu à temps.",
        "The insurer, which keeps its people itself, did not answer in time.",
    ),
    Outcome.COMMON_FULL: Phrase(
        "Les places communes au logiciel, à son éditeur, au département ou au pays étaient prises : une preuve de "
        "présence était demandée.",
        "The seats common to the software, its vendor, the département or the country were taken: a proof of "
        "presence was asked for.",
    ),
    Outcome.KNOWN_LIMIT: Phrase(
        "La limite du jour pour les personnes connues était atteinte.",
        "The day’s limit of known people was reached.",
    ),
    Outcome.OUT_OF_ATTEMPTS: Phrase(
        "Les essais du jour étaient épuisés : rien n’a été cherché.",
        "The day’s attempts were used up: nothing was looked up.",
    ),
    Outcome.HELD: Phrase(
        "Un frein l’interdisait : rien n’a été cherché.",
        "A hold forbade it: nothing was looked up.",
    ),
    Outcome.NOT_ALLOWED: Phrase(
        "L’acte n’est pas ouvert à cette profession ou à cette connexion.",
        "The act is not open to this profession or sign-in.",
    ),
    Outcome.UNSIGNED: Phrase(
        "La demande n’était pas signée par le navigateur.",
        "The ask was not signed by the browser.",
    ),
}
"""An outcome that is missing here is said by its name alone."""
