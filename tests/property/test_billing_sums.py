"""Whatever is sent, taken back and sent again to insurers, no care is paid above its cost, nor a cap above it."""

from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.billing.deciding.model import Beside, Case, Decision, Guaranteed, Product, Waiting
from tierce.billing.deciding.rules import decide, repeats, within_cost
from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing.model import Basket, Benefit, Cap, Formula, Measure, Past, Tariff
from tierce.billing.pricing.rules import amo_of, before
from tierce.billing.pricing.store import tables_of
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase

DAY, MONTHS, CENTS = 20_785, 12, 9_000
INSURERS = (1, 2, 3)
TABLES = tables_of(
    [
        Tariff(
            item=item, domain=Domain.OPTI, basket=Basket.NONE, base=1_000, rate=600, ceiling=None, whole_tm=False,
            least=None, most=None, label=Phrase(item, item), from_day=0, until_day=99_999, id=1,
        )
        for item in ("LENS", "FRAME")
    ],
    [
        Benefit(
            product=insurer, domain=Domain.OPTI, item=None, formula=Formula(Measure.REAL),
            cap=Cap(MONTHS, cents=CENTS), from_day=0, until_day=99_999, id=2,
        )
        for insurer in INSURERS
    ],
    2,
)  # fmt: skip


@dataclass(frozen=True)
class Stands:
    """One invoice that was decided and not taken back."""

    insurer: int
    day: int
    lines: tuple[InvoiceLine, ...]
    decision: Decision


@dataclass
class Code:
    """Of one code on one day: how many units each insurer was sent, what they cost, and what was paid of them."""

    units: Counter[int]
    cost: Counter[int]
    paid: int = 0

    def most(self) -> int:
        """What all of it costs at most: as whoever was sent most units was told, the least of them that say so."""
        units = max(self.units.values())
        return min(self.cost[one] for one in self.units if self.units[one] == units)


def codes_of(standing: list[Stands], day: int) -> dict[str, Code]:
    """What the compulsory scheme leaves of each code of a day, by insurer, and what was paid of it."""
    found: dict[str, Code] = {}
    for one in standing:
        for line, due in zip(one.lines, one.decision.dues, strict=True):
            if one.day == day:
                code = found.setdefault(line.item, Code(Counter(), Counter()))
                code.units[one.insurer] += line.quantity
                code.cost[one.insurer] += line.price - line.amo
                code.paid += due
    return found


@st.composite
def invoice_lines(draw: st.DrawFn) -> tuple[InvoiceLine, ...]:
    made = []
    for item in draw(st.sampled_from([("LENS",), ("FRAME",), ("LENS", "FRAME"), ("LENS", "LENS")])):
        amo = draw(st.integers(600, 900))
        price = amo + draw(st.integers(0, 20_000))
        made.append(InvoiceLine(item, draw(st.integers(1, 3)), price, amo, draw(st.integers(0, price - amo))))
    return tuple(made)


SENT = st.tuples(st.sampled_from(INSURERS), st.integers(0, 4).map(lambda n: DAY + 120 * n), invoice_lines())
STEPS = st.lists(st.one_of(SENT, st.integers(0, 9)), max_size=14)


def of(insurer: int, day: int, lines: tuple[InvoiceLine, ...], standing: list[Stands]) -> Case:
    """What decides one, beside all that stand."""
    waiting = Waiting(1, 101, 9, insurer, Domain.OPTI, day, None, None, Guaranteed(DAY, DAY + 999), lines)
    return Case(
        waiting, Product(insurer, responsible=False),
        history=tuple(
            Past(line.item, one.day, line.quantity, due)
            for one in standing if one.insurer == insurer
            for line, due in zip(one.lines, one.decision.dues, strict=True) if due
        ),
        beside=tuple(
            Beside(one.insurer, False, one.lines, one.decision.dues)
            for one in standing if one.day == day
        ),
    )  # fmt: skip


def codes(lines: tuple[InvoiceLine, ...]) -> Counter[str]:
    found = Counter[str]()
    for line in lines:
        found[line.item] += line.quantity
    return found


