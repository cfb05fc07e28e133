"""What to do, fitted to what was shown: no advice about data that was not; pure."""

from typing import Final

from tierce.kernel.categories import DataCategory
from tierce.kernel.language import Phrase
from tierce.notices.letter_words import KNOWN_TO_ASK

_ANY: Final = DataCategory(sum(one.value for one in DataCategory))

_ADVICE: Final[tuple[tuple[DataCategory, Phrase], ...]] = (
    (
        _ANY,
        Phrase(
            "Méfiez-vous d’un appel ou d’un message qui cite votre complémentaire ou vos droits\u00a0: raccrochez, "
            "puis rappelez avec le numéro imprimé sur votre carte.",
            "Beware of a call or message that quotes your insurer or your cover: hang up, then call back with the "
            "number printed on your card.",
        ),
    ),
    (
        _ANY,
        Phrase(
            "Relisez vos remboursements dans les mois qui viennent, et signalez tout soin que vous n’avez pas reçu.",
            "Read your reimbursements in the coming months, and report any care that you did not receive.",
        ),
    ),
    (
        KNOWN_TO_ASK,
        Phrase(
            "Votre numéro de sécurité sociale ne change pas\u00a0: refusez de le donner à qui vous appelle, même "
            "s’il en connaît une partie.",
            "Your social security number does not change: refuse to give it to whoever calls you, even one who knows "
            "part of it.",
        ),
    ),
    (
        DataCategory.BANK,
        Phrase(
            "Surveillez votre compte bancaire. Un prélèvement que vous n’avez pas autorisé se conteste auprès de "
            "votre banque, et vous est remboursé.",
            "Watch your bank account. A debit that you did not authorise is disputed with your bank, and refunded.",
        ),
    ),
    (
        DataCategory.MEDICAL | DataCategory.REIMBURSEMENTS,
        Phrase(
            "Si quelqu’un menace de parler de vos soins, ne payez pas\u00a0: gardez le message et déposez plainte.",
            "If somebody threatens to talk about your care, do not pay: keep the message and file a complaint.",
        ),
    ),
    (
        DataCategory.EMAIL,
        Phrase(
            "Attendez-vous à de faux messages\u00a0: n’ouvrez ni lien ni pièce jointe qui se réclame de nous.",
            "Expect fake messages: open no link or attachment that claims to come from us.",
        ),
    ),
    (
        DataCategory.PHONE,
        Phrase(
            "Attendez-vous à de faux SMS et appels\u00a0: nous ne demandons jamais de code.",
            "Expect fake texts and calls: we never ask for a code.",
        ),
    ),
    (
        DataCategory.POSTAL_ADDRESS,
        Phrase(
            "Un courrier ou une visite peut se réclamer de nous\u00a0: nous n’envoyons personne chez vous.",
            "A letter or a visit may claim to come from us: we send nobody to your home.",
        ),
    ),
)
"""Each sentence with the categories of which one must have been shown. None speaks of a password: no person covered
has one here."""


def advice(shown: DataCategory) -> tuple[Phrase, ...]:
    """What she can do about what was shown; whoever asked had her number and birth date, which we confirmed."""
    if not shown:
        return ()
    known = shown | KNOWN_TO_ASK
    return tuple(phrase for categories, phrase in _ADVICE if known & categories)
