"""The key to which an insurer's lists are encrypted: proved by one, confirmed by another, then vouched for by us."""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from tierce.insurers.breaches import store
from tierce.insurers.breaches.errors import KeyRefusedError
from tierce.insurers.breaches.rules import fingerprint
from tierce.insurers.breaches.service import reader_of
from tierce.policy.acts import Act
from tierce.web.insurers.site import InsurersSite, Visit
from tierce.web.visit import AnyRequest


def key_handlers(site: InsurersSite) -> list[HTTPRouteHandler]:
    """Make the routes of the key."""

    async def shown(visit: Visit, challenge: str = "", refused: str = "", status: int = 200) -> Response[str]:
        keys = await site.rows.read(
            lambda connection: store.recipients(connection, reader_of(visit.caller, visit.handle))
        )
        current = next((one for one in keys if one.vouched_at is not None), None)
        waiting = next((one for one in keys if one.vouched_at is None), None)
        if waiting is not None and current is not None and waiting.proposed_at < current.proposed_at:
            waiting = None
        values = {
            "current": current,
            "waiting": waiting,
            "challenge": challenge,
            "refused": refused,
            "fingerprint": fingerprint,
            "own": waiting is not None and waiting.proposed_by == int(visit.caller.staff),
        }
        return site.page(visit, "key.html", values, status=status)

    @get("/key", opt={"act": Act.INSURER_COUNTS})
    async def key(request: AnyRequest) -> Response[str]:
        return await shown(await site.visit(request))

    @post("/key", status_code=200, opt={"act": Act.INSURER_RECIPIENT})
    async def propose(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        typed = (await site.sign_in.check_form(request)).get("recipient", "")[:200]
        try:
            challenge = await site.rows.read(
                lambda connection: site.breaches.propose(connection, visit.caller, visit.handle, typed)
            )
        except KeyRefusedError:
            return await shown(visit, refused="recipient", status=422)
        return await shown(visit, challenge=challenge)

    @post("/key/{number:int}/prove", status_code=200, opt={"act": Act.INSURER_RECIPIENT})
    async def prove(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        answer = (await site.sign_in.check_form(request)).get("answer", "")[:200]
        try:
            await site.rows.read(
                lambda connection: site.breaches.prove(connection, visit.caller, visit.handle, number, answer)
            )
        except KeyRefusedError:
            return await shown(visit, refused="answer", status=422)
        return Redirect("/key", status_code=303)

    @post("/key/{number:int}/confirm", status_code=200, opt={"act": Act.INSURER_RECIPIENT})
    async def confirm(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        try:
            await site.rows.read(
                lambda connection: site.breaches.confirm(connection, visit.caller, visit.handle, number)
            )
        except KeyRefusedError:
            return await shown(visit, refused="confirm", status=422)
        return Redirect("/key", status_code=303)

    return [key, propose, prove, confirm]
