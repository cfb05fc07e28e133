"""How far a recovery is, and what the next transfer takes of it or gives back: to the cent, and to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tierce.billing.settlement.recoveries.model import Reason, Recovery, RecoverySaid, StaffRecovery, Stage, Word
from tierce.kernel.ids import StaffId

NOW: Final = datetime(2026, 12, 2, 9, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
RUNS: Final = Recovery(
    id=1, reference="F-1", amount=4_000, reason=Reason.PRICE, said="Tarif corrigé.", approved=NOW,
    due=NOW, cancelled=None, taken=0, stands=True, settled=0,
)  # fmt: skip
"""40,00 € which two people approved, taken from this very instant on."""


@pytest.mark.parametrize(
    ("changes", "stage", "rest"),
    [
        ({"approved": None, "due": None}, Stage.ASKED, 0),
        ({"due": NOW + SECOND}, Stage.TOLD, 0),  # the place may still contest it
        ({}, Stage.RUNNING, 4_000),
        ({"taken": 3_000}, Stage.RUNNING, 1_000),
        ({"taken": 3_000, "settled": 999}, Stage.RUNNING, 1),
        ({"taken": 3_000, "settled": 1_000}, Stage.DONE, 0),  # the rest was paid back by another way
        ({"taken": 4_000}, Stage.DONE, 0),
        ({"cancelled": NOW}, Stage.CANCELLED, 0),
        ({"cancelled": NOW, "taken": 3_000}, Stage.CANCELLED, -3_000),
        ({"cancelled": NOW, "taken": 3_000, "settled": 500}, Stage.CANCELLED, -3_500),
        ({"cancelled": NOW, "taken": 3_000, "settled": -3_000}, Stage.CANCELLED, 0),  # given back by another way
        ({"cancelled": NOW, "approved": None, "due": None}, Stage.CANCELLED, 0),
        ({"stands": False}, Stage.RETURNED, 0),
        ({"stands": False, "taken": 4_000}, Stage.RETURNED, -4_000),  # what it was paid came back: it owes nothing
    ],
)
def test_what_the_next_transfer_takes_or_gives_back(changes: dict[str, Any], stage: Stage, rest: int) -> None:
    one = replace(RUNS, **changes)
    assert (one.stage(NOW), one.rest(NOW), one.back) == (stage, rest, max(0, -rest))


@pytest.mark.parametrize(
    ("staff", "what", "amount", "again", "said"),
    [(3, Word.SETTLE, 1_000, 0, True), (4, Word.SETTLE, 1_000, 0, False), (3, Word.CANCEL, 1_000, 0, False),
     (3, Word.SETTLE, 1_001, 0, False), (3, Word.SETTLE, 1_000, 1, False)],
)  # fmt: skip
def test_a_word_is_of_one_person_one_sum_and_the_time_since_it_was_last_settled(
    staff: int, what: Word, amount: int, again: int, said: bool
) -> None:
    word = RecoverySaid(Word.SETTLE, StaffId(3), "HÉLÈNE ROUX", "Chèque reçu.", NOW, amount=1_000)
    before = RecoverySaid(Word.APPROVE, StaffId(8), "BRUNO LAMY", "", NOW)
    one = StaffRecovery(RUNS, "CABINET", "Port-Sérac", "Grand Chêne", NOW, 4_000, again, (before, word))
    assert one.said_by(StaffId(staff), what, amount) is said
