"""Incidents: open one from an account, read its exact list, and open one person of it for a stated reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents import store
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.errors import AlreadyOpenedError, FormError, ScopeMissingError
from tierce.incidents.lines import store as line_rows
from tierce.incidents.model import (
    PURPOSES,
    Incident,
    InsurerCount,
    OpenedOn,
    Purpose,
    ScopeSummary,
)
from tierce.incidents.rules import account_criteria, incident_reference
from tierce.kernel.clock import PARIS, from_micros, micros
from tierce.kernel.digits import number_in
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, PersonId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.notices.insurer_notice import category_names
from tierce.notices.rules import letter_reference
from tierce.notices.store import notices_made
from tierce.policy.acts import Act
from tierce.scope.errors import CriteriaError
from tierce.scope.model import Criteria, Exposure
from tierce.scope.rules import check_criteria
from tierce.web.office.criteria import criteria_words
from tierce.web.office.night import night_values
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import MINUTE, minute, minute_end
from tierce.web.visit import AnyRequest

LIST_ROWS = 25
DEVICE_DIGITS_MAX = 19
_TITLE = Phrase("Accès volé d’un professionnel de santé", "Stolen access of a health professional")

_KNOWN = Phrase(
    "Un incident est déjà ouvert sur ce compte : voyez-le d’abord. Si c’est un autre vol, recommencez.",
    "An incident is open on this account already: see it first. If it is another theft, send this again.",
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form that opens an incident holds, as typed."""

    title: str
    begun: str
    ended: str
    why: str
    devices: frozenset[int]
    known: int = 0
    """How many incidents of this account the page that was filled in showed already."""
    problem: FormError | CriteriaError | None = None


@dataclass(frozen=True, slots=True)
class InsurerRow:
    """One insurer's part of the list, with its name and when its notice was made."""

    count: InsurerCount
    name: str | None
    notice_at: datetime | None
    data: Phrase


