"""View models of the pages of transfers in each of their states; everybody and everything in them is invented."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tierce.billing.bank.model import masked
from tierce.billing.settlement.model import RETURNED_LABELS, TRANSFER_LABELS, Returned, TransferState
from tierce.billing.settlement.pain import reference
from tierce.billing.settlement.recoveries.model import REASON_LABELS, STAGE_LABELS, Reason, Stage
from tierce.kernel.language import Language
from tierce.web.portal.transfers import KINDS, RECOVERY_KINDS

AT = datetime(2026, 3, 3, 9, 12, 45, 120_000, tzinfo=UTC)


def _one(state: TransferState, language: Language) -> dict[str, Any]:
    came_back = state is TransferState.RETURNED
    return {
        "id": "77", "reference": reference(2**63 - 1), "insurer": "Mutuelle du Grand Chêne et des Rives réunies",
        "amount": Decimal("12450.50"), "invoices": state.value, "account": masked("FR", "0172"),
        "kind": KINDS[state.name.lower()], "state": TRANSFER_LABELS[state][language],
        "reason": RETURNED_LABELS[Returned.ACCOUNT_CLOSED][language] if came_back else "",
        "ordered": AT, "ended": None if state is TransferState.OPEN else AT,
    }  # fmt: skip


def _taken(stage: Stage, language: Language) -> dict[str, Any]:
    return {
        "id": str(2**63 - 1), "invoice": "5", "reference": "F-2026-05", "care": date(2026, 2, 5),
        "insurer": "Mutuelle du Grand Chêne", "paid": Decimal("980.00"), "amount": Decimal("480.50"),
        "taken": Decimal("120.00"), "here": Decimal("-120.00"), "settled": Decimal("60.00"),
        "kind": RECOVERY_KINDS[stage.name.lower()],
        "state": STAGE_LABELS[stage][language], "reason": REASON_LABELS[Reason.COVER][language],
        "said": "Les droits étaient finis le 4 février.", "until": AT if stage is Stage.TOLD else None,
    }  # fmt: skip


def transfer_cases(base: dict[str, Any], language: Language) -> Iterator[tuple[str, str, Any]]:
    """Each page in each state: its name, its template and its values."""
    shown = [_one(state, language) for state in (TransferState.OPEN, TransferState.PAID, TransferState.RETURNED)]
    listed = {**base, "rows": shown, "older": "cursor=77", "first": True}
    none = {**listed, "rows": [], "older": ""}
    yield "transfers", "transfers.html", listed
    yield "transfers-empty", "transfers.html", none
    yield "transfers-end", "transfers.html", {**none, "first": False}
    lines = [
        {"id": str(number), "reference": f"F-2026-0{number}", "care": date(2026, 3, number),
         "asked": Decimal("1250.50"), "paid": Decimal("980.00")}
        for number in (1, 2)
    ]  # fmt: skip
    taken = [_taken(stage, language) for stage in (Stage.TOLD, Stage.RUNNING, Stage.CANCELLED)]
    for one in shown[1:]:
        yield f"transfer-{one['kind']}", "transfer.html", {**base, "one": one, "lines": lines, "taken": taken[1:]}
    yield "recoveries", "recoveries.html", {**base, "rows": taken}
    yield "recoveries-none", "recoveries.html", {**base, "rows": []}
