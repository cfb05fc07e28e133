"""What becomes of an invoice, from its lines and from what covers the person."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.billing.deciding.errors import AlikeError
from tierce.billing.deciding.model import Beside, Case, Guaranteed, Product, Waiting
from tierce.billing.deciding.rules import decide, waits_behind, with_the_rest, within_cost
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Basket, Benefit, Cap, Formula, Measure, Past, Tables, Tariff
from tierce.billing.pricing.store import tables_of
from tierce.billing.refusing.model import Ruling
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase

DAY: Final = 20_000
LAST: Final = 40_000
PRODUCT: Final = Product(5, responsible=False)


def tariff(item: str, domain: Domain = Domain.OPTI, base: int = 10_000) -> Tariff:
    return Tariff(
        item=item, domain=domain, basket=Basket.NONE, base=base, rate=600, ceiling=None, whole_tm=False, least=None,
        most=None, label=Phrase(item, item), from_day=0, until_day=LAST, id=1,
    )  # fmt: skip


def benefit(item: str | None, formula: Formula, cap: Cap | None = None) -> Benefit:
    return Benefit(
        product=PRODUCT.id, domain=Domain.OPTI, item=item, formula=formula, cap=cap, from_day=0, until_day=LAST, id=2
    )


TABLES: Final = tables_of(
    [tariff("LENS"), tariff("FRAME"), tariff("BOX", Domain.PHAR)],
    [
        benefit("LENS", Formula(Measure.REAL), Cap(24, cents=15_000)),
        benefit(None, Formula(Measure.FIXED, 0)),
    ],
    2,
)


def line(item: str, price: int, asked: int | None = None, quantity: int = 1) -> InvoiceLine:
    return InvoiceLine(item, quantity, price, 6_000, price - 6_000 if asked is None else asked)


def beside(item: str, due: int, *, same_insurer: bool, waits: bool = False, quantity: int = 1) -> Beside:
    return Beside(1 if same_insurer else 2, waits, (line(item, 16_000, quantity=quantity),), (due,))


WEEKS: Final = Guaranteed(DAY, DAY + 30)


def case(*lines: InvoiceLine, deposit: int | None = None, guaranteed: Guaranteed = WEEKS) -> Case:
    person = 9 if deposit is None else None
    one = Waiting(1, 101, person, 1, Domain.OPTI, DAY, deposit, None, guaranteed, lines)
    return Case(one, PRODUCT if deposit is None else None)


def test_a_line_is_paid_by_its_product_and_the_rest_is_the_persons() -> None:
    whole = decide(case(line("LENS", 16_000)), TABLES)
    assert (whole.state, whole.reason, whole.due) == (InvoiceState.ACCEPTED, InvoiceReason.NONE, 10_000)
    part = decide(case(line("LENS", 16_000), line("FRAME", 12_000)), TABLES)
    assert (part.state, part.reason, part.dues) == (InvoiceState.ACCEPTED, InvoiceReason.PARTLY, (10_000, 0))
    lens_alone = tables_of([tariff("LENS"), tariff("FRAME")], [benefit("LENS", Formula(Measure.REAL))], 2)
    assert decide(case(line("FRAME", 12_000), line("LENS", 16_000)), lens_alone).dues == (0, 10_000), "no benefit"


def test_a_cap_is_drawn_by_earlier_invoices_and_by_the_lines_before() -> None:
    two = decide(case(line("LENS", 16_000), line("LENS", 16_000)), TABLES)
    assert two.dues == (10_000, 5_000)
    after = decide(replace(case(line("LENS", 16_000)), history=(Past("LENS", DAY - 100, 1, 12_000),)), TABLES)
    assert (after.reason, after.dues) == (InvoiceReason.PARTLY, (3_000,))
    used_up = decide(replace(case(line("LENS", 16_000)), history=(Past("LENS", DAY - 100, 1, 15_000),)), TABLES)
    assert (used_up.state, used_up.reason) == (InvoiceState.REFUSED, InvoiceReason.NO_BENEFIT)


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (case(line("GLASS", 9_000)), InvoiceReason.ITEM_UNKNOWN),
        (case(line("LENS", 16_000), line("BOX", 9_000)), InvoiceReason.NOT_IN_DOMAIN),
        (case(line("FRAME", 9_000)), InvoiceReason.NO_BENEFIT),
        (
            replace(
                case(line("LENS", 16_000)),
                beside=(beside("LENS", 10, same_insurer=True),),
            ),
            InvoiceReason.DUPLICATE,
        ),
        (
            replace(
                case(line("LENS", 16_000)),
                beside=(beside("LENS", 1, same_insurer=False),),
            ),
            InvoiceReason.DUPLICATE,
        ),
        (replace(case(line("LENS", 16_000)), contract_ended=DAY - 1), InvoiceReason.CONTRACT_ENDED),
        (case(line("LENS", 16_000), guaranteed=Guaranteed(DAY - 9, DAY - 1)), InvoiceReason.AFTER_GUARANTEE),
        (case(line("LENS", 16_000), guaranteed=Guaranteed(DAY + 1, DAY + 9)), InvoiceReason.AFTER_GUARANTEE),
        (
            case(line("GLASS", 9_000, 2_500), deposit=7, guaranteed=Guaranteed(DAY, DAY, 2_499)),
            InvoiceReason.NOT_GUARANTEED,
        ),
    ],
)
def test_what_is_refused_pays_nothing_of_any_line(of: Case, reason: InvoiceReason) -> None:
    found = decide(of, TABLES)
    assert (found.state, found.reason, set(found.dues)) == (InvoiceState.REFUSED, reason, {0})
    assert len(found.dues) == len(of.invoice.lines)


def test_a_second_insurer_pays_what_the_first_leaves_and_other_care_of_the_day_is_none_of_it() -> None:
    """Of 10,000 cents that the compulsory scheme leaves."""
    asking = case(line("LENS", 16_000, 7_000))
    by_two = replace(asking, beside=(beside("LENS", 3_000, same_insurer=False),))
    assert decide(by_two, TABLES).due == 7_000
    above = replace(asking, beside=(beside("LENS", 3_001, same_insurer=False),))
    assert decide(above, TABLES).reason is InvoiceReason.DUPLICATE
    others = replace(
        asking,
        beside=(
            beside("LENS", 9_000, same_insurer=True, quantity=2),
            beside("FRAME", 9_000, same_insurer=True),
        ),
    )
    assert decide(others, TABLES).due == 7_000


@pytest.mark.parametrize(
    ("first", "asked", "ruling", "due"),
    [
        (10_000, 10_000, Ruling.TWO_PEOPLE, 10_000),
        (10_000, 10_000, Ruling.ONE_PERSON, 0),
        (10_000, 10_000, None, None),
        (4_000, 6_000, None, 6_000),  # of one person or of two, it is what the first insurer left
        (4_000, 6_001, None, None),
        (4_000, 6_001, Ruling.TWO_PEOPLE, 6_001),
        (4_000, 6_001, Ruling.ONE_PERSON, 0),
    ],
)
def test_whether_two_are_one_person_is_asked_of_staff_where_what_is_due_depends_on_it(
    first: int, asked: int, ruling: Ruling | None, due: int | None
) -> None:
    """Another insurer paid so much of the 10,000 cents that a lens leaves, in a name that may be hers."""
    of = replace(
        case(line("LENS", 16_000, asked)),
        beside=(replace(beside("LENS", first, same_insurer=False), alike=True),),
        ruling=ruling,
    )
    if due is None:
        with pytest.raises(AlikeError):
            decide(of, TABLES)
    else:
        found = decide(of, TABLES)
        assert (found.due, found.reason is InvoiceReason.DUPLICATE) == (due, not due)


@pytest.mark.parametrize(
    ("amo", "first", "rest"), [(6_000, 10_000, 0), (0, 10_000, 0), (0, 4_000, 6_000), (7_000, 4_000, 5_000)]
)
def test_what_two_insurers_pay_is_never_above_what_the_compulsory_scheme_really_leaves(
    amo: int, first: int, rest: int
) -> None:
    """A part that is stated below the tariff's 6,000 cents left the second insurer what the scheme pays already."""
    asking = case(InvoiceLine("LENS", 1, 16_000, amo, 16_000 - amo - first))
    second = replace(asking, beside=(Beside(2, False, (line("LENS", 16_000),), (first,)),))
    assert decide(second, TABLES).due == rest
    dearer = replace(second, beside=(Beside(2, False, (line("LENS", 12_000),), (5_000,)),))
    assert decide(dearer, TABLES).due <= 1_000, "nor above the lesser of the two prices stated"