def incident_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of incidents."""

    @get("/incidents", opt={"act": Act.STAFF_LIVE})
    async def incidents(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(_incidents)
        return site.page(visit, "incidents.html", {"incidents": found})

    @get("/accounts/{professional:int}/incident", opt={"act": Act.STAFF_INCIDENT_OPEN})
    async def form(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return await _form_page(site, visit, ProfessionalId(professional), None)

    @post("/accounts/{professional:int}/incident", status_code=200, opt={"act": Act.STAFF_INCIDENT_OPEN})
    async def open_(request: AnyRequest, professional: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        number = ProfessionalId(professional)
        filled = _filled(await request.form())
        try:
            found = await site.rows.read(_opening(site, visit, number, filled))
        except (FormError, CriteriaError) as problem:
            return await _form_page(site, visit, number, replace(filled, problem=problem))
        return Redirect(f"/incidents/{found}", status_code=303)

    @get("/incidents/{number:int}", opt={"act": Act.STAFF_SCOPE})
    async def incident(request: AnyRequest, number: FromPath[int], start: FromQuery[int] = 0) -> Response[str]:
        visit = await site.visit(request)
        return await incident_page(site, visit, IncidentId(number), max(start, 0))

    @post("/incidents/{number:int}/scope", opt={"act": Act.STAFF_SCOPE})
    async def again(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)

        def compute(connection: Connection) -> ScopeSummary:
            last = site.incidents.scope(connection, IncidentId(number))
            return site.incidents.compute_scope(connection, visit.caller, IncidentId(number), last.criteria)

        await site.rows.read(compute)
        return Redirect(f"/incidents/{number}", status_code=303)

    return [incidents, form, open_, incident, again, *_person_handlers(site)]


async def incident_page(
    site: OfficeSite,
    visit: Visit,
    number: IncidentId,
    start: int = 0,
    typed: Mapping[str, str] | None = None,
    problem: FormError | None = None,
) -> Response[str]:
    """Show the incident; with what was typed and what is wrong of it, when a form was refused."""
    values = await site.rows.read(_incident_values(site, number, start))
    values |= {"typed": typed or {}, "problem": problem, "reader": visit.caller.staff}
    return site.page(visit, "incident.html", values, status=422 if problem else 200)


def _person_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    path = "/incidents/{number:int}/people/{person:int}/{insurer:int}"

    @get(path, opt={"act": Act.STAFF_SCOPE})
    async def person(
        request: AnyRequest, number: FromPath[int], person: FromPath[int], insurer: FromPath[int]
    ) -> Response[str]:
        visit = await site.visit(request)
        values = await site.rows.read(_person_values(site, IncidentId(number), PersonId(person), InsurerId(insurer)))
        return site.page(visit, "person.html", {**values, "civil": None, "purpose": None})

    @post(path, status_code=200, opt={"act": Act.STAFF_PERSON_SHOW})
    async def show(
        request: AnyRequest, number: FromPath[int], person: FromPath[int], insurer: FromPath[int]
    ) -> Response[str]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        stated = typed.get("purpose", "")
        purpose = next((one for one in Purpose if str(one.value) == stated), None)
        of, under, whom = IncidentId(number), InsurerId(insurer), PersonId(person)

        def read(connection: Connection) -> dict[str, object]:
            values = _person_values(site, of, whom, under)(connection)
            if purpose is None:
                return {**values, "civil": None, "purpose": None}
            civil = site.incidents.show_person(
                connection, visit.caller, of, person=whom, insurer=under, purpose=purpose
            )
            return {**values, "civil": civil, "purpose": PURPOSES[purpose]}

        return site.page(visit, "person.html", await site.rows.read(read))

    return [person, show]


def _incidents(connection: Connection) -> list[tuple[Incident, str, ScopeSummary | None]]:
    return [
        (one, incident_reference(one.id, one.day), store.last_scope(connection, one.id))
        for one in store.incidents(connection)
    ]


def _filled(form: Mapping[str, Any]) -> Filled:
    """Read the form; a device that is not a number counts for nothing."""
    multi = form.getall("device", []) if hasattr(form, "getall") else []
    return Filled(
        title=str(form.get("title", "")),
        begun=str(form.get("begun", "")),
        ended=str(form.get("ended", "")),
        why=str(form.get("why", "")),
        known=number_in(str(form.get("known", "")), DEVICE_DIGITS_MAX - 1) or 0,
        devices=frozenset(one for text in multi if (one := number_in(str(text), DEVICE_DIGITS_MAX)) is not None),
    )


def _opening(
    site: OfficeSite, visit: Visit, professional: ProfessionalId, filled: Filled
) -> Callable[[Connection], IncidentId]:
    """Open the incident and compute its list; everything typed is checked before anything is written."""

    def work(connection: Connection) -> IncidentId:
        begun = minute("begun", filled.begun)
        ended = minute_end("ended", filled.ended)
        devices = frozenset(DeviceId(one) for one in filled.devices)
        criteria = account_criteria(professional, devices, micros(begun), micros(ended))
        check_criteria(criteria)
        known = cohort_rows.incidents_of(connection, professional)
        if len(known) > filled.known:
            raise FormError("known", _KNOWN)
        try:
            incident = site.incidents.open(
                connection,
                visit.caller,
                title=filled.title,
                signal_at=_first_signal(connection, professional, criteria),
                aware_why=filled.why,
                on=OpenedOn(professional, len(known)),
            )
        except AlreadyOpenedError:  # in the instant between the look above and this
            raise FormError("known", _KNOWN) from None
        site.incidents.compute_scope(connection, visit.caller, incident.id, criteria)
        return incident.id

    return work


def _first_signal(connection: Connection, professional: ProfessionalId, criteria: Criteria) -> datetime:
    """The first hold of the account in the window, else the beginning of the window."""
    begun, ended = from_micros(criteria.from_us), from_micros(criteria.until_us)
    holds = line_rows.holds_of(connection, professional)
    return next((hold.since for hold in holds if begun <= hold.since < ended), begun)


async def _form_page(
    site: OfficeSite, visit: Visit, professional: ProfessionalId, filled: Filled | None
) -> Response[str]:
    def read(connection: Connection) -> dict[str, object] | None:
        account = line_rows.account(connection, professional)
        if account is None:
            return None
        return {
            "account": account,
            "devices": store.device_uses(connection, professional),
            "holds": line_rows.holds_of(connection, professional),
            "known": [
                (one, incident_reference(one.id, one.day))
                for number in cohort_rows.incidents_of(connection, professional)
                if (one := store.incident(connection, number)) is not None
            ],
        }

    values = await site.rows.read(read)
    if values is None:
        raise NotFoundException
    now = site.clock.now().astimezone(PARIS)
    fresh = Filled(
        title=_TITLE[visit.frame.language],
        begun=(now - timedelta(days=1)).strftime(MINUTE),
        ended=now.strftime(MINUTE),
        why="",
        devices=frozenset(),
    )
    status = 422 if filled else 200
    return site.page(visit, "incident_open.html", {**values, "form": filled or fresh}, status=status)


def _incident_values(site: OfficeSite, number: IncidentId, start: int) -> Callable[[Connection], dict[str, object]]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        values: dict[str, object] = {
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "now": site.clock.now(),
            "scope": None,
            "asked": None,
            "dismissal": None,
        }
        try:
            scope = site.incidents.scope(connection, number)
        except ScopeMissingError:
            return values | night_values(site, connection, incident, None, [])
        counts = store.insurer_counts(connection, scope)
        names = store.insurer_names(connection, [one.insurer for one in counts])
        made = notices_made(connection, scope)
        insurers = [
            InsurerRow(one, names.get(one.insurer), made.get(one.insurer), category_names(one.categories))
            for one in counts
        ]
        return {
            **values,
            **night_values(site, connection, incident, scope, counts),
            "scope": scope,
            "asked": store.smaller_asked(connection, number),
            "dismissal": store.dismissal_asked(connection, number),
            "criteria": criteria_words(scope.criteria),
            "window": (from_micros(scope.criteria.from_us), from_micros(scope.criteria.until_us)),
            "insurers": sorted(insurers, key=lambda row: (-row.count.persons, row.name or "")),
            "invoices": cohort_rows.invoices_read(connection, scope.incident, scope.revision),
            "pairs": sum(one.persons for one in counts),
            "answers": sum(one.entries for one in counts),
            "rows": [_row(one, names) for one in store.exposure_page(connection, scope, start, LIST_ROWS)],
            "start": start,
            "rows_max": LIST_ROWS,
        }

    return read


def _row(one: Exposure, names: Mapping[InsurerId, str]) -> dict[str, object]:
    return {
        "exposure": one,
        "insurer_name": names.get(one.insurer),
        "data": category_names(one.categories),
        "first_at": from_micros(one.first_us),
        "last_at": from_micros(one.last_us),
    }


def _person_values(
    site: OfficeSite, number: IncidentId, person: PersonId, insurer: InsurerId
) -> Callable[[Connection], dict[str, object]]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        scope = site.incidents.scope(connection, number)
        exposure = site.incidents.exposed(connection, number, person, insurer)
        return {
            **_row(exposure, store.insurer_names(connection, [insurer])),
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "letter": letter_reference(scope.digest, person, insurer),
            "purposes": PURPOSES,
        }

    return read
