"""What was paid, was not due and was recovered whole counts no more: neither in a cap, nor as the same care."""

from pathlib import Path

import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.kernel.ids import new_id

pytestmark = pytest.mark.integration
ACCEPTED, REFUSED, PAID = InvoiceState.ACCEPTED.value, InvoiceState.REFUSED.value, InvoiceState.PAID.value


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return House(connect, key_directory)


def carried_out(house: House, cents: int) -> int:
    """A transfer that the bank carried out."""
    transfer = new_id()
    house.admin.execute(
        "insert into bank.batch (id, insurer, state, transfers, total, approved, filed, digest, sent, sent_total,"
        " ended) values (%s, %s, 4, 1, %s, now(), now(), sha256('f'), 1, %s, now())",
        (transfer, house.insurer, cents, cents),
    )
    house.admin.execute(
        "insert into bank.transfer (id, batch, establishment, account, amount, invoices, state, ended)"
        " values (%s, %s, 101, 1, %s, 1, 2, now())",
        (transfer, transfer, cents),
    )
    return transfer


def paid(house: House, number: int) -> int:
    """Have the bank pay one that was accepted; its transfer."""
    due = house.stands(number)[2]
    transfer = carried_out(house, due)
    house.admin.execute("insert into bank.paid_invoice values (%s, %s, %s)", (transfer, number, due))
    house.admin.execute("update care.invoice set state = 6, transfer = %s where id = %s", (transfer, number))
    return transfer


def recovered(house: House, number: int, cents: int, *, taken: int, settled: int = 0) -> int:
    """A recovery that two people approved, of which a later transfer of the place took so much."""
    recovery, due = new_id(), house.stands(number)[2]
    house.admin.execute(
        "insert into bank.recovery (id, invoice, reference, care_day, paid, establishment, insurer, amount, reason,"
        " said, approved, due, settled) values (%s, %s, 'F', %s, %s, 101, %s, %s, 1, 'x', now(), now(), %s)",
        (recovery, number, TODAY, due, house.insurer, cents, settled),
    )
    if taken:
        later = carried_out(house, 99_999)
        house.admin.execute("insert into bank.recovered values (%s, %s, %s)", (later, recovery, taken))
    return recovery


@pytest.mark.parametrize(
    ("cents", "taken", "settled", "counts"),
    [
        (GIVES, GIVES, 0, False),
        (GIVES, 1_000, GIVES - 1_000, False),
        (GIVES, GIVES - 1, 0, True),
        (GIVES, 0, 0, True),
        (GIVES - 1, GIVES - 1, 0, True),
    ],
)
def test_what_was_recovered_whole_draws_no_cap_and_its_care_may_be_invoiced_again(
    house: House, cents: int, taken: int, settled: int, counts: bool
) -> None:
    first = house.invoice(day=TODAY - 9)
    house.deciding().turn(house.billing)
    paid(house, first)
    recovered(house, first, cents, taken=taken, settled=settled)
    again, later = house.invoice(day=TODAY - 9), house.invoice(day=TODAY - 1)
    house.deciding().turn(house.billing)
    if counts:
        assert house.stands(again)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value)
        assert house.stands(later)[2] == 2_000
    else:
        assert house.stands(again)[2] == GIVES
        assert house.stands(later)[2] == 2_000, "a cap of 6,000 holds what stands alone"


@pytest.mark.parametrize("what", ["cancelled", "ordered", "returned"])
def test_what_two_gave_up_or_no_bank_carried_out_or_came_back_counts_still(house: House, what: str) -> None:
    first = house.invoice(day=TODAY - 9)
    house.deciding().turn(house.billing)
    transfer = paid(house, first)
    recovery = recovered(house, first, GIVES, taken=GIVES)
    match what:
        case "cancelled":
            house.admin.execute("update bank.recovery set cancelled = now() where id = %s", (recovery,))
        case "ordered":
            house.admin.execute("update bank.transfer set state = 1, ended = null where id <> %s", (transfer,))
        case _:
            house.admin.execute("update bank.transfer set state = 3, why = 1 where id = %s", (transfer,))
            house.admin.execute("update care.invoice set state = 7, transfer = null where id = %s", (first,))
    again = house.invoice(day=TODAY - 9)
    house.deciding().turn(house.billing)
    assert house.stands(again)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value)


def test_what_was_recovered_whole_of_a_receipt_leaves_its_part_of_the_deposit(house: House) -> None:
    first = house.invoice(deposit=7, asked=8_000)
    house.deciding().turn(house.billing)
    paid(house, first)
    recovered(house, first, 8_000, taken=0, settled=8_000)
    again = house.invoice(deposit=7, item="RIGHT", asked=9_000)
    house.deciding().turn(house.billing)
    assert house.stands(again)[:3] == (ACCEPTED, 0, 9_000)
