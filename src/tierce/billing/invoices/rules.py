"""From the words of an invoice to an invoice, and what is the same care; pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.model import Beside, Quoted, Sent
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.rules import LineBody, read_lines, read_reference, same_care, unreadable
from tierce.kernel.bodies import UNREADABLE, decoded
from tierce.kernel.clock import date_of, day_of, read_date
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_date
from tierce.policy.documents import DocumentKind, named
from tierce.policy.invoices import LINES_MAX


class InvoiceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/invoices`: `engagement`, `receipt` or `agreement`, and never who was cared for."""

    reference: str
    care_date: str
    lines: list[LineBody]
    engagement: str | None = None
    receipt: str | None = None
    agreement: str | None = None


QUOTED: Final = ("engagement", "receipt", "agreement")
"""What an invoice may quote: one of them."""
_decoder = msgspec.json.Decoder(InvoiceBody)

_BODY_REMEDY: Final = Phrase(
    "Envoyez un objet JSON, en UTF-8, avec reference, care_date et lines, puis engagement, receipt ou agreement. "
    "Chaque ligne a item, price, amo et asked, au besoin quantity ; les montants sont des centimes entiers. "
    "Rien ne nomme la personne.",
    "Send a JSON object, in UTF-8, with reference, care_date and lines, then engagement, receipt or agreement. Each "
    "line has item, price, amo and asked, and quantity if needed; amounts are whole cents. Nothing names the person.",
)


def parse_invoice(body: bytes, today: date) -> Sent:
    """Read an invoice, or raise BillingFieldError naming the field, its line and the remedy, never the value."""
    try:
        raw = decoded(_decoder, body)
    except UNREADABLE:
        raise unreadable(body, InvoiceBody, _BODY_REMEDY) from None
    quoted = [name for name in QUOTED if getattr(raw, name) is not None]
    if len(quoted) != 1:
        raise BillingFieldError(
            quoted[-1] if quoted else QUOTED[0],
            Phrase("la facture cite plusieurs numéros", "the invoice quotes several numbers") if quoted
            else Phrase("la facture ne cite aucun numéro", "the invoice quotes no number"),
            Phrase("Citez le numéro d’engagement d’une réponse, ou le reçu d’un dépôt, ou une prise en charge.",
                   "Quote the engagement number of an answer, or the receipt of a deposit, or a prior agreement."),
        )  # fmt: skip
    return Sent(
        raw.engagement, raw.receipt, raw.agreement, read_reference(raw.reference),
        day_of(_care_date(raw.care_date, today)), read_lines(raw.lines, LINES_MAX),
    )  # fmt: skip


def _care_date(text: str, today: date) -> date:
    remedy = Phrase(
        "Donnez le jour des soins, aujourd’hui au plus tard, sous la forme AAAA-MM-JJ.",
        "Give the day of care, today at the latest, as YYYY-MM-DD.",
    )
    try:
        value = read_date(text)
    except ValueError:
        reason = Phrase("la date des soins n’est pas une date", "the date of care is not a date")
        raise BillingFieldError("care_date", reason, remedy) from None
    if value > today:
        reason = Phrase("les soins sont à venir : ils ne se facturent pas encore",
                        "the care is still to come: it is not invoiced yet")  # fmt: skip
        raise BillingFieldError("care_date", reason, remedy)
    return value


def not_own(sent: Sent) -> BillingFieldError:
    """The one answer to a number that is mistyped, another place's or nobody's."""
    if sent.receipt is not None:
        reason = Phrase("aucun reçu de votre établissement n’a ce numéro",
                        "no receipt of your establishment has this number")  # fmt: skip
        return BillingFieldError(
            "receipt",
            reason,
            Phrase("Recopiez le reçu en entier, D- compris.", "Copy the whole receipt, with its D-."),
        )
    if sent.agreement is not None:
        reason = Phrase("aucune prise en charge de votre établissement n’a ce numéro",
                        "no prior agreement of your establishment has this number")  # fmt: skip
        return BillingFieldError(
            "agreement", reason,
            Phrase("Reprenez-le de la liste de vos prises en charge.", "Take it from the list of your agreements."),
        )  # fmt: skip
    return engagement_not_own()


def engagement_not_own() -> BillingFieldError:
    """The same of an engagement number, whatever quotes it."""
    reason = Phrase("ce numéro d’engagement n’est pas valable ici", "this engagement number is not valid here")
    return BillingFieldError(
        "engagement", reason, Phrase("Recopiez-le en entier, tel que votre établissement l’a reçu.",
                                     "Copy it whole, as your establishment was given it."),
    )  # fmt: skip


