"""From the words of an ask to an agreement, and what becomes of it; pure."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from tierce.billing.agreements.model import AgreementKind, AgreementState, Quoted, Sought
from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.rules import REASONS as INVOICE_REASONS
from tierce.billing.model import InvoiceReason
from tierce.billing.rules import LineBody, read_lines, read_reference, unreadable
from tierce.kernel.bodies import UNREADABLE, decoded
from tierce.kernel.care import DOMAIN_LABELS
from tierce.kernel.clock import day_of
from tierce.kernel.language import Phrase
from tierce.policy.agreements import AGREED, LINES_MAX


class AgreementBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/agreements`: never who is cared for."""

    reference: str
    engagement: str
    kind: str
    lines: list[LineBody]


_decoder = msgspec.json.Decoder(AgreementBody)

_BODY_REMEDY: Final = Phrase(
    "Envoyez un objet JSON, en UTF-8, avec reference, engagement, kind et lines. Chaque ligne a item, price, amo et "
    "asked, au besoin quantity ; les montants sont des centimes entiers. Rien ne nomme la personne.",
    "Send a JSON object, in UTF-8, with reference, engagement, kind and lines. Each line has item, price, amo and "
    "asked, and quantity if needed; amounts are whole cents. Nothing names the person.",
)


def parse_agreement(body: bytes) -> Sought:
    """Read an ask, or raise BillingFieldError naming the field, its line and the remedy, never the value."""
    try:
        raw = decoded(_decoder, body)
    except UNREADABLE:
        raise unreadable(body, AgreementBody, _BODY_REMEDY) from None
    return Sought(raw.engagement, read_reference(raw.reference), _kind(raw.kind), read_lines(raw.lines, LINES_MAX))


def _kind(text: str) -> AgreementKind:
    if text != text.lower() or text.upper() not in AgreementKind.__members__:
        raise BillingFieldError(
            "kind",
            Phrase("cette sorte de demande n’existe pas", "there is no such kind"),
            Phrase("Donnez quote pour un devis, request pour une demande de prise en charge.",
                   "Give quote for a quote, request for a prior agreement."),
        )  # fmt: skip
    return AgreementKind[text.upper()]


def check_quoted(quoted: Quoted, today: date) -> None:
    """Hold an ask to its own place's engagement, and to nobody's cover.

    Raises:
        BillingFieldError: the domain knows no agreement, or the engagement is quoted no more.
    """
    if quoted.domain not in AGREED:
        known = [DOMAIN_LABELS[domain] for domain in sorted(AGREED)]
        raise BillingFieldError(
            "engagement",
            Phrase("ce domaine n’a pas de prise en charge", "this domain has no prior agreement"),
            Phrase(f"Facturez les soins directement ; il y en a en {', '.join(one.fr for one in known)}.",
                   f"Invoice the care itself; there are some in {', '.join(one.en for one in known)}."),
        )  # fmt: skip
    if day_of(today) > quoted.sent_by:
        raise BillingFieldError(
            "engagement",
            Phrase("le dernier jour où ce numéro pouvait être cité est passé",
                   "the last day on which this number could be quoted has passed"),
            Phrase("Posez de nouveau la question, et citez le nouveau numéro.",
                   "Ask again, and quote the new number."),
        )  # fmt: skip


_ASK_AGAIN: Final = Phrase(
    "Posez de nouveau la question, et refaites la demande sous une autre référence ; sans réponse, adressez-la à "
    "l’organisme.",
    "Ask the question again, and make the request again under another reference; without an answer, send it to the "
    "insurer itself.",
)
UNDECIDED: Final[Mapping[InvoiceReason, tuple[Phrase, Phrase]]] = {
    InvoiceReason.COVER_GONE: (
        Phrase(
            "Les droits de la personne ne sont plus tenus ici : rien ne dit ce qui serait promis.",
            "The person’s cover is no longer held here: nothing says what would be promised.",
        ),
        _ASK_AGAIN,
    ),
    InvoiceReason.NUMBER_GONE: (
        Phrase("Ce que la demande cite n’est plus gardé ici.", "What the request quotes is no longer kept here."),
        _ASK_AGAIN,
    ),
    InvoiceReason.INSURER_GONE: (INVOICE_REASONS[InvoiceReason.INSURER_GONE][0], _ASK_AGAIN),
    InvoiceReason.NOT_DECIDABLE: (
        Phrase("Rien ne permet de décider cette demande.", "Nothing decides this request."),
        _ASK_AGAIN,
    ),
}
"""For what two of the staff refuse one that nothing decides."""

