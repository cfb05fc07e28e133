"""An authority asks that persons be told of an incident later: one writes it, another confirms, anyone ends it."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents.errors import FormError
from tierce.incidents.rules import incident_reference
from tierce.incidents.secrecy.rules import LONGEST, holds, waits
from tierce.incidents.secrecy.service import Secrecies
from tierce.kernel.ids import IncidentId
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import minute, seen_at
from tierce.web.visit import AnyRequest

_PATH = "/incidents/{number:int}/secrecy"


def secrecy_handlers(site: OfficeSite, secrecies: Secrecies) -> list[HTTPRouteHandler]:
    """Make the routes."""

    async def show(
        visit: Visit, number: IncidentId, typed: Mapping[str, str], problem: FormError | None = None
    ) -> Response[str]:
        def read(connection: Connection) -> dict[str, object]:
            incident = site.incidents.incident(connection, number)
            standing, now = secrecies.standing(connection, number), secrecies.clock.now()
            return {
                "incident": incident,
                "reference": incident_reference(incident.id, incident.day),
                "standing": standing,
                "holds": holds(standing, now),
                "waits": waits(standing, now),
                "own": standing.asked is not None and standing.asked.staff == visit.caller.staff,
                "months": LONGEST.days // 30,
                "typed": typed,
                "problem": problem,
            }

        values = await site.rows.read(read)
        return site.page(visit, "secrecy.html", values, status=422 if problem else 200)

    @get(_PATH, opt={"act": Act.STAFF_SECRECY})
    async def page(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await show(await site.visit(request), IncidentId(number), {})

    @post(_PATH, opt={"act": Act.STAFF_SECRECY}, status_code=200)
    async def ask(request: AnyRequest, number: FromPath[int]) -> Response[str] | Redirect:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        incident = IncidentId(number)
        try:
            until = minute("until", typed.get("until", ""))
            await site.rows.read(
                lambda connection: secrecies.ask(connection, visit.caller, incident, until, typed.get("why", ""))
            )
        except FormError as problem:
            return await show(visit, incident, typed, problem)
        return Redirect(f"/incidents/{number}/secrecy", status_code=303)

    @post(f"{_PATH}/confirm", opt={"act": Act.STAFF_SECRECY})
    async def confirm(request: AnyRequest, number: FromPath[int]) -> Redirect:
        visit = await site.visit(request)
        seen = seen_at((await site.sign_in.check_form(request)).get("seen", ""))
        await site.rows.read(lambda connection: secrecies.confirm(connection, visit.caller, IncidentId(number), seen))
        return Redirect(f"/incidents/{number}/secrecy", status_code=303)

    @post(f"{_PATH}/end", opt={"act": Act.STAFF_SECRECY})
    async def end(request: AnyRequest, number: FromPath[int]) -> Redirect:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        await site.rows.read(lambda connection: secrecies.end(connection, visit.caller, IncidentId(number)))
        return Redirect(f"/incidents/{number}/secrecy", status_code=303)

    return [page, ask, confirm, end]
