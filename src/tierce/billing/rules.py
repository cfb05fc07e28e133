"""What is read in the same way of everything that a place sends about care: lines, references, reasons; pure."""

import re
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec

from tierce.billing.errors import BillingFieldError
from tierce.billing.model import InvoiceLine
from tierce.kernel.bodies import UNREADABLE, WHOLE, decoded, fault_of
from tierce.kernel.ids import MAX_ID
from tierce.kernel.labels import Likeness, looks_like
from tierce.kernel.language import Phrase
from tierce.policy.invoices import LINE_MAX, QUANTITY_MAX, REFERENCE_MAX, WHY_MAX

State = TypeVar("State", bound=IntEnum)
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


class CancelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an invoice or an agreement is taken back; names no patient."""

    why: str


_why_decoder = msgspec.json.Decoder(CancelBody)
_WHY_REMEDY: Final = Phrase(
    f"Écrivez de 1 à {WHY_MAX} caractères, sans nommer personne.",
    f"Write 1 to {WHY_MAX} characters, and name nobody.",
)
_NO_NAME: Final = Phrase("Reprenez le numéro que lui donne votre logiciel, sans nom ni NIR.",
                         "Use the number that your software gives it, no name and no NIR.")  # fmt: skip


NO_NUMBER: Final = -1
"""What stands for a number that cannot be read: nothing has it."""


def read_number(text: str) -> int:
    """Read a number of ours as it is printed; `NO_NUMBER` for what is none."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else NO_NUMBER
    return number if number <= MAX_ID else NO_NUMBER


def read_state(states: type[State], text: str | None) -> State | None:
    """Read the state by which a list is filtered; None asks for all.

    Raises:
        BillingFieldError: there is no such state.
    """
    if not text:
        return None
    if text.upper() not in states.__members__ or text != text.lower():
        known = ", ".join(name.lower() for name in states.__members__)
        raise BillingFieldError(
            "state",
            Phrase("cet état n’existe pas", "there is no such state"),
            Phrase(f"Choisissez parmi {known}.", f"Choose one of {known}."),
        )
    return states[text.upper()]


def digest_of(body: bytes) -> bytes:
    """What tells one sending from another: the very bytes."""
    return sha256(body).digest()


def unreadable(body: bytes, of: type[msgspec.Struct], remedy: Phrase) -> BillingFieldError:
    """Say which field of a body is at fault, and of which line; the decoder's words may quote a value."""
    field, reason = fault_of(body, of)
    if field == "lines" or (field == WHOLE and _is_object(body)):
        field, reason = _line_fault(body) or (field, reason)
    return BillingFieldError(field, reason, remedy)


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except UNREADABLE:
        return False


def _line_fault(body: bytes) -> tuple[str, Phrase] | None:
    """The first line at fault of a body that is an object, by its place and field."""
    found: Any = msgspec.json.decode(body).get("lines")
    for place, line in enumerate(found if isinstance(found, list) else (), start=1):
        field, reason = fault_of(msgspec.json.encode(line), LineBody)
        try:
            msgspec.convert(line, LineBody)
        except msgspec.ValidationError:
            return (f"lines[{place}]" if field == WHOLE else f"lines[{place}].{field}"), reason
    return None


def read_reference(text: str) -> str:
    """Read the place's own number of what it sends, which is no NIR and no birth date."""
    reference = " ".join(text.split())
    if not 1 <= len(reference) <= REFERENCE_MAX or _REFERENCE.fullmatch(reference) is None:
        raise BillingFieldError(
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
            raise BillingFieldError("reference", reason, _NO_NAME)
        case Likeness.BIRTH_DATE:
            reason = Phrase("la référence ressemble à une date de naissance", "the reference looks like a birth date")
            raise BillingFieldError("reference", reason, _NO_NAME)
    return reference


def read_lines(given: list[LineBody], most: int) -> tuple[InvoiceLine, ...]:
    """Read from one line to `most`, one of which asks for something."""
    if not 1 <= len(given) <= most:
        raise BillingFieldError(
            "lines",
            Phrase("il n’y a aucune ligne, ou trop de lignes", "there is no line, or there are too many"),
            Phrase(f"Envoyez de 1 à {most} lignes.", f"Send 1 to {most} lines."),
        )
    lines = tuple(_line(one, f"lines[{place}].") for place, one in enumerate(given, start=1))
    if not any(line.asked for line in lines):
        raise BillingFieldError(
            "lines[1].asked",
            Phrase("aucune ligne ne demande rien", "no line asks for anything"),
            Phrase("Indiquez en centimes ce qui est demandé à la complémentaire.",
                   "Give in cents what is asked of the insurer."),
        )  # fmt: skip
    return lines


def _line(raw: LineBody, at: str) -> InvoiceLine:
    if _ITEM.fullmatch(raw.item) is None:
        raise BillingFieldError(
            f"{at}item",
            Phrase("ce code n’a pas la bonne forme", "this code has not the right form"),
            Phrase("Donnez le code de l’acte ou du produit : 2 à 12 majuscules et chiffres.",
                   "Give the code of the act or product: 2 to 12 capitals and digits."),
        )  # fmt: skip
    if not 1 <= raw.quantity <= QUANTITY_MAX:
        raise BillingFieldError(
            f"{at}quantity",
            Phrase("cette quantité n’est pas possible", "this quantity is not possible"),
            Phrase(f"Donnez un nombre de 1 à {QUANTITY_MAX}.", f"Give a number from 1 to {QUANTITY_MAX}."),
        )
    for name in _AMOUNTS:
        amount = getattr(raw, name)
        if not (1 if name == "price" else 0) <= amount <= LINE_MAX:
            raise BillingFieldError(
                at + name,
                Phrase("ce montant n’est pas possible", "this amount is not possible"),
                Phrase(f"Donnez des centimes entiers, {LINE_MAX} au plus.",
                       f"Give whole cents, {LINE_MAX} at most."),
            )  # fmt: skip
    if raw.amo + raw.asked > raw.price:
        raise BillingFieldError(
            f"{at}asked",
            Phrase("les deux parts dépassent le prix de la ligne", "the two shares exceed the line's price"),
            Phrase("Vérifiez le prix de la ligne, la part du régime obligatoire (amo) et ce qui est demandé (asked).",
                   "Check the line's price, the compulsory scheme's share (amo) and what is asked (asked)."),
        )  # fmt: skip
    return InvoiceLine(raw.item, raw.quantity, raw.price, raw.amo, raw.asked)


def read_why(body: bytes) -> str:
    """Read why one is taken back; raises BillingFieldError, which never repeats the text."""
    try:
        why = " ".join(decoded(_why_decoder, body).why.split())
    except UNREADABLE:
        field, reason = fault_of(body, CancelBody)
        raise BillingFieldError(field, reason, _WHY_REMEDY) from None
    if not 1 <= len(why) <= WHY_MAX or not why.isprintable():
        raise BillingFieldError(
            "why", Phrase("le motif est vide ou trop long", "the reason is empty or too long"), _WHY_REMEDY
        )
    match looks_like(why):
        case Likeness.NIR:
            reason = Phrase("le motif ressemble à un numéro de sécurité sociale", "the reason looks like a NIR")
            raise BillingFieldError("why", reason, _WHY_REMEDY)
        case Likeness.BIRTH_DATE:
            reason = Phrase("le motif ressemble à une date de naissance", "the reason looks like a birth date")
            raise BillingFieldError("why", reason, _WHY_REMEDY)
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
