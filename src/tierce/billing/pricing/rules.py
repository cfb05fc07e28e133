"""What is due of one line: exact, in whole cents, from nothing but its arguments.

Two divisions are rounded, half a cent upwards: the compulsory part, and a benefit's share of the base. A third, of
the units that a cap still leaves, is rounded down, so that no cap is ever exceeded by a cent.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, assert_never

from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing import words
from tierce.billing.pricing.model import (
    Basket,
    Benefit,
    Cap,
    Formula,
    Measure,
    Past,
    Priced,
    Step,
    Tables,
    Tariff,
    Used,
    domain_key,
)
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of, day_of

CAP_MONTHS_MAX: Final = 60
"""The longest window of a cap: lines of so many months before and after the care day are all that it may count."""


def price_line(
    line: InvoiceLine,
    *,
    tables: Tables,
    product: int,
    responsible: bool,
    domain: Domain,
    care_day: int,
    used: Mapping[str, Used],
) -> Priced | InvoiceReason:
    """Price one line, whose amounts are for all its units; `used` is what `used_so_far` gives for it.

    A reason says why nothing can be priced: ITEM_UNKNOWN, NOT_IN_DOMAIN or NO_BENEFIT.
    """
    tariff = tariff_on(tables, line.item, care_day)
    if tariff is None:
        return InvoiceReason.ITEM_UNKNOWN
    if tariff.domain is not domain:
        return InvoiceReason.NOT_IN_DOMAIN
    benefit = benefit_on(tables, product, domain, line.item, care_day)
    if benefit is None:
        return InvoiceReason.NO_BENEFIT
    steps: list[Step] = []
    price = _counted(tariff, line)
    steps.append(words.price(line, tariff, price))
    base = base_of(tariff, line.quantity, line.price)
    steps.append(words.base(line, tariff, base))
    owed = amo_of(tariff, line.quantity, line.price)
    amo = max(owed, line.amo)
    steps.append(words.amo(line, tariff, base, owed, amo))
    left, tm = max(0, price - amo), max(0, base - amo)
    steps.append(words.tm(base, amo, tm))
    given = _given(benefit.formula, line.quantity, base, amo, left)
    steps.append(words.formula(benefit, line.quantity, base, amo, given))
    if responsible:
        given = _responsible(tariff, line.quantity, given, left, tm, steps)
    if given > left:
        given = left
        steps.append(words.left(price, amo, left))
    if given > line.asked:
        given = line.asked
        steps.append(words.asked(given))
    if benefit.cap is not None:
        given = _capped(benefit.cap, used.get(benefit.key, Used()), line.quantity, given, steps)
    steps.append(words.result(given))
    return Priced(given, amo, tuple(steps))


def base_of(tariff: Tariff, quantity: int, price: int) -> int:
    """The base of a line: that of its units, or its price where that is less."""
    return min(tariff.base * quantity, price)


def amo_of(tariff: Tariff, quantity: int, price: int) -> int:
    """What the compulsory scheme pays for a line at the tariff's rate."""
    return half_up(base_of(tariff, quantity, price) * tariff.rate, 1000)


def left_of(line: InvoiceLine, tariff: Tariff | None) -> int:
    """What the compulsory scheme leaves of what counts of a line's price; without tariff, what is stated."""
    if tariff is None:
        return line.price - line.amo
    return max(0, _counted(tariff, line) - max(amo_of(tariff, line.quantity, line.price), line.amo))


def _counted(tariff: Tariff, line: InvoiceLine) -> int:
    return line.price if tariff.ceiling is None else min(line.price, tariff.ceiling * line.quantity)


def tariff_on(tables: Tables, item: str, day: int) -> Tariff | None:
    """The tariff of an item in force on a day: the last to have begun; of two that began together, the last sent."""
    begun = [one for one in tables.tariffs.get(item, ()) if one.from_day <= day]
    last = max(begun, key=lambda one: (one.from_day, one.id), default=None)
    return last if last is not None and day <= last.until_day else None


def benefit_on(tables: Tables, product: int, domain: Domain, item: str, day: int) -> Benefit | None:
    """What a product gives for an item on a day: the item's own benefit, or else its domain's."""
    return _benefit(tables, product, domain, item, day) or _benefit(tables, product, domain, domain_key(domain), day)


