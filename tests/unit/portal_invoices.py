"""View models of the pages of invoices in each of their states; everybody and everything in them is invented."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS, InvoiceReason, InvoiceState
from tierce.kernel.language import Language
from tierce.web.answers import TakenAnswer
from tierce.web.look import Frame
from tierce.web.portal.invoice_form import InvoiceForm, Row
from tierce.web.portal.invoicing import KINDS

AT = datetime(2026, 3, 3, 9, 12, 45, 120_000, tzinfo=UTC)
ENGAGEMENT = "7K3M-9QXD-V2T8P-C"
URL = "https://api.tierce.example/v1/invoices"
_STATES = tuple(InvoiceState)


def _one(state: InvoiceState, language: Language, reason: InvoiceReason = InvoiceReason.NONE) -> dict[str, Any]:
    code = state.name.lower()
    said = REASONS.get(reason)
    decided = state not in {InvoiceState.RECEIVED, InvoiceState.CANCELLED}
    due = Decimal("0.00" if state is InvoiceState.REFUSED else "300.00")
    return {
        "id": "77", "reference": f"F-2026-0{state.value}", "quotes": ENGAGEMENT, "by_receipt": False,
        "by_agreement": False,
        "label": "dossier 12", "domain": "optique", "care": date(2026, 3, 2), "at": AT, "code": code,
        "kind": KINDS[code], "state": STATE_LABELS[state][language],
        "reason": said[0][language] if said else "", "remedy": said[1][language] if said else "",
        "price": Decimal("420.00"), "amo": Decimal("0.09"), "asked": Decimal("1250.50"),
        "due": due if decided else None, "decided": AT if decided else None,
        "cancelled": AT if state is InvoiceState.CANCELLED else None,
        "cancelled_why": "erreur de saisie" if state is InvoiceState.CANCELLED else "",
        "said": "Le fichier de l’organisme ne vient plus." if state is InvoiceState.REFUSED else "",
        "cancellable": state in {InvoiceState.RECEIVED, InvoiceState.ACCEPTED, InvoiceState.RETURNED},
    }  # fmt: skip


def invoice_cases(base: dict[str, Any], frame: Frame, language: Language) -> Iterator[tuple[str, str, Any]]:
    """Each page in each state: its name, its template and its values."""
    assert frame.links
    rows = [_one(state, language) for state in _STATES]
    rows[2] = _one(InvoiceState.REFUSED, language, InvoiceReason.NO_BENEFIT)
    listed = {
        **base, "rows": rows, "wanted": "", "older": "cursor=77", "first": True,
        "states": [(state.name.lower(), label[language]) for state, label in STATE_LABELS.items()],
    }  # fmt: skip
    none = {**listed, "rows": [], "older": ""}
    yield "invoices", "invoices.html", listed
    yield "invoices-empty", "invoices.html", none
    yield "invoices-none-such", "invoices.html", {**none, "wanted": "paid"}
    yield "invoices-end", "invoices.html", {**none, "first": False}
    form = InvoiceForm(ENGAGEMENT, "F-12", "2026-03-02", (Row("TO90", "1", "420,00", "0,09", "100,00"),))
    new = {
        **base, "form": form.with_rows(3), "errors": {}, "error_list": [], "act_url": URL, "today": "2026-03-03",
        "reference_max": 20, "full": False,
    }  # fmt: skip
    yield "invoice-new", "invoice_new.html", {**new, "form": InvoiceForm(ENGAGEMENT, "", "2026-03-03").with_rows(3)}
    wrong = [("asked-1", "Les deux parts dépassent le prix de la ligne. Vérifiez-les.")]
    yield "invoice-wrong", "invoice_new.html", {**new, "errors": dict(wrong), "error_list": wrong}
    quoted = [("quotes", "Ce numéro d’engagement n’est pas valable ici. Recopiez-le en entier.")]
    yield "invoice-not-own", "invoice_new.html", {**new, "errors": dict(quoted), "error_list": quoted, "full": True}
    taken = TakenAnswer("77", "F-12", AT, "OPTI", date(2026, 3, 2), 42_000, 9, 10_000, [])
    amounts = {"price": Decimal("420.00"), "amo": Decimal("0.09"), "asked": Decimal("100.00")}
    told = {**base, "taken": taken, "domain": "optique", "amounts": amounts, "warnings": []}
    yield "invoice-taken", "invoice_taken.html", told
    detail, remedy = REASONS[InvoiceReason.DUPLICATE]
    again = [("F-11", detail[language], remedy[language])]
    yield "invoice-taken-again", "invoice_taken.html", {**told, "warnings": again}
    line = {
        "item": "TO90", "quantity": 2, "price": Decimal("420.00"), "amo": Decimal("0.09"),
        "asked": Decimal("100.00"), "due": None,
    }  # fmt: skip
    page = {
        **base, "lines": [line, {**line, "due": Decimal("80.00")}], "why": "", "why_max": 100, "errors": {},
        "error_list": [], "cancel_url": f"{URL}/77/cancel",
    }  # fmt: skip
    for state in _STATES:
        reason = InvoiceReason.PARTLY if state is InvoiceState.ACCEPTED else InvoiceReason.NONE
        yield f"invoice-{state.name.lower()}", "invoice.html", {**page, "one": _one(state, language, reason)}
    no_reason = [("why", "Le motif est vide ou trop long. Écrivez de 1 à 100 caractères.")]
    one = {**_one(InvoiceState.RECEIVED, language), "by_receipt": True, "quotes": f"D-{ENGAGEMENT}"}
    yield (
        "invoice-why-wrong",
        "invoice.html",
        {**page, "one": one, "errors": dict(no_reason)},
    )