def in_the_fullest_window(standing: list[Stands], insurer: int) -> int:
    mine = [one for one in standing if one.insurer == insurer]
    return max(
        (sum(one.decision.due for one in mine if before(end.day, MONTHS) < one.day <= end.day) for end in mine),
        default=0,
    )


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_no_care_is_paid_above_its_cost_nor_a_cap_above_itself_whatever_is_taken_back_between(
    steps: list[tuple[int, int, tuple[InvoiceLine, ...]] | int],
) -> None:
    standing: list[Stands] = []
    for step in steps:
        if isinstance(step, int):
            if standing:
                standing.pop(step % len(standing))
            continue
        insurer, day, lines = step
        if not any(line.asked for line in lines):
            continue
        case = of(insurer, day, lines, standing)
        made = decide(case, TABLES)
        same = [one for one in standing if one.day == day and codes(one.lines) == codes(lines)]
        assert all(0 <= due <= line.asked for due, line in zip(made.dues, lines, strict=True))
        assert not (made.due and any(one.insurer == insurer for one in same)), "the same care is paid once"
        if made.reason is InvoiceReason.DUPLICATE:
            assert repeats(case.invoice, case.beside)
            continue
        if made.due:
            before_ = codes_of(standing, day)
            standing.append(Stands(insurer, day, lines, made))
            for item, code in codes_of(standing, day).items():
                already = before_[item].paid if item in before_ else 0
                assert code.paid <= max(already, code.most()), "by code, within what all of its units cost"
        for one in INSURERS:
            assert in_the_fullest_window(standing, one) <= CENTS


@given(invoice_lines(), invoice_lines(), st.integers(0, 20_000))
def test_what_another_insurer_paid_never_raises_what_is_asked_nor_leaves_less_than_nothing(
    lines: tuple[InvoiceLine, ...], others: tuple[InvoiceLine, ...], due: int
) -> None:
    beside = Beside(2, False, others, tuple(min(due, line.asked) for line in others))
    payable = within_cost(of(1, DAY, lines, []).invoice, [beside], TABLES)
    assert all(0 <= after.asked <= before_.asked for after, before_ in zip(payable, lines, strict=True))


@given(
    st.integers(0, 9_999), st.integers(0, 20_000), st.integers(1, 3), st.integers(0, 20_000), st.integers(0, 400),
    st.integers(0, 2),
)  # fmt: skip
def test_what_the_first_insurer_leaves_is_paid_to_the_cent_by_a_second_that_pays_the_rest_and_not_a_cent_more(
    base: int, price: int, units: int, stated: int, share: int, more: int
) -> None:
    """Whatever the base, the rate and the share round to: the two sums are the cost, or the second is refused."""
    price, amo = price + 1, min(stated, price + 1)
    tariff = replace(next(iter(TABLES.tariffs["LENS"])), base=base, rate=617)
    gives = [
        Benefit(
            product=product,
            domain=Domain.OPTI,
            item=None,
            formula=formula,
            cap=None,
            from_day=0,
            until_day=99_999,
            id=2,
        )
        for product, formula in ((1, Formula(Measure.SHARE_WITH, share)), (2, Formula(Measure.REAL)))
    ]
    tables = tables_of([tariff], gives, 2)
    cost = price - max(amo, amo_of(tariff, units, price))
    first = (InvoiceLine("LENS", units, price, amo, price - amo),)
    paid = decide(of(1, DAY, first, []), tables)
    standing = [Stands(1, DAY, first, paid)] if paid.due else []
    asked = price - amo - paid.due + (more if paid.due else 0)
    second = (InvoiceLine("LENS", units, price, amo, min(asked, price - amo)),)
    then = decide(of(2, DAY, second, standing), tables)
    assert paid.due <= cost
    if second[0].asked > price - amo - paid.due:
        assert (then.due, then.reason) == (0, InvoiceReason.DUPLICATE)
    else:
        assert paid.due + then.due == cost
