"""Hold an account or a device, lift a hold, end a session: who is hindered first, then a reason, then the click."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents.errors import FormError
from tierce.incidents.holds import store
from tierce.incidents.holds.model import Hindered, OpenSession, Order
from tierce.incidents.holds.rules import DURATIONS
from tierce.incidents.lines import store as line_rows
from tierce.incidents.lines.model import Account, Hold
from tierce.kernel.digits import number_in
from tierce.kernel.ids import ProfessionalId, SessionId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.ladder import RUNG_LABELS, Level, Rung
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

RUNGS = tuple(rung for rung in Rung if rung is not Rung.NONE)
RUNG_HELP = {
    Rung.OBSERVED: Phrase(
        "Rien n’est empêché ; la surveillance regarde de plus près.", "Nothing is stopped; the watch looks closer."
    ),
    Rung.STEP_UP: Phrase(
        "Les personnes déjà connues de l’établissement restent servies.",
        "People already known to the establishment are still served.",
    ),
    Rung.PRESENCE_ONLY: Phrase(
        "Seules les personnes dont la présence est prouvée sont servies.",
        "Only people whose presence is proved are served.",
    ),
    Rung.SUSPENDED: Phrase("Plus rien n’est montré à personne.", "Nothing is shown any more, about anybody."),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of a hold holds."""

    rung: int = Rung.PRESENCE_ONLY.value
    hours: int = 24
    reason: str = ""
    problem: FormError | None = None


def hold_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes that move one account or one device on the ladder."""

    @get("/accounts/{professional:int}/hold", opt={"act": Act.STAFF_LADDER_MOVE})
    async def form(request: AnyRequest, professional: FromPath[int], device: FromQuery[int] = 0) -> Response[str]:
        visit = await site.visit(request)
        return await _hold_page(site, visit, ProfessionalId(professional), device, Typed())

    @post("/accounts/{professional:int}/hold", status_code=200, opt={"act": Act.STAFF_LADDER_MOVE})
    async def place(request: AnyRequest, professional: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        number, device = ProfessionalId(professional), _number(sent.get("device", "0"))
        typed = Typed(_number(sent.get("rung", "")), _number(sent.get("hours", "")), sent.get("reason", ""))

        def move(connection: Connection) -> None:
            site.holds.place(connection, visit.caller, _order(connection, number, device, typed))

        try:
            await site.rows.read(move)
        except FormError as problem:
            again = Typed(typed.rung, typed.hours, typed.reason, problem)
            return await _hold_page(site, visit, number, device, again, status=422)
        return Redirect(f"/accounts/{professional}", status_code=303)

    @get("/holds/{number:int}/lift", opt={"act": Act.STAFF_LADDER_MOVE})
    async def ask_lift(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return await _lift_page(site, visit, number, None)

    @post("/holds/{number:int}/lift", status_code=200, opt={"act": Act.STAFF_LADDER_MOVE})
    async def lift(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        reason = sent.get("reason", "")
        try:
            await site.rows.read(lambda connection: site.holds.lift(connection, visit.caller, number, reason))
        except FormError as problem:
            return await _lift_page(site, visit, number, problem, reason)
        return Redirect("/ladder", status_code=303)

    @get("/accounts/{professional:int}/sessions/{session:int}/end", opt={"act": Act.STAFF_ACCESS_END})
    async def ask_end(request: AnyRequest, professional: FromPath[int], session: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        number, now = ProfessionalId(professional), site.clock.now()

        def read(connection: Connection) -> tuple[Account | None, OpenSession | None]:
            account = line_rows.account(connection, number)
            every = store.sessions(connection, number, now)
            return account, next((one for one in every if one.id == session and one.ended is None), None)

        account, found = await site.rows.read(read)
        if account is None or found is None:
            raise NotFoundException
        return site.page(visit, "end_session.html", {"account": account, "session": found})

    @post("/accounts/{professional:int}/sessions/{session:int}/end", opt={"act": Act.STAFF_ACCESS_END})
    async def end(request: AnyRequest, professional: FromPath[int], session: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        number = ProfessionalId(professional)
        await site.rows.read(
            lambda connection: site.holds.end_session(connection, visit.caller, number, SessionId(session))
        )
        return Redirect(f"/accounts/{professional}", status_code=303)

    return [form, place, ask_lift, lift, ask_end, end]


def _order(connection: Connection, number: ProfessionalId, device: int, typed: Typed) -> Order:
    """What was typed as an order; what is none of the choices is refused by the rules that read it."""
    return Order(
        professional=number,
        level=Level.DEVICE if device else Level.LOGIN,
        subject=device or store.login_of(connection, number) or 0,
        rung=Rung(typed.rung) if typed.rung in set(Rung) else Rung.NONE,
        last=DURATIONS.get(typed.hours, timedelta()),
        reason=typed.reason,
    )


def _number(text: str) -> int:
    """A number as a form sends it; 0 for anything else, which no table holds."""
    return number_in(text, 19) or 0


async def _hold_page(
    site: OfficeSite, visit: Visit, number: ProfessionalId, device: int, typed: Typed, *, status: int = 200
) -> Response[str]:
    now = site.clock.now()

    def read(connection: Connection) -> tuple[Account, Hindered, list[int]] | None:
        account, login = line_rows.account(connection, number), store.login_of(connection, number)
        devices = store.devices_of(connection, number)
        if account is None or login is None or (device and device not in devices):
            return None
        level, subject = (Level.DEVICE, device) if device else (Level.LOGIN, login)
        return account, store.hindered(connection, number, level, subject, now), devices

    found = await site.rows.read(read)
    if found is None:
        raise NotFoundException
    account, hindered, devices = found
    values = {
        "account": account,
        "hindered": hindered,
        "device": device,
        "devices": devices,
        "typed": typed,
        "rungs": [(rung, RUNG_LABELS[rung], RUNG_HELP[rung]) for rung in RUNGS],
        "hours": list(DURATIONS),
    }
    return site.page(visit, "hold.html", values, status=status)


async def _lift_page(
    site: OfficeSite, visit: Visit, number: int, problem: FormError | None, reason: str = ""
) -> Response[str]:
    now = site.clock.now()

    def read(connection: Connection) -> tuple[Hold, Hindered | None] | None:
        hold = line_rows.hold(connection, number)
        if hold is None or not _live(hold, now) or hold.level not in {Level.LOGIN, Level.DEVICE}:
            return None
        if hold.professional is None:
            return hold, None
        return hold, store.hindered(connection, hold.professional, hold.level, hold.subject, now)

    found = await site.rows.read(read)
    if found is None:
        raise NotFoundException
    hold, hindered = found
    values = {"hold": hold, "hindered": hindered, "problem": problem, "reason": reason, "rung_labels": RUNG_LABELS}
    return site.page(visit, "lift.html", values, status=422 if problem else 200)


def _live(hold: Hold, now: datetime) -> bool:
    return hold.lifted is None and hold.until > now
