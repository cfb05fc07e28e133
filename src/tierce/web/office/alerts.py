"""Other operators' alerts: what their programs sent, what staff entered after a call, and what is set aside."""

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.incidents.alerts import store
from tierce.incidents.alerts.service import Alerts
from tierce.incidents.errors import FreeTextError
from tierce.incidents.lines import store as line_rows
from tierce.kernel.clock import date_of, paris_day, start_of
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import ProfessionalId
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest


def alert_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of an alert."""
    alerts = Alerts(site.holds.appender, site.clock)

    @get("/accounts/{professional:int}/alert", opt={"act": Act.STAFF_ALERT})
    async def form(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), ProfessionalId(professional), "", None)

    @post("/accounts/{professional:int}/alert", status_code=200, opt={"act": Act.STAFF_ALERT})
    async def enter(request: AnyRequest, professional: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        operator = (await site.sign_in.check_form(request)).get("operator", "")
        number = ProfessionalId(professional)
        try:
            await site.rows.read(lambda connection: alerts.enter(connection, visit.caller, number, operator))
        except FieldError as problem:
            return await _page(site, visit, number, operator, problem)
        return Redirect(f"/accounts/{professional}", status_code=303)

    @get("/alerts", opt={"act": Act.STAFF_LIVE})
    async def received(request: AnyRequest) -> Response[str]:
        return await _received(site, await site.visit(request))

    @post("/alerts/{number:int}", status_code=200, opt={"act": Act.STAFF_ALERT_ASIDE})
    async def aside(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        why = (await site.sign_in.check_form(request)).get("why", "")
        try:
            await site.rows.read(lambda connection: alerts.set_aside(connection, visit.caller, number, why))
        except FreeTextError as problem:
            return await _received(site, visit, number, why, problem)
        return Redirect("/alerts", status_code=303)

    return [form, enter, received, aside]


async def _received(
    site: OfficeSite, visit: Visit, number: int = 0, why: str = "", problem: FreeTextError | None = None
) -> Response[str]:
    now = site.clock.now()
    today = start_of(date_of(paris_day(now)))
    found, senders = await site.rows.read(
        lambda connection: (store.latest(connection, now), store.senders(connection, today))
    )
    values = {"alerts": found, "senders": senders, "number": number, "why": why, "problem": problem}
    return site.page(visit, "alerts.html", values, status=422 if problem else 200)


async def _page(
    site: OfficeSite, visit: Visit, number: ProfessionalId, operator: str, problem: FieldError | None
) -> Response[str]:
    account = await site.rows.read(lambda connection: line_rows.account(connection, number))
    if account is None:
        raise NotFoundException
    fault = f"{problem.reason[visit.frame.language]} {problem.remedy[visit.frame.language]}" if problem else ""
    values = {"account": account, "operator": operator, "fault": fault}
    return site.page(visit, "alert.html", values, status=422 if problem else 200)
