"""From a Claim to what `/v1/invoices` and `/v1/agreements` read, and from what is kept of it to a ClaimResponse.

Nobody is named: a claim quotes the number of an answer. What is due is decided later, and read again by its id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from tierce.billing.agreements.model import STATE_LABELS as AGREEMENT_LABELS
from tierce.billing.agreements.model import AgreementKind, AgreementState, OwnAgreement
from tierce.billing.agreements.rules import REASONS as AGREEMENT_REASONS
from tierce.billing.invoices.model import OwnInvoice, OwnLine
from tierce.billing.invoices.rules import REASONS as INVOICE_REASONS
from tierce.billing.model import STATE_LABELS as INVOICE_LABELS
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.policy.documents import named
from tierce.policy.invoices import LINES_MAX
from tierce.web.fhir import names
from tierce.web.fhir.eligibility import MASKED, worded
from tierce.web.fhir.errors import ElementError, Issue
from tierce.web.fhir.reading import Element, code_of, is_active, read_resource, value_of

KIND: Final = "Claim"
BYTES_MAX: Final = 32_768
"""Forty lines in FHIR's words."""
USES: Final[Mapping[str, str]] = {"claim": "invoice", "preauthorization": "request", "predetermination": "quote"}
"""What each use asks for here."""
INVOICE, AGREEMENT = "invoice-", "agreement-"
"""What the id of a ClaimResponse begins with; an agreement is quoted by its whole id."""
_RECEIPT: Final = "D-"
_EURO: Final = Decimal(10) ** 8
_UNUSED: Final = frozenset(
    {"type", "created", "insurer", "priority", "provider", "enterer", "facility", "billablePeriod"}
)
_LINE: Final = re.compile(r"lines\[(\d+)\](?:\.(\w+))?", re.ASCII)
_TYPES: Final[Mapping[Domain, str]] = {
    Domain.OPTI: "vision",
    Domain.DENT: "oral",
    Domain.PHAR: "pharmacy",
    Domain.HOSP: "institutional",
}
_CONDITIONAL: Final = AgreementState.SUBJECT_TO_DOCUMENTS
_WAITS: Final = frozenset({InvoiceState.RECEIVED, AgreementState.RECEIVED, AgreementState.UNDER_REVIEW})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim as the use case reads it, and where each of its fields stood."""

    use: str
    body: bytes
    paths: Mapping[str, str]

    def placed(self, error: FieldError) -> FieldError:
        """The same error, by the path of the element at fault."""
        line = _LINE.fullmatch(error.field)
        if line is not None:
            number, field = int(line[1]) - 1, line[2]
            path = f"{KIND}.item[{number}]"
            path += {"item": ".productOrService", "quantity": ".quantity", "price": ".net"}.get(field, ".extension")
            return ElementError(path, error.reason, error.remedy)
        path = self.paths.get(error.field) or {"lines": f"{KIND}.item"}.get(error.field, "")
        return ElementError(path, error.reason, error.remedy) if path else error


def read_claim(body: bytes) -> Claimed:
    """Read a claim.

    Raises:
        ElementError: an element cannot be accepted, or is not read here.
    """
    claim = read_resource(body, KIND).only(
        "resourceType", "status", "use", "patient", "identifier", "insurance", "item", passed=_UNUSED
    )
    is_active(claim)
    use = claim.text("use") or ""
    if use not in USES:
        reason = Phrase("cet usage n’existe pas", "there is no such use")
        remedy = Phrase(f"Donnez {', '.join(USES)}.", f"Give {', '.join(USES)}.")
        raise ElementError(claim.path("use"), reason, remedy, Issue.CODE)
    if (patient := claim.inner("patient")) is not None:
        patient.only(passed={"type"})  # a claim names nobody
    reference = value_of(claim.each("identifier"), {names.REFERENCE})
    if reference is None:
        raise claim.missing("identifier")
    quoted, number, at = _quoted(claim)
    fields: dict[str, Any] = {"reference": reference[0], quoted: number}
    paths = {"reference": reference[1], "kind": claim.path("use"), "engagement": at, "receipt": at, "agreement": at}
    items = claim.each("item", LINES_MAX)
    if not items:
        raise claim.missing("item")
    is_invoice = use == "claim"
    fields["lines"] = [_line(one, dated=is_invoice) for one in items]
    if is_invoice:
        fields["care_date"], paths["care_date"] = _day(items)
    else:
        fields["kind"] = USES[use]
        if quoted != "engagement":
            reason = Phrase("une prise en charge cite un engagement", "a prior agreement quotes an engagement")
            remedy = Phrase("Citez le numéro d’une réponse.", "Quote the number of an answer.")
            raise ElementError(at, reason, remedy)
    return Claimed(use, msgspec.json.encode(fields), paths)


def _quoted(claim: Element) -> tuple[str, str, str]:
    """Which number is quoted, the number, and its path: an engagement, a deposit's receipt, or one of our own ids."""
    insurance = claim.one("insurance")
    if insurance is None:
        raise claim.missing("insurance")
    insurance.only("preAuthRef", passed={"sequence", "focal", "coverage"})
    if (cover := insurance.inner("coverage")) is not None:
        cover.only(passed={"type", "display"})
    given = insurance.texts("preAuthRef", 1)
    if not given:
        raise insurance.missing("preAuthRef")
    path = f"{insurance.path('preAuthRef')}[0]"
    if given[0].startswith(AGREEMENT):
        return "agreement", given[0].removeprefix(AGREEMENT), path
    return ("receipt" if given[0].startswith(_RECEIPT) else "engagement"), given[0], path


