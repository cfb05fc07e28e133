"""What a line is worth, against amounts computed by hand; the sums are in the text of each case."""

from datetime import date

import pytest

from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing.model import (
    Basket,
    Benefit,
    Cap,
    Formula,
    Measure,
    Past,
    Priced,
    StepKind,
    Tables,
    Tariff,
    Used,
)
from tierce.billing.pricing.rules import before, benefit_on, half_up, left_of, price_line, tariff_on, used_so_far
from tierce.billing.pricing.store import tables_of
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of, day_of
from tierce.kernel.language import Phrase

DAY = day_of(date(2026, 11, 28))
PRODUCT = 7
SHARE_100 = Formula(Measure.SHARE_WITH, 100)
SHARE_150 = Formula(Measure.SHARE_WITH, 150)


def tariff(
    base: int = 5000,
    rate: int = 700,
    *,
    item: str = "XMEDG1",
    basket: Basket = Basket.NONE,
    ceiling: int | None = None,
    whole_tm: bool = True,
    least: int | None = None,
    most: int | None = None,
    since: int = 0,
    until: int = 99_999,
    number: int = 1,
) -> Tariff:
    return Tariff(
        item=item, domain=Domain.MEDG, basket=basket, base=base, rate=rate, ceiling=ceiling, whole_tm=whole_tm,
        least=least, most=most, label=Phrase("inventé", "invented"), from_day=since, until_day=until, id=number,
    )  # fmt: skip


def benefit(
    formula: Formula = SHARE_100,
    *,
    item: str | None = None,
    cap: Cap | None = None,
    since: int = 0,
    until: int = 99_999,
    number: int = 1,
) -> Benefit:
    return Benefit(
        product=PRODUCT, domain=Domain.MEDG, item=item, formula=formula, cap=cap, from_day=since, until_day=until,
        id=number,
    )  # fmt: skip


def price(
    line: InvoiceLine,
    tables: Tables,
    *,
    responsible: bool = False,
    used: Used | None = None,
    domain: Domain = Domain.MEDG,
    day: int = DAY,
) -> Priced | InvoiceReason:
    found = benefit_on(tables, PRODUCT, domain, line.item, day)
    return price_line(
        line, tables=tables, product=PRODUCT, responsible=responsible, domain=domain, care_day=day,
        used={} if used is None or found is None else {found.key: used},
    )  # fmt: skip


def line(price: int, amo: int, asked: int | None = None, *, quantity: int = 1, item: str = "XMEDG1") -> InvoiceLine:
    return InvoiceLine(item, quantity, price, amo, price - amo if asked is None else asked)


