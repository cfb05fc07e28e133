"""View models of the pages of prior agreements; everybody and everything in them is invented."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tierce.billing.agreements.model import KIND_LABELS, STATE_LABELS, AgreementKind, AgreementState
from tierce.billing.agreements.rules import CANCELLABLE, REASONS
from tierce.billing.model import BY_STAFF, InvoiceReason
from tierce.kernel.language import Language
from tierce.policy.documents import DOCUMENT_LABELS
from tierce.web.answers import DeclaredAnswer, DocumentAnswer, InvoicedAnswer, KindAnswer, Said
from tierce.web.look import Frame
from tierce.web.portal.agreeing import KINDS, document_shown
from tierce.web.portal.agreement_form import AgreementForm
from tierce.web.portal.document_form import DocumentForm
from tierce.web.portal.invoice_form import Row

AT = datetime(2026, 3, 3, 9, 12, 45, 120_000, tzinfo=UTC)
ENGAGEMENT = "7K3M-9QXD-V2T8P-C"
URL = "https://api.tierce.example/v1/agreements"
_STATES = tuple(AgreementState)


def _one(state: AgreementState, language: Language, reason: InvoiceReason = InvoiceReason.NONE) -> dict[str, Any]:
    code, said = state.name.lower(), REASONS.get(reason)
    kind = AgreementKind.QUOTE if state is AgreementState.QUOTED else AgreementKind.REQUEST
    subject = state is AgreementState.SUBJECT_TO_DOCUMENTS
    granted = subject or state in {AgreementState.GRANTED, AgreementState.INVOICED, AgreementState.EXPIRED}
    decided = granted or state in {AgreementState.QUOTED, AgreementState.REFUSED}
    due = Decimal("0.00" if state is AgreementState.REFUSED else "300.00")
    return {
        "id": "4611686018427387904", "reference": f"P-2026-0{state.value}", "quote": kind is AgreementKind.QUOTE,
        "what": KIND_LABELS[kind][language], "engagement": ENGAGEMENT, "label": "dossier 12", "domain": "optique",
        "first": date(2026, 3, 3), "last": date(2026, 9, 2) if granted else None, "at": AT, "code": code,
        "kind": KINDS[code], "state": STATE_LABELS[state][language], "asked": Decimal("1250.50"),
        "reason": said[0][language] if said else "", "remedy": said[1][language] if said else "",
        "due": due if decided else None, "decided": AT if decided else None,
        "documents_by": date(2026, 4, 2) if subject else None,
        "answer_by": date(2026, 3, 13) if state is AgreementState.UNDER_REVIEW else None,
        "ended": AT if state in {AgreementState.INVOICED, AgreementState.CANCELLED} else None,
        "cancelled_why": "erreur de saisie" if state is AgreementState.CANCELLED else "",
        "invoice": InvoicedAnswer("77", "F-12") if state is AgreementState.INVOICED else None,
        "said": "Aucun fichier de l’organisme ne vient plus." if reason in BY_STAFF else "",
        "cancellable": state in CANCELLABLE,
    }  # fmt: skip


def agreement_cases(base: dict[str, Any], frame: Frame, language: Language) -> Iterator[tuple[str, str, Any]]:
    """Each page in each state: its name, its template and its values."""
    assert frame.links
    rows = [_one(state, language) for state in _STATES]
    rows[3] = _one(AgreementState.REFUSED, language, InvoiceReason.RIGHTS_ENDED)
    listed = {
        **base, "rows": rows, "wanted": "", "older": "cursor=77", "first": True,
        "states": [(state.name.lower(), label[language]) for state, label in STATE_LABELS.items()],
    }  # fmt: skip
    none = {**listed, "rows": [], "older": ""}
    yield "agreements", "agreements.html", listed
    yield "agreements-empty", "agreements.html", none
    yield "agreements-none-such", "agreements.html", {**none, "wanted": "expired"}
    yield "agreements-end", "agreements.html", {**none, "first": False}
    form = AgreementForm(ENGAGEMENT, "P-12", "request", (Row("TO90", "1", "420,00", "0,09", "100,00"),))
    new = {
        **base, "form": form.with_rows(3), "errors": {}, "error_list": [], "act_url": URL, "reference_max": 20,
        "full": False,
    }  # fmt: skip
    yield "agreement-new", "agreement_new.html", {**new, "form": AgreementForm(ENGAGEMENT).with_rows(3)}
    wrong = [("kind", "Cette sorte de demande n’existe pas. Donnez quote ou request.")]
    yield "agreement-wrong", "agreement_new.html", {**new, "errors": dict(wrong), "error_list": wrong, "full": True}
    line = {
        "item": "TO90", "quantity": 2, "price": Decimal("420.00"), "amo": Decimal("0.09"),
        "asked": Decimal("100.00"), "due": None,
    }  # fmt: skip
    page = {
        **base, "lines": [line, {**line, "due": Decimal("80.00")}], "why": "", "why_max": 100, "errors": {},
        "error_list": [], "cancel_url": f"{URL}/77/cancel", "declare_url": f"{URL}/77/documents", "documents": [],
        "form": DocumentForm(), "declarable": False, "asks_prescriber": True, "today": date(2026, 3, 3),
    }  # fmt: skip
    yield from _document_cases(page, language)
    undecided = _one(AgreementState.REFUSED, language, InvoiceReason.COVER_GONE)
    yield "agreement-undecided", "agreement.html", {**page, "one": undecided}
    for state in _STATES:
        reason = InvoiceReason.PARTLY if state is AgreementState.GRANTED else InvoiceReason.NONE
        yield f"agreement-{state.name.lower()}", "agreement.html", {**page, "one": _one(state, language, reason)}


def _document_cases(page: dict[str, Any], language: Language) -> Iterator[tuple[str, str, Any]]:
    """One page for each way in which documents stand."""
    said = DeclaredAnswer(dated=date(2026, 2, 24), prescriber="99900000012", sha256="5e" * 32, declared_at=AT)
    kinds = [KindAnswer(kind.code, Said(label.fr, label.en)) for kind, label in DOCUMENT_LABELS.items()]
    half = [
        document_shown(DocumentAnswer(kind, said if at == 0 else None), language) for at, kind in enumerate(kinds)
    ]
    whole = [document_shown(DocumentAnswer(kind, said), language) for kind in kinds]
    subject = _one(AgreementState.SUBJECT_TO_DOCUMENTS, language, InvoiceReason.PARTLY)
    over = _one(AgreementState.EXPIRED, language, InvoiceReason.DOCUMENTS_MISSING)
    form = DocumentForm("signed_quote", "2026-02-24", "", "abc")
    wrong = [("sha256", "Ce n’est pas une empreinte SHA-256. Choisissez le fichier.")]
    open_ = {**page, "documents": half, "declarable": True, "form": form}
    yield "agreement-documents", "agreement.html", {**open_, "one": subject}
    yield "agreement-document-wrong", "agreement.html", {
        **open_, "one": subject, "errors": dict(wrong), "error_list": wrong,
    }  # fmt: skip
    granted = _one(AgreementState.GRANTED, language)
    yield "agreement-documents-granted", "agreement.html", {**open_, "one": granted, "documents": whole}
    yield "agreement-documents-over", "agreement.html", {**page, "one": over, "documents": half}
    quoted = _one(AgreementState.QUOTED, language)
    yield "agreement-documents-quoted", "agreement.html", {**page, "one": quoted, "documents": half[1:]}
