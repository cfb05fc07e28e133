"""Where each insurer stands on an incident: told, acknowledged, list made and taken, report; counts alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.errors import FreeTextError
from tierce.incidents.model import InsurerCount
from tierce.incidents.rules import incident_reference
from tierce.insurers.breaches.rules import fingerprint
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import IncidentId
from tierce.notices.errors import KeyNotWaitingError
from tierce.notices.mandates.model import LABELS, Mandate
from tierce.notices.mandates.store import mandate_of
from tierce.notices.recipients.model import Waiting
from tierce.notices.recipients.service import KeyDesk
from tierce.notices.recipients.store import waiting
from tierce.notices.slices.model import Report
from tierce.notices.slices.store import last_reports, taken_lists
from tierce.notices.telling.model import ContactPoint, Standing
from tierce.notices.telling.store import chains, standings
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
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


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key to put in use, how two people compare it, and whom to call."""

    key: Waiting
    name: str
    fingerprint: str
    phones: tuple[ContactPoint, ...]


def telling_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the page, and of the word given for an insurer's key."""
    desk = KeyDesk(site.holds.appender, site.clock)

    async def shown(visit: Visit, number: IncidentId, *, refused: bool = False) -> Response[str]:
        def read(connection: Connection) -> dict[str, object]:
            incident = site.incidents.incident(connection, number)
            return {
                "incident": incident,
                "reference": incident_reference(incident.id, incident.day),
                "rows": _rows(connection, incident.id, site.clock.now()),
                "mandates": LABELS,
                "keys": _keys(connection),
                "may_vouch": visit.may(Act.STAFF_RECIPIENT),
                "refused": refused,
            }

        return site.page(visit, "telling.html", await site.rows.read(read), status=422 if refused else 200)

    @get("/incidents/{number:int}/insurers", opt={"act": Act.STAFF_SCOPE})
    async def listed(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await shown(await site.visit(request), IncidentId(number))

    @post("/incidents/{number:int}/insurers/keys/{key:int}", status_code=200, opt={"act": Act.STAFF_RECIPIENT})
    async def vouch(request: AnyRequest, number: FromPath[int], key: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        spoken = next((text for name, text in typed.items() if name.startswith("spoken_with")), "")
        try:
            await site.rows.read(lambda connection: desk.vouch(connection, visit.caller, key, spoken))
        except (KeyNotWaitingError, FreeTextError):
            return await shown(visit, IncidentId(number), refused=True)
        return Redirect(f"/incidents/{number}/insurers", status_code=303)

    return [listed, vouch]


def _keys(connection: Connection) -> list[KeyRow]:
    found = waiting(connection)
    names = incident_rows.insurer_names(connection, [one.insurer for one in found])
    every = chains(connection)
    return [
        KeyRow(
            one,
            names.get(one.insurer, str(one.insurer)),
            fingerprint(one.recipient),
            tuple(person for person in every.get(one.insurer, ()) if person.phone),
        )
        for one in found
    ]


def _rows(connection: Connection, number: IncidentId, now: datetime) -> list[Row]:
    """Every insurer of the newest list or told before it, those that have not acknowledged first."""
    scope = incident_rows.last_scope(connection, number)
    counts = incident_rows.insurer_counts(connection, scope) if scope else []
    listed = {one.insurer for one in counts}
    # Whoever was told, and has nobody on the list any more, was told that too, and is warned until it acknowledges.
    counts += [
        InsurerCount(one, 0, 0, DataCategory.NONE) for one in standings(connection, number) if one not in listed
    ]
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
