"""Transfers to one's own place: the list, and one with the invoices that it pays. Nobody covered appears here."""

from typing import Final
from urllib.parse import quote, urlencode

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.web.answers import FullTransferAnswer, RecoveriesAnswer, RecoveryAnswer, TransferAnswer, TransfersAnswer
from tierce.web.portal.asking import choose_first
from tierce.web.portal.papers import CHARS_MAX, euros, in_language, state_shown
from tierce.web.portal.site import AnyRequest, PortalSite

TRANSFERS: Final = "/v1/transfers"
RECOVERIES: Final = "/v1/recoveries"
KINDS: Final = {"open": "info", "paid": "good", "returned": "stop"}
"""How each state looks; its word says the same."""
RECOVERY_KINDS: Final = {
    "told": "attention", "running": "info", "done": "quiet", "cancelled": "quiet", "returned": "quiet",
}  # fmt: skip


def transfer_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of transfers."""

    @get("/transfers", opt={"act": Act.TRANSFER_READ})
    async def listed(request: AnyRequest, cursor: FromQuery[str] = "") -> Response[str]:
        """List the transfers to the place; nobody is named."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        query = {"cursor": cursor[:CHARS_MAX]} if cursor else None
        found = await site.api.read(TRANSFERS, visit.held, TransfersAnswer, query)
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
        found = await site.api.read(
            f"{TRANSFERS}/{quote(number[:CHARS_MAX], safe='')}", visit.held, FullTransferAnswer
        )
        lines = [
            {
                "id": line.id,
                "reference": line.reference,
                "care": line.care_date,
                "asked": euros(line.asked),
                "paid": euros(line.paid),
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
    return {
        "id": one.id,
        "invoice": one.invoice,
        "reference": one.reference,
        "care": one.care_date,
        "insurer": one.insurer,
        "paid": euros(one.paid),
        "amount": euros(one.amount),
        "taken": euros(one.taken),
        "here": euros(-one.here),
        "settled": euros(one.settled),
        **state_shown(one.state, language, RECOVERY_KINDS),
        "reason": in_language(one.reason, language),
        "said": one.said,
        "until": one.contest_until if one.state.code == "told" else None,
    }


def _shown(one: TransferAnswer, language: Language) -> dict[str, object]:
    """One transfer as the pages say it."""
    return {
        "id": one.id,
        "reference": one.reference,
        "insurer": one.insurer,
        "amount": euros(one.amount),
        "invoices": one.invoices,
        "account": one.account,
        **state_shown(one.state, language, KINDS),
        "reason": "" if one.reason is None else in_language(one.reason, language),
        "ordered": one.ordered_at,
        "ended": one.ended_at,
    }