def test_a_part_that_is_sent_to_a_second_insurer_is_paid_what_the_first_left_of_that_part() -> None:
    """Of LENS and FRAME, the first paid 4,000 cents of the 10,000 that the compulsory scheme leaves of the lens."""
    both = Beside(2, False, (line("LENS", 16_000), line("FRAME", 16_000)), (4_000, 9_000))
    part = case(line("LENS", 16_000, 6_000))
    assert decide(replace(part, beside=(both,)), TABLES).due == 6_000
    above = case(line("LENS", 16_000, 6_001))
    assert decide(replace(above, beside=(both,)), TABLES).reason is InvoiceReason.DUPLICATE
    assert decide(replace(above, beside=(replace(both, insurer=1),)), TABLES).due == 6_001, "other care, to the same"
    whole = case(line("LENS", 16_000, 6_000), line("FRAME", 16_000))
    lens = replace(both, lines=both.lines[:1], dues=(4_000,))
    assert decide(replace(whole, beside=(lens,)), TABLES).due == 6_000, "what is asked of the frame is no part of it"
    of_no_tariff = case(InvoiceLine("GONE", 1, 9_000, 0, 9_000)).invoice
    paid = replace(lens, lines=of_no_tariff.lines)
    assert within_cost(of_no_tariff, (paid,), TABLES)[0].asked == 5_000, "of a price of which nothing else is known"


