"""What was paid for the insurer, in sums: month by month, and file by file as the bank was handed them."""

from decimal import Decimal

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from tierce.billing.settlement.model import BATCH_LABELS, BatchState
from tierce.billing.settlement.pain import message_id
from tierce.insurers.model import Payments
from tierce.insurers.rules import payments_csv
from tierce.policy.acts import Act
from tierce.web.insurers.site import InsurersSite, Visit
from tierce.web.visit import AnyRequest

KINDS = {BatchState.FILED: "info", BatchState.EXECUTED: "good", BatchState.REJECTED: "stop"}
"""How each state of a batch that has a file looks; its word says the same."""
ROWS_SHOWN = 60
"""Files listed on the page; the download has them all."""


def payment_handlers(site: InsurersSite) -> list[HTTPRouteHandler]:
    """Make the routes; each writes its line before it tells anything."""

    async def read(visit: Visit) -> Payments:
        return await site.rows.read(lambda connection: site.desk.payments(connection, visit.caller, visit.handle))

    @get("/payments", opt={"act": Act.INSURER_ACTIVITY})
    async def payments(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await read(visit)
        values = {
            "payments": found,
            "batches": [
                (one, message_id(one.id), BATCH_LABELS[BatchState(one.state)], KINDS[BatchState(one.state)])
                for one in found.batches[:ROWS_SHOWN]
            ],
            "cut": len(found.batches) > ROWS_SHOWN,
            "euros": euros,
        }
        return site.page(visit, "payments.html", values)

    @get("/payments/totals.csv", opt={"act": Act.INSURER_ACTIVITY})
    async def totals(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await read(visit)
        return Response(
            payments_csv((one, message_id(one.id)) for one in found.batches),
            media_type="text/csv",
            headers={"content-disposition": 'attachment; filename="virements.csv"'},
        )

    return [payments, totals]


def euros(cents: int) -> Decimal:
    """Cents as an amount that pages say."""
    return Decimal(cents) / 100