BY_A_PERSON: Final[Mapping[InvoiceReason, tuple[Phrase, Phrase]]] = {
    InvoiceReason.PRICE_TOO_HIGH: (
        Phrase(
            "L’organisme trouve ce prix trop élevé pour ces soins.",
            "The insurer finds this price too high for this care.",
        ),
        Phrase(
            "Revoyez le prix avec l’organisme, ou demandez le reste à la personne soignée.",
            "Look at the price again with the insurer, or ask the person cared for to pay the rest.",
        ),
    ),
    InvoiceReason.ITEMS_DISAGREE: (
        Phrase("Ces codes ne vont pas ensemble.", "These codes do not go together."),
        Phrase(
            "Vérifiez les codes, et refaites la demande ; une part accordée s’annule d’abord.",
            "Check the codes, and make a new request; cancel first what was granted in part.",
        ),
    ),
    InvoiceReason.TOO_SOON: (
        Phrase("C’est trop tôt pour un renouvellement.", "It is too soon for a renewal."),
        Phrase(
            "Attendez l’échéance, ou dites la raison à l’organisme.", "Wait until it is due, or tell the insurer why."
        ),
    ),
    InvoiceReason.DOCUMENT_WANTED: (
        Phrase(
            "L’organisme veut une pièce, comme l’ordonnance, avant de répondre.",
            "The insurer wants a document, such as the prescription, before it answers.",
        ),
        Phrase(
            "Adressez-la-lui, puis refaites la demande ; une part accordée s’annule d’abord.",
            "Send it to the insurer, then make a new request; cancel first what was granted in part.",
        ),
    ),
    InvoiceReason.EXCLUDED: (
        Phrase("Le contrat exclut ces soins.", "The contract excludes this care."),
        Phrase("Demandez cette part à la personne soignée.", "Ask the person cared for to pay this share."),
    ),
}  # fmt: skip - one row, two sentences
"""Why a person of the insurer refuses a request, or grants less of it than the rules: she picks one, and writes
nothing."""

REASONS: Final[Mapping[InvoiceReason, tuple[Phrase, Phrase]]] = {
    **INVOICE_REASONS,
    InvoiceReason.DUPLICATE: (
        Phrase(
            "La même demande est déjà accordée à votre établissement, ou à l’examen.",
            "The same request is granted to your establishment already, or under review.",
        ),
        Phrase("Citez celle-là, ou annulez-la d’abord.", "Quote that one, or cancel it first."),
    ),
    InvoiceReason.ITEM_UNKNOWN: (
        Phrase("Un code n’est dans aucun tarif.", "A code is in no tariff."),
        Phrase("Vérifiez le code de chaque ligne.", "Check the code of each line."),
    ),
    InvoiceReason.CONTRACT_ENDED: (
        Phrase(
            "Le contrat de l’organisme avec l’opérateur a pris fin.",
            "The insurer's contract with the operator has ended.",
        ),
        Phrase("Adressez la demande à l’organisme.", "Send the request to the insurer itself."),
    ),
    InvoiceReason.TO_REVIEW: (
        Phrase(
            "Une demande pour ces soins est examinée par l’organisme, qui accorde au plus cette part.",
            "A request for this care is reviewed by the insurer, which grants this share at most.",
        ),
        Phrase("Demandez la prise en charge avant les soins.", "Ask for the prior agreement before the care."),
    ),
    InvoiceReason.NOT_REVIEWED: (
        Phrase(
            "L’organisme devait l’examiner, et n’a pas répondu dans le délai.",
            "The insurer was to review it, and did not answer in time.",
        ),
        Phrase(
            "Renvoyez la demande, ou joignez l’organisme ; sans accord, rien n’est promis.",
            "Send the request again, or call the insurer; without an agreement nothing is promised.",
        ),
    ),
    InvoiceReason.DOCUMENTS_MISSING: (
        Phrase(
            "Les pièces n’ont pas toutes été déclarées dans le délai.", "Not all documents were declared in time."
        ),
        Phrase(
            "Refaites la demande une fois les pièces en main ; rien n’est plus promis.",
            "Make a new request once you have the documents; nothing is promised any more.",
        ),
    ),
    **UNDECIDED,
    **BY_A_PERSON,
}  # fmt: skip - one row, two sentences
"""Why one is refused or granted in part, and what to do: what its place reads once it is decided."""

CANCELLABLE: Final = frozenset(
    {
        AgreementState.RECEIVED,
        AgreementState.QUOTED,
        AgreementState.GRANTED,
        AgreementState.UNDER_REVIEW,
        AgreementState.SUBJECT_TO_DOCUMENTS,
    }
)