def test_two_sessions_sent_to_one_insurer_are_one_invoice_to_another() -> None:
    """Each unit once: what the first insurer paid of both is what the second is not asked for."""
    first = tuple(Beside(2, False, (line("LENS", 16_000, quantity=n),), (3_000,)) for n in (1, 2))
    both = case(InvoiceLine("LENS", 3, 32_000, 12_000, 14_000))
    assert decide(replace(both, beside=first), TABLES).due == 14_000 - 6_000, "the tariff's compulsory part is 18,000"
    above = replace(both.invoice, lines=(InvoiceLine("LENS", 3, 32_000, 12_000, 14_001),))
    assert decide(replace(both, invoice=above, beside=first), TABLES).reason is InvoiceReason.DUPLICATE


def test_units_that_go_beyond_what_another_insurer_was_sent_are_paid_whole() -> None:
    paid = Beside(2, False, (line("LENS", 16_000),), (10_000,))
    three = case(InvoiceLine("LENS", 3, 48_000, 18_000, 20_000))
    assert decide(replace(three, beside=(paid,)), TABLES).due == 15_000, "its cap"
    assert within_cost(three.invoice, (paid,), TABLES)[0].asked == 20_000
    assert with_the_rest(((1, 100),), [((1, 100),), ((1, 300), (2, 400))]) == 100 + 300 + 200


def test_what_one_line_leaves_pays_no_other_line_twice() -> None:
    asking = case(line("LENS", 16_000), line("FRAME", 16_000, 0))
    paid = Beside(2, False, (line("LENS", 16_000), line("FRAME", 16_000)), (4_000, 0))
    found = decide(replace(asking, beside=(paid,)), TABLES)
    assert (found.reason, found.dues) == (InvoiceReason.PARTLY, (6_000, 0))


