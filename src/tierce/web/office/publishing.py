"""The public notice, GDPR article 34(3)(c): its text, who decided it and why, where and when it came out."""

from collections.abc import Mapping
from datetime import datetime

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents.clocks.rules import published_at
from tierce.incidents.clocks.service import fulfilled_in, written_in
from tierce.incidents.errors import FormError
from tierce.incidents.rules import incident_reference
from tierce.kernel.ids import IncidentId
from tierce.notices.audience import store as audiences
from tierce.notices.audience.model import Why
from tierce.notices.audience.service import counts
from tierce.notices.errors import MessageMissingError, TextRefusedError
from tierce.notices.messages.rules import notice_digest, public_notice
from tierce.notices.messages.service import newest_text
from tierce.notices.model import Document
from tierce.policy.acts import Act
from tierce.policy.clocks import Duty, Moment
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import Typed, minute, renamed, writer
from tierce.web.visit import AnyRequest

_PATH = "/incidents/{number:int}/messages/public"
_CONTROLS: Mapping[str, str] = {"at": "out_at", "duty": "out_at"}
"""How this page calls what a rule refuses of a publication."""


def out_for_all(site: OfficeSite, connection: Connection, number: IncidentId) -> datetime | None:
    """When the public notice came out, if it is of everybody who waits for it."""
    clocks = site.clocks.read(connection, number)
    return None if site.clocks.untold(connection, number, clocks).waiting else published_at(clocks)


def publishing_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the public notice."""

    async def shown(
        visit: Visit, number: IncidentId, typed: Typed, problem: FormError | None = None
    ) -> Response[str]:
        values = await site.rows.read(lambda connection: _values(site, connection, number))
        values |= {"typed": typed, "problem": problem}
        return site.page(visit, "public_notice.html", values, status=422 if problem else 200)

    @get(_PATH, opt={"act": Act.STAFF_AUDIENCE})
    async def public(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await shown(await site.visit(request), IncidentId(number), {})

    @get(f"{_PATH}/text", opt={"act": Act.STAFF_AUDIENCE})
    async def text(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        _, document = await site.rows.read(lambda connection: _text(connection, IncidentId(number)))
        if document is None:
            raise MessageMissingError
        return site.page(visit, "message_text.html", {"document": document, "number": number, "specimen": False})

    def decide(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        # Of this minute: a publication is noted by its minute, and does not come before.
        now, why = site.clocks.register.clock.now().replace(second=0, microsecond=0), typed.get("why", "")
        return site.clocks.write_time(connection, visit.caller, number, moment=Moment.PUBLIC, at=now, why=why)

    def note(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        _, document = _text(connection, number)
        at, text = minute("at", typed.get("out_at", "")), notice_digest(document) if document else ""
        where = typed.get("where", "")
        return site.clocks.fulfil(
            connection, visit.caller, number, duty=Duty.PUBLIC, at=at, reasons="", where=where, text=text
        )

    writes = writer(site, "/messages/public", (FormError,), shown)
    return [
        public,
        text,
        writes("decide", Act.STAFF_TIME, renamed(_CONTROLS, decide)),
        writes("out", Act.STAFF_DUTY, renamed(_CONTROLS, note)),
    ]


def _values(site: OfficeSite, connection: Connection, number: IncidentId) -> dict[str, object]:
    incident = site.incidents.incident(connection, number)
    rows = site.clocks.register.rows(connection, number)
    unreached, document = _text(connection, number)
    clocks = site.clocks.read(connection, number)
    decided = [one for one in written_in(rows) if one.moment is Moment.PUBLIC]
    return {
        "incident": incident,
        "reference": incident_reference(incident.id, incident.day),
        "unreached": sum(unreached.values()),
        "document": document,
        "digest": notice_digest(document) if document else "",
        "publication": next((one for one in clocks if one.rule.duty is Duty.PUBLIC), None),
        "waiting": site.clocks.untold(connection, number, clocks).waiting,
        "decided": decided[-1] if decided else None,
        "out": [one for one in fulfilled_in(rows) if one.duty is Duty.PUBLIC and not one.ended],
    }


def _text(connection: Connection, number: IncidentId) -> tuple[Mapping[Why, int], Document | None]:
    """For how many people, by reason, and the text, made from the facts of the messages, if it can be made."""
    audience = audiences.newest(connection, number)
    unreached = counts(connection, audience).public if audience else {}
    try:
        return unreached, public_notice(newest_text(connection, number).message, unreached) if unreached else None
    except (MessageMissingError, TextRefusedError):
        return unreached, None
