"""Recoveries: one of the staff opens one of what a transfer paid, another approves it; nobody covered is named."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.billing.bank.rules import holds_iban
from tierce.billing.settlement.desk import TransferDesk
from tierce.billing.settlement.model import TransferState
from tierce.billing.settlement.recoveries.desk import LOOKED_AT, SAID_CHARS_MAX, RecoveryDesk, Typed
from tierce.billing.settlement.recoveries.errors import RecoveryMovedError
from tierce.billing.settlement.recoveries.model import REASON_LABELS, STAGE_LABELS, StaffRecovery, Word
from tierce.incidents.errors import FormError
from tierce.policy.acts import Act
from tierce.policy.transfers import CONTEST_DAYS, RECOVERED_PERCENT, UNSETTLED_DAYS
from tierce.web.office.payments import euros
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

_AMOUNT: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_EMPTY: Final = Typed("", "", "", "")
_WORDS: Final = {"approve": Word.APPROVE, "cancel": Word.CANCEL, "settle": Word.SETTLE}


@dataclass(frozen=True, slots=True)
class _Sent:
    """What staff typed and is given back, and what is wrong with it."""

    typed: Typed = _EMPTY
    problem: FormError | None = None
    what: Word = Word.CANCEL

    @property
    def shown(self) -> "_Sent":
        """Without an account: no page shows one, not even to whoever typed it."""
        said = "" if holds_iban(self.typed.said[:LOOKED_AT]) else self.typed.said
        return replace(self, typed=replace(self.typed, said=said))


def recovery_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of recoveries."""
    desk = RecoveryDesk(site.holds.appender, site.clock)
    transfers = TransferDesk(site.holds.appender, site.clock)

    @get("/recoveries", opt={"act": Act.STAFF_DIRECTORY})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        rows = await site.rows.read(desk.listed)
        unsettled = await site.rows.read(desk.unsettled)
        values = {"rows": rows, "unsettled": unsettled, "unsettled_days": UNSETTLED_DAYS}
        return site.page(visit, "recoveries.html", _common(site) | values)

    @get("/recoveries/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def one(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), desk, number, _Sent())

    @post("/recoveries/{number:int}/say", status_code=200, opt={"act": Act.STAFF_RECOVERY})
    async def say(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        what, said = _WORDS.get(sent.get("what", "")), sent.get("said", "")
        if what is None:
            raise RecoveryMovedError
        amount = sent.get("amount", "")

        def keep(connection: Connection) -> bool:
            seen = int(amount) if _AMOUNT.fullmatch(amount) else 0
            return desk.say(connection, visit.caller, number, what, said=said, seen_amount=seen)

        try:
            await site.rows.read(keep)
        except FormError as problem:
            typed = Typed("", "", "", said)
            return await _page(site, visit, desk, number, _Sent(typed, problem, what))
        return Redirect(f"/recoveries/{number}", status_code=303)

    @get("/transfers/{number:int}/recover", opt={"act": Act.STAFF_RECOVERY})
    async def form(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await _form(site, await site.visit(request), transfers, number, _Sent())

    @post("/transfers/{number:int}/recover", status_code=200, opt={"act": Act.STAFF_RECOVERY})
    async def recover(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        typed = Typed(*(sent.get(name, "") for name in ("reference", "euros", "reason", "said")))
        try:
            made = await site.rows.read(lambda connection: desk.open_(connection, visit.caller, number, typed))
        except FormError as problem:
            return await _form(site, visit, transfers, number, _Sent(typed, problem))
        return Redirect(f"/recoveries/{made}", status_code=303)

    return [listed, one, say, form, recover]


def _common(site: OfficeSite) -> dict[str, object]:
    return {
        "reasons": REASON_LABELS,
        "stages": STAGE_LABELS,
        "now": site.clock.now(),
        "words": Word,
        "euros": euros,
        "days": CONTEST_DAYS,
        "percent": RECOVERED_PERCENT,
        "said_max": SAID_CHARS_MAX,
    }


async def _page(site: OfficeSite, visit: Visit, desk: RecoveryDesk, number: int, sent: _Sent) -> Response[str]:
    found: StaffRecovery = await site.rows.read(lambda connection: desk.one(connection, number))

    mine = partial(found.said_by, visit.caller.staff)
    values = _common(site) | {"one": found, "said_by_me": mine, "sent": sent.shown}
    return site.page(visit, "recovery.html", values, status=422 if sent.problem else 200)


async def _form(site: OfficeSite, visit: Visit, desk: TransferDesk, number: int, sent: _Sent) -> Response[str]:
    _, transfer = await site.rows.read(lambda connection: desk.transfer(connection, number))
    values = _common(site) | {"one": transfer, "sent": sent.shown, "paid": transfer.state is TransferState.PAID}
    return site.page(visit, "recovery_open.html", values, status=422 if sent.problem else 200)
