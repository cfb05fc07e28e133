"""Why nothing is shown, in words: said only once presence is proved, so that an honest mistake can be mended."""

from collections.abc import Mapping

from tierce.kernel.language import Phrase
from tierce.policy.acts import Outcome
from tierce.rights.model import Reason


def _reason(code: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> Reason:
    return Reason(code, Phrase(fr, en), Phrase(remedy_fr, remedy_en))


REASONS: Mapping[Outcome, Reason] = {
    Outcome.UNKNOWN: _reason(
        "unknown",
        "Personne n’est connu sous ces identifiants.", "Nobody is known under these identifiers.",
        "Relisez la carte de tiers payant : date de naissance, rang, et NIR de l’assuré dont dépendent les droits, "
        "ou numéro AMC et numéro d’adhérent.",
        "Read the tiers payant card again: birth date, rank, and NIR of the insured person, or AMC number and member "
        "number.",
    ),
    Outcome.NOT_COVERED: _reason(
        "not_covered",
        "Aucun organisme ne nous a transmis de droits pour cette personne.",
        "No insurer has sent us any rights for this person.",
        "Demandez-lui sa carte de tiers payant en cours, et interrogez l’organisme qu’elle nomme.",
        "Ask for her current tiers payant card, and ask the insurer that it names.",
    ),
    Outcome.ENDED: _reason(
        "ended",
        "Les droits sont fermés à la date des soins.", "Rights had ended on the day of care.",
        "Vérifiez la date des soins ; sinon, demandez la carte en cours : l’organisme a pu changer.",
        "Check the day of care; otherwise ask for the current card: the insurer may have changed.",
    ),
    Outcome.FUTURE: _reason(
        "future",
        "Les droits ne sont pas encore ouverts à la date des soins.", "Rights are not yet open on the day of care.",
        "Vérifiez la date des soins ; sinon, demandez la carte qui valait ce jour-là.",
        "Check the day of care; otherwise ask for the card that held on that day.",
    ),
    Outcome.NOT_ELIGIBLE: _reason(
        "not_eligible",
        "Ce domaine de soins n’est pas couvert en tiers payant par cet organisme.",
        "This insurer does not cover this domain of care under tiers payant.",
        "Vérifiez le domaine sur la carte ; la personne peut demander un remboursement à son organisme.",
        "Check the domain on the card; the person may ask her insurer for a refund.",
    ),
    Outcome.NOT_CONTRACTED: _reason(
        "not_contracted",
        "L’organisme n’a pas de convention avec vous pour ce domaine à cette date.",
        "The insurer has no contract with you for this domain on that day.",
        "Adressez-vous à l’organisme pour signer sa convention ; la personne, elle, est couverte.",
        "Ask the insurer about its contract; the person herself is covered.",
    ),
    Outcome.NO_OTHER_PAYER: _reason(
        "no_other_payer",
        "Aucun autre organisme ne couvre ces soins.", "No other insurer covers this care.",
        "Reposez la question sans demander de second organisme.", "Ask again without a second insurer.",
    ),
    Outcome.NOT_ANSWERED: _reason(
        "not_answered",
        "L’organisme, qui tient lui-même ses assurés, n’a pas répondu à temps.",
        "The insurer, which keeps its people itself, did not answer in time.",
        "Reposez la question dans un instant ; elle ne prend pas d’autre place.",
        "Ask again in a moment; it takes no other place.",
    ),
}  # fmt: skip
"""By outcome of the journal; nothing here depends on the person beyond the outcome itself."""
