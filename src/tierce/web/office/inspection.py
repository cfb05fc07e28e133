"""The inspector's pages: how an incident was handled, promised measures, the journal. Counts and delays, nobody."""

from collections.abc import Callable
from fractions import Fraction

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.controls import store as control_rows
from tierce.controls.rules import overdue
from tierce.controls.table import controls
from tierce.incidents import store as incident_rows
from tierce.incidents.cohorts.model import COHORT_LABELS
from tierce.incidents.inspection.service import inspected
from tierce.incidents.inspection.store import read_only
from tierce.incidents.rules import incident_reference
from tierce.journal.standing import standing
from tierce.kernel.clock import PARIS, read_date
from tierce.kernel.ids import IncidentId
from tierce.notices.audience.model import STATE_LABELS
from tierce.policy.acts import Act
from tierce.policy.staff import ROLE_LABELS
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

Values = dict[str, object]


def inspection_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes; every one reads as tierce_inspector, in a transaction that can change nothing."""

    async def shown(request: AnyRequest, template: str, read: Callable[[Connection], Values]) -> Response[str]:
        visit = await site.visit(request)

        def within(connection: Connection) -> Values:
            with connection.transaction():
                read_only(connection)
                return read(connection)

        return site.page(visit, template, await site.inspected.read(within))

    @get("/inspection", opt={"act": Act.STAFF_INSPECTION})
    async def home(request: AnyRequest) -> Response[str]:
        return await shown(request, "inspection.html", lambda connection: _home(site, connection))

    @get("/inspection/incidents/{number:int}", opt={"act": Act.STAFF_INSPECTION})
    async def incident(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await shown(
            request, "inspection_incident.html", lambda connection: _incident(site, connection, IncidentId(number))
        )

    @get("/inspection/controls", opt={"act": Act.STAFF_INSPECTION})
    async def measures(request: AnyRequest) -> Response[str]:
        asked = request.query_params.get("day", "")
        return await shown(request, "inspection_controls.html", lambda connection: _controls(site, connection, asked))

    @get("/inspection/checkpoint", opt={"act": Act.STAFF_INSPECTION})
    async def checkpoint(request: AnyRequest) -> Response[str]:
        await site.visit(request)
        found = await site.inspected.read(standing)
        if not found.note:
            raise NotFoundException
        name = f'attachment; filename="point-de-controle-{found.size}.txt"'
        return Response(found.note, media_type="text/plain", headers={"content-disposition": name})

    return [home, incident, measures, checkpoint]


def _home(site: OfficeSite, connection: Connection) -> Values:
    days = control_rows.days(connection, most=1)
    today = site.clock.now().astimezone(PARIS).date()
    return {
        "incidents": [(one, incident_reference(one.id, one.day)) for one in incident_rows.incidents(connection)],
        "journal": standing(connection),
        "log_key": site.log_key,
        "day": days[0] if days else None,
        "overdue": overdue(controls(), today),
    }


def _incident(site: OfficeSite, connection: Connection, number: IncidentId) -> Values:
    found = site.incidents.incident(connection, number)
    clocks = site.clocks.read(connection, number)
    insurers = {one.insurer for one in clocks if one.insurer}
    return {
        "incident": found,
        "reference": incident_reference(found.id, found.day),
        "found": inspected(connection, found),
        "clocks": clocks,
        "untold": site.clocks.untold(connection, number, clocks),
        "names": incident_rows.insurer_names(connection, sorted(insurers)),
        "states": STATE_LABELS,
        "cohorts": COHORT_LABELS,
        "hours": hours,
    }


def _controls(site: OfficeSite, connection: Connection, asked: str) -> Values:
    days = control_rows.days(connection)
    try:
        day = read_date(asked) if asked else None
    except ValueError:
        raise NotFoundException from None
    newest = days[0][0] if days else None
    wanted = day or newest
    return {
        "controls": controls(),
        "roles": ROLE_LABELS,
        "days": days,
        "asked": wanted,
        "snapshot": control_rows.on(connection, wanted) if wanted else None,
        "today": site.clock.now().astimezone(PARIS).date(),
    }


def hours(value: Fraction | None) -> str | None:
    """Hours with one decimal, rounded up so that a delay never looks shorter than it was; None stays None."""
    if value is None:
        return None
    tenths = -(-value.numerator * 10 // value.denominator)
    return f"{tenths // 10},{tenths % 10}"
