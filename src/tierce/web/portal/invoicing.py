"""Invoices: the form, its receipt, the list, one invoice with what is due and why. Nobody covered appears here."""

from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.billing.model import STATE_LABELS
from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.labels import looks_like
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.invoices import LINES_MAX, REFERENCE_MAX, WHY_MAX
from tierce.web.portal import invoicing_api as wire
from tierce.web.portal.api import Guarantee, Signed
from tierce.web.portal.asking import choose_first, domain_label, today_of
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.invoice_form import MORE_ROWS, ROWS, InvoiceForm, field_of, read_form, typed_form
from tierce.web.portal.invoicing_api import INVOICES, Invoice, Taken
from tierce.web.portal.question import Wrong, signed_of
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

CHARS_MAX: Final = 64
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
STATES: Final = tuple((state.name.lower(), label) for state, label in STATE_LABELS.items())


class Why(msgspec.Struct):
    """The body that takes an invoice back, as the browser signs it; unsigned where the session has no key."""

    why: str


def invoicing_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of invoices."""

    @get("/invoices", opt={"act": Act.INVOICE_READ})
    async def listed(request: AnyRequest, cursor: FromQuery[str] = "", stands: FromQuery[str] = "") -> Response[str]:
        """List the place's invoices; nobody is named."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        wanted = stands if stands in dict(STATES) else ""
        query = {"state": wanted} if wanted else {}
        found = await wire.listed(site.api, visit.held, query | ({"cursor": cursor[:CHARS_MAX]} if cursor else {}))
        following = {"stands": wanted, "cursor": found.cursor or ""}
        language = visit.frame.language
        values = {
            "rows": [_shown(row, language) for row in found.rows],
            "wanted": wanted,
            "states": [(code, label[language]) for code, label in STATES],
            "older": urlencode({name: text for name, text in following.items() if text}) if found.cursor else "",
            "first": not cursor,
        }
        return site.page(visit, "invoices.html", values)

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
        _, fields = await site.form(request)
        visit = await site.visit(request)
        if "more" in fields:
            form = typed_form(fields)
            return _form_page(site, visit, form.with_rows(len(form.rows) + MORE_ROWS))
        form, signed = read_form(fields)
        try:
            taken = await wire.send(site.api, visit.held, signed)
        except ApiRefusedError as error:
            if error.ends_session or error.code.startswith("proof_"):
                raise
            wrong = Wrong(field_of(error.field or "reference"), error.reason, error.remedy)
            return _form_page(site, visit, form.kept(), wrong, status=error.status)
        return _taken_page(site, visit, taken)

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
        _, fields = await site.form(request)
        visit, signed = await site.visit(request), signed_of(fields)
        if not signed.body:
            signed = Signed(msgspec.json.encode(Why(fields.get("why", "")[: 2 * WHY_MAX])), None)
        try:
            await wire.cancel(site.api, visit.held, number, signed)
        except ApiRefusedError as error:
            if error.field is None and error.code != "invoice_settled":
                raise
            wrong = Wrong("why", error.reason, error.remedy)
            return await _one_page(site, visit, number, why_of(signed.body), wrong, status=error.status)
        return Redirect(f"/invoices/{number}", status_code=303)

    return [one, cancel]


def why_of(body: bytes) -> str:
    """The reason as typed, for its field; nothing of a body that is none, nor of one that may name somebody."""
    try:
        why = msgspec.json.decode(body, type=Why).why
    except UNREADABLE:
        return ""
    return "" if looks_like(why) else why


def _form_page(
    site: PortalSite, visit: Visit, form: InvoiceForm, wrong: Wrong | None = None, *, status: int = 200
) -> Response[str]:
    language = visit.frame.language
    errors = {wrong.field: wrong.text(language)} if wrong else {}
    values = {
        "form": form.with_rows(max(ROWS, len(form.rows))),
        "errors": errors,
        "error_list": list(errors.items()),
        "act_url": site.act_url(INVOICES),
        "today": today_of(site).isoformat(),
        "reference_max": REFERENCE_MAX,
        "full": len(form.rows) >= LINES_MAX,
    }
    return site.page(visit, "invoice_new.html", values, status=status)


def _taken_page(site: PortalSite, visit: Visit, taken: Taken) -> Response[str]:
    language = visit.frame.language
    values = {
        "taken": taken,
        "domain": domain_label(taken.domain, language),
        "amounts": {name: Decimal(getattr(taken, name)) / 100 for name in ("price", "amo", "asked")},
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
    found = await wire.one(site.api, visit.held, number)
    errors = {wrong.field: wrong.text(language)} if wrong else {}
    values = {
        "one": _shown(found, language),
        "lines": [line_shown(line) for line in found.lines],
        "why": why,
        "why_max": WHY_MAX,
        "errors": errors,
        "error_list": list(errors.items()),
        "cancel_url": site.act_url(wire.cancel_path(number)),
    }
    return site.page(visit, "invoice.html", values, status=status)


def line_shown(line: wire.Line) -> dict[str, object]:
    """One line as the pages say it, in euros."""
    return {
        "item": line.item,
        "quantity": line.quantity,
        **{name: Decimal(getattr(line, name)) / 100 for name in ("price", "amo", "asked")},
        "due": None if line.due is None else Decimal(line.due) / 100,
    }


def in_language(words: Guarantee, language: Language) -> str:
    """The words in the page's language."""
    return words.en if language is Language.EN else words.fr


def _shown(one: Invoice, language: Language) -> dict[str, object]:
    """One invoice as the pages say it."""
    return {
        "id": one.id,
        "reference": one.reference,
        "quotes": one.engagement or one.receipt or one.agreement or "",
        "by_receipt": one.receipt is not None,
        "by_agreement": one.agreement is not None,
        "label": one.label or "",
        "domain": domain_label(one.domain, language),
        "care": one.care_date,
        "at": one.received_at,
        "code": one.state.code,
        "kind": KINDS.get(one.state.code, "quiet"),
        "state": in_language(one.state.label, language),
        "reason": in_language(one.reason.detail, language) if one.reason else "",
        "remedy": in_language(one.reason.remedy, language) if one.reason else "",
        "price": Decimal(one.price) / 100,
        "amo": Decimal(one.amo) / 100,
        "asked": Decimal(one.asked) / 100,
        "due": None if one.due is None else Decimal(one.due) / 100,
        "decided": one.decided_at,
        "cancelled": one.cancelled_at,
        "cancelled_why": one.cancelled_why or "",
        "said": one.said or "",
        "cancellable": one.cancellable,
    }
