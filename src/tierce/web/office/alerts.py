"""Another operator's alert about one account: called back by a person, then entered."""

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.incidents.alerts.service import Alerts
from tierce.incidents.lines import store as line_rows
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

    return [form, enter]


async def _page(
    site: OfficeSite, visit: Visit, number: ProfessionalId, operator: str, problem: FieldError | None
) -> Response[str]:
    account = await site.rows.read(lambda connection: line_rows.account(connection, number))
    if account is None:
        raise NotFoundException
    fault = f"{problem.reason[visit.frame.language]} {problem.remedy[visit.frame.language]}" if problem else ""
    values = {"account": account, "operator": operator, "fault": fault}
    return site.page(visit, "alert.html", values, status=422 if problem else 200)