def _line(item: Element, *, dated: bool) -> dict[str, Any]:
    item.only("productOrService", "quantity", "net", *(("servicedDate",) if dated else ()), passed={"sequence"})
    product = item.needed("productOrService")
    code = code_of(product, names.ITEM)
    if code is None:
        reason = Phrase("aucun code d’acte ou de produit n’est donné", "no code of an act or product is given")
        remedy = Phrase(f"Donnez un code de {names.ITEM}.", f"Give a code of {names.ITEM}.")
        raise ElementError(product.path("coding"), reason, remedy, Issue.REQUIRED)
    line: dict[str, Any] = {"item": code[0], "price": _cents(item.needed("net"))}
    quantity = item.inner("quantity")
    if quantity is not None:
        value = quantity.only("value").decimal("value")
        if value is None:
            raise quantity.missing("value")
        line["quantity"] = _whole(quantity.path("value"), value)
    for one in item.each("extension"):
        name = _SHARES.get(one.text("url") or "")
        if name is None:
            continue
        if name in line:
            reason = Phrase("cette part est donnée deux fois", "this share is given twice")
            raise ElementError(one.at, reason, Phrase("Gardez-en une.", "Keep one."), Issue.STRUCTURE)
        line[name] = _cents(one.only("url", "valueMoney").needed("valueMoney"))
    for url, name in _SHARES.items():
        if name not in line:
            remedy = Phrase(f"Ajoutez l’extension {url}.", f"Add the extension {url}.")
            reason = Phrase("une part manque", "a share is missing")
            raise ElementError(item.path("extension"), reason, remedy, Issue.REQUIRED)
    return line


_SHARES: Final[Mapping[str, str]] = {names.AMO: "amo", names.ASKED: "asked"}


def _cents(money: Element) -> int:
    value = money.only("value", "currency").decimal("value")
    if value is None:
        raise money.missing("value")
    if money.text("currency") not in (None, "EUR"):
        reason = Phrase("les montants sont en euros", "amounts are in euros")
        raise ElementError(money.path("currency"), reason, Phrase("Donnez EUR.", "Give EUR."), Issue.CODE)
    if not -_EURO < value < _EURO:
        raise _impossible(money.path("value"))
    return _whole(money.path("value"), value * 100)


def _whole(path: str, value: Decimal) -> int:
    if not -_EURO * 100 < value < _EURO * 100 or value != int(value):
        raise _impossible(path)
    return int(value)


def _impossible(path: str) -> ElementError:
    reason = Phrase("ce nombre n’est pas possible ici", "this number is not possible here")
    remedy = Phrase("Donnez des euros avec deux décimales au plus, ou une quantité entière.",
                    "Give euros with two decimals at most, or a whole quantity.")  # fmt: skip
    return ElementError(path, reason, remedy)


def _day(items: list[Element]) -> tuple[str, str]:
    """The one day of care of all lines."""
    found: str | None = None
    for item in items:
        day = item.text("servicedDate")
        if day is None:
            raise item.missing("servicedDate")
        if found is not None and day != found:
            reason = Phrase("les lignes sont de deux jours", "the lines are of two days")
            remedy = Phrase("Envoyez une demande pour chaque jour de soins.", "Send one claim for each day of care.")
            raise ElementError(item.path("servicedDate"), reason, remedy)
        found = day
    return found or "", items[0].path("servicedDate")


def invoice_response(one: OwnInvoice, notes: tuple[Phrase, ...] = ()) -> dict[str, Any]:
    """The ClaimResponse of an invoice."""
    return _response(one, INVOICE, "claim", INVOICE_LABELS[one.state], INVOICE_REASONS.get(one.reason)) | _notes(
        (*notes, *_said(one.said))
    )


