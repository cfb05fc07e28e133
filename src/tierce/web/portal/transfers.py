"""Transfers to one's own place: the list, and one with the invoices that it pays. Nobody covered appears here."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.web.answers import RecoveriesAnswer, RecoveryAnswer
from tierce.web.portal.api import Guarantee
from tierce.web.portal.asking import choose_first
from tierce.web.portal.papers import CHARS_MAX, Stands
from tierce.web.portal.site import AnyRequest, PortalSite

TRANSFERS: Final = "/v1/transfers"
RECOVERIES: Final = "/v1/recoveries"
KINDS: Final = {"open": "info", "paid": "good", "returned": "stop"}
"""How each state looks; its word says the same."""
RECOVERY_KINDS: Final = {
    "told": "attention", "running": "info", "done": "quiet", "cancelled": "quiet", "returned": "quiet",
}  # fmt: skip


class Paid(msgspec.Struct):
    """One invoice that a transfer pays, in cents."""

    id: str
    reference: str
    care_date: date
    asked: int
    paid: int


class Transfer(msgspec.Struct):
    """One transfer to the place, in cents."""

    id: str
    reference: str
    insurer: str
    amount: int
    invoices: int
    account: str
    state: Stands
    ordered_at: datetime
    reason: Guarantee | None = None
    ended_at: datetime | None = None
    recovered: int = 0
    lines: list[Paid] = []
    recoveries: list[RecoveryAnswer] = []


class Page(msgspec.Struct):
    """Transfers, newest first, and the cursor of the next page, if there is one."""

    rows: list[Transfer]
    cursor: str | None = None


def transfer_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of transfers."""

    @get("/transfers", opt={"act": Act.TRANSFER_READ})
    async def listed(request: AnyRequest, cursor: FromQuery[str] = "") -> Response[str]:
        """List the transfers to the place; nobody is named."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        query = {"cursor": cursor[:CHARS_MAX]} if cursor else None
        found = await site.api.read(TRANSFERS, visit.held, Page, query)
        values = {
            "rows": [_shown(row, visit.frame.language) for row in found.rows],
            "older": urlencode({"cursor": found.cursor}) if found.cursor else "",
            "first": not cursor,
        }
        return site.page(visit, "transfers.html", values)

    @get("/transfers/{number:str}", opt={"act": Act.TRANSFER_READ})
    async def one(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        """Show one transfer: what it pays of each invoice."""
        visit = await site.visit(request)
        found = await site.api.read(f"{TRANSFERS}/{quote(number[:CHARS_MAX], safe='')}", visit.held, Transfer)
        lines = [
            {
                "id": line.id,
                "reference": line.reference,
                "care": line.care_date,
                "asked": Decimal(line.asked) / 100,
                "paid": Decimal(line.paid) / 100,
            }
            for line in found.lines
        ]
        taken = [_recovered(each, visit.frame.language) for each in found.recoveries]
        values = {"one": _shown(found, visit.frame.language), "lines": lines, "taken": taken}
        return site.page(visit, "transfer.html", values)

    @get("/recoveries", opt={"act": Act.TRANSFER_READ})
    async def recoveries(request: AnyRequest) -> Response[str]:
        """List what is recovered of the place, why, and until when it may be contested."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        found = await site.api.read(RECOVERIES, visit.held, RecoveriesAnswer)
        rows = [_recovered(row, visit.frame.language) for row in found.rows]
        return site.page(visit, "recoveries.html", {"rows": rows})

    return [listed, one, recoveries]


def _recovered(one: RecoveryAnswer, language: Language) -> dict[str, object]:
    """One recovery as the pages say it."""
    english = language is Language.EN
    return {
        "id": one.id,
        "invoice": one.invoice,
        "reference": one.reference,
        "care": one.care_date,
        "insurer": one.insurer,
        "paid": Decimal(one.paid) / 100,
        "amount": Decimal(one.amount) / 100,
        "taken": Decimal(one.taken) / 100,
        "here": Decimal(-one.here) / 100,
        "settled": Decimal(one.settled) / 100,
        "kind": RECOVERY_KINDS.get(one.state.code, "quiet"),
        "state": one.state.label.en if english else one.state.label.fr,
        "reason": one.reason.en if english else one.reason.fr,
        "said": one.said,
        "until": one.contest_until if one.state.code == "told" else None,
    }


def _shown(one: Transfer, language: Language) -> dict[str, object]:
    """One transfer as the pages say it."""
    why = one.reason
    return {
        "id": one.id,
        "reference": one.reference,
        "insurer": one.insurer,
        "amount": Decimal(one.amount) / 100,
        "invoices": one.invoices,
        "account": one.account,
        "kind": KINDS.get(one.state.code, "quiet"),
        "state": one.state.label.en if language is Language.EN else one.state.label.fr,
        "reason": "" if why is None else why.en if language is Language.EN else why.fr,
        "ordered": one.ordered_at,
        "ended": one.ended_at,
    }
