"""The register of all events, notified or not, and an event that began without an account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents import store
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.clocks.service import fulfilled_in, risk_in
from tierce.incidents.errors import AlreadyOpenedError, FormError
from tierce.incidents.model import ENTERED, Incident, OpenedOn
from tierce.incidents.register.model import RowKind
from tierce.incidents.rules import incident_reference
from tierce.incidents.states.model import STEPS, Stage, Standing
from tierce.incidents.states.rules import standing
from tierce.incidents.states.service import moves_in
from tierce.kernel.clock import PARIS, micros
from tierce.kernel.digits import number_in
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.clocks import Duty, Risk
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import MINUTE, minute
from tierce.web.visit import AnyRequest

KNOWN_DIGITS = 9
_KNOWN = Phrase(
    "Un événement a été inscrit depuis l’ouverture de cette page : voyez s’il est le vôtre. Sinon, recommencez.",
    "An event was entered since this page was opened: see whether it is yours. If not, send this again.",
)
_RISKS = {
    Risk.NONE: Phrase("pas de risque", "no risk"),
    Risk.RISK: Phrase("un risque", "a risk"),
    Risk.HIGH: Phrase("un risque élevé", "a high risk"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the register: where it stands, whom it was told to, and why."""

    incident: Incident
    reference: str
    stands: Standing
    persons: int | None
    risk: Phrase | None
    authority_at: datetime | None
    """When the authority was notified; None while it was not."""
    decided: str
    """The last decision in words, or the reasoning that it was no breach."""


def breach_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the register of all events."""

    @get("/register", opt={"act": Act.STAFF_SCOPE})
    async def register(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        events = await site.rows.read(lambda connection: _events(site, connection))
        told = sum(one.authority_at is not None for one in events)
        values = {"events": events, "steps": STEPS, "told": told, "held": sum(one.stands.held for one in events)}
        return site.page(visit, "register.html", values)

    @get("/register/new", opt={"act": Act.STAFF_INCIDENT_OPEN})
    async def form(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        now = site.clock.now().astimezone(PARIS).strftime(MINUTE)
        return await _form(site, visit, {"signal": now}, None)

    @post("/register/new", status_code=200, opt={"act": Act.STAFF_INCIDENT_OPEN})
    async def open_(request: AnyRequest) -> Response[Any]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        try:
            signal_at = minute("signal", typed.get("signal", ""))
            if signal_at > site.clock.now():
                raise FormError("signal", Phrase("Cette heure est à venir.", "This time is in the future."))
            opened = await site.rows.read(_entering(site, visit, typed, signal_at))
        except FormError as problem:
            return await _form(site, visit, typed, problem)
        return Redirect(f"/incidents/{opened}", status_code=303)

    return [register, form, open_]


def _entering(
    site: OfficeSite, visit: Visit, typed: Mapping[str, str], signal_at: datetime
) -> Callable[[Connection], IncidentId]:
    """Enter the event, for somebody who has seen every one entered before; her own click sent twice enters one."""

    def work(connection: Connection) -> IncidentId:
        seen = number_in(typed.get("known", ""), KNOWN_DIGITS)
        if seen is None or seen > store.entered(connection):
            raise FormError("known", _KNOWN)
        try:
            opened = site.incidents.open(
                connection, visit.caller, title=typed.get("title", ""), signal_at=signal_at,
                aware_why=typed.get("aware_why", "").strip() or None, on=OpenedOn(ENTERED, seen),
            )  # fmt: skip
        except AlreadyOpenedError as other:
            if _is_hers(site, connection, visit, other.incident, typed.get("title", ""), signal_at):
                return other.incident
            raise FormError("known", _KNOWN) from None
        return opened.id

    return work


def _is_hers(
    site: OfficeSite, connection: Connection, visit: Visit, number: IncidentId, title: str, signal_at: datetime
) -> bool:
    """Whether what was entered meanwhile is this very page, sent before by the same person."""
    other, first = site.incidents.incident(connection, number), site.clocks.register.rows(connection, number)[0]
    said = (int(visit.caller.staff), " ".join(title.split()), micros(signal_at))
    return (first.staff, other.title, first.facts["happened"]) == said


async def _form(site: OfficeSite, visit: Visit, typed: Mapping[str, str], problem: FormError | None) -> Response[str]:
    def read(connection: Connection) -> dict[str, object]:
        return {
            "entered": store.entered(connection),
            "known": [(one, incident_reference(one.id, one.day)) for one in store.open_incidents(connection)],
        }

    values = await site.rows.read(read)
    values |= {"typed": typed, "problem": problem}
    return site.page(visit, "register_new.html", values, status=422 if problem else 200)


def _events(site: OfficeSite, connection: Connection) -> list[Event]:
    return [_event(site, connection, incident) for incident in store.incidents(connection)]


def _event(site: OfficeSite, connection: Connection, incident: Incident) -> Event:
    rows = site.clocks.register.rows(connection, incident.id)
    scope = store.last_scope(connection, incident.id)
    stands = standing(moves_in(incident, rows, scope.at if scope else None))
    risk = risk_in(rows)
    done = [one for one in fulfilled_in(rows) if not one.ended]
    notified = [one.at for one in done if (one.duty, one.insurer) == (Duty.AUTHORITY, OPERATOR)]
    decisions = [str(row.facts["text"]) for row in rows if row.kind is RowKind.DECISION]
    dismissed = stands.reached(Stage.NOT_A_BREACH)
    decided = dismissed.why if incident.dismissed_at and dismissed else (decisions or [""])[-1]
    return Event(
        incident, incident_reference(incident.id, incident.day), stands, scope.persons if scope else None,
        None if risk is None else _RISKS[risk], min(notified, default=None), decided,
    )  # fmt: skip
