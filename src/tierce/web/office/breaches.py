"""The register of all events, notified or not, and an event that began without an account."""

from collections.abc import Mapping
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
from tierce.incidents.model import Incident, OpenedOn
from tierce.incidents.register.model import RowKind
from tierce.incidents.rules import incident_reference
from tierce.incidents.states.model import STEPS, Stage, Standing
from tierce.incidents.states.rules import standing
from tierce.incidents.states.service import moves_in
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import MAX_ID, new_id
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.clocks import Duty, Risk
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import MINUTE, minute
from tierce.web.visit import AnyRequest

ID_DIGITS = 19
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
        return _form(site, visit, {"signal": now, "once": str(new_id())}, None)

    @post("/register/new", status_code=200, opt={"act": Act.STAFF_INCIDENT_OPEN})
    async def open_(request: AnyRequest) -> Response[Any]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        try:
            signal_at = minute("signal", typed.get("signal", ""))
            if signal_at > site.clock.now():
                raise FormError("signal", Phrase("Cette heure est à venir.", "This time is in the future."))
            opened = await site.rows.read(
                lambda connection: site.incidents.open(
                    connection, visit.caller, title=typed.get("title", ""), signal_at=signal_at,
                    aware_why=typed.get("aware_why", "").strip() or None, on=_page_of(typed.get("once", "")),
                )
            )  # fmt: skip
        except FormError as problem:
            return _form(site, visit, typed, problem)
        except AlreadyOpenedError as same:  # this very page was sent twice
            return Redirect(f"/incidents/{same.incident}", status_code=303)
        return Redirect(f"/incidents/{opened.id}", status_code=303)

    return [register, form, open_]


def _page_of(text: str) -> OpenedOn | None:
    """The page that was sent, by the number it had drawn."""
    return OpenedOn(int(text)) if text.isdecimal() and len(text) <= ID_DIGITS and int(text) <= MAX_ID else None


def _form(site: OfficeSite, visit: Visit, typed: Mapping[str, str], problem: FormError | None) -> Response[str]:
    values = {"typed": typed, "problem": problem}
    return site.page(visit, "register_new.html", values, status=422 if problem else 200)


def _events(site: OfficeSite, connection: Connection) -> list[Event]:
    return [_event(site, connection, incident) for incident in store.incidents(connection)]


def _event(site: OfficeSite, connection: Connection, incident: Incident) -> Event:
    rows = site.clocks.register.rows(connection, incident.id)
    scope = store.last_scope(connection, incident.id)
    stands = standing(moves_in(incident, rows, scope.at if scope else None))
    risk = risk_in(rows)
    notified = [one.at for one in fulfilled_in(rows) if (one.duty, one.insurer) == (Duty.AUTHORITY, OPERATOR)]
    decisions = [str(row.facts["text"]) for row in rows if row.kind is RowKind.DECISION]
    dismissed = stands.reached(Stage.NOT_A_BREACH)
    decided = dismissed.why if incident.dismissed_at and dismissed else (decisions or [""])[-1]
    return Event(
        incident, incident_reference(incident.id, incident.day), stands, scope.persons if scope else None,
        None if risk is None else _RISKS[risk], min(notified, default=None), decided,
    )  # fmt: skip
