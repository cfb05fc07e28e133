"""Appeals of held professionals: what she says, what was seen, and the answer."""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.incidents.appeals import store
from tierce.incidents.appeals.model import Reply
from tierce.incidents.appeals.service import AppealDesk
from tierce.incidents.errors import FormError
from tierce.kernel.care import PROFESSION_LABELS
from tierce.policy.acts import Act
from tierce.policy.ladder import RUNG_LABELS
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest


def appeal_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of appeals."""
    desk = AppealDesk(site.holds.appender, site.clock)

    @get("/appeals", opt={"act": Act.STAFF_LIVE})
    async def appeals(request: AnyRequest) -> Response[str]:
        return await _page(site, await site.visit(request))

    @post("/appeals/{number:int}", status_code=200, opt={"act": Act.STAFF_APPEAL_ANSWER})
    async def answer(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        reply = Reply(number, sent.get("decision") == "lift", sent.get("words", ""))
        try:
            await site.rows.read(lambda connection: desk.answer(connection, visit.caller, reply))
        except FormError as problem:
            return await _page(site, visit, reply, problem)
        return Redirect("/appeals", status_code=303)

    return [appeals, answer]


async def _page(
    site: OfficeSite, visit: Visit, reply: Reply | None = None, problem: FormError | None = None
) -> Response[str]:
    now = site.clock.now()
    found = await site.rows.read(lambda connection: store.waiting(connection, now))
    values = {
        "appeals": found,
        "now": now,
        "reply": reply,
        "problem": problem,
        "professions": PROFESSION_LABELS,
        "rung_labels": RUNG_LABELS,
    }
    return site.page(visit, "appeals.html", values, status=422 if problem else 200)
