"""From an invoice and what covers the person to what is due: pure."""

from collections.abc import Iterable

from tierce.billing.deciding.model import Beside, Case, Decision, Waiting
from tierce.billing.invoices.rules import same_care
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Past, Tables
from tierce.billing.pricing.rules import price_line, used_so_far

WHOLE = frozenset({InvoiceReason.ITEM_UNKNOWN, InvoiceReason.NOT_IN_DOMAIN})
"""What is wrong of the invoice itself: none of it is paid, and a corrected one is sent."""


def decide(case: Case, tables: Tables) -> Decision:
    """Decide one invoice.

    What it quotes guaranteed the payment when it was taken in, whatever became of the rights since: cover is looked
    for here only to know what it pays. A deposit that was guaranteed is paid as asked, for nobody was looked up then,
    and all the invoices on it together within its amount.
    A line that the product pays nothing for is the person's to pay, and the others are paid.
    """
    lines = case.invoice.lines
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
    if case.invoice.deposit is not None:
        return _decided(tuple(line.asked for line in lines), lines)
    assert case.product is not None, "an invoice that quotes an engagement is decided by what covers the person"
    history, dues = list(case.history), []
    for line in lines:
        used = used_so_far(
            history, tables=tables, product=case.product.id, domain=case.invoice.domain, item=line.item,
            care_day=case.invoice.care_day,
        )  # fmt: skip
        priced = price_line(
            line, tables=tables, product=case.product.id, responsible=case.product.responsible,
            domain=case.invoice.domain, care_day=case.invoice.care_day, used=used,
        )  # fmt: skip
        if isinstance(priced, InvoiceReason):
            if priced in WHOLE:
                return _refused(priced, lines)
            dues.append(0)
            continue
        dues.append(priced.due)
        history.append(Past(line.item, case.invoice.care_day, line.quantity, priced.due))
    return _decided(tuple(dues), lines)


def repeats(invoice: Waiting, beside: Iterable[Beside]) -> bool:
    """Whether the same care is on an earlier invoice of the place.

    Of somebody whom two insurers cover, the second may be asked for what the first leaves of the price: not for more.
    """
    items = [(line.item, line.quantity) for line in invoice.lines]
    same = [one for one in beside if same_care(items, one.items)]
    left = sum(line.price - line.amo for line in invoice.lines) - sum(one.taken for one in same)
    asked = sum(line.asked for line in invoice.lines)
    return any(one.same_insurer for one in same) or (bool(same) and asked > left)


def _decided(dues: tuple[int, ...], lines: tuple[InvoiceLine, ...]) -> Decision:
    due, asked = sum(dues), sum(line.asked for line in lines)
    if due == 0:
        return _refused(InvoiceReason.NO_BENEFIT, lines)
    reason = InvoiceReason.NONE if due == asked else InvoiceReason.PARTLY
    return Decision(InvoiceState.ACCEPTED, reason, dues)


def _refused(reason: InvoiceReason, lines: tuple[InvoiceLine, ...]) -> Decision:
    return Decision(InvoiceState.REFUSED, reason, (0,) * len(lines))
