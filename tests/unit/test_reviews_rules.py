"""What an insurer's staff type of a request under review, and the answer that it is."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.billing.model import InvoiceReason
from tierce.insurers.reviews.model import Answer, Review, ReviewLine
from tierce.insurers.reviews.rules import read_answer, reasons, typed_of
from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError

DAY = date(2026, 11, 29)


def review(*most: int) -> Review:
    lines = tuple(ReviewLine(n, "XDENTB", None, 1, 90_000, 7_200, 60_000, cents) for n, cents in enumerate(most, 1))
    return Review(7, Domain.DENT, datetime(2026, 11, 29, tzinfo=UTC), DAY, DAY, DAY, "990000601", None, True, lines)


def test_what_the_guarantee_gives_is_granted_without_a_reason_and_less_with_one() -> None:
    one = review(40_000, 500)
    assert read_answer(one, {"due-1": "400,00", "due-2": "5"}) == Answer((40_000, 500))
    part = {"due-1": " 1 20.5 €", "due-2": "0", "reason": "price_too_high"}
    assert read_answer(one, part) == Answer((12_050, 0), InvoiceReason.PRICE_TOO_HIGH)
    refused = {"due-1": "400,00", "due-2": "x", "refuse": "yes", "reason": "excluded"}
    assert read_answer(one, refused) == Answer((0, 0), InvoiceReason.EXCLUDED)
    whole = {"due-1": "400,00", "due-2": "5,00", "reason": "excluded"}
    assert read_answer(one, whole).reason is InvoiceReason.NONE, "a reason that was picked and is not needed"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "due-1"),
        ({"due-1": "400,01", "due-2": "5"}, "due-1"),
        ({"due-1": "-1", "due-2": "5"}, "due-1"),
        ({"due-1": "400,00", "due-2": "5,001"}, "due-2"),
        ({"due-1": "400,00", "due-2": "٥"}, "due-2"),
        ({"due-1": "0", "due-2": "0", "reason": "excluded"}, "due-1"),
        ({"due-1": "399,99", "due-2": "5"}, "reason"),
        ({"due-1": "399,99", "due-2": "5", "reason": "partly"}, "reason"),
        ({"refuse": "yes"}, "reason"),
        ({"refuse": "yes", "reason": "contract_ended"}, "reason"),
    ],
)
def test_what_is_no_answer_is_named_by_its_field(typed: dict[str, str], field: str) -> None:
    with pytest.raises(FieldError) as refused:
        read_answer(review(40_000, 500), typed)
    assert refused.value.field == field
    assert refused.value.remedy.fr != refused.value.remedy.en


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=20), st.data())
def test_no_line_is_granted_more_than_the_guarantee_gives(most: list[int], data: st.DataObject) -> None:
    typed = {f"due-{n}": typed_of(data.draw(st.integers(0, 10_000_001))) for n in range(1, len(most) + 1)}
    try:
        answer = read_answer(review(*most), typed | {"reason": "too_soon"})
    except FieldError:
        return
    assert all(0 <= due <= cents for due, cents in zip(answer.dues, most, strict=True))
    assert answer.due
    assert (answer.reason is InvoiceReason.NONE) == (list(answer.dues) == most)


def test_reasons_are_a_closed_list_in_both_languages() -> None:
    assert len(reasons()) == len({said.fr for _, said in reasons()} | {said.en for _, said in reasons()}) // 2 == 5
