"""Invoices: the form, its receipt, the list, one invoice with what is due and why. Nobody covered appears here."""

from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from tierce.billing.model import STATE_LABELS
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.invoices import LINES_MAX, REFERENCE_MAX, WHY_MAX
from tierce.web.answers import FullAnswer, InvoiceAnswer, TakenAnswer
from tierce.web.portal.asking import choose_first, domain_label, today_of
from tierce.web.portal.invoice_form import ROWS, InvoiceForm, read_form, typed_form
from tierce.web.portal.papers import (
    CHARS_MAX,
    Listing,
    Page,
    Papers,
    errors_of,
    euros,
    in_language,
    line_shown,
    paper_shown,
    relayed,
    taken_back,
)
from tierce.web.portal.question import Wrong
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

INVOICES: Final = Papers("/v1/invoices", Page[InvoiceAnswer], FullAnswer, TakenAnswer)
KINDS: Final = {
    "received": "info",
    "accepted": "good",
    "refused": "stop",
    "cancelled": "quiet",
    "ordered": "good",
    "paid": "good",
    "returned": "attention",
}
"""How each state looks; its word says the same."""
STATES: Final = {state.name.lower(): label for state, label in STATE_LABELS.items()}


def invoicing_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of invoices."""

    @get("/invoices", opt={"act": Act.INVOICE_READ})
    async def listed(request: AnyRequest, cursor: FromQuery[str] = "", stands: FromQuery[str] = "") -> Response[str]:
        """List the place's invoices; nobody is named."""
        return await _LISTING.page(site, request, cursor, stands)

    @get("/invoices/new", opt={"act": Act.NONE})
    async def show_form(
        request: AnyRequest, engagement: FromQuery[str] = "", care_date: FromQuery[str] = ""
    ) -> Response[str]:
        """Show the form, perhaps with the number of an answer."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        today = today_of(site).isoformat()
        care = care_date[:CHARS_MAX]
        return _form_page(site, visit, InvoiceForm(engagement[:CHARS_MAX], "", care if "" < care <= today else today))

    @post("/invoices/new", status_code=200, opt={"act": Act.INVOICE_SEND})
    async def send(request: AnyRequest) -> Response[str]:
        """Relay the invoice as the browser signed it, and show its receipt; or show more lines."""
        return await relayed(
            site, request, INVOICES, typed=typed_form, read=read_form,
            again=lambda visit, form, wrong, status: _form_page(site, visit, form, wrong, status=status),
            done=lambda visit, taken: _taken_page(site, visit, taken),
        )  # fmt: skip

    return [listed, show_form, send, *_own_handlers(site)]


def _own_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one invoice."""

    @get("/invoices/{number:str}", opt={"act": Act.INVOICE_READ})
    async def one(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        """Show one invoice: what is due of each line, and why."""
        visit = await site.visit(request)
        return await _one_page(site, visit, number)

    @post("/invoices/{number:str}/cancel", status_code=200, opt={"act": Act.INVOICE_CANCEL})
    async def cancel(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        """Take one back."""
        return await taken_back(
            site, request, INVOICES, number, settled="invoice_settled",
            again=lambda visit, why, wrong, status: _one_page(site, visit, number, why, wrong, status=status),
        )  # fmt: skip

    return [one, cancel]


def _form_page(
    site: PortalSite, visit: Visit, form: InvoiceForm, wrong: Wrong | None = None, *, status: int = 200
) -> Response[str]:
    values = {
        "form": form.with_rows(max(ROWS, len(form.rows))),
        **errors_of(wrong, visit.frame.language),
        "act_url": site.act_url(INVOICES.path),
        "today": today_of(site).isoformat(),
        "reference_max": REFERENCE_MAX,
        "full": len(form.rows) >= LINES_MAX,
    }
    return site.page(visit, "invoice_new.html", values, status=status)


def _taken_page(site: PortalSite, visit: Visit, taken: TakenAnswer) -> Response[str]:
    language = visit.frame.language
    values = {
        "taken": taken,
        "domain": domain_label(taken.domain, language),
        "amounts": {name: euros(getattr(taken, name)) for name in ("price", "amo", "asked")},
        "warnings": [
            (one.reference, in_language(one.detail, language), in_language(one.remedy, language))
            for one in taken.warnings
        ],
    }
    return site.page(visit, "invoice_taken.html", values)


async def _one_page(
    site: PortalSite, visit: Visit, number: str, why: str = "", wrong: Wrong | None = None, *, status: int = 200
) -> Response[str]:
    language = visit.frame.language
    found = await INVOICES.one(site.api, visit.held, number)
    values = {
        "one": _shown(found, language),
        "lines": [line_shown(line) for line in found.lines],
        "why": why,
        "why_max": WHY_MAX,
        **errors_of(wrong, language),
        "cancel_url": site.act_url(INVOICES.below(number, "cancel")),
    }
    return site.page(visit, "invoice.html", values, status=status)


def _shown(one: InvoiceAnswer, language: Language) -> dict[str, object]:
    """One invoice as the pages say it."""
    return {
        **paper_shown(one, language, KINDS),
        "quotes": one.engagement or one.receipt or one.agreement or "",
        "by_receipt": one.receipt is not None,
        "by_agreement": one.agreement is not None,
        "care": one.care_date,
        "cancelled": one.cancelled_at,
    }


_LISTING: Final = Listing("invoices.html", INVOICES, STATES, _shown)
