"""The question, its answer, one's own history and one's places."""

from datetime import date

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.web.portal.api import RIGHTS, HistoryRow, RightsBody, Seats, Signed, revisit_path
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import (
    AskForm,
    Wrong,
    blank_form,
    domains_of,
    fill_from,
    find_wrong,
    read_form,
)
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

DEMO_PERSON = "paul_lenoir"


def domain_label(name: str, language: Language) -> str:
    """The words of a domain; its code when it is not one of ours."""
    return DOMAIN_LABELS[Domain[name]][language] if name in Domain.__members__ else name


def _today(site: PortalSite) -> date:
    return date_of(paris_day(site.clock.now()))


def _ask_page(
    site: PortalSite, visit: Visit, form: AskForm, seats: Seats, wrong: list[Wrong] | None = None
) -> Response[str]:
    language = visit.frame.language
    profession = visit.session.activity.profession if visit.session.activity else ""
    found = wrong or []
    values = {
        "form": form,
        "errors": {one.field: one.text(language) for one in found},
        "error_list": [(one.field, one.text(language)) for one in found],
        "domains": [(one.name, DOMAIN_LABELS[one][language]) for one in domains_of(profession)],
        "seats": seats,
        "act_url": site.act_url(RIGHTS),
        "demo": DEMO_PERSON in site.demo,
    }
    return site.page(visit, "ask.html", values, status=422 if found else 200)


def _answer_page(site: PortalSite, visit: Visit, answer: RightsBody, seats: Seats) -> Response[str]:
    language = visit.frame.language
    values = {
        "answer": answer,
        "domain": domain_label(answer.domain, language),
        "guarantee": getattr(answer.guarantee, language) if answer.guarantee else "",
        "reason": _reason(answer, language),
        "seats": seats,
        "at": site.clock.now(),
    }
    return site.page(visit, "answer.html" if answer.shown else "not_shown.html", values)


def _reason(answer: RightsBody, language: Language) -> dict[str, str] | None:
    """The reason and its remedy, when presence was proved and nothing is shown."""
    if answer.reason is None:
        return None
    return {
        "sentence": getattr(answer.reason.detail, language),
        "remedy": getattr(answer.reason.remedy, language),
    }


def ask_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of the question and of its answer."""

    @get("/ask", opt={"act": Act.NONE})
    async def show_form(request: AnyRequest, fill: FromQuery[str] = "") -> Response[str]:
        """Show the form; a demonstration may fill it with an invented person."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return _choose_first()
        form = blank_form(visit.session.activity.profession, _today(site))
        if fill in site.demo:
            person = site.demo[fill]
            form = fill_from(form, person.nir, person.birth_date, str(person.rank))
        return _ask_page(site, visit, form, await site.api.seats(visit.handle))

    @post("/ask", status_code=200, opt={"act": Act.RIGHTS_ASK})
    async def ask(request: AnyRequest) -> Response[str]:
        """Relay the question as the browser signed it, and show the answer."""
        _, fields = await site.form(request)
        visit = await site.visit(request)
        form, signed = read_form(fields)
        wrong = find_wrong(form, signed.body, _today(site))
        if wrong:
            return _ask_page(site, visit, form, await site.api.seats(visit.handle), wrong)
        try:
            answer = await site.api.ask(visit.handle, signed)
        except ApiRefusedError as error:
            if error.field is None:
                raise
            named = Wrong("nir" if error.field == "body" else error.field, error.reason, error.remedy)
            return _ask_page(site, visit, form, await site.api.seats(visit.handle), [named])
        return _answer_page(site, visit, answer, await site.api.seats(visit.handle))

    return [show_form, ask]


def history_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one's own history and places."""

    @get("/history", opt={"act": Act.NONE})
    async def history(request: AnyRequest, cursor: FromQuery[str] = "") -> Response[str]:
        """List what was asked under this activity; nobody is named."""
        visit = await site.visit(request)
        found = await site.api.history(visit.handle, cursor[:128] or None)
        language = visit.frame.language
        rows = [_history_row(site, row, language) for row in found.rows]
        return site.page(visit, "history.html", {"rows": rows, "cursor": found.cursor, "first": not cursor})

    @post("/history/{engagement:str}/revisit", status_code=200, opt={"act": Act.RIGHTS_REVISIT})
    async def revisit(request: AnyRequest, engagement: FromPath[str]) -> Response[str]:
        """Open one line again, which is a disclosure like the first."""
        _, fields = await site.form(request)
        visit = await site.visit(request)
        signed = Signed(fields.get("body", "{}").encode(), fields.get("proof") or None)
        answer = await site.api.revisit(visit.handle, engagement, signed)
        return _answer_page(site, visit, answer, await site.api.seats(visit.handle))

    @get("/places", opt={"act": Act.NONE})
    async def places(request: AnyRequest) -> Response[str]:
        """Say why a proof of presence is sometimes asked for, with one's own places."""
        visit = await site.visit(request)
        return site.page(visit, "places.html", {"seats": await site.api.seats(visit.handle)})

    return [history, revisit, places]


def _history_row(site: PortalSite, row: HistoryRow, language: Language) -> dict[str, object]:
    return {
        "at": row.at,
        "domain": domain_label(row.domain, language),
        "engagement": row.engagement or "",
        "label": row.label or "",
        "act_url": site.act_url(revisit_path(row.engagement)) if row.engagement else "",
    }


def _choose_first() -> Response[str]:
    return Response("", status_code=303, headers={"location": "/activity"})
