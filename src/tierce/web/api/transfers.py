"""Transfers to one's own place: what was paid, to which account, and which invoices. Nobody is named."""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from tierce.billing.settlement.errors import TransferMissingError
from tierce.billing.settlement.model import RETURNED_LABELS, TRANSFER_LABELS, OwnTransfer, Returned, TransferState
from tierce.billing.settlement.own import OwnTransfers
from tierce.billing.settlement.pain import reference
from tierce.billing.settlement.recoveries.model import REASON_LABELS, STAGE_LABELS, OwnRecovery
from tierce.kernel.clock import date_of
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.answers import (
    FullTransferAnswer,
    PaidAnswer,
    RecoveriesAnswer,
    RecoveryAnswer,
    Said,
    StateAnswer,
    TransferAnswer,
    TransfersAnswer,
)
from tierce.web.api.invoices import number_of, place_of
from tierce.web.api.problems import Problem, headers_of
from tierce.web.api.signin import AnyRequest, handle_of

TRANSFERS: Final = "/v1/transfers"
RECOVERIES: Final = "/v1/recoveries"
TRANSFERS_KEY: Final = "transfers"


def _transfers(request: AnyRequest) -> OwnTransfers:
    found: OwnTransfers = request.app.state[TRANSFERS_KEY]
    return found


@get(TRANSFERS, opt={"act": Act.TRANSFER_READ})
async def list_transfers(request: AnyRequest, cursor: FromQuery[str | None] = None) -> TransfersAnswer:
    """List the transfers to one's own place, newest first: what the bank statement shows."""
    rows, following = await _transfers(request).page(handle_of(request), place_of(cursor))
    answers = [TransferAnswer(**_members(one)) for one in rows]
    return TransfersAnswer(answers, None if following is None else str(following))


@get(TRANSFERS + "/{transfer:str}", opt={"act": Act.TRANSFER_READ})
async def read_transfer(request: AnyRequest, transfer: FromPath[str]) -> FullTransferAnswer:
    """Read one transfer to one's own place, and what it pays of each invoice."""
    one, taken = await _transfers(request).one(handle_of(request), number_of(transfer))
    lines = [
        PaidAnswer(str(line.invoice), line.reference, date_of(line.care_day), line.asked, line.due)
        for line in one.lines
    ]
    now = _transfers(request).clock.now()
    return FullTransferAnswer(**_members(one), lines=lines, recoveries=[_recovery(each, now) for each in taken])


@get(RECOVERIES, opt={"act": Act.TRANSFER_READ})
async def list_recoveries(request: AnyRequest) -> RecoveriesAnswer:
    """List what is recovered of one's own place: what was paid of an invoice and was not due, and why."""
    now = _transfers(request).clock.now()
    return RecoveriesAnswer([_recovery(one, now) for one in await _transfers(request).recoveries(handle_of(request))])


TRANSFER_ROUTES: list[HTTPRouteHandler] = [list_transfers, read_transfer, list_recoveries]


def _recovery(one: OwnRecovery, now: datetime) -> RecoveryAnswer:
    why = REASON_LABELS[one.of.reason]
    stage = one.of.stage(now)
    label = STAGE_LABELS[stage]
    return RecoveryAnswer(
        id=str(one.of.id),
        invoice=None if one.invoice is None else str(one.invoice),
        reference=one.of.reference,
        care_date=date_of(one.care_day),
        insurer=one.insurer,
        paid=one.paid,
        amount=one.of.amount,
        taken=one.of.taken,
        here=one.here,
        reason=Said(why.fr, why.en),
        said=one.of.said,
        state=StateAnswer(stage.name.lower(), Said(label.fr, label.en)),
        told_at=one.of.approved,
        contest_until=one.of.due,
        settled=one.of.settled,
    )


def _members(one: OwnTransfer) -> dict[str, Any]:
    label = TRANSFER_LABELS[one.state]
    why = RETURNED_LABELS[Returned(one.why)] if one.state is TransferState.RETURNED else None
    return {
        "id": str(one.id),
        "reference": reference(one.id),
        "insurer": one.insurer,
        "amount": one.amount,
        "invoices": one.invoices,
        "account": one.masked,
        "state": StateAnswer(one.state.name.lower(), Said(label.fr, label.en)),
        "reason": None if why is None else Said(why.fr, why.en),
        "ordered_at": one.filed,
        "ended_at": one.ended,
        "recovered": one.recovered,
    }


UNKNOWN: Final = Problem(
    404, "transfer_unknown",
    Phrase("Aucun virement à votre établissement n’a ce numéro.",
           "No transfer to your establishment has this number."),
    Phrase("Reprenez-le de la liste de vos virements.", "Take it from the list of your transfers."),
)  # fmt: skip


def _unknown(_request: AnyRequest, _error: TransferMissingError) -> Response[bytes]:
    return Response(
        UNKNOWN.body(), status_code=UNKNOWN.status, media_type="application/problem+json", headers=headers_of(UNKNOWN)
    )


TRANSFER_HANDLERS: Final[dict[int | type[Exception], Any]] = {TransferMissingError: _unknown}
"""For the application that mounts TRANSFER_ROUTES."""