def _said(words: str | None) -> tuple[Phrase, ...]:
    """What the operator's staff wrote, in the language in which they wrote it."""
    return () if words is None else (Phrase(words, words),)


def agreement_response(one: OwnAgreement) -> dict[str, Any]:
    """The ClaimResponse of an agreement; one that was granted tells what to quote, and for which days of care."""
    use = "predetermination" if one.kind is AgreementKind.QUOTE else "preauthorization"
    told = _response(one, AGREEMENT, use, AGREEMENT_LABELS[one.state], AGREEMENT_REASONS.get(one.reason))
    if one.state in {AgreementState.GRANTED, AgreementState.INVOICED} and one.last_day is not None:
        told["preAuthRef"] = f"{AGREEMENT}{one.id}"
        told["preAuthPeriod"] = {"start": one.first_day, "end": one.last_day}
    if one.documents_by is not None:
        return told | _notes((_awaited(one, one.documents_by),))
    if one.answer_by is None:
        return told | _notes(_said(one.said))
    by = one.answer_by
    note = Phrase(
        f"Une personne de l’organisme répond au plus tard le {by:%d/%m/%Y} ; sans réponse, c’est refusé.",
        f"A person of the insurer answers by {by:%Y-%m-%d}; without an answer it is refused.",
    )
    return told | _notes((note,))


def _awaited(one: OwnAgreement, last: date) -> Phrase:
    """What is still to be declared, where one is granted subject to documents; a claim of it is refused meanwhile."""
    missing = named(document.kind for document in one.documents if document.at is None)
    path = f"/v1/agreements/{one.id}/documents"
    return Phrase(
        f"Pièces à déclarer au plus tard le {last:%d/%m/%Y}, par {path} : {missing.fr}.",
        f"Documents to be declared by {last:%Y-%m-%d}, by {path}: {missing.en}.",
    )


def _response(
    one: OwnInvoice | OwnAgreement, prefix: str, use: str, label: Phrase, why: tuple[Phrase, Phrase] | None
) -> dict[str, Any]:
    said = label
    if why is not None:
        detail, remedy = why
        said = Phrase(f"{label.fr} : {detail.fr} {remedy.fr}", f"{label.en}: {detail.en} {remedy.en}")
    reason = None if one.reason is InvoiceReason.NONE else one.reason.name.lower()
    waits = one.state in _WAITS
    return {
        "resourceType": "ClaimResponse",
        "id": f"{prefix}{one.id}",
        "language": "fr",
        "extension": [{"url": names.STATE, "valueCode": one.state.name.lower()}],
        "identifier": [{"system": names.REFERENCE, "value": one.reference}],
        "status": "cancelled" if one.state.name == "CANCELLED" else "active",
        "type": {"coding": [{"system": names.CLAIM_TYPE, "code": _TYPES.get(one.domain, "professional")}]},
        "use": use,
        "patient": {**MASKED, "type": "Patient"},
        "created": one.at.isoformat(),
        "insurer": {**MASKED, "type": "Organization"},
        "outcome": "queued" if waits else "partial" if one.state is _CONDITIONAL else "complete",
        **worded("disposition", said),
        **({"item": [_item(line) for line in one.lines]} if one.lines else {}),
        "adjudication": _shares(one.asked, one.due, reason),
    }


def _item(line: OwnLine) -> dict[str, Any]:
    return {"itemSequence": line.n, "adjudication": _shares(line.sent.asked, line.due, None)}


def _shares(asked: int, due: int | None, reason: str | None) -> list[dict[str, Any]]:
    """What was asked and, once it is decided, what is due."""
    found = [{"category": _share("asked"), "amount": _money(asked)}]
    if due is not None or reason is not None:
        why = {"reason": {"coding": [{"system": names.DECISION, "code": reason}]}} if reason else {}
        amount = {} if due is None else {"amount": _money(due)}
        found.append({"category": _share("due"), **why, **amount})
    return found


def _share(code: str) -> dict[str, Any]:
    return {"coding": [{"system": names.SHARE, "code": code}]}


def _money(cents: int) -> dict[str, Any]:
    return {"value": msgspec.Raw(f"{cents // 100}.{cents % 100:02d}".encode()), "currency": "EUR"}


def _notes(notes: tuple[Phrase, ...]) -> dict[str, Any]:
    if not notes:
        return {}
    return {
        "processNote": [{"number": n, "type": "display", **worded("text", one)} for n, one in enumerate(notes, 1)]
    }
