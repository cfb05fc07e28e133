"""Persons' reports and requests, as staff answer them: written outcomes, and never who the person is."""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.persons.requests import store
from tierce.persons.requests.model import KIND_WORDS, OUTCOME_WORDS, REPORT_WORDS, SUBJECTS
from tierce.persons.requests.rules import receipt
from tierce.persons.requests.service import RequestDesk
from tierce.persons.store import insurer_names
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest


def request_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of reports and requests."""
    desk = RequestDesk(site.holds.appender, site.clock)

    @get("/reports", opt={"act": Act.STAFF_LIVE})
    async def reports(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(store.staff_reports)
        may = visit.may(Act.STAFF_REPORT_ANSWER)
        values = {"reports": found, "outcomes": REPORT_WORDS, "may": may, "now": site.clock.now()}
        return site.page(visit, "reports.html", values)

    @post("/reports/{number:int}", status_code=200, opt={"act": Act.STAFF_REPORT_ANSWER})
    async def answer_report(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        word = sent.get("outcome", "")
        await site.rows.read(lambda connection: desk.answer_report(connection, visit.caller, number, word))
        return Redirect("/reports", status_code=303)

    @get("/requests", opt={"act": Act.STAFF_LIVE})
    async def requests(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(store.waiting_first)
        insurers = {one for made in found for one in made.insurers}
        names = await site.rows.read(lambda connection: insurer_names(connection, insurers))
        values = {
            "requests": found,
            "names": names,
            "kinds": KIND_WORDS,
            "subjects": SUBJECTS,
            "outcomes": OUTCOME_WORDS,
            "receipt": receipt,
            "may": visit.may(Act.STAFF_REQUEST_ANSWER),
            "now": site.clock.now(),
        }
        return site.page(visit, "requests.html", values)

    @post("/requests/{number:int}", status_code=200, opt={"act": Act.STAFF_REQUEST_ANSWER})
    async def answer(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        word = sent.get("outcome", "")
        if word == "forward":
            await site.rows.read(lambda connection: desk.forward(connection, visit.caller, number))
        else:
            await site.rows.read(lambda connection: desk.answer(connection, visit.caller, number, word))
        return Redirect("/requests", status_code=303)

    return [reports, answer_report, requests, answer]
