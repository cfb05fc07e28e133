"""From an invoice and what covers the person to what is due: pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from tierce.billing.deciding.model import Beside, Case, Decision, Product, Waiting
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Past, Tables
from tierce.billing.pricing.rules import amo_of, left_of, price_line, tariff_on, used_so_far
from tierce.billing.rules import same_care
from tierce.kernel.care import Domain

WHOLE = frozenset({InvoiceReason.ITEM_UNKNOWN, InvoiceReason.NOT_IN_DOMAIN})
"""What is wrong of the invoice itself: none of it is paid, and a corrected one is sent."""


def decide(case: Case, tables: Tables) -> Decision:
    """Decide one invoice.

    What it quotes guaranteed the payment when it was taken in, whatever became of the rights since: cover is looked
    for here only to know what it pays. A deposit that was guaranteed is paid as asked, for nobody was looked up then,
    and all the invoices on it together within its amount.
    An agreement is paid as granted (`as_granted`). Otherwise, a line that the product pays nothing for is the
    person's to pay, and the others are paid.
    """
    lines = case.invoice.lines
    assert not waits_behind(case.invoice, case.beside), "what goes before it is decided first"
    if repeats(case.invoice, case.beside):
        return _refused(InvoiceReason.DUPLICATE, lines)
    if case.contract_ended is not None and case.invoice.care_day > case.contract_ended:
        return _refused(InvoiceReason.CONTRACT_ENDED, lines)
    guaranteed = case.invoice.guaranteed
    assert guaranteed is not None, "an invoice is decided by what it quotes"
    if not guaranteed.first_day <= case.invoice.care_day <= guaranteed.last_day:
        return _refused(InvoiceReason.AFTER_GUARANTEE, lines)
    if guaranteed.most is not None and sum(line.asked for line in lines) > guaranteed.most:
        return _refused(InvoiceReason.NOT_GUARANTEED, lines)
    payable = within_cost(case.invoice, case.beside, tables)
    if case.invoice.deposit is not None:
        return _decided(tuple(line.asked for line in payable), lines)
    if case.invoice.agreement is not None:
        return _decided(as_granted(payable, case, tables), lines)
    assert case.product is not None, "an invoice that quotes an engagement is decided by what covers the person"
    dues = priced_lines(
        payable, case.history, tables=tables, product=case.product, domain=case.invoice.domain,
        care_day=case.invoice.care_day,
    )  # fmt: skip
    return _refused(dues, lines) if isinstance(dues, InvoiceReason) else _decided(dues, lines)


def priced_lines(
    lines: tuple[InvoiceLine, ...],
    before: Iterable[Past],
    *,
    tables: Tables,
    product: Product,
    domain: Domain,
    care_day: int,
    until_day: int | None = None,
) -> tuple[int, ...] | InvoiceReason:
    """What a product pays of each line, in their order, or what is wrong of the whole.

    Care may be on any day to `until_day`; prices are those of `care_day`.
    """
    history, dues = list(before), []
    for line in lines:
        used = used_so_far(
            history, tables=tables, product=product.id, domain=domain, item=line.item, care_day=care_day,
            until_day=until_day,
        )  # fmt: skip
        found = price_line(
            line, tables=tables, product=product.id, responsible=product.responsible, domain=domain,
            care_day=care_day, used=used,
        )  # fmt: skip
        if isinstance(found, InvoiceReason):
            if found in WHOLE:
                return found
            dues.append(0)
            continue
        dues.append(found.due)
        history.append(Past(line.item, care_day, line.quantity, found.due, until_day))
    return tuple(dues)


def as_granted(lines: Iterable[InvoiceLine], case: Case, tables: Tables) -> tuple[int, ...]:
    """Pay each line what its agreement granted for so many units of its code, or less where less is asked or left.

    Neither cover nor caps are looked at again: the grant is a promise, and its part of the caps was reserved.
    """
    units, paid, dues = Counter[str](), Counter[str](), []
    for line in lines:
        units[line.item] += line.quantity
        left = left_of(line, tariff_on(tables, line.item, case.invoice.care_day))
        due = min(line.asked, left, promised(case.granted.get(line.item, ()), units[line.item]) - paid[line.item])
        paid[line.item] += due
        dues.append(due)
    return tuple(dues)


def promised(granted: Iterable[tuple[int, int]], units: int) -> int:
    """What a grant promises for so many units of one code: its lines are units and cents, the dearest units first."""
    cents = 0
    for quantity, due in sorted(granted, key=lambda one: Fraction(one[1], one[0]), reverse=True):
        taken = min(units, quantity)
        cents += due * taken // quantity
        units -= taken
    return cents


def waits_behind(invoice: Waiting, beside: Iterable[Beside]) -> bool:
    """Whether the same care is on an invoice that is decided before this one, and is not yet.

    What an earlier one asks is not what it is paid: the second insurer's part is what the first one leaves.
    """
    return any(one.waits for one in _same(invoice, beside))


def repeats(invoice: Waiting, beside: Iterable[Beside]) -> bool:
    """Whether the same care is on another invoice of the place that was paid.

    Of somebody whom two insurers cover, the second may be asked for what the first leaves of the price: not for more.
    """
    same = _same(invoice, beside)
    left = sum(line.price - line.amo for line in invoice.lines) - sum(one.due for one in same)
    asked = sum(line.asked for line in invoice.lines)
    return any(one.same_insurer for one in same) or (bool(same) and asked > left)


def within_cost(invoice: Waiting, beside: Iterable[Beside], tables: Tables) -> tuple[InvoiceLine, ...]:
    """Ask of each line no more than what others paid of the same care leaves of its cost, code by code.

    The cost is the least that either place's invoice stated, less the compulsory part: what is stated of that, or the
    tariff's where that is more. What one line leaves pays no other code.
    """
    same = _same(invoice, beside)
    if not same:
        return invoice.lines
    costs = [_costs(lines, invoice.care_day, tables) for lines in (invoice.lines, *(one.lines for one in same))]
    room = {item: min(cost[item] for cost in costs) for item in costs[0]}
    for one in same:
        for line, due in zip(one.lines, one.dues, strict=True):
            room[line.item] -= due
    asked = []
    for line in invoice.lines:
        taken = min(line.asked, max(0, room[line.item]))
        room[line.item] -= taken
        asked.append(replace(line, asked=taken))
    return tuple(asked)


def _costs(lines: Iterable[InvoiceLine], care_day: int, tables: Tables) -> Counter[str]:
    costs = Counter[str]()
    for line in lines:
        tariff = tariff_on(tables, line.item, care_day)
        owed = 0 if tariff is None else amo_of(tariff, line.quantity, line.price)
        costs[line.item] += line.price - max(owed, line.amo)
    return costs


def _same(invoice: Waiting, beside: Iterable[Beside]) -> list[Beside]:
    items = [(line.item, line.quantity) for line in invoice.lines]
    return [one for one in beside if same_care(items, one.items)]


def _decided(dues: tuple[int, ...], lines: tuple[InvoiceLine, ...]) -> Decision:
    due, asked = sum(dues), sum(line.asked for line in lines)
    if due == 0:
        return _refused(InvoiceReason.NO_BENEFIT, lines)
    reason = InvoiceReason.NONE if due == asked else InvoiceReason.PARTLY
    return Decision(InvoiceState.ACCEPTED, reason, dues)


def _refused(reason: InvoiceReason, lines: tuple[InvoiceLine, ...]) -> Decision:
    return Decision(InvoiceState.REFUSED, reason, (0,) * len(lines))