BY_HAND = {
    # base 50.00 at 70 %: 35.00 compulsory, TM 15.00
    "the whole TM of a price at the base: 50.00 - 35.00": (tariff(), SHARE_100, line(5000, 3500), False, 1500),
    "150 % of 50.00 is 75.00, less 35.00 is 40.00; 60.00 - 35.00 = 25.00 is all that is left": (
        tariff(), SHARE_150, line(6000, 3500), False, 2500),
    "150 % of 50.00, less 35.00, of a price of 90.00": (tariff(), SHARE_150, line(9000, 3500), False, 4000),
    "50 % of 50.00 on top: 25.00": (tariff(), Formula(Measure.SHARE_BEYOND, 50), line(9000, 3500), False, 2500),
    "60 % of 50.00, compulsory part in it, is 30.00, less than 35.00: nothing": (
        tariff(), Formula(Measure.SHARE_WITH, 60), line(9000, 3500), False, 0),
    "the same of a responsible contract: the whole TM, 15.00": (
        tariff(), Formula(Measure.SHARE_WITH, 60), line(9000, 3500), True, 1500),
    "the same of an item whose TM it does not owe: nothing": (
        tariff(whole_tm=False), Formula(Measure.SHARE_WITH, 60), line(9000, 3500), True, 0),
    "whole TM": (tariff(), Formula(Measure.WHOLE_TM), line(9000, 3500), False, 1500),
    "real cost: 90.00 - 35.00": (tariff(), Formula(Measure.REAL), line(9000, 3500), False, 5500),
    "3 units at 4.00 each": (tariff(), Formula(Measure.FIXED, 400), line(27_000, 10_500, quantity=3), False, 1200),
    "3 units: base 150.00, 105.00 compulsory; 45.00": (
        tariff(), SHARE_100, line(27_000, 10_500, quantity=3), False, 4500),
    "a price of 40.00 is the base: 28.00 compulsory, 12.00": (tariff(), SHARE_100, line(4000, 2800), False, 1200),
    "no more than is asked": (tariff(), SHARE_100, line(5000, 3500, 1000), False, 1000),
    # what the professional states of the compulsory part
    "100 % stated, as for a long illness: the TM is 0.00": (tariff(), SHARE_100, line(5000, 5000, 0), False, 0),
    "45.00 stated of 60.00: 75.00 - 45.00 = 30.00, of which 15.00 is left": (
        tariff(), SHARE_150, line(6000, 4500), False, 1500),
    "15.00 stated, as outside the care path: 35.00 counts all the same, and 15.00 is due": (
        tariff(), SHARE_100, line(5000, 1500), False, 1500),
    "the same by real cost: 50.00 - 35.00": (tariff(), Formula(Measure.REAL), line(5000, 1500), True, 1500),
    # rounding: half a cent upwards
    "65 % of 12.47 is 8.1055, 8.11; 12.47 - 8.11": (tariff(1247, 650), SHARE_100, line(1247, 811), False, 436),
    "65 % of 12.30 is 7.995, 8.00; 4.30": (tariff(1230, 650), SHARE_100, line(1230, 800), False, 430),
    "35 % on top of 12.30 is 4.305, 4.31; 12.30 - 8.00 = 4.30 is all that is left": (
        tariff(1230, 650), Formula(Measure.SHARE_BEYOND, 35), line(1230, 800), False, 430),
    "35 % on top of 12.30 is 4.305, 4.31, of a price of 20.00": (
        tariff(1230, 650), Formula(Measure.SHARE_BEYOND, 35), line(2000, 800), False, 431),
    # class A: base 30.00 at 60 %, ceiling 95.00
    "class A of a responsible contract, 80.00: 80.00 - 18.00": (
        tariff(3000, 600, basket=Basket.CLASS_A, ceiling=9500), Formula(Measure.FIXED, 100), line(8000, 1800), True,
        6200),
    "class A beyond its ceiling, 120.00: 95.00 - 18.00": (
        tariff(3000, 600, basket=Basket.CLASS_A, ceiling=9500), Formula(Measure.FIXED, 100), line(12_000, 1800), True,
        7700),
    "class A of another contract: its formula, 1.00": (
        tariff(3000, 600, basket=Basket.CLASS_A, ceiling=9500), Formula(Measure.FIXED, 100), line(8000, 1800), False,
        100),
    "2 class A: ceiling 190.00, base 60.00, 36.00 compulsory: 154.00": (
        tariff(3000, 600, basket=Basket.CLASS_A, ceiling=9500), SHARE_100, line(20_000, 3600, quantity=2), True,
        15_400),
    # class B, simple glasses: base 0.20 at 60 %, 0.12; from 50.00 to 420.00
    "glasses, 10.00 a pair: at least 50.00": (
        tariff(20, 600, basket=Basket.CLASS_B, least=5000, most=42_000), Formula(Measure.FIXED, 1000),
        line(32_000, 12), True, 5000),
    "glasses, 10.00 a pair, another contract: 10.00": (
        tariff(20, 600, basket=Basket.CLASS_B, least=5000, most=42_000), Formula(Measure.FIXED, 1000),
        line(32_000, 12), False, 1000),
    "glasses of 600.00, 500.00 a pair: at most 420.00": (
        tariff(20, 600, basket=Basket.CLASS_B, least=5000, most=42_000), Formula(Measure.FIXED, 50_000),
        line(60_000, 12), True, 42_000),
    "glasses of 30.00: 50.00 is more than the 29.88 that is left": (
        tariff(20, 600, basket=Basket.CLASS_B, least=5000, most=42_000), Formula(Measure.FIXED, 1000),
        line(3000, 12), True, 2988),
    "2 units at 20.00 at most, by real cost: 40.00": (
        tariff(most=2000), Formula(Measure.REAL), line(18_000, 7000, quantity=2), True, 4000),
    "2 units at 40.00 at least, where 100 % leaves 30.00: 80.00": (
        tariff(least=4000), SHARE_100, line(18_000, 7000, quantity=2), True, 8000),
    "60.00 stated of a base of 50.00: of its TM nothing is left": (
        tariff(), Formula(Measure.WHOLE_TM), line(9000, 6000), False, 0),
    "30.00 count of 90.00, the compulsory part is more: nothing": (
        tariff(ceiling=3000), Formula(Measure.FIXED, 100), line(9000, 3500), False, 0),
    "a most of 5.00 does not take the TM of 15.00": (tariff(most=500), SHARE_150, line(9000, 3500), True, 1500),
    "nothing is left of a price that the compulsory scheme pays": (
        tariff(5000, 1000), SHARE_150, line(5000, 5000, 0), True, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND)
def test_a_line_is_worth_what_was_computed_by_hand(case: str) -> None:
    of, formula, asked, responsible, due = BY_HAND[case]
    priced = price(asked, tables_of([of], [benefit(formula)], 1), responsible=responsible)
    assert isinstance(priced, Priced)
    assert priced.due == due
    assert priced.steps[-1].kind is StepKind.RESULT
    assert priced.steps[-1].cents == due


BY_CAP = {
    # two units, 15.00 of TM each
    "40.00 of which 25.00 are used: 15.00": (Cap(12, cents=4000), Used(2500, 9), 1500),
    "40.00, nothing used: 30.00": (Cap(12, cents=4000), None, 3000),
    "40.00, all used": (Cap(12, cents=4000), Used(4000, 3), 0),
    "more used than a cap of today: nothing": (Cap(12, cents=4000), Used(9000, 3), 0),
    "3 units of which 2 are used: one of two, half of 30.00": (Cap(12, count=3), Used(0, 2), 1500),
    "3 units of which 3 are used": (Cap(12, count=3), Used(0, 3), 0),
    "both: one of two units, and 10.00 left": (Cap(12, cents=4000, count=3), Used(3000, 2), 1000),
}


@pytest.mark.parametrize("case", BY_CAP)
def test_a_cap_comes_last(case: str) -> None:
    cap, used, due = BY_CAP[case]
    tables = tables_of([tariff()], [benefit(cap=cap)], 1)
    priced = price(line(10_000, 7000, quantity=2), tables, used=used, responsible=True)
    assert isinstance(priced, Priced)
    assert priced.due == due


def test_units_that_a_cap_leaves_are_paid_rounded_down() -> None:
    """Base 10.01 at 0 %: a third of 10.01 is 3.3366."""
    tables = tables_of([tariff(1001, 0)], [benefit(Formula(Measure.REAL), cap=Cap(12, count=1))], 1)
    priced = price(line(1001, 0, quantity=3), tables)
    assert isinstance(priced, Priced)
    assert priced.due == 333


def test_what_has_no_price_says_why() -> None:
    tables = tables_of([tariff()], [benefit()], 1)
    assert price(line(5000, 0, item="XNONE"), tables) is InvoiceReason.ITEM_UNKNOWN
    assert price(line(5000, 0), tables, domain=Domain.OPTI) is InvoiceReason.NOT_IN_DOMAIN
    assert price(line(5000, 0), tables_of([tariff()], [], 1)) is InvoiceReason.NO_BENEFIT


def test_a_later_row_ends_the_one_before_and_none_comes_back() -> None:
    tables = tables_of(
        [tariff(100, since=10, number=1), tariff(200, since=20, until=29, number=2), tariff(150, since=10, number=3)],
        [],
        3,
    )
    found = {day: one and one.base for day in (9, 10, 19, 20, 29, 30) for one in [tariff_on(tables, "XMEDG1", day)]}
    assert found == {9: None, 10: 150, 19: 150, 20: 200, 29: 200, 30: None}


def test_an_item_has_its_own_benefit_or_its_domains() -> None:
    own = benefit(Formula(Measure.REAL), item="XMEDG1", since=10, until=19)
    tables = tables_of([tariff()], [benefit(), own], 1)
    found = [benefit_on(tables, PRODUCT, Domain.MEDG, "XMEDG1", day) for day in (9, 10, 20)]
    assert [one and one.key for one in found] == ["*MEDG", "XMEDG1", "*MEDG"]


def test_a_benefit_holds_to_its_last_day_and_the_last_of_two_that_began_together_counts() -> None:
    rows = [
        benefit(SHARE_100, since=10, number=1),
        benefit(SHARE_150, since=20, until=29, number=2),
        benefit(Formula(Measure.REAL), since=10, number=3),
    ]
    tables = tables_of([tariff()], rows, 1)
    found = [benefit_on(tables, PRODUCT, Domain.MEDG, "XMEDG1", day) for day in (9, 10, 19, 20, 29, 30)]
    assert [one and one.id for one in found] == [None, 3, 3, 2, 2, None]


def test_care_that_no_benefit_is_for_uses_nothing_and_a_cent_that_was_paid_counts() -> None:
    tables = tables_of([tariff(), tariff(item="XMEDG2")], [benefit(item="XMEDG1", cap=Cap(2, cents=9000))], 1)
    history = [Past("XMEDG1", DAY, 1, 1), Past("XMEDG2", DAY, 4, 500)]
    found = used_so_far(history, tables=tables, product=PRODUCT, domain=Domain.MEDG, item="XMEDG1", care_day=DAY)
    assert found == {"XMEDG1": Used(1, 1)}


def test_what_was_used_is_counted_in_the_fullest_window_around_the_day() -> None:
    """Two months before 28 November is 28 September, which is out; a later line makes a window that ends there."""
    tables = tables_of(
        [tariff(), tariff(item="XMEDG2")],
        [benefit(cap=Cap(2, cents=9000)), benefit(item="XMEDG2", cap=Cap(2, cents=1))],
        1,
    )

    def used(*past: tuple[str, date, int, int]) -> dict[str, Used]:
        history = [Past(item, day_of(day), quantity, due) for item, day, quantity, due in past]
        return used_so_far(history, tables=tables, product=PRODUCT, domain=Domain.MEDG, item="XMEDG1", care_day=DAY)

    assert used() == {"*MEDG": Used(0, 0)}
    assert used(("XMEDG1", date(2026, 9, 28), 1, 500)) == {"*MEDG": Used(0, 0)}
    earlier = ("XMEDG1", date(2026, 9, 29), 2, 500)
    later = ("XMEDG1", date(2027, 1, 27), 1, 300)
    assert used(earlier) == {"*MEDG": Used(500, 2)}
    assert used(earlier, later) == {"*MEDG": Used(500, 2)}, "no window of two months holds both"
    assert used(earlier, later, ("XMEDG1", date(2026, 12, 1), 1, 400)) == {"*MEDG": Used(700, 2)}
    assert used(("XMEDG1", date(2027, 1, 28), 1, 300)) == {"*MEDG": Used(0, 0)}
    assert used(("XMEDG2", date(2026, 11, 1), 1, 500)) == {"*MEDG": Used(0, 0)}, "it has its own benefit"
    assert used(("XMEDG1", date(2026, 11, 1), 1, 0)) == {"*MEDG": Used(0, 0)}, "what was paid nothing uses nothing"


def test_months_before_a_day() -> None:
    cases = {
        (date(2026, 11, 28), 2): date(2026, 9, 28),
        (date(2026, 3, 31), 1): date(2026, 2, 28),
        (date(2028, 3, 31), 1): date(2028, 2, 29),
        (date(2026, 1, 15), 1): date(2025, 12, 15),
        (date(2026, 12, 31), 12): date(2025, 12, 31),
        (date(2026, 1, 31), 48): date(2022, 1, 31),
        (date(2027, 1, 31), 1): date(2026, 12, 31),
        (date(2026, 12, 31), 1): date(2026, 11, 30),
    }
    assert {case: date_of(before(day_of(case[0]), case[1])) for case in cases} == cases


@pytest.mark.parametrize(
    ("months", "first", "last_out", "free"),
    [
        (12, date(2026, 12, 31), date(2027, 12, 30), date(2027, 12, 31)),
        (12, date(2027, 1, 1), date(2027, 12, 31), date(2028, 1, 1)),
        (12, date(2028, 2, 28), date(2029, 2, 27), date(2029, 2, 28)),
        (12, date(2028, 2, 29), date(2029, 2, 28), date(2029, 3, 1)),
        (48, date(2028, 2, 29), date(2032, 2, 28), date(2032, 2, 29)),
        (24, date(2026, 3, 1), date(2028, 2, 29), date(2028, 3, 1)),
        (1, date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 1)),
        (1, date(2028, 2, 29), date(2028, 3, 28), date(2028, 3, 29)),
    ],
)
def test_a_cap_gives_again_on_the_same_day_of_the_month_whatever_the_year_or_its_29_february(
    months: int, first: date, last_out: date, free: date
) -> None:
    """Neither 31 December nor a contract's anniversary gives anything back; what comes in late counts too."""
    tables = tables_of([tariff()], [benefit(cap=Cap(months, count=1))], 1)

    def used(of: date, on: date) -> int:
        found = used_so_far(
            [Past("XMEDG1", day_of(of), 1, 500)], tables=tables, product=PRODUCT, domain=Domain.MEDG, item="XMEDG1",
            care_day=day_of(on),
        )  # fmt: skip
        return found["*MEDG"].count

    assert [used(first, on) for on in (first, last_out, free)] == [1, 1, 0]
    assert [used(on, first) for on in (last_out, free)] == [1, 0], "whichever of the two is invoiced first"


