"""Whatever happens between a look-up and the bank, what left is what stands as paid, less what was taken back."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.money_world import Money, money

__all__ = ["money"]
pytestmark = pytest.mark.integration
ACTS = (
    "send", "send", "send", "send_receipt", "ask", "send_granted", "decide", "decide", "take_back",
    "take_back_agreement",
    "gives", "moves", "gone", "ends", "gather", "approve", "refuse", "carry_out", "reject", "pay", "pay",
    "pay", "come_back", "come_back", "account", "recover", "recover", "give_up",
)  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 99)), min_size=8, max_size=30))
def test_whatever_happens_what_left_is_what_stands_as_paid_less_what_was_taken_back(
    money: Money, acts: list[tuple[str, int]]
) -> None:
    money.begin()
    for what, number in acts:
        money.act(what, number)
        money.holds()
    money.settle_all()
