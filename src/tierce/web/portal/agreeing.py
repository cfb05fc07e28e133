"""Prior agreements: the form, the list, one with what is promised and why. Nobody covered appears here."""

from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.billing.agreements.model import STATE_LABELS
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.agreements import LINES_MAX
from tierce.policy.documents import PRESCRIBED
from tierce.policy.invoices import REFERENCE_MAX, WHY_MAX
from tierce.web.answers import AgreementAnswer, DocumentAnswer, FullAgreementAnswer
from tierce.web.portal.agreement_form import AgreementForm, read_form, typed_form
from tierce.web.portal.asking import choose_first, today_of
from tierce.web.portal.document_form import FIELDS, DocumentForm, read_document
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.invoice_form import ROWS
from tierce.web.portal.papers import (
    CHARS_MAX,
    Listing,
    Page,
    Papers,
    errors_of,
    in_language,
    line_shown,
    paper_shown,
    relayed,
    taken_back,
)
from tierce.web.portal.question import Wrong
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

AGREEMENTS: Final = Papers("/v1/agreements", Page[AgreementAnswer], FullAgreementAnswer, AgreementAnswer)
KINDS: Final = {
    "received": "info",
    "quoted": "info",
    "granted": "good",
    "refused": "stop",
    "invoiced": "good",
    "expired": "quiet",
    "cancelled": "quiet",
    "under_review": "info",
    "subject_to_documents": "attention",
}
"""How each state looks; its word says the same."""
PRESCRIBED_CODES: Final = frozenset(kind.code for kind in PRESCRIBED)
DECLARABLE: Final = frozenset({"subject_to_documents", "granted"})
"""States in which a document may be declared, or corrected."""
NOT_DECLARED: Final = frozenset({"no_document_awaited", "documents_used_up"})
"""Refusals of a declaration that its page tells beside its form."""
STATES: Final = {state.name.lower(): label for state, label in STATE_LABELS.items()}


def agreeing_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of agreements."""

    @get("/agreements", opt={"act": Act.AGREEMENT_READ})
    async def listed(request: AnyRequest, cursor: FromQuery[str] = "", stands: FromQuery[str] = "") -> Response[str]:
        """List the place's agreements; nobody is named."""
        return await _LISTING.page(site, request, cursor, stands)

    @get("/agreements/new", opt={"act": Act.NONE})
    async def show_form(request: AnyRequest, engagement: FromQuery[str] = "") -> Response[str]:
        """Show the form, perhaps with the number of an answer."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        return _form_page(site, visit, AgreementForm(engagement[:CHARS_MAX]))

    @post("/agreements/new", status_code=200, opt={"act": Act.AGREEMENT_ASK})
    async def send(request: AnyRequest) -> Response[str]:
        """Relay the ask as the browser signed it, and show what became of it; or show more lines."""
        return await relayed(
            site, request, AGREEMENTS, typed=typed_form, read=read_form,
            again=lambda visit, form, wrong, status: _form_page(site, visit, form, wrong, status=status),
            done=lambda _visit, asked: Redirect(f"/agreements/{asked.id}", status_code=303),
        )  # fmt: skip

    return [listed, show_form, send, *_own_handlers(site)]


def _own_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one agreement."""

    @get("/agreements/{number:str}", opt={"act": Act.AGREEMENT_READ})
    async def one(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        """Show one agreement: what is promised of each line, and why."""
        visit = await site.visit(request)
        return await _one_page(site, visit, number)

    @post("/agreements/{number:str}/cancel", status_code=200, opt={"act": Act.AGREEMENT_CANCEL})
    async def cancel(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        """Take one back."""
        return await taken_back(
            site, request, AGREEMENTS, number, settled="agreement_settled",
            again=lambda visit, why, wrong, status: _one_page(site, visit, number, why, wrong, status=status),
        )  # fmt: skip

    @post("/agreements/{number:str}/documents", status_code=200, opt={"act": Act.AGREEMENT_DOCUMENT})
    async def declare(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        """Relay a declaration as the browser signed it; the document stays with her."""
        _, fields = await site.form(request)
        visit = await site.visit(request)
        form, signed = read_document(fields)
        try:
            await AGREEMENTS.act(site.api, visit.held, number, "documents", signed)
        except ApiRefusedError as error:
            if error.field is None and error.code not in NOT_DECLARED:
                raise
            wrong = Wrong(error.field if error.field in FIELDS else "kind", error.reason, error.remedy)
            return await _one_page(site, visit, number, "", wrong, form=form, status=error.status)
        return Redirect(f"/agreements/{number}", status_code=303)

    return [one, cancel, declare]


def _form_page(
    site: PortalSite, visit: Visit, form: AgreementForm, wrong: Wrong | None = None, *, status: int = 200
) -> Response[str]:
    values = {
        "form": form.with_rows(max(ROWS, len(form.rows))),
        **errors_of(wrong, visit.frame.language),
        "act_url": site.act_url(AGREEMENTS.path),
        "reference_max": REFERENCE_MAX,
        "full": len(form.rows) >= LINES_MAX,
    }
    return site.page(visit, "agreement_new.html", values, status=status)


async def _one_page(
    site: PortalSite,
    visit: Visit,
    number: str,
    why: str = "",
    wrong: Wrong | None = None,
    *,
    form: DocumentForm | None = None,
    status: int = 200,
) -> Response[str]:
    language = visit.frame.language
    found = await AGREEMENTS.one(site.api, visit.held, number)
    values = {
        "one": _shown(found, language),
        "lines": [line_shown(line) for line in found.lines],
        "documents": [document_shown(document, language) for document in found.documents],
        "form": form or DocumentForm(next((one.kind.code for one in found.documents if not one.declared), "")),
        "declarable": found.state.code in DECLARABLE and found.invoice is None,
        "declare_url": site.act_url(AGREEMENTS.below(number, "documents")),
        "asks_prescriber": any(document.kind.code in PRESCRIBED_CODES for document in found.documents),
        "today": today_of(site),
        "why": why,
        "why_max": WHY_MAX,
        **errors_of(wrong, language),
        "cancel_url": site.act_url(AGREEMENTS.below(number, "cancel")),
    }
    return site.page(visit, "agreement.html", values, status=status)


def document_shown(one: DocumentAnswer, language: Language) -> dict[str, object]:
    """A document as the page says it."""
    return {"code": one.kind.code, "what": in_language(one.kind.label, language), "declared": one.declared}


def _shown(one: AgreementAnswer, language: Language) -> dict[str, object]:
    """One agreement as the pages say it."""
    return {
        **paper_shown(one, language, KINDS),
        "quote": one.kind.code == "quote",
        "what": in_language(one.kind.label, language),
        "engagement": one.engagement,
        "first": one.care_from,
        "last": one.care_until,
        "answer_by": one.answer_by,
        "documents_by": one.documents_by,
        "ended": one.ended_at,
        "invoice": one.invoice,
    }


_LISTING: Final = Listing("agreements.html", AGREEMENTS, STATES, _shown)
