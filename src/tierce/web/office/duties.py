"""What is owed to whom and when, and the register of breaches: one page for an event, one for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents import store
from tierce.incidents.clocks.model import Running, State
from tierce.incidents.clocks.rules import OPERATOR, duty_of
from tierce.incidents.clocks.service import times_of
from tierce.incidents.clocks.store import notices_sent
from tierce.incidents.duplicates.service import Duplicates
from tierce.incidents.errors import FormError
from tierce.incidents.model import Incident
from tierce.incidents.night.rules import ends_at
from tierce.incidents.register.export import as_csv, as_json, row_text
from tierce.incidents.register.model import ROW_LABELS, SAID, RowKind
from tierce.incidents.register.rules import is_closed, missing
from tierce.incidents.rules import incident_reference
from tierce.kernel.digits import number_in
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.clocks import MOMENT_LABELS, Duty, Moment, Party
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import Typed, minute, renamed, writer
from tierce.web.visit import AnyRequest

_KINDS = {"json": "application/json", "csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class InsurerClocks:
    """One insurer's line: when it was told, when it received the notice, and its own clocks."""

    name: str
    insurer: InsurerId
    sent: datetime | None
    received: datetime | None
    clocks: tuple[Running, ...]


def duty_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the clocks and of the register."""

    @get("/incidents/{number:int}/duties", opt={"act": Act.STAFF_SCOPE})
    async def duties(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return await _page(site, visit, IncidentId(number), {}, None)

    @post("/incidents/{number:int}/duties/export", status_code=200, opt={"act": Act.STAFF_REGISTER_EXPORT})
    async def export(request: AnyRequest, number: FromPath[int]) -> Response[bytes]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        kind = typed.get("kind", "json") if typed.get("kind") in _KINDS else "json"

        def read(connection: Connection) -> bytes:
            incident = site.incidents.incident(connection, IncidentId(number))
            rows = site.clocks.register.rows(connection, incident.id)
            clocks = site.clocks.read(connection, incident.id)
            site.clocks.register.note_export(connection, visit.caller, incident.id, Act.STAFF_REGISTER_EXPORT)
            return as_csv(rows) if kind == "csv" else as_json(incident, rows, clocks)

        content = await site.rows.read(read)
        named = {"content-disposition": f'attachment; filename="registre-{number}.{kind}"'}
        return Response(content, media_type=_KINDS[kind], headers=named)

    return [duties, export, *_forms(site)]


def _forms(site: OfficeSite) -> list[HTTPRouteHandler]:
    """The routes of the page's forms."""
    duplicates = Duplicates(site.clocks.register)

    async def again(visit: Visit, number: IncidentId, typed: Typed, problem: FormError) -> Response[str]:
        return await _page(site, visit, number, typed, problem)

    def time(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        moment = next((one for one in Moment if one.value == typed.get("moment")), None)
        if moment is None:
            raise FormError("moment", Phrase("Choisissez l’heure que vous écrivez.", "Choose which time you write."))
        at = minute("at", typed.get("at", ""))
        return site.clocks.write_time(
            connection, visit.caller, number, moment=moment, at=at, why=typed.get("why", ""), insurer=_insurer(typed)
        )

    def done(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        duty, insurer = _duty(typed.get("clock", ""))
        if typed.get("undone"):
            return site.clocks.take_back(
                connection, visit.caller, number, duty=duty, reasons=typed.get("reasons", ""), insurer=insurer
            )
        if typed.get("ended"):
            return site.clocks.end(
                connection, visit.caller, number, duty=duty, reasons=typed.get("reasons", ""), insurer=insurer
            )
        at = minute("done_at", typed.get("done_at", ""))
        if duty is Duty.PUBLIC:
            reason = Phrase(
                "Dites où elle a paru sur la page de l’annonce.", "Say where it came out on the page of the notice."
            )
            raise FormError("duty", reason)
        return site.clocks.fulfil(
            connection, visit.caller, number, duty=duty, at=at, reasons=typed.get("reasons", ""), insurer=insurer
        )

    def say(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        kind = next((one for one in SAID if str(one.value) == typed.get("kind")), RowKind.TIME)
        return site.clocks.register.say(connection, visit.caller, number, kind, typed.get("text", ""))

    def close(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        return site.clocks.close(connection, visit.caller, number, typed.get("closing", ""))

    def same(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        text = typed.get("same", "")
        first = next((one for one in _open_others(connection, number) if str(one.id) == text), None)
        if first is None:
            raise FormError("same", Phrase("Choisissez un événement ouvert.", "Choose an event that is open."))
        return duplicates.close(connection, visit.caller, number, first.id, typed.get("same_why", ""))

    def reopen(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        return site.clocks.register.reopen(connection, visit.caller, number, typed.get("closing", ""))

    writes = writer(site, "/duties", (FormError,), again)
    return [
        writes("time", Act.STAFF_TIME, time),
        writes("done", Act.STAFF_DUTY, renamed({"at": "done_at", "duty": "clock"}, done)),
        writes("say", Act.STAFF_REGISTER, say),
        writes("close", Act.STAFF_BREACH_CLOSE, renamed({"why": "closing"}, close)),
        writes("same", Act.STAFF_BREACH_CLOSE, same),
        writes("reopen", Act.STAFF_BREACH_CLOSE, renamed({"why": "closing"}, reopen)),
    ]


def _insurer(typed: Typed) -> InsurerId:
    found = number_in(typed.get("insurer", "0"), 5)
    return OPERATOR if found is None else InsurerId(found)


def _duty(text: str) -> tuple[Duty, InsurerId]:
    duty, _, insurer = text.partition("-")
    return duty_of(duty), _insurer({"insurer": insurer or "0"})


def _open_others(connection: Connection, number: IncidentId) -> list[Incident]:
    """Every other event that is not closed, the newest signal first."""
    return [one for one in store.open_incidents(connection) if one.id != number]


async def _page(
    site: OfficeSite, visit: Visit, number: IncidentId, typed: Typed, problem: FormError | None
) -> Response[str]:
    values = await site.rows.read(_values(site, number))
    values |= {"typed": typed, "problem": problem}
    return site.page(visit, "duties.html", values, status=422 if problem else 200)


def _values(site: OfficeSite, number: IncidentId) -> Callable[[Connection], dict[str, object]]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        rows = site.clocks.register.rows(connection, number)
        clocks = site.clocks.read(connection, number)
        times = times_of(incident, rows)
        own = [clock for clock in clocks if clock.insurer == OPERATOR]
        sent = notices_sent(connection, number)
        theirs = sorted({clock.insurer for clock in clocks if clock.rule.party is Party.INSURER})
        names = store.insurer_names(connection, theirs)
        return {
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "now": site.clock.now(),
            "clocks": own,
            "next": min((one for one in own if one.state is State.RUNNING and one.due), key=ends_at, default=None),
            "late": [one for one in own if one.state is State.OVERDUE],
            "insurers": [
                InsurerClocks(
                    names.get(one, str(one)),
                    one,
                    times.get((Moment.NOTICE_SENT, one)) or sent.get(one),
                    times.get((Moment.NOTICE_RECEIVED, one)),
                    tuple(clock for clock in clocks if clock.insurer == one),
                )
                for one in theirs
            ],
            "times": [(MOMENT_LABELS[moment], times.get((moment, OPERATOR))) for moment in list(Moment)[:3]],
            "moments": MOMENT_LABELS,
            "rows": [(row, ROW_LABELS[row.kind], row_text(row)) for row in reversed(rows)],
            "sayable": {kind: ROW_LABELS[kind] for kind in sorted(SAID)},
            "missing": [ROW_LABELS[kind] for kind in missing(rows)],
            "closed": is_closed(rows),
            "others": [
                (str(one.id), f"{incident_reference(one.id, one.day)} · {one.title}")
                for one in _open_others(connection, number)
            ],
            "states": State,
        }

    return read
