"""From an invoice and what covers the person to what is due: pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from tierce.billing.deciding.errors import AlikeError
from tierce.billing.deciding.model import Beside, Case, Decision, Product, Waiting
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Past, Tables
from tierce.billing.pricing.rules import amo_of, left_of, price_line, tariff_on, used_so_far
from tierce.billing.refusing.model import Ruling
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

    Raises:
        AlikeError: it makes a difference whether those in whose names the same care is are one person, and staff have
            not said.
    """
    decided = _read(replace(case, beside=considered(case)), tables)
    if case.ruling is None:
        apart = tuple(one for one in case.beside if not one.alike)
        if _read(replace(case, beside=apart), tables) != decided:
            raise AlikeError
    return decided


def _read(case: Case, tables: Tables) -> Decision:
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


def considered(case: Case) -> tuple[Beside, ...]:
    """What is about the same care, as far as anybody knows: not what staff said is somebody else's."""
    return tuple(one for one in case.beside if not one.alike or case.ruling is not Ruling.TWO_PEOPLE)


def waits_behind(invoice: Waiting, beside: Iterable[Beside]) -> bool:
    """Whether care of this invoice is on one that is decided before it, and is not yet.

    What an earlier one asks is not what it is paid: the second insurer's part is what the first one leaves.
    """
    return any(one.waits and (_elsewhere(invoice, one) or _same_again(invoice, one)) for one in beside)


def repeats(invoice: Waiting, beside: Iterable[Beside]) -> bool:
    """Whether the same care is on another invoice of the place that was paid.

    To the same insurer, it is where all codes are, each as often: two sessions on one day are two invoices. To
    another insurer of hers, who may be asked for what the first leaves, it is where more is asked of the codes that
    both hold.
    """
    shared = _shared(invoice, beside, lambda line: line.price - line.amo)
    left = sum(with_the_rest(one.own, one.held) - one.paid for one in shared.values())
    asked = sum(line.asked for line in invoice.lines if line.item in shared)
    return any(_same_again(invoice, one) for one in beside) or (bool(shared) and asked > left)


def within_cost(invoice: Waiting, beside: Iterable[Beside], tables: Tables) -> tuple[InvoiceLine, ...]:
    """Ask of each line no more than what is paid of the same care leaves of its cost, code by code.

    The cost is the price less the compulsory part: what is stated of that, or the tariff's where that is more. What
    one line leaves pays no other code, and a code that no other insurer's invoice holds is asked as it is.
    """

    def cost(line: InvoiceLine) -> int:
        tariff = tariff_on(tables, line.item, invoice.care_day)
        owed = 0 if tariff is None else amo_of(tariff, line.quantity, line.price)
        return line.price - max(owed, line.amo)

    room = {
        item: min(with_the_rest(lines, one.held) for lines in one.held) - one.paid
        for item, one in _shared(invoice, beside, cost).items()
    }
    asked = []
    for line in invoice.lines:
        taken = min(line.asked, max(0, room.get(line.item, line.asked)))
        if line.item in room:
            room[line.item] -= taken
        asked.append(replace(line, asked=taken))
    return tuple(asked)


Units = tuple[tuple[int, int], ...]
"""Of one code, the lines that one insurer was sent: how many units, and what they cost in cents."""


def with_the_rest(own: Units, held: Iterable[Units]) -> int:
    """What all units of a code cost, as one insurer's lines state it; several insurers were sent `held`.

    Units that two were sent are the same units; those of one insurer are different ones. What goes beyond its own is
    what whoever was sent most was sent, the dearest first.
    """
    most = max(held, key=_units)
    return sum(cents for _, cents in own) + promised(most, _units(most) - _units(own))


def _units(lines: Units) -> int:
    return sum(units for units, _ in lines)


class _Shared(NamedTuple):
    """A code that another insurer was sent too: one's own lines, those of each, and what was paid of all."""

    own: Units
    held: tuple[Units, ...]
    paid: int


def _shared(invoice: Waiting, beside: Iterable[Beside], cost: Callable[[InvoiceLine], int]) -> dict[str, _Shared]:
    """The codes of an invoice that other insurers were sent too, with what one's own was sent before."""
    held: dict[str, dict[int, Units]] = {}
    paid = Counter[str]()
    own = Beside(invoice.insurer, waits=False, lines=invoice.lines, dues=(0,) * len(invoice.lines))
    for one in (own, *beside):
        for line, due in zip(one.lines, one.dues, strict=True):
            by = held.setdefault(line.item, {})
            by[one.insurer] = (*by.get(one.insurer, ()), (line.quantity, cost(line)))
            paid[line.item] += due
    return {
        item: _Shared(by[invoice.insurer], tuple(by.values()), paid[item])
        for item, by in held.items()
        if invoice.insurer in by and len(by) > 1
    }


def _elsewhere(invoice: Waiting, one: Beside) -> bool:
    """Whether it is to another insurer and holds a code of this one: of one day, place and person, the same care."""
    codes = {line.item for line in invoice.lines}
    return one.insurer != invoice.insurer and any(line.item in codes for line in one.lines)


def _same_again(invoice: Waiting, one: Beside) -> bool:
    return one.insurer == invoice.insurer and same_care(
        ((line.item, line.quantity) for line in invoice.lines), one.items
    )


def _decided(dues: tuple[int, ...], lines: tuple[InvoiceLine, ...]) -> Decision:
    due, asked = sum(dues), sum(line.asked for line in lines)
    if due == 0:
        return _refused(InvoiceReason.NO_BENEFIT, lines)
    reason = InvoiceReason.NONE if due == asked else InvoiceReason.PARTLY
    return Decision(InvoiceState.ACCEPTED, reason, dues)


def _refused(reason: InvoiceReason, lines: tuple[InvoiceLine, ...]) -> Decision:
    return Decision(InvoiceState.REFUSED, reason, (0,) * len(lines))