def check_quoted(sent: Sent, quoted: Quoted, today: date) -> None:
    """Hold an invoice to what it quotes: of its own place's number alone, and of nobody's cover.

    Raises:
        BillingFieldError: too late, a day of care that is not guaranteed, or more than is.
    """
    field = next(name for name in QUOTED if getattr(sent, name) is not None)
    if not quoted.guaranteed and sent.agreement is not None:
        raise BillingFieldError(
            field,
            Phrase("cette prise en charge n’est pas accordée, ou une facture la cite déjà",
                   "this agreement is not granted, or an invoice quotes it already"),
            Phrase("Lisez son état ; citez l’engagement pour facturer sans elle.",
                   "Read its state; quote the engagement to invoice without it."),
        )  # fmt: skip
    if not quoted.guaranteed:
        raise BillingFieldError(
            field,
            Phrase("ce dépôt n’est pas garanti", "this deposit is not guaranteed"),
            Phrase("Lisez son état ; une fois le service ouvert, posez la question et citez l’engagement.",
                   "Read its state; once the service is open, ask the question and quote the engagement."),
        )  # fmt: skip
    if day_of(today) > quoted.sent_by:
        raise BillingFieldError(
            field,
            Phrase("le dernier jour où ce numéro pouvait être cité est passé",
                   "the last day on which this number could be quoted has passed"),
            Phrase("Posez de nouveau la question pour ce jour de soins, et citez le nouveau numéro.",
                   "Ask again for this day of care, and quote the new number."),
        )  # fmt: skip
    if not quoted.first_day <= sent.care_day <= quoted.last_day:
        first, last = say_date(date_of(quoted.first_day)), say_date(date_of(quoted.last_day))
        raise BillingFieldError(
            "care_date",
            Phrase("ce numéro ne garantit pas ce jour de soins", "this number does not guarantee this day of care"),
            Phrase(f"Il garantit les soins du {first.fr}." if first == last
                   else f"Il garantit les soins du {first.fr} au {last.fr}.",
                   f"It guarantees care of {first.en}." if first == last
                   else f"It guarantees care from {first.en} to {last.en}."),
        )  # fmt: skip
    if quoted.most is not None and sent.asked > quoted.most:
        raise BillingFieldError(
            "lines",
            Phrase("les lignes demandent plus que ce que ce dépôt garantit encore",
                   "the lines ask for more than this deposit still guarantees"),
            Phrase("Demandez au plus le montant garanti, moins ce qui fut déjà facturé sur ce reçu.",
                   "Ask for the amount guaranteed at most, less what was invoiced on this receipt already."),
        )  # fmt: skip


def check_documents(declare_by: int | None, kinds: Iterable[DocumentKind]) -> None:
    """Refuse to invoice an agreement that is granted subject to documents, and name those that nobody has declared.

    Raises:
        BillingFieldError: there is a day by which they are to be declared.
    """
    if declare_by is None:
        return
    day, missing = say_date(date_of(declare_by)), named(kinds)
    raise BillingFieldError(
        "agreement",
        Phrase(f"cette prise en charge est accordée sous réserve de pièces ; il manque : {missing.fr}",
               f"this agreement is granted subject to documents; missing: {missing.en}"),
        Phrase(f"Déclarez ces pièces au plus tard le {day.fr}, puis renvoyez la facture.",
               f"Declare these documents by {day.en}, then send the invoice again."),
    )  # fmt: skip


def check_granted(lines: Iterable[InvoiceLine], granted: Mapping[str, int]) -> None:
    """Hold lines to the codes that were granted, and each to how often.

    Raises:
        BillingFieldError: a code that was not, or more of it than was.
    """
    left = dict(granted)
    for place, line in enumerate(lines, start=1):
        known = line.item in granted
        left[line.item] = left.get(line.item, 0) - line.quantity
        if left[line.item] < 0:
            raise BillingFieldError(
                f"lines[{place}].{'quantity' if known else 'item'}",
                Phrase("la prise en charge en accorde moins", "the agreement grants fewer") if known
                else Phrase("la prise en charge n’accorde pas ce code", "the agreement does not grant this code"),
                Phrase("Facturez ce qui fut accordé ; le reste va sur une facture qui cite l’engagement.",
                       "Invoice what was granted; the rest goes on an invoice that quotes the engagement."),
            )  # fmt: skip


def repeated(lines: Iterable[InvoiceLine], beside: Iterable[Beside]) -> tuple[str, ...]:
    """The references of own invoices about the same care as these lines."""
    items = [(line.item, line.quantity) for line in lines]
    return tuple(one.reference for one in beside if same_care(items, one.items))