def own_benefit(tables: Tables, like: Benefit, day: int) -> Benefit | None:
    """The row in force on a day of which another one of the same product and item, or domain, takes the place."""
    return _benefit(tables, like.product, like.domain, like.key, day)


def used_so_far(
    history: Iterable[Past],
    *,
    tables: Tables,
    product: int,
    domain: Domain,
    item: str,
    care_day: int,
    until_day: int | None = None,
) -> dict[str, Used]:
    """Count what the cap on an item counts, in the fullest window that the care day is in.

    `history` is what was decided of the same person, insurer and domain, in whatever order: lines up to
    `CAP_MONTHS_MAX` months before and after the care day, and those of the same invoice that come before this one. An
    invoice may come in after one of a later day, so that a window that ends later is looked at too. Care that may be
    on any day to `until_day` is in every window that holds one of them, and so is what was granted before: whenever
    each of them is invoiced, no window then holds more than its cap.
    """
    benefit = benefit_on(tables, product, domain, item, care_day)
    if benefit is None or benefit.cap is None:
        return {}
    months = benefit.cap.months
    counted = [
        one for one in history if one.due > 0 and _key(tables, product, domain, one.item, care_day) == benefit.key
    ]
    last = care_day if until_day is None else until_day
    ends = {care_day} | {
        one.care_day for one in counted if care_day < one.care_day and before(one.care_day, months) < last
    }
    windows = [[one for one in counted if before(end, months) < one.last_day and one.care_day <= end] for end in ends]
    return {
        benefit.key: Used(
            max(sum(one.due for one in window) for window in windows),
            max(sum(one.quantity for one in window) for window in windows),
        )
    }


def before(day: int, months: int) -> int:
    """The day so many months before, the last of its month where that month is shorter."""
    at = date_of(day)
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(day_of(date(year, month + 1, 1)) + at.day, day_of(following)) - 1


def half_up(numerator: int, denominator: int) -> int:
    """Divide, half a cent upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def _benefit(tables: Tables, product: int, domain: Domain, key: str, day: int) -> Benefit | None:
    rows = tables.benefits.get((product, key), ())
    begun = [one for one in rows if one.from_day <= day and one.domain is domain]
    last = max(begun, key=lambda one: (one.from_day, one.id), default=None)
    return last if last is not None and day <= last.until_day else None


def _key(tables: Tables, product: int, domain: Domain, item: str, day: int) -> str:
    benefit = benefit_on(tables, product, domain, item, day)
    return "" if benefit is None else benefit.key


def _given(formula: Formula, quantity: int, base: int, amo: int, left: int) -> int:
    match formula.measure:
        case Measure.SHARE_WITH:
            return max(0, half_up(base * formula.value, 100) - amo)
        case Measure.SHARE_BEYOND:
            return half_up(base * formula.value, 100)
        case Measure.WHOLE_TM:
            return max(0, base - amo)
        case Measure.FIXED:
            return formula.value * quantity
        case Measure.REAL:
            return left
        case _:
            assert_never(formula.measure)


def _responsible(tariff: Tariff, quantity: int, given: int, left: int, tm: int, steps: list[Step]) -> int:
    """Hold a responsible contract to the least and the most that its law says; the whole TM comes last, and wins."""
    if tariff.basket is Basket.CLASS_A:
        if given < left:
            steps.append(words.class_a(left))
        return max(given, left)
    if tariff.most is not None and given > tariff.most * quantity:
        given = tariff.most * quantity
        steps.append(words.most(tariff.most, quantity, given))
    if tariff.least is not None and given < tariff.least * quantity:
        given = tariff.least * quantity
        steps.append(words.least(tariff.least, quantity, given))
    if tariff.whole_tm and given < tm:
        given = tm
        steps.append(words.whole_tm(given))
    return given


def _capped(cap: Cap, used: Used, quantity: int, given: int, steps: list[Step]) -> int:
    if cap.count is not None:
        units = max(0, cap.count - used.count)
        if units < quantity:
            given = given * units // quantity
            steps.append(words.count_cap(cap, cap.count, used.count, units, quantity, given))
    if cap.cents is not None:
        cents = max(0, cap.cents - used.cents)
        if cents < given:
            given = cents
            steps.append(words.cents_cap(cap, cap.cents, used.cents, given))
    return given
