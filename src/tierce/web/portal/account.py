"""Where the establishment is paid: the account in force, another one asked for, the button that stops it.

No page shows an account again, not even to whoever typed it wrong: it is typed anew.
"""

from dataclasses import dataclass
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from litestar.response import Redirect

from tierce.policy.accounts import SIGNED_IN_MINUTES, WORKING_DAYS
from tierce.policy.acts import Act
from tierce.web.portal.account_api import ACCOUNT, ACCOUNT_STOP, ask_account, read_accounts, stop_account
from tierce.web.portal.api import Signed
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import Wrong, signed_of
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

DONE: Final = frozenset({"asked", "withdrawn", "objected"})
"""What was done just before a page: a word of its address, never anything typed."""
IBAN_CHARS, HOLDER_CHARS = 60, 100


class _Ask(msgspec.Struct):
    """The body of an ask, as the browser signs it."""

    iban: str
    holder: str


@dataclass(frozen=True, slots=True)
class _Refused:
    """What is wrong with what was typed, and the holder, which alone is given back."""

    wrong: Wrong
    holder: str


def account_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of the establishment's account."""

    @get("/account", opt={"act": Act.ACCOUNT_READ})
    async def account(request: AnyRequest, done: FromQuery[str] = "") -> Response[str]:
        """Show where the establishment is paid."""
        return await _page(site, await site.visit(request), done if done in DONE else "")

    @post("/account", status_code=200, opt={"act": Act.ACCOUNT_ASK})
    async def ask(request: AnyRequest) -> Response[str]:
        """Ask for another account."""
        held, fields = await site.form(request)
        visit, signed = await site.visit(request), signed_of(fields)
        if not signed.body:
            plain = _Ask(fields.get("iban", "")[:IBAN_CHARS], fields.get("holder", "")[:HOLDER_CHARS])
            signed = Signed(msgspec.json.encode(plain), None)
        try:
            await ask_account(site.api, held, signed)
        except ApiRefusedError as error:
            if error.field not in {"iban", "holder"}:
                raise
            wrong = Wrong(error.field, error.reason, error.remedy)
            return await _page(site, visit, "", _Refused(wrong, _holder(signed.body)))
        return Redirect("/account?done=asked", status_code=303)

    @post("/account/stop", status_code=200, opt={"act": Act.ACCOUNT_STOP})
    async def stop(request: AnyRequest) -> Response[str]:
        """Take the ask back, or object to it."""
        held, fields = await site.form(request)
        own = (await read_accounts(site.api, held)).under_way
        await stop_account(site.api, held, signed_of({"body": "{}", **fields}))
        done = "withdrawn" if own is not None and own.own else "objected"
        return Redirect(f"/account?done={done}", status_code=303)

    return [account, ask, stop]


def _holder(body: bytes) -> str:
    """The holder that was typed; none of a body that no browser of ours signed."""
    try:
        return msgspec.json.decode(body, type=_Ask).holder[:HOLDER_CHARS]
    except msgspec.DecodeError:
        return ""


async def _page(site: PortalSite, visit: Visit, done: str, refused: _Refused | None = None) -> Response[str]:
    errors = {refused.wrong.field: refused.wrong.text(visit.frame.language)} if refused else {}
    values = {
        "accounts": await read_accounts(site.api, visit.held),
        "ask_url": site.act_url(ACCOUNT),
        "stop_url": site.act_url(ACCOUNT_STOP),
        "done": done,
        "errors": errors,
        "error_list": list(errors.items()),
        "holder": refused.holder if refused else "",
        "working_days": WORKING_DAYS,
        "minutes": SIGNED_IN_MINUTES,
    }
    return site.page(visit, "account.html", values, status=422 if refused else 200)
