"""Staff end one assistant of a professional, with a reason; her professional and the other assistants go on."""

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents.errors import FormError
from tierce.incidents.holds import store
from tierce.incidents.holds.model import NamedAssistant
from tierce.incidents.lines import store as line_rows
from tierce.incidents.lines.model import Account
from tierce.kernel.ids import AssistantId, ProfessionalId
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest


def assistant_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes that end an assistant."""

    @get("/accounts/{professional:int}/assistants/{number:int}/end", opt={"act": Act.STAFF_ASSISTANT_END})
    async def ask(request: AnyRequest, professional: FromPath[int], number: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), ProfessionalId(professional), number, None)

    @post("/accounts/{professional:int}/assistants/{number:int}/end", opt={"act": Act.STAFF_ASSISTANT_END})
    async def end(request: AnyRequest, professional: FromPath[int], number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        whose, who, reason = ProfessionalId(professional), AssistantId(number), sent.get("reason", "")
        try:
            await site.rows.read(
                lambda connection: site.holds.end_assistant(connection, visit.caller, whose, who, reason)
            )
        except FormError as problem:
            return await _page(site, visit, whose, number, problem, reason)
        return Redirect(f"/accounts/{professional}", status_code=303)

    return [ask, end]


async def _page(
    site: OfficeSite,
    visit: Visit,
    professional: ProfessionalId,
    number: int,
    problem: FormError | None,
    reason: str = "",
) -> Response[str]:
    def read(connection: Connection) -> tuple[Account | None, NamedAssistant | None]:
        every = store.assistants(connection, professional)
        found = next((one for one in every if one.number == number and one.ended is None), None)
        return line_rows.account(connection, professional), found

    account, assistant = await site.rows.read(read)
    if account is None or assistant is None:
        raise NotFoundException
    values = {"account": account, "assistant": assistant, "problem": problem, "reason": reason}
    return site.page(visit, "end_assistant.html", values, status=422 if problem else 200)