_SEND_AGAIN: Final = Phrase(
    "Posez de nouveau la question pour ce jour de soins, et renvoyez la facture sous une autre référence ; sans "
    "réponse, adressez-la à l’organisme.",
    "Ask again for this day of care, and send the invoice under another reference; without an answer, send it to the "
    "insurer itself.",
)
REASONS: Mapping[InvoiceReason, tuple[Phrase, Phrase]] = {
    InvoiceReason.DUPLICATE: (
        Phrase("Les mêmes soins sont sur une autre facture.", "The same care is on another invoice."),
        Phrase(
            "Si ce sont d’autres soins, envoyez une facture dont les codes le disent. Si le patient a deux "
            "organismes, demandez à l’un ce que l’autre a laissé, sous une autre référence.",
            "If this is other care, send an invoice whose codes say so. If the patient has two insurers, ask one for "
            "what the other left, under another reference.",
        ),
    ),
    InvoiceReason.AFTER_GUARANTEE: (
        Phrase(
            "Le jour des soins n’est pas parmi ceux que le numéro cité garantit.",
            "The day of care is not among those that the number quoted guarantees.",
        ),
        Phrase(
            "Posez la question pour ce jour, et citez l’engagement reçu.",
            "Ask for that day, and quote the engagement you are given.",
        ),
    ),
    InvoiceReason.ITEM_UNKNOWN: (
        Phrase("Un code n’est dans aucun tarif au jour des soins.", "A code is in no tariff on the day of care."),
        Phrase("Vérifiez le code de chaque ligne.", "Check the code of each line."),
    ),
    InvoiceReason.NOT_IN_DOMAIN: (
        Phrase(
            "Un code appartient à un autre domaine que l’engagement.",
            "A code belongs to another domain than the engagement.",
        ),
        Phrase(
            "Posez la question pour ce domaine, et citez l’engagement reçu.",
            "Ask for that domain, and quote the engagement you are given.",
        ),
    ),
    InvoiceReason.NO_BENEFIT: (
        Phrase("La garantie ne prévoit rien pour ces soins.", "The guarantee pays nothing for this care."),
        Phrase("Demandez cette part à la personne soignée.", "Ask the person cared for to pay this share."),
    ),
    InvoiceReason.PARTLY: (
        Phrase(
            "La garantie paie une partie de ce qui est demandé : les lignes disent laquelle.",
            "The guarantee pays part of what is asked: the lines say which.",
        ),
        Phrase("Demandez le reste à la personne soignée.", "Ask the person cared for to pay the rest."),
    ),
    InvoiceReason.NOT_GUARANTEED: (
        Phrase(
            "Le dépôt cité n’était pas garanti, ou l’était pour moins.",
            "The deposit quoted was not guaranteed, or was for less.",
        ),
        Phrase("Posez la question et citez l’engagement.", "Ask the question and quote the engagement."),
    ),
    InvoiceReason.RIGHTS_ENDED: (
        Phrase(
            "Les droits ne sont pas ouverts au jour où ces soins commenceraient.",
            "Rights are not open on the day on which this care would begin.",
        ),
        Phrase(
            "Facturez les soins déjà donnés en citant l’engagement ; pour les autres, posez de nouveau la question.",
            "Invoice care already given by the engagement; for other care, ask the question again.",
        ),
    ),
    InvoiceReason.CONTRACT_ENDED: (
        Phrase(
            "Le contrat de l’organisme avec l’opérateur avait pris fin au jour des soins.",
            "The insurer's contract with the operator had ended on the day of care.",
        ),
        Phrase("Adressez la facture à l’organisme.", "Send the invoice to the insurer itself."),
    ),
    InvoiceReason.COVER_GONE: (
        Phrase(
            "Les droits de la personne ne sont plus tenus ici : rien ne dit ce qui est dû.",
            "The person’s cover is no longer held here: nothing says what is due.",
        ),
        _SEND_AGAIN,
    ),
    InvoiceReason.NUMBER_GONE: (
        Phrase("Ce que la facture cite n’est plus gardé ici.", "What the invoice quotes is no longer kept here."),
        _SEND_AGAIN,
    ),
    InvoiceReason.INSURER_GONE: (
        Phrase(
            "L’organisme ne répond plus ici, ou ce qu’il a envoyé ne s’ouvre plus.",
            "The insurer answers no more here, or what it sent opens no more.",
        ),
        _SEND_AGAIN,
    ),
    InvoiceReason.NOT_DECIDABLE: (
        Phrase("Rien ne permet de décider cette facture.", "Nothing decides this invoice."),
        _SEND_AGAIN,
    ),
}  # fmt: skip - one row, two sentences
"""Why an invoice is refused or paid in part, and what to do: what its place reads once it is decided."""

CANCELLABLE: Final = frozenset({InvoiceState.RECEIVED, InvoiceState.ACCEPTED, InvoiceState.RETURNED})
DECIDED: Final = frozenset(
    {
        InvoiceState.ACCEPTED,
        InvoiceState.REFUSED,
        InvoiceState.ORDERED,
        InvoiceState.PAID,
        InvoiceState.RETURNED,
    }
)