def test_half_a_cent_goes_up() -> None:
    assert [half_up(one, 10) for one in (0, 4, 5, 14, 15, 25)] == [0, 0, 1, 1, 2, 3]


def test_every_step_is_said_in_both_languages_with_its_numbers() -> None:
    tables = tables_of([tariff()], [benefit(SHARE_150, cap=Cap(12, cents=2000))], 1)
    priced = price(line(9000, 3000, 5000), tables, used=Used(500, 1))
    assert isinstance(priced, Priced)
    assert priced.amo == 3500
    stated = "Part obligatoire : 70 % de 50,00 € = 35,00 € ; 30,00 € déclarés, moins : l’organisme ne paie pas la "
    stated += "différence."
    assert [one.words.fr for one in priced.steps] == [
        "Prix de 1 unité : 90,00 €.",
        "Base de remboursement : 50,00 € × 1 = 50,00 €.",
        stated,
        "Ticket modérateur : 50,00 € − 35,00 € = 15,00 €.",
        "Garantie du domaine : 150 % de 50,00 €, part obligatoire comprise, moins 35,00 € : 40,00 €.",
        "Plafond : 20,00 € en 12 mois, 5,00 € avant ; reste 15,00 €.",
        "Dû : 15,00 €.",
    ]
    assert (
        priced.steps[4].words.en
        == "Benefit for the domain: 150% of €50.00, compulsory part in it, less €35.00: €40.00."
    )


