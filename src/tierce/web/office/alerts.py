"""Other operators' alerts: what their programs sent, what staff entered after a call, and what is set aside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.incidents.alerts import store
from tierce.incidents.alerts.service import Alerts
from tierce.incidents.errors import FormError, FreeTextError
from tierce.incidents.lines import store as line_rows
from tierce.kernel.clock import date_of, paris_day, start_of
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.language import Language
from tierce.peer_alerts.telling import store as told_rows
from tierce.peer_alerts.telling.model import Saying
from tierce.peer_alerts.telling.service import Teller
from tierce.policy.acts import Act
from tierce.policy.peer_alerts import Confidence, Event
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import minute
from tierce.web.visit import AnyRequest


def alert_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of an alert."""
    alerts = Alerts(site.holds.appender, site.clock)

    @get("/accounts/{professional:int}/alert", opt={"act": Act.STAFF_ALERT})
    async def form(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), ProfessionalId(professional), "", None)

    @post("/accounts/{professional:int}/alert", status_code=200, opt={"act": Act.STAFF_ALERT})
    async def enter(request: AnyRequest, professional: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        operator = (await site.sign_in.check_form(request)).get("operator", "")
        number = ProfessionalId(professional)
        try:
            await site.rows.read(lambda connection: alerts.enter(connection, visit.caller, number, operator))
        except FieldError as problem:
            return await _page(site, visit, number, operator, problem)
        return Redirect(f"/accounts/{professional}", status_code=303)

    @get("/alerts", opt={"act": Act.STAFF_LIVE})
    async def received(request: AnyRequest) -> Response[str]:
        return await _received(site, await site.visit(request))

    @post("/alerts/{number:int}", status_code=200, opt={"act": Act.STAFF_ALERT_ASIDE})
    async def aside(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        why = (await site.sign_in.check_form(request)).get("why", "")
        try:
            await site.rows.read(lambda connection: alerts.set_aside(connection, visit.caller, number, why))
        except FreeTextError as problem:
            return await _received(site, visit, number, why, problem)
        return Redirect("/alerts", status_code=303)

    return [form, enter, received, aside]


def telling_others_handlers(site: OfficeSite, teller: Teller | None) -> list[HTTPRouteHandler]:
    """Make the routes by which other operators are told of an account; each is refused where we sign nothing."""

    @get("/accounts/{professional:int}/tell", opt={"act": Act.STAFF_ALERT_SEND})
    async def form(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        return await _tell_page(site, await site.visit(request), ProfessionalId(professional), {}, None)

    @post("/accounts/{professional:int}/tell", status_code=200, opt={"act": Act.STAFF_ALERT_SEND})
    async def tell(request: AnyRequest, professional: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent, number = await site.sign_in.check_form(request), ProfessionalId(professional)
        if teller is None:
            raise NotFoundException
        try:
            await site.rows.read(lambda connection: teller.tell(connection, visit.caller, number, _saying(sent)))
        except (FieldError, FreeTextError) as problem:
            return await _tell_page(site, visit, number, sent, problem)
        return Redirect(f"/accounts/{professional}/tell", status_code=303)

    return [form, tell]


SAYINGS: Final = {
    "disabled": (Event.ACCOUNT_DISABLED, Confidence.UNSAID),
    "suspected": (Event.HARVESTING, Confidence.SUSPECTED),
    "probable": (Event.HARVESTING, Confidence.PROBABLE),
    "established": (Event.HARVESTING, Confidence.ESTABLISHED),
    "enabled": (Event.ACCOUNT_ENABLED, Confidence.UNSAID),
}
"""What a form's choice says."""
_EMPTY: Final = dict.fromkeys(("event", "since", "until", "why"), "")


def _saying(sent: Mapping[str, str]) -> Saying:
    event, grade = SAYINGS.get(sent.get("event", ""), (Event.OTHER, Confidence.UNSAID))
    if event is not Event.HARVESTING:
        return Saying(event, sent.get("why", ""))
    since, until = (_moment(sent.get(name, "")) for name in ("since", "until"))
    return Saying(event, sent.get("why", ""), since, until, grade)


def _moment(text: str) -> datetime | None:
    """A minute of Paris, or None, which the rules refuse by name."""
    try:
        return minute("since", text).astimezone(UTC)
    except FormError:
        return None


def _fault(problem: FieldError | FreeTextError, language: Language) -> str:
    """What is wrong, in a sentence, and what to do about it."""
    said = problem.reason[language]
    if isinstance(problem, FieldError):
        said = f"{said} {problem.remedy[language]}"
    return said[:1].upper() + said[1:]


async def _tell_page(
    site: OfficeSite,
    visit: Visit,
    number: ProfessionalId,
    sent: Mapping[str, str],
    problem: FieldError | FreeTextError | None,
) -> Response[str]:
    now = site.clock.now()
    account, hearers, told = await site.rows.read(
        lambda connection: (
            line_rows.account(connection, number),
            told_rows.hearers(connection),
            told_rows.told_of(connection, number, now),
        )
    )
    if account is None:
        raise NotFoundException
    values = {
        "account": account, "hearers": hearers, "told": told, "sent": _EMPTY | dict(sent), "choices": list(SAYINGS),
        "field": problem.field if problem else "", "fault": _fault(problem, visit.frame.language) if problem else "",
    }  # fmt: skip
    return site.page(visit, "tell.html", values, status=422 if problem else 200)


async def _received(
    site: OfficeSite, visit: Visit, number: int = 0, why: str = "", problem: FreeTextError | None = None
) -> Response[str]:
    now = site.clock.now()
    today = start_of(date_of(paris_day(now)))
    found, senders = await site.rows.read(
        lambda connection: (store.latest(connection, now), store.senders(connection, today))
    )
    values = {"alerts": found, "senders": senders, "number": number, "why": why, "problem": problem}
    return site.page(visit, "alerts.html", values, status=422 if problem else 200)


async def _page(
    site: OfficeSite, visit: Visit, number: ProfessionalId, operator: str, problem: FieldError | None
) -> Response[str]:
    account = await site.rows.read(lambda connection: line_rows.account(connection, number))
    if account is None:
        raise NotFoundException
    fault = _fault(problem, visit.frame.language) if problem else ""
    values = {"account": account, "operator": operator, "fault": fault}
    return site.page(visit, "alert.html", values, status=422 if problem else 200)