@given(
    st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 100)), min_size=4, max_size=4),
    st.tuples(st.integers(7_000, 30_000), st.integers(7_000, 30_000)),
)
def test_two_insurers_never_pay_above_the_cost_of_a_code(
    sent: list[tuple[int, int]], prices: tuple[int, int]
) -> None:
    cents = [
        InvoiceLine(item, 1, price, min(amo, price), (price - min(amo, price)) * share // 100)
        for (amo, share), (item, price) in zip(sent, [("LENS", one) for one in prices] * 2, strict=True)
    ]
    first = case(*cents[:2])
    paid = decide(first, TABLES)
    also = replace(case(*cents[2:]), beside=(Beside(2, False, first.invoice.lines, paid.dues),))
    if not paid.due:
        return
    left = sum(price - min(price, 10_000) * 6 // 10 for price in prices)
    assert paid.due + decide(also, TABLES).due <= left + 1


def test_what_is_about_the_same_care_waits_for_what_goes_before_it_and_nothing_else_does() -> None:
    asking = case(line("LENS", 16_000, 7_000)).invoice
    for same_insurer in (True, False):
        first = beside("LENS", 0, same_insurer=same_insurer, waits=True)
        assert waits_behind(asking, (first,))
        assert not waits_behind(asking, (replace(first, waits=False),))
        more = replace(first, lines=(line("LENS", 16_000, quantity=2), line("FRAME", 16_000)), dues=(0, 0))
        assert waits_behind(asking, (more,)) is not same_insurer, "two sessions; or a part of what another is to pay"
        assert not waits_behind(asking, (replace(first, lines=(line("FRAME", 16_000),)),))


def test_care_of_the_last_day_of_a_contract_is_paid() -> None:
    assert decide(replace(case(line("LENS", 16_000)), contract_ended=DAY), TABLES).due == 10_000


def test_a_deposit_that_was_guaranteed_is_paid_as_asked_and_nobody_is_looked_up() -> None:
    quoted = case(line("GLASS", 9_000, 2_500), deposit=7, guaranteed=Guaranteed(DAY, DAY, 2_500))
    found = decide(quoted, Tables({}, {}, 0))
    assert (found.state, found.reason, found.due) == (InvoiceState.ACCEPTED, InvoiceReason.NONE, 2_500)
    lens = case(InvoiceLine("LENS", 1, 16_000, 0, 16_000), deposit=7, guaranteed=Guaranteed(DAY, DAY, 16_000))
    assert decide(lens, TABLES).due == 16_000, "whatever a tariff says: no other insurer was sent it"


@given(
    st.lists(
        st.tuples(st.sampled_from(["LENS", "FRAME"]), st.integers(6_001, 60_000), st.integers(0, 100)),
        max_size=6,
        min_size=1,
    ),
    st.lists(
        st.tuples(st.sampled_from(["LENS", "FRAME"]), st.integers(-900, 900), st.integers(1, 9_000)), max_size=4
    ),
)
def test_nothing_is_paid_above_what_is_asked_nor_above_a_cap(
    wanted: list[tuple[str, int, int]], before: list[tuple[str, int, int]]
) -> None:
    lines = tuple(line(item, price, (price - 6_000) * share // 100) for item, price, share in wanted)
    history = tuple(Past(item, DAY + day, 1, due) for item, day, due in before)
    found = decide(replace(case(*lines), history=history), TABLES)
    assert all(0 <= due <= one.asked for due, one in zip(found.dues, lines, strict=True))
    assert (found.due == 0) == (found.state is InvoiceState.REFUSED)
    assert (found.reason is InvoiceReason.NONE) == (found.due == sum(one.asked for one in lines) != 0)
    assert sum(due for due, one in zip(found.dues, lines, strict=True) if one.item == "LENS") <= 15_000
