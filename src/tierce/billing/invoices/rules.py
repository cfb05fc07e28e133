"""From the words of an invoice to an invoice, and what is the same care; pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final

import msgspec

from tierce.billing.invoices.errors import InvoiceFieldError
from tierce.billing.invoices.model import Beside, Quoted, Sent
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.kernel.bodies import UNREADABLE, WHOLE, fault_of
from tierce.kernel.clock import date_of, day_of, read_date
from tierce.kernel.labels import Likeness, looks_like
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_date
from tierce.policy.invoices import LINE_MAX, LINES_MAX, QUANTITY_MAX, REFERENCE_MAX, WHY_MAX

_ITEM: Final = re.compile(r"[A-Z0-9]{2,12}", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./_-]*", re.ASCII)
_AMOUNTS: Final = ("price", "amo", "asked")


class LineBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: `price` is the whole line's, not one unit's; amounts in cents."""

    item: str
    price: int
    amo: int
    asked: int
    quantity: int = 1


class InvoiceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/invoices`: `engagement` or `receipt`, and never who was cared for."""

    reference: str
    care_date: str
    lines: list[LineBody]
    engagement: str | None = None
    receipt: str | None = None


class CancelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an invoice is taken back; names no patient."""

    why: str


_decoder = msgspec.json.Decoder(InvoiceBody)
_why_decoder = msgspec.json.Decoder(CancelBody)

_BODY_REMEDY: Final = Phrase(
    "Envoyez un objet JSON, en UTF-8, avec reference, care_date et lines, puis engagement ou receipt. Chaque ligne a "
    "item, price, amo et asked, au besoin quantity ; les montants sont des centimes entiers. Rien ne nomme la "
    "personne.",
    "Send a JSON object, in UTF-8, with reference, care_date and lines, then engagement or receipt. Each line has "
    "item, price, amo and asked, and quantity if needed; amounts are whole cents. Nothing names the person.",
)
_WHY_REMEDY: Final = Phrase(
    f"Écrivez de 1 à {WHY_MAX} caractères, sans nommer personne.",
    f"Write 1 to {WHY_MAX} characters, and name nobody.",
)
_NO_NAME: Final = Phrase("Reprenez le numéro de la facture dans votre logiciel, sans nom ni NIR.",
                         "Use the invoice's number in your software, no name and no NIR.")  # fmt: skip


def digest_of(body: bytes) -> bytes:
    """What tells one sending from another: the very bytes."""
    return sha256(body).digest()


def parse_invoice(body: bytes, today: date) -> Sent:
    """Read an invoice, or raise InvoiceFieldError naming the field, its line and the remedy, never the value."""
    try:
        raw = _decoder.decode(body)
    except UNREADABLE:
        # The decoder's own message may quote a value: it is not repeated.
        raise _unreadable(body) from None
    if (raw.engagement is None) == (raw.receipt is None):
        both = raw.engagement is not None
        raise InvoiceFieldError(
            "receipt" if both else "engagement",
            Phrase("la facture cite deux numéros", "the invoice quotes two numbers") if both
            else Phrase("la facture ne cite aucun numéro", "the invoice quotes no number"),
            Phrase("Citez le numéro d’engagement d’une réponse, ou bien le reçu d’un dépôt.",
                   "Quote the engagement number of an answer, or else the receipt of a deposit."),
        )  # fmt: skip
    return Sent(
        raw.engagement, raw.receipt, _reference(raw.reference), day_of(_care_date(raw.care_date, today)),
        _lines(raw.lines),
    )  # fmt: skip


def _unreadable(body: bytes) -> InvoiceFieldError:
    field, reason = fault_of(body, InvoiceBody)
    if field == "lines" or (field == WHOLE and _is_object(body)):
        field, reason = _line_fault(body) or (field, reason)
    return InvoiceFieldError(field, reason, _BODY_REMEDY)


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except UNREADABLE:
        return False


def _line_fault(body: bytes) -> tuple[str, Phrase] | None:
    """The first line at fault of an invoice that is an object, by its place and field."""
    found: Any = msgspec.json.decode(body).get("lines")
    for place, line in enumerate(found if isinstance(found, list) else (), start=1):
        field, reason = fault_of(msgspec.json.encode(line), LineBody)
        try:
            msgspec.convert(line, LineBody)
        except msgspec.ValidationError:
            return (f"lines[{place}]" if field == WHOLE else f"lines[{place}].{field}"), reason
    return None


def _reference(text: str) -> str:
    reference = " ".join(text.split())
    if not 1 <= len(reference) <= REFERENCE_MAX or _REFERENCE.fullmatch(reference) is None:
        raise InvoiceFieldError(
            "reference",
            Phrase("la référence n’a pas la bonne forme", "the reference has not the right form"),
            Phrase(f"Donnez de 1 à {REFERENCE_MAX} lettres sans accent et chiffres, avec au besoin . / _ - ou une "
                   "espace.",
                   f"Give 1 to {REFERENCE_MAX} plain letters and digits, with . / _ - or a space if needed."),
        )  # fmt: skip
    match looks_like(reference):
        case Likeness.NIR:
            reason = Phrase(
                "la référence ressemble à un numéro de sécurité sociale", "the reference looks like a NIR"
            )
            raise InvoiceFieldError("reference", reason, _NO_NAME)
        case Likeness.BIRTH_DATE:
            reason = Phrase("la référence ressemble à une date de naissance", "the reference looks like a birth date")
            raise InvoiceFieldError("reference", reason, _NO_NAME)
    return reference


def _care_date(text: str, today: date) -> date:
    remedy = Phrase(
        "Donnez le jour des soins, aujourd’hui au plus tard, sous la forme AAAA-MM-JJ.",
        "Give the day of care, today at the latest, as YYYY-MM-DD.",
    )
    try:
        value = read_date(text)
    except ValueError:
        reason = Phrase("la date des soins n’est pas une date", "the date of care is not a date")
        raise InvoiceFieldError("care_date", reason, remedy) from None
    if value > today:
        reason = Phrase("les soins sont à venir : ils ne se facturent pas encore",
                        "the care is still to come: it is not invoiced yet")  # fmt: skip
        raise InvoiceFieldError("care_date", reason, remedy)
    return value


def _lines(given: list[LineBody]) -> tuple[InvoiceLine, ...]:
    if not 1 <= len(given) <= LINES_MAX:
        raise InvoiceFieldError(
            "lines",
            Phrase("la facture n’a aucune ligne, ou trop de lignes", "the invoice has no line, or too many"),
            Phrase(f"Envoyez de 1 à {LINES_MAX} lignes.", f"Send 1 to {LINES_MAX} lines."),
        )
    lines = tuple(_line(one, f"lines[{place}].") for place, one in enumerate(given, start=1))
    if not any(line.asked for line in lines):
        raise InvoiceFieldError(
            "lines[1].asked",
            Phrase("la facture ne demande rien", "the invoice asks for nothing"),
            Phrase("Indiquez en centimes ce qui est demandé à la complémentaire.",
                   "Give in cents what is asked of the insurer."),
        )  # fmt: skip
    return lines


def _line(raw: LineBody, at: str) -> InvoiceLine:
    if _ITEM.fullmatch(raw.item) is None:
        raise InvoiceFieldError(
            f"{at}item",
            Phrase("ce code n’a pas la bonne forme", "this code has not the right form"),
            Phrase("Donnez le code de l’acte ou du produit : 2 à 12 majuscules et chiffres.",
                   "Give the code of the act or product: 2 to 12 capitals and digits."),
        )  # fmt: skip
    if not 1 <= raw.quantity <= QUANTITY_MAX:
        raise InvoiceFieldError(
            f"{at}quantity",
            Phrase("cette quantité n’est pas possible", "this quantity is not possible"),
            Phrase(f"Donnez un nombre de 1 à {QUANTITY_MAX}.", f"Give a number from 1 to {QUANTITY_MAX}."),
        )
    for name in _AMOUNTS:
        amount = getattr(raw, name)
        if not (1 if name == "price" else 0) <= amount <= LINE_MAX:
            raise InvoiceFieldError(
                at + name,
                Phrase("ce montant n’est pas possible", "this amount is not possible"),
                Phrase(f"Donnez des centimes entiers, {LINE_MAX} au plus.",
                       f"Give whole cents, {LINE_MAX} at most."),
            )  # fmt: skip
    if raw.amo + raw.asked > raw.price:
        raise InvoiceFieldError(
            f"{at}asked",
            Phrase("les deux parts dépassent le prix de la ligne", "the two shares exceed the line's price"),
            Phrase("Vérifiez le prix de la ligne, la part du régime obligatoire (amo) et ce qui est demandé (asked).",
                   "Check the line's price, the compulsory scheme's share (amo) and what is asked (asked)."),
        )  # fmt: skip
    return InvoiceLine(raw.item, raw.quantity, raw.price, raw.amo, raw.asked)


def not_own(sent: Sent) -> InvoiceFieldError:
    """The one answer to a number that is mistyped, another place's or nobody's."""
    if sent.receipt is not None:
        reason = Phrase("aucun reçu de votre établissement n’a ce numéro",
                        "no receipt of your establishment has this number")  # fmt: skip
        return InvoiceFieldError(
            "receipt",
            reason,
            Phrase("Recopiez le reçu en entier, D- compris.", "Copy the whole receipt, with its D-."),
        )
    reason = Phrase("ce numéro d’engagement n’est pas valable ici", "this engagement number is not valid here")
    return InvoiceFieldError(
        "engagement", reason, Phrase("Recopiez-le en entier, tel que votre établissement l’a reçu.",
                                     "Copy it whole, as your establishment was given it."),
    )  # fmt: skip


def check_quoted(sent: Sent, quoted: Quoted, today: date) -> None:
    """Hold an invoice to what it quotes: of its own place's engagement or receipt alone, and of nobody's cover.

    Raises:
        InvoiceFieldError: too late, a day of care that is not guaranteed, or more than is.
    """
    field = "engagement" if sent.engagement is not None else "receipt"
    if not quoted.guaranteed:
        raise InvoiceFieldError(
            field,
            Phrase("ce dépôt n’est pas garanti", "this deposit is not guaranteed"),
            Phrase("Lisez son état ; une fois le service ouvert, posez la question et citez l’engagement.",
                   "Read its state; once the service is open, ask the question and quote the engagement."),
        )  # fmt: skip
    if day_of(today) > quoted.sent_by:
        raise InvoiceFieldError(
            field,
            Phrase("le dernier jour où ce numéro pouvait être cité est passé",
                   "the last day on which this number could be quoted has passed"),
            Phrase("Posez de nouveau la question pour ce jour de soins, et citez le nouveau numéro.",
                   "Ask again for this day of care, and quote the new number."),
        )  # fmt: skip
    if not quoted.first_day <= sent.care_day <= quoted.last_day:
        first, last = say_date(date_of(quoted.first_day)), say_date(date_of(quoted.last_day))
        raise InvoiceFieldError(
            "care_date",
            Phrase("ce numéro ne garantit pas ce jour de soins", "this number does not guarantee this day of care"),
            Phrase(f"Il garantit les soins du {first.fr}." if first == last
                   else f"Il garantit les soins du {first.fr} au {last.fr}.",
                   f"It guarantees care of {first.en}." if first == last
                   else f"It guarantees care from {first.en} to {last.en}."),
        )  # fmt: skip
    if quoted.most is not None and sent.asked > quoted.most:
        raise InvoiceFieldError(
            "lines",
            Phrase("les lignes demandent plus que ce que ce dépôt garantit encore",
                   "the lines ask for more than this deposit still guarantees"),
            Phrase("Demandez au plus le montant garanti, moins ce qui fut déjà facturé sur ce reçu.",
                   "Ask for the amount guaranteed at most, less what was invoiced on this receipt already."),
        )  # fmt: skip


def read_why(body: bytes) -> str:
    """Read why an invoice is taken back; raises InvoiceFieldError, which never repeats the text."""
    try:
        why = " ".join(_why_decoder.decode(body).why.split())
    except UNREADABLE:
        field, reason = fault_of(body, CancelBody)
        raise InvoiceFieldError(field, reason, _WHY_REMEDY) from None
    if not 1 <= len(why) <= WHY_MAX or not why.isprintable():
        raise InvoiceFieldError(
            "why", Phrase("le motif est vide ou trop long", "the reason is empty or too long"), _WHY_REMEDY
        )
    match looks_like(why):
        case Likeness.NIR:
            reason = Phrase("le motif ressemble à un numéro de sécurité sociale", "the reason looks like a NIR")
            raise InvoiceFieldError("why", reason, _WHY_REMEDY)
        case Likeness.BIRTH_DATE:
            reason = Phrase("le motif ressemble à une date de naissance", "the reason looks like a birth date")
            raise InvoiceFieldError("why", reason, _WHY_REMEDY)
    return why


def same_care(one: Iterable[tuple[str, int]], other: Iterable[tuple[str, int]]) -> bool:
    """Whether two invoices of one day and one engagement, receipt or person are about the same care.

    They are when they hold the same codes, each as often, however the lines are cut. Amounts do not count: the same
    care at another price is the same care. One that holds a part of the other's codes is not: two sessions on one
    day are two invoices, and the second is told apart by what it adds or leaves out.
    """
    return _counted(one) == _counted(other)


def _counted(lines: Iterable[tuple[str, int]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for item, quantity in lines:
        counted[item] += quantity
    return counted


def repeated(lines: Iterable[InvoiceLine], beside: Iterable[Beside]) -> tuple[str, ...]:
    """The references of own invoices about the same care as these lines."""
    items = [(line.item, line.quantity) for line in lines]
    return tuple(one.reference for one in beside if same_care(items, one.items))


REASONS: Mapping[InvoiceReason, tuple[Phrase, Phrase]] = {
    InvoiceReason.DUPLICATE: (
        Phrase("Les mêmes soins sont sur une autre facture.", "The same care is on another invoice."),
        Phrase(
            "Si ce sont d’autres soins, envoyez une facture dont les codes le disent.",
            "If this is other care, send an invoice whose codes say so.",
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
    InvoiceReason.CONTRACT_ENDED: (
        Phrase(
            "Le contrat de l’organisme avec l’opérateur avait pris fin au jour des soins.",
            "The insurer's contract with the operator had ended on the day of care.",
        ),
        Phrase("Adressez la facture à l’organisme.", "Send the invoice to the insurer itself."),
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


def read_state(text: str | None) -> InvoiceState | None:
    """Read the state by which a list is filtered; None asks for all.

    Raises:
        InvoiceFieldError: there is no such state.
    """
    if not text:
        return None
    if text.upper() not in InvoiceState.__members__ or text != text.lower():
        known = ", ".join(name.lower() for name in InvoiceState.__members__)
        raise InvoiceFieldError(
            "state",
            Phrase("cet état n’existe pas", "there is no such state"),
            Phrase(f"Choisissez parmi {known}.", f"Choose one of {known}."),
        )
    return InvoiceState[text.upper()]
