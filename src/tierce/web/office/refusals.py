"""Invoices that nothing decides: two of the staff refuse one, in words that its place reads; nobody is named."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.billing.bank.rules import holds_iban
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS
from tierce.billing.refusing.desk import RefusalDesk
from tierce.billing.refusing.model import OBSTACLE_LABELS, REASON_LABELS
from tierce.billing.settlement.recoveries.desk import LOOKED_AT, SAID_CHARS_MAX
from tierce.incidents.errors import FormError
from tierce.kernel.care import DOMAIN_LABELS
from tierce.policy.acts import Act
from tierce.policy.invoices import UNDECIDED_DAYS
from tierce.web.office.payments import euros
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was typed and is given back, and what is wrong with it."""

    reason: str = ""
    said: str = ""
    problem: FormError | None = None


_NOTHING: Final = _Sent()


def refusal_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of invoices that nothing decides."""
    desk = RefusalDesk(site.holds.appender, site.clock)

    @get("/undecided", opt={"act": Act.STAFF_DIRECTORY})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        rows = await site.rows.read(desk.listed)
        return site.page(visit, "undecided.html", _common(site) | {"rows": rows})

    @get("/undecided/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def one(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), desk, number, _NOTHING)

    @post("/undecided/{number:int}/refuse", status_code=200, opt={"act": Act.STAFF_INVOICE_REFUSE})
    async def refuse(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        reason, said = sent.get("reason", ""), sent.get("said", "")
        try:
            await site.rows.read(lambda connection: desk.refuse(connection, visit.caller, number, reason, said))
        except FormError as problem:
            # No page shows an account, not even to whoever typed it.
            shown = "" if holds_iban(said[:LOOKED_AT]) else said
            return await _page(site, visit, desk, number, _Sent(reason, shown, problem))
        return Redirect(f"/undecided/{number}", status_code=303)

    return [listed, one, refuse]


def _common(site: OfficeSite) -> dict[str, object]:
    return {
        "obstacles": OBSTACLE_LABELS,
        "reasons": REASON_LABELS,
        "domains": DOMAIN_LABELS,
        "now": site.clock.now(),
        "euros": euros,
        "days": UNDECIDED_DAYS,
    }


async def _page(site: OfficeSite, visit: Visit, desk: RefusalDesk, number: int, sent: _Sent) -> Response[str]:
    found = await site.rows.read(lambda connection: desk.one(connection, number))
    others = [one for one in found.words if one.staff != visit.caller.staff]
    values = _common(site) | {
        "one": found,
        "mine": found.said_by(visit.caller.staff),
        "others": others,
        "sent": sent,
        "states": STATE_LABELS,
        "sentences": REASONS,
        "said_max": SAID_CHARS_MAX,
    }
    return site.page(visit, "undecided_one.html", values, status=422 if sent.problem else 200)
