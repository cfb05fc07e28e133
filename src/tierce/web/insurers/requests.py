"""Requests of the insurer's people: what they ask, by when they must be answered, who asks, and the answer."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.insurers.requests.service import InsurerRequests
from tierce.persons.requests.model import INSURER_OUTCOMES, KIND_WORDS, OUTCOME_WORDS, SUBJECTS
from tierce.persons.requests.rules import receipt
from tierce.policy.acts import Act
from tierce.web.insurers.site import InsurersSite
from tierce.web.visit import AnyRequest


def request_handlers(site: InsurersSite, requests: InsurerRequests) -> list[HTTPRouteHandler]:
    """Make the routes; each writes its line before it tells or keeps anything."""

    @get("/requests", opt={"act": Act.INSURER_REQUEST})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(lambda connection: requests.listed(connection, visit.caller, visit.handle))
        values = {
            "requests": found,
            "waiting": sum(one.replied is None and one.answered is None for one in found),
            "kinds": KIND_WORDS,
            "subjects": SUBJECTS,
            "outcomes": OUTCOME_WORDS,
            "offered": INSURER_OUTCOMES,
            "receipt": receipt,
            "now": requests.lines.clock.now(),
        }
        return site.page(visit, "requests.html", values)

    @post("/requests/{number:int}/slip", status_code=200, opt={"act": Act.INSURER_REQUEST})
    async def slip(request: AnyRequest, number: FromPath[int]) -> Response[bytes]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        found = await site.rows.read(lambda connection: requests.slip(connection, visit.caller, visit.handle, number))
        name = f"tierce-{visit.caller.amc}-{receipt(number)}.json.age"
        return Response(
            found,
            media_type="application/octet-stream",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @post("/requests/{number:int}", opt={"act": Act.INSURER_REQUEST})
    async def reply(request: AnyRequest, number: FromPath[int]) -> Redirect:
        visit = await site.visit(request)
        word = (await site.sign_in.check_form(request)).get("outcome", "")
        await site.rows.read(lambda connection: requests.reply(connection, visit.caller, visit.handle, number, word))
        return Redirect("/requests", status_code=303)

    return [listed, slip, reply]
