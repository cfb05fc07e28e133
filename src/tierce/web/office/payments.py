"""Batches of transfers: what waits for two people, what the bank did; accounts are masked, whoever looks."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from psycopg import Connection

from tierce.billing.bank.rules import holds_iban
from tierce.billing.refusing.desk import RefusalDesk
from tierce.billing.settlement.desk import LOOKED_AT, SAID_CHARS_MAX, Shown, TransferDesk
from tierce.billing.settlement.listing import list_name
from tierce.billing.settlement.model import (
    BATCH_LABELS,
    BY_CODE,
    LEFT_LABELS,
    RETURNED_LABELS,
    TRANSFER_LABELS,
    Returned,
    Word,
)
from tierce.billing.settlement.pain import file_name, message_id, reference
from tierce.billing.settlement.recoveries.desk import RecoveryDesk
from tierce.billing.settlement.replies.model import WHAT_LABELS, What, code_words
from tierce.incidents.errors import FormError
from tierce.kernel.clock import date_of
from tierce.kernel.digits import number_in
from tierce.policy.acts import Act
from tierce.policy.transfers import REPLY_DAYS
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

_APPROVING: Final = {"approve": Word.APPROVE, "refuse": Word.REFUSE}
_SETTLING: Final = {"executed": Word.EXECUTED, "rejected": Word.REJECTED}


@dataclass(frozen=True, slots=True)
class _Typed:
    """What staff typed and is given back: which form, what is wrong with it."""

    form: str = ""
    said: str = ""
    detail: str = ""
    problem: FormError | None = None


def euros(amount: int) -> Decimal:
    """Cents as an amount that pages say."""
    return Decimal(amount) / 100


def payment_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of batches of transfers."""
    desk = TransferDesk(site.holds.appender, site.clock)
    recoveries = RecoveryDesk(site.holds.appender, site.clock)
    refusals = RefusalDesk(site.holds.appender, site.clock)

    @get("/payments", opt={"act": Act.STAFF_DIRECTORY})
    async def queue(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        batches, waits, late = await site.rows.read(desk.queue)
        unsettled = await site.rows.read(recoveries.unsettled)
        undecided = await site.rows.read(lambda connection: refusals.listed(connection, 1))
        values = {
            "undecided": undecided[0].found if undecided else 0,
            "batches": batches,
            "waits": waits,
            "late": late,
            "unsettled": unsettled[0].places if unsettled else 0,
            "days": REPLY_DAYS,
            "states": BATCH_LABELS,
            "lefts": LEFT_LABELS,
            "euros": euros,
        }
        return site.page(visit, "payments.html", values)

    @get("/payments/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def batch(request: AnyRequest, number: FromPath[int], after: FromQuery[int] = 0) -> Response[str]:
        return await _page(site, await site.visit(request), desk, number, _Typed(), after)

    @post("/payments/{number:int}/approve", status_code=200, opt={"act": Act.STAFF_BATCH_APPROVE})
    async def approve(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        return await _said(site, request, desk, number, _APPROVING)

    @post("/payments/{number:int}/list", status_code=200, opt={"act": Act.STAFF_BATCH_LIST})
    async def listed(request: AnyRequest, number: FromPath[int]) -> Response[bytes]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        content = await site.rows.read(lambda connection: desk.listed(connection, visit.caller, number))
        named = {"content-disposition": f'attachment; filename="{list_name(number)}"'}
        return Response(content, media_type="application/json", headers=named)

    @post("/payments/{number:int}/settle", status_code=200, opt={"act": Act.STAFF_BATCH_SETTLE})
    async def settle(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        return await _said(site, request, desk, number, _SETTLING)

    @get("/transfers/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def transfer(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await _transfer_page(site, await site.visit(request), desk, number, _Typed())

    @post("/transfers/{number:int}/returned", status_code=200, opt={"act": Act.STAFF_BATCH_SETTLE})
    async def returned(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        return await _said_of_transfer(site, request, desk, number, Word.RETURNED)

    @post("/transfers/{number:int}/left", status_code=200, opt={"act": Act.STAFF_BATCH_SETTLE})
    async def left(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        return await _said_of_transfer(site, request, desk, number, Word.LEFT)

    return [queue, batch, approve, listed, settle, transfer, returned, left]


async def _said(
    site: OfficeSite, request: AnyRequest, desk: TransferDesk, number: int, known: dict[str, Word]
) -> Response[Any]:
    """Keep what a form of a batch says."""
    visit = await site.visit(request)
    sent = await site.sign_in.check_form(request)
    what = known.get(sent.get("what", ""), next(iter(known.values())))
    typed = _Typed(what.name.lower(), sent.get("said", ""))
    seen = number_in(sent.get("total", ""), len(str(2**63)) - 1) or 0

    def say(connection: Connection) -> bool:
        return desk.say(connection, visit.caller, number, what, said=typed.said, seen_total=seen)

    try:
        await site.rows.read(say)
    except FormError as problem:
        return await _page(site, visit, desk, number, replace(typed, problem=problem), 0)
    return Redirect(f"/payments/{number}", status_code=303)


async def _said_of_transfer(
    site: OfficeSite, request: AnyRequest, desk: TransferDesk, number: int, what: Word
) -> Response[Any]:
    """Keep what a form of one transfer says."""
    visit = await site.visit(request)
    sent = await site.sign_in.check_form(request)
    typed = _Typed(what.name.lower(), sent.get("said", ""), sent.get("detail", ""))

    def say(connection: Connection) -> bool:
        if what is Word.LEFT:
            return desk.left(connection, visit.caller, number, typed.said)
        return desk.returned(connection, visit.caller, number, typed.detail, typed.said)

    try:
        await site.rows.read(say)
    except FormError as problem:
        return await _transfer_page(site, visit, desk, number, replace(typed, problem=problem))
    return Redirect(f"/transfers/{number}", status_code=303)


def _given_back(typed: _Typed) -> _Typed:
    """What was typed is given back, but for an account: no page shows one, not even to whoever typed it."""
    return replace(typed, said="" if holds_iban(typed.said[:LOOKED_AT]) else typed.said)


def _common(visit: Visit, shown: Shown, typed: _Typed) -> dict[str, object]:
    """What both pages show."""

    def mine(what: Word, subject: int | None = None) -> bool:
        return any(one.staff == visit.caller.staff for one in shown.said(what, subject))

    return {
        "batch": shown.batch,
        "shown": shown,
        "words": Word,
        "said_by_me": mine,
        "states": BATCH_LABELS,
        "transfer_states": TRANSFER_LABELS,
        "typed": typed,
        "said_max": SAID_CHARS_MAX,
        "euros": euros,
        "reference": reference,
        "heard": WHAT_LABELS,
        "bank": What,
        "code_words": code_words,
        "day": date_of,
        "days": REPLY_DAYS,
    }


async def _page(
    site: OfficeSite, visit: Visit, desk: TransferDesk, number: int, typed: _Typed, after: int
) -> Response[str]:
    shown = await site.rows.read(lambda connection: desk.shown(connection, number, after))
    values = _common(visit, shown, _given_back(typed)) | {
        "file": file_name(number),
        "message": message_id(number),
        "after": after,
    }
    return site.page(visit, "payments_batch.html", values, status=422 if typed.problem else 200)


async def _transfer_page(
    site: OfficeSite, visit: Visit, desk: TransferDesk, number: int, typed: _Typed
) -> Response[str]:
    shown, one = await site.rows.read(lambda connection: desk.transfer(connection, number))
    back = next((each for each in shown.heard(number) if each.what in {What.RETURNED, What.REJECTED}), None)
    reason = None if back is None else BY_CODE.get(back.code, Returned.OTHER)
    words = code_words(back.code) if back is not None and reason is Returned.OTHER else None
    values = _common(visit, shown, _given_back(typed)) | {
        "one": one,
        "reasons": RETURNED_LABELS,
        "back": back,
        "proposed": "" if reason is None else str(reason.value),
        "proposed_words": "" if words is None else words.fr,
    }
    return site.page(visit, "payments_transfer.html", values, status=422 if typed.problem else 200)