def test_what_changes_nothing_is_no_step() -> None:
    """The formula gives 15.00 where 15.00 are left and asked; then more than is left; then more than is asked."""

    def said(
        asked: InvoiceLine,
        formula: Formula,
        *,
        basket: Basket = Basket.NONE,
        least: int | None = None,
        most: int | None = None,
    ) -> list[StepKind]:
        of = tariff(basket=basket, least=least, most=most)
        priced = price(asked, tables_of([of], [benefit(formula)], 1), responsible=True)
        assert isinstance(priced, Priced)
        return [one.kind for one in priced.steps if one.kind in {StepKind.LIMIT, StepKind.RESPONSIBLE}]

    assert said(line(5000, 3500), SHARE_100) == []
    assert said(line(6000, 3500), SHARE_150) == [StepKind.LIMIT]
    assert said(line(5000, 3500, 1000), SHARE_100) == [StepKind.LIMIT]
    assert said(line(5000, 3500), Formula(Measure.REAL), basket=Basket.CLASS_A) == []
    assert said(line(9000, 3500), SHARE_100, basket=Basket.CLASS_A) == [StepKind.RESPONSIBLE]
    assert said(line(5000, 3500), SHARE_100, least=1500, most=1500) == []


def test_a_cap_that_just_suffices_is_no_step() -> None:
    for cap, steps in ((Cap(12, cents=1500, count=1), 0), (Cap(12, cents=1499), 1), (Cap(12, count=0), 1)):
        priced = price(line(5000, 3500), tables_of([tariff()], [benefit(cap=cap)], 1), used=Used())
        assert isinstance(priced, Priced)
        assert [one.kind for one in priced.steps].count(StepKind.CAP) == steps


LEFT = {
    "no tariff: 90.00 - 20.00, as stated": (None, line(9000, 2000), 7000),
    "35.00 at 70 % of 50.00, of which 20.00 are stated": (tariff(), line(9000, 2000), 5500),
    "45.00 stated, more than 35.00": (tariff(), line(9000, 4500), 4500),
    "60.00 count of 90.00: 60.00 - 35.00": (tariff(ceiling=6000), line(9000, 3500), 2500),
    "2 units of 30.00 count, less 56.00 at 70 % of 80.00": (
        tariff(4000, ceiling=3000), line(9000, 3500, quantity=2), 400),
    "more stated than counts": (tariff(ceiling=3000), line(9000, 3500), 0),
}  # fmt: skip


@pytest.mark.parametrize("case", LEFT)
def test_what_the_compulsory_scheme_leaves_is_what_a_benefit_of_the_real_cost_gives(case: str) -> None:
    of, asked, left = LEFT[case]
    assert left_of(asked, of) == left
    if of is not None:
        priced = price(asked, tables_of([of], [benefit(Formula(Measure.REAL))], 1))
        assert isinstance(priced, Priced)
        assert priced.due == left
