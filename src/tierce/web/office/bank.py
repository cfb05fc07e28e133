"""Establishments' accounts asked for: what is odd, who called, who confirmed; masked, whoever looks."""

from dataclasses import dataclass, replace
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from psycopg import Connection

from tierce.billing.bank import store
from tierce.billing.bank.model import ORIGIN_LABELS, REASON_LABELS, STATE_LABELS, NumberFrom, Seen
from tierce.billing.bank.rules import holds_iban
from tierce.billing.bank.service import LISTED_MAX, LOOKED_AT, SAID_CHARS_MAX, SPOKEN_CHARS_MAX, AccountDesk
from tierce.directory.store import place_by_number
from tierce.incidents.errors import FormError
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

PLACE_CHARS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class _Typed:
    """What staff typed and is given back: which form, what is wrong with it."""

    form: str = ""
    number_from: str = ""
    spoken_with: str = ""
    said: str = ""
    problem: FormError | None = None


def bank_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of establishments' accounts."""
    desk = AccountDesk(site.holds.appender, site.clock)

    @get("/bank", opt={"act": Act.STAFF_DIRECTORY})
    async def queue(request: AnyRequest, place: FromQuery[str] = "") -> Response[str]:
        visit = await site.visit(request)
        wanted = "".join(filter(str.isalnum, place))[:PLACE_CHARS_MAX]

        def history(connection: Connection) -> list[Seen] | None:
            found = place_by_number(connection, wanted)
            return None if found is None else store.history(connection, found.id, LISTED_MAX)

        values = {
            "asks": await site.rows.read(desk.queue),
            "place": wanted,
            "history": await site.rows.read(history) if wanted else None,
            "states": STATE_LABELS,
            "reasons": REASON_LABELS,
            "now": site.clock.now(),
        }
        return site.page(visit, "bank.html", values)

    @get("/bank/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def ask(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), desk, number, _Typed())

    @post("/bank/{number:int}/confirm", status_code=200, opt={"act": Act.STAFF_ACCOUNT_CONFIRM})
    async def confirm(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        typed = _Typed("confirm", sent.get("number_from", ""), sent.get("spoken_with", ""), sent.get("said", ""))
        try:
            await site.rows.read(
                lambda connection: desk.confirm(
                    connection, visit.caller, number, typed.number_from, typed.spoken_with, typed.said
                )
            )
        except FormError as problem:
            return await _page(site, visit, desk, number, replace(typed, problem=problem))
        return Redirect(f"/bank/{number}", status_code=303)

    @post("/bank/{number:int}/refuse", status_code=200, opt={"act": Act.STAFF_ACCOUNT_REFUSE})
    async def refuse(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        typed = _Typed("refuse", said=sent.get("said", ""))
        try:
            await site.rows.read(lambda connection: desk.refuse(connection, visit.caller, number, typed.said))
        except FormError as problem:
            return await _page(site, visit, desk, number, replace(typed, problem=problem))
        return Redirect(f"/bank/{number}", status_code=303)

    return [queue, ask, confirm, refuse]


def _given_back(text: str) -> str:
    return "" if holds_iban(text[:LOOKED_AT]) else text


async def _page(site: OfficeSite, visit: Visit, desk: AccountDesk, number: int, typed: _Typed) -> Response[str]:
    found, others = await site.rows.read(lambda connection: desk.ask(connection, number))
    # What was typed is given back, but for an account: no page shows one, not even to whoever typed it.
    typed = replace(typed, spoken_with=_given_back(typed.spoken_with), said=_given_back(typed.said))
    values = {
        "ask": found,
        "others": others,
        "states": STATE_LABELS,
        "reasons": REASON_LABELS,
        "origins": ORIGIN_LABELS,
        "sources": [str(one.value) for one in NumberFrom],
        "confirmed_by_me": any(one.staff == visit.caller.staff for one in found.confirmations),
        "typed": typed,
        "spoken_max": SPOKEN_CHARS_MAX,
        "said_max": SAID_CHARS_MAX,
        "now": site.clock.now(),
    }
    return site.page(visit, "bank_ask.html", values, status=422 if typed.problem else 200)
