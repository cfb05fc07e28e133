"""What changes between a price and its payment: insurer, benefits, contract, a recovery."""

import pytest

from tests.integration.accounts_world import BRUNO, HELENE
from tests.integration.billing_world import GIVES, TODAY
from tests.integration.money_world import CAP, COST, SESSION, Money, money
from tierce.billing.agreements.model import AgreementState
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.billing.settlement.model import BatchState
from tierce.billing.settlement.recoveries.errors import RecoveryMovedError
from tierce.billing.settlement.recoveries.model import Word
from tierce.incidents.errors import FormError

__all__ = ["money"]
pytestmark = pytest.mark.integration
ACCEPTED, REFUSED, ORDERED, PAID = (
    one.value for one in (InvoiceState.ACCEPTED, InvoiceState.REFUSED, InvoiceState.ORDERED, InvoiceState.PAID)
)


def closed(money: Money, day: int) -> None:
    """The first insurer's file closes her cover on a day that was past already."""
    money.run(
        "update coverage.coverage set until_day = %s where person = %s and insurer = %s", day, money.both, money.first
    )


def test_whoever_leaves_an_insurer_after_a_price_is_paid_by_that_one_and_the_next_adds_what_it_left_alone(
    money: Money,
) -> None:
    """The file closes her cover before the day of care, the other insurer's has begun by then: one care, one cost."""
    first = money.house.invoice(person=money.both, insurer=money.first, asked=10_000, day=TODAY - 1)
    money.decide(0)
    closed(money, TODAY - 20)
    whole = money.house.invoice(person=money.both, insurer=money.second, asked=14_000, day=TODAY - 1)
    rest = money.house.invoice(person=money.both, insurer=money.second, asked=14_000 - GIVES, day=TODAY - 1)
    money.pay(0)
    assert money.house.stands(first)[::2] == (PAID, GIVES), "guaranteed is guaranteed"
    assert money.house.stands(whole)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value)
    assert money.house.stands(rest)[::2] == (PAID, 14_000 - GIVES)
    of = dict(money.run("select insurer, total from bank.batch where state = %s", BatchState.EXECUTED.value))
    assert of == {money.first: GIVES, money.second: 14_000 - GIVES}, "each by the money of its own insurer"
    money.holds()


def test_what_benefits_say_since_changes_nothing_that_is_granted_and_all_that_waits(money: Money) -> None:
    money.house.insurer = money.first
    granted = money.house.agreement(person=money.alone)
    money.house.granting().turn(money.house.billing)
    waits = money.house.agreement(person=money.both)
    money.benefit(1_500, 1_500)
    money.house.granting().turn(money.house.billing)
    dues = dict(money.run("select id, due from care.agreement"))
    assert dues == {granted: GIVES, waits: 1_500}
    money.send_granted(0)
    money.send_granted(1)
    money.pay(0)
    paid = dict(money.run("select agreement, due from care.invoice where state = %s", PAID))
    assert paid == dues, "a grant is a promise, whatever the cap is by now"
    beside = money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 1)
    money.decide(0)
    assert money.house.stands(beside)[:2] == (REFUSED, InvoiceReason.NO_BENEFIT.value), (
        "and it has taken all of the new cap"
    )


def test_what_the_rules_gave_while_it_is_under_review_stays_reserved_whatever_benefits_say_since(
    money: Money,
) -> None:
    money.house.insurer = money.first
    money.run("update registry.benefit set review_from = 1 where item is null")
    review = money.house.agreement(person=money.alone)
    money.house.granting().turn(money.house.billing)
    money.benefit(6_000, 6_000)
    beside = money.house.invoice(person=money.alone, insurer=money.first, asked=6_000, day=TODAY - 1)
    money.decide(0)
    [(state, due)] = money.run("select state, due from care.agreement where id = %s", review)
    assert (state, due) == (AgreementState.UNDER_REVIEW.value, GIVES)
    assert money.house.stands(beside)[2] == 6_000 - GIVES
    money.capped(money.alone)


@pytest.mark.parametrize("after", [0, 1])
def test_a_grant_is_invoiced_of_care_to_the_contracts_last_day_and_of_none_after(money: Money, after: int) -> None:
    money.house.insurer = money.first
    money.house.agreement(person=money.alone)
    money.house.granting().turn(money.house.billing)
    money.run("update care.agreement set care_day = %s", TODAY - 9)
    money.send_granted(0)
    money.run("update care.invoice set care_day = %s", TODAY - 2 + after)
    money.ended(2)
    money.pay(0)
    [(state, reason)] = money.run("select state, reason from care.invoice")
    assert (state, reason) == (
        (REFUSED, InvoiceReason.CONTRACT_ENDED.value) if after else (PAID, InvoiceReason.PARTLY.value)
    )
    money.holds()


def test_a_recovery_in_parts_goes_on_after_the_contracts_end_and_keeps_its_data_until_it_is_over(
    money: Money,
) -> None:
    money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 40)
    money.pay(0)
    money.recover(1)
    money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)
    money.ended(1)
    money.pay(0)

    def left() -> tuple[int, bool]:
        [(rest,)] = money.run("select bank.rest_of(id) from bank.recovery")
        what = money.run("select what from registry.ending_obstacles(%s::smallint)", money.first)
        return rest, ("recoveries",) in what

    assert left() == (GIVES - GIVES * 30 // 100, True), "a part of what was sent before is paid after, and taken from"
    [(number,)] = money.run("select id from bank.recovery")
    for caller in (HELENE, BRUNO):
        money.of.recoveries.say(money.of.office, caller, number, Word.SETTLE, said="Chèque 7.", seen_amount=left()[0])
    assert left() == (0, False)
    money.holds()


def test_an_invoice_whose_file_is_written_is_taken_back_once_the_bank_did_not_pay_it_and_not_before(
    money: Money,
) -> None:
    number = money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)
    money.decide(0)
    for what in ("gather", "approve", "gather"):
        money.act(what, 0)
    assert money.house.stands(number)[0] == ORDERED

    def taken_back() -> int:
        [(told,)] = money.run("select care.cancel_invoice(%s, %s, 'erreur de saisie')", SESSION, number)
        return int(told)

    assert taken_back() == 1, "its file is at the bank"
    money.act("reject", 0)
    assert (taken_back(), money.house.stands(number)[0]) == (0, InvoiceState.CANCELLED.value)
    again = money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)
    money.pay(0)
    assert money.house.stands(again)[::2] == (PAID, GIVES)
    assert sum(money.moved.values()) == GIVES, "paid once"
    money.holds()


