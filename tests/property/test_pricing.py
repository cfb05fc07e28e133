"""What pricing promises of every line, tariff, formula and cap."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from tierce.billing.model import InvoiceLine
from tierce.billing.pricing.model import Basket, Benefit, Cap, Formula, Measure, Past, Priced, Tariff, Used
from tierce.billing.pricing.rules import price_line, used_so_far
from tierce.billing.pricing.store import tables_of
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase

DAY, PRODUCT, ITEM = 20_785, 1, "XMEDG1"
AMOUNTS = st.integers(0, 200_000)


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    base = draw(AMOUNTS)
    basket = draw(st.sampled_from(Basket))
    above = st.integers(max(1, base), base + 200_000)
    return Tariff(
        item=ITEM, domain=Domain.MEDG, basket=basket, base=base, rate=draw(st.integers(0, 1000)),
        ceiling=draw(above if basket is Basket.CLASS_A else st.none() | above), whole_tm=draw(st.booleans()),
        least=draw(st.none() | st.integers(1, 5_000)), most=draw(st.none() | st.integers(5_000, 42_000)),
        label=Phrase("inventé", "invented"), from_day=0, until_day=99_999,
    )  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> InvoiceLine:
    price = draw(st.integers(1, 400_000))
    amo = draw(st.integers(0, price))
    return InvoiceLine(ITEM, draw(st.integers(1, 9)), price, amo, draw(st.integers(0, price - amo)))


@st.composite
def formulas(draw: st.DrawFn) -> Formula:
    measure = draw(st.sampled_from(Measure))
    if measure in {Measure.WHOLE_TM, Measure.REAL}:
        return Formula(measure)
    return Formula(measure, draw(st.integers(1, 500) if measure is not Measure.FIXED else st.integers(1, 60_000)))


def caps(months: int = 12) -> st.SearchStrategy[Cap]:
    both = st.tuples(st.none() | st.integers(1, 60_000), st.none() | st.integers(1, 12))
    return both.filter(lambda one: one != (None, None)).map(lambda one: Cap(months, *one))


def benefit(formula: Formula, cap: Cap | None = None) -> Benefit:
    return Benefit(
        product=PRODUCT, domain=Domain.MEDG, item=None, formula=formula, cap=cap, from_day=0, until_day=99_999
    )


def priced(line: InvoiceLine, tariff: Tariff, of: Benefit, *, responsible: bool, used: Used | None = None) -> Priced:
    found = price_line(
        line, tables=tables_of([tariff], [of], 1), product=PRODUCT, responsible=responsible, domain=Domain.MEDG,
        care_day=DAY, used={of.key: used} if used else {},
    )  # fmt: skip
    assert isinstance(found, Priced)
    return found


@given(lines(), tariffs(), formulas(), st.none() | caps(), st.booleans())
def test_never_more_than_asked_nor_than_is_left(
    line: InvoiceLine, tariff: Tariff, formula: Formula, cap: Cap | None, responsible: bool
) -> None:
    found = priced(line, tariff, benefit(formula, cap), responsible=responsible)
    assert 0 <= found.due <= line.asked
    assert found.due + line.amo <= line.price
    assert found.amo >= line.amo
    assert found.due + found.amo <= max(line.price, found.amo)
    assert tariff.ceiling is None or found.due <= max(0, tariff.ceiling * line.quantity - found.amo)
    assert found.steps[-1].cents == found.due


@given(lines(), tariffs(), formulas(), st.integers(0, 500), st.booleans())
def test_a_formula_that_gives_more_never_pays_less(
    line: InvoiceLine, tariff: Tariff, formula: Formula, more: int, responsible: bool
) -> None:
    assume(formula.value)
    higher = replace(formula, value=formula.value + more)
    first = priced(line, tariff, benefit(formula), responsible=responsible)
    assert first.due <= priced(line, tariff, benefit(higher), responsible=responsible).due
    real = priced(line, tariff, benefit(Formula(Measure.REAL)), responsible=False)
    assert priced(line, tariff, benefit(formula), responsible=False).due <= real.due


@given(lines(), tariffs(), formulas(), st.integers(0, 100_000), st.booleans())
def test_more_stated_by_the_professional_never_pays_more(
    line: InvoiceLine, tariff: Tariff, formula: Formula, more: int, responsible: bool
) -> None:
    amo = min(line.price, line.amo + more)
    other = replace(line, amo=amo, asked=min(line.asked, line.price - amo))
    first = priced(line, tariff, benefit(formula), responsible=responsible)
    assert priced(other, tariff, benefit(formula), responsible=responsible).due <= first.due


@given(lines(), tariffs(), formulas())
def test_a_responsible_contract_pays_the_whole_tm_and_no_less_than_another_up_to_it(
    line: InvoiceLine, tariff: Tariff, formula: Formula
) -> None:
    one = priced(line, tariff, benefit(formula), responsible=True)
    other = priced(line, tariff, benefit(formula), responsible=False)
    tm = priced(line, tariff, benefit(Formula(Measure.WHOLE_TM)), responsible=False).due
    if tariff.whole_tm or tariff.basket is Basket.CLASS_A:
        assert one.due >= tm
        assert one.due >= min(other.due, tm)
    if tariff.most is None or tariff.basket is Basket.CLASS_A:
        assert one.due >= other.due
    if tariff.basket is Basket.CLASS_A:
        assert one.due == priced(line, tariff, benefit(Formula(Measure.REAL)), responsible=False).due


@given(
    st.lists(st.tuples(lines(), st.integers(0, 800)), max_size=8),
    tariffs(),
    formulas(),
    st.sampled_from([1, 12, 24]).flatmap(caps),
)
def test_no_window_of_a_cap_ever_holds_more_than_the_cap(
    asked: list[tuple[InvoiceLine, int]], tariff: Tariff, formula: Formula, cap: Cap
) -> None:
    """Lines come in whatever order of care days; windows are counted by days here, not by the rule's own months."""
    of = benefit(formula, cap)
    tables = tables_of([tariff], [of], 1)
    history: list[Past] = []
    for line, later in asked:
        day = DAY + later
        used = used_so_far(history, tables=tables, product=PRODUCT, domain=Domain.MEDG, item=ITEM, care_day=day)
        found = price_line(
            line, tables=tables, product=PRODUCT, responsible=True, domain=Domain.MEDG, care_day=day, used=used
        )
        assert isinstance(found, Priced)
        history.append(Past(ITEM, day, line.quantity, found.due))
    shortest = {1: 28, 12: 365, 24: 730}[cap.months]
    for start in {one.care_day for one in history}:
        window = [one for one in history if start <= one.care_day < start + shortest]
        if cap.cents is not None:
            assert sum(one.due for one in window) <= cap.cents
        if cap.count is not None:
            whole = sorted((one for one in window if one.due), key=lambda one: one.quantity)
            assert sum(one.quantity for one in whole[:-1]) <= cap.count, "only the last line may go beyond, in part"


@given(
    st.permutations(range(4)),
    st.lists(lines(), min_size=4, max_size=4),
    tariffs(),
    formulas(),
    st.integers(1, 60_000),
)
def test_the_order_of_lines_does_not_change_what_an_amount_capped_pays_in_all(
    order: list[int], asked: list[InvoiceLine], tariff: Tariff, formula: Formula, cents: int
) -> None:
    of = benefit(formula, Cap(12, cents))
    tables = tables_of([tariff], [of], 1)

    def total(lines_in_order: list[InvoiceLine]) -> int:
        history: list[Past] = []
        for line in lines_in_order:
            used = used_so_far(history, tables=tables, product=PRODUCT, domain=Domain.MEDG, item=ITEM, care_day=DAY)
            found = price_line(
                line, tables=tables, product=PRODUCT, responsible=False, domain=Domain.MEDG, care_day=DAY, used=used
            )
            assert isinstance(found, Priced)
            history.append(Past(ITEM, DAY, line.quantity, found.due))
        return sum(one.due for one in history)

    alone = sum(priced(line, tariff, benefit(formula), responsible=False).due for line in asked)
    assert total(asked) == total([asked[n] for n in order]) == min(alone, cents)
