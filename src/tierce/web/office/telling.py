"""Where each insurer stands on an incident: told, acknowledged, list made and taken, report; counts alone."""

from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.rules import incident_reference
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import IncidentId
from tierce.notices.mandates.model import LABELS, Mandate
from tierce.notices.mandates.store import mandate_of
from tierce.notices.slices.model import Report
from tierce.notices.slices.store import last_reports, taken_lists
from tierce.notices.telling.model import ContactPoint, Standing
from tierce.notices.telling.store import chains, standings
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest


@dataclass(frozen=True, slots=True)
class Row:
    """One insurer; `unanswered` is its chain of contacts while nobody acknowledged, to telephone to."""

    name: str
    persons: int
    standing: Standing | None
    mandate: Mandate | None
    made_at: datetime | None
    taken_at: datetime | None
    report: Report | None
    unanswered: tuple[ContactPoint, ...]


def telling_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the route of the page."""

    @get("/incidents/{number:int}/insurers", opt={"act": Act.STAFF_SCOPE})
    async def listed(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)

        def read(connection: Connection) -> dict[str, object]:
            incident = site.incidents.incident(connection, IncidentId(number))
            return {
                "incident": incident,
                "reference": incident_reference(incident.id, incident.signal_at),
                "rows": _rows(connection, incident.id, site.clock.now()),
                "mandates": LABELS,
            }

        return site.page(visit, "telling.html", await site.rows.read(read))

    return [listed]


def _rows(connection: Connection, number: IncidentId, now: datetime) -> list[Row]:
    """Every insurer of the newest list, those that have not acknowledged first."""
    scope = incident_rows.last_scope(connection, number)
    counts = incident_rows.insurer_counts(connection, scope) if scope else []
    names = incident_rows.insurer_names(connection, [one.insurer for one in counts])
    told, lists, reports = (
        standings(connection, number),
        taken_lists(connection, number),
        last_reports(connection, number),
    )
    every, day = chains(connection), now.astimezone(PARIS).date()
    found = []
    for one in counts:
        standing = told.get(one.insurer)
        waits = standing is None or standing.acknowledged_at is None
        made_at, taken_at = lists.get(one.insurer, (None, None))
        found.append(
            Row(
                name=names.get(one.insurer, str(one.insurer)),
                persons=one.persons,
                standing=standing,
                mandate=mandate_of(connection, one.insurer, day),
                made_at=made_at,
                taken_at=taken_at,
                report=reports[one.insurer][2] if one.insurer in reports else None,
                unanswered=tuple(every.get(one.insurer, ())) if waits else (),
            )
        )
    return sorted(found, key=lambda row: (not row.unanswered, -row.persons, row.name))