@pytest.mark.parametrize("by", ["answer", "receipt"])
def test_a_recovery_is_not_given_up_once_its_care_was_invoiced_again(money: Money, by: str) -> None:
    """It was recovered whole, its place sent it anew and was paid: giving the first back would pay the care twice."""

    def send() -> int:
        if by == "receipt":
            return money.house.invoice(deposit=7, asked=9_000, insurer=money.first)
        return money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)

    send()
    money.pay(0)
    money.recover(1)
    [(number, rest)] = money.run("select id, bank.rest_of(id) from bank.recovery")

    def give_up() -> bool:
        desk, office = money.of.recoveries, money.of.office
        return any(desk.say(office, caller, number, Word.CANCEL, said="Contesté.") for caller in (HELENE, BRUNO))

    for caller in (HELENE, BRUNO):
        money.of.recoveries.say(money.of.office, caller, number, Word.SETTLE, said="Chèque.", seen_amount=rest)
    again = send()
    with pytest.raises(FormError, match="twice"):
        give_up()
    money.decide(0)
    assert money.house.stands(again)[0] == ACCEPTED
    with pytest.raises(FormError, match="twice"):
        give_up()
    assert money.run("select care.cancel_invoice(%s, %s, 'x')", SESSION, again) == [(0,)]
    assert give_up(), "what was sent anew was taken back"
    assert money.run("select bank.rest_of(id) from bank.recovery") == [(-rest,)]
    with pytest.raises(RecoveryMovedError):
        give_up()


def given_up(money: Money, recovery: int) -> bool:
    desk, office = money.of.recoveries, money.of.office
    return any(desk.say(office, caller, recovery, Word.CANCEL, said="Contesté.") for caller in (HELENE, BRUNO))


def recovered_whole(money: Money) -> int:
    """The first invoice that is paid is recovered, and settled by a cheque."""
    money.recover(1)
    [(number, rest)] = money.run("select id, bank.rest_of(id) from bank.recovery")
    for caller in (HELENE, BRUNO):
        money.of.recoveries.say(money.of.office, caller, number, Word.SETTLE, said="Chèque.", seen_amount=rest)
    return int(number)


@pytest.mark.parametrize("by", ["answer", "agreement"])
def test_a_recovery_is_not_given_up_once_other_care_drew_the_cap_that_it_left(money: Money, by: str) -> None:
    """A cap of 6,000 cents: 4,000 paid and recovered, 4,000 of other care meanwhile; both would be 8,000."""
    care = money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)
    money.pay(0)
    number = recovered_whole(money)
    if by == "agreement":
        money.house.insurer = money.first
        other = money.house.agreement(person=money.alone)
    else:
        other = money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 3)
    money.decide(0)
    with pytest.raises(FormError, match="cap"):
        given_up(money, number)
    money.capped(money.alone)
    again = money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)
    money.decide(0)
    assert money.house.stands(again)[::2] == (ACCEPTED, CAP - GIVES), "its place sends it anew: what the cap leaves"
    taken_back = "care.cancel_agreement" if by == "agreement" else "care.cancel_invoice"
    for function, one in ((taken_back, other), ("care.cancel_invoice", again)):
        assert money.run(f"select {function}(%s, %s, 'x')", SESSION, one) == [(0,)]
    assert given_up(money, number), "nothing draws on it any more"
    assert money.house.stands(care)[2] == GIVES
    money.capped(money.alone)


def test_a_recovery_is_not_given_up_once_its_care_was_invoiced_for_who_may_be_the_same(money: Money) -> None:
    """Of a child under two parents' numbers: recovered of one insurer, then paid by the other."""
    money.run("update person.record set alike = 7, borrowed = true where person = any(%s)", [money.both, money.alone])
    money.house.invoice(person=money.alone, insurer=money.first, day=TODAY - 2)
    money.pay(0)
    number = recovered_whole(money)
    again = money.house.invoice(person=money.both, insurer=money.second, asked=COST, day=TODAY - 2)
    money.decide(0)
    assert money.house.stands(again)[::2] == (ACCEPTED, COST)
    with pytest.raises(FormError, match="twice"):
        given_up(money, number)


def test_a_recovery_is_not_given_up_once_what_waited_before_it_was_paid_for_the_same_care(money: Money) -> None:
    """Sent again before two approved the recovery, decided after all of it was taken: nothing else counted it."""
    money.house.invoice(person=money.both, insurer=money.second, asked=COST, day=TODAY - 2)
    money.pay(0)
    again = money.house.invoice(person=money.both, insurer=money.second, asked=COST, day=TODAY - 2)
    number = recovered_whole(money)
    money.decide(0)
    assert money.house.stands(again)[::2] == (ACCEPTED, COST)
    with pytest.raises(FormError, match="twice"):
        given_up(money, number)
