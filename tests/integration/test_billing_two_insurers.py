"""Somebody whom two insurers cover: the second one's part is decided once the first one's is."""

from pathlib import Path

import pytest

from tests.integration.billing_world import GIVES, OPTI, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Measure
from tierce.policy.invoices import BEHIND_DAYS

pytestmark = pytest.mark.integration
OTHER_AMC = "99100002"
ACCEPTED, REFUSED, RECEIVED = InvoiceState.ACCEPTED.value, InvoiceState.REFUSED.value, InvoiceState.RECEIVED.value


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    made = House(connect, key_directory)
    importer.rights(country / "rights" / f"{OTHER_AMC}.csv", OTHER_AMC)
    made.stay_covered()
    return made


@pytest.fixture
def both(house: House) -> tuple[int, int, int]:
    """The insurer that pays first, the other one, and whom both cover."""
    row = house.admin.execute(
        "select (array_agg(insurer order by priority))[1], (array_agg(insurer order by priority))[2], person"
        " from coverage.coverage where domains & %s <> 0 and from_day < %s"
        " and until_day > %s group by person having count(distinct insurer) = 2 and min(priority) < max(priority)"
        " order by person limit 1",
        (OPTI.bit, TODAY - 40, TODAY),
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def _gives(house: House, insurer: int, measure: Measure, value: int) -> None:
    house.admin.execute(
        "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
        " select id, 6, 'LENS', %s, %s, 0, 40000, 1 from registry.product where insurer = %s",
        (measure.value, value, insurer),
    )


def test_somebody_whom_two_insurers_cover_is_invoiced_to_both_within_the_price(
    house: House, both: tuple[int, int, int]
) -> None:
    house.admin.execute(
        "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
        " select id, 6, 'LENS', %s, 0, 0, 40000, 1 from registry.product", (Measure.REAL.value,),
    )  # fmt: skip
    one, other, person = both
    first, rest = (
        house.invoice(person=person, insurer=one, asked=9_000),
        house.invoice(person=person, insurer=other, asked=5_000),
    )
    above = house.invoice(person=person, insurer=other, asked=5_000, day=TODAY - 1)
    house.invoice(person=person, insurer=one, asked=9_001, day=TODAY - 1)
    house.admin.execute("update care.invoice set at = now() + interval '1 minute' where id = %s", (above,))
    house.deciding().turn(house.billing)
    assert (house.stands(first)[2], house.stands(rest)[2]) == (9_000, 5_000)
    assert house.stands(above)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value)


def test_the_second_insurers_part_waits_for_what_the_first_one_pays(house: House, both: tuple[int, int, int]) -> None:
    """The second's came first; the first is asked for more than it gives: what it leaves is the second's to pay."""
    one, other, person = both
    _gives(house, one, Measure.FIXED, GIVES)
    _gives(house, other, Measure.REAL, 0)
    second = house.invoice(person=person, insurer=other, asked=9_000)
    first = house.invoice(person=person, insurer=one, asked=9_000)
    house.admin.execute("update care.invoice set at = now() + interval '1 minute' where id = %s", (first,))
    done = house.deciding().turn(house.billing)
    assert (done.behind, done.accepted, house.stands(second)[0]) == (1, 1, RECEIVED)
    assert house.stands(first)[::2] == (ACCEPTED, GIVES)
    assert house.deciding().turn(house.billing).behind == 0
    assert house.stands(second)[::2] == (ACCEPTED, 9_000), "14,000 cents less the 4,000 that the first one pays"


def test_a_second_part_waits_while_the_first_cannot_be_decided_and_other_care_does_not(
    house: House, both: tuple[int, int, int]
) -> None:
    one, other, person = both
    _gives(house, other, Measure.REAL, 0)
    first, second = (house.invoice(person=person, insurer=by, asked=7_000) for by in (one, other))
    apart = house.invoice(person=person, insurer=other, asked=7_000, day=TODAY - 1)
    house.admin.execute("delete from care.engagement where seq = (select engagement from care.invoice where id = %s)",
                        (first,))  # fmt: skip
    done = house.deciding().turn(house.billing)
    assert (done.uncovered, done.behind, done.failed) == (1, 1, [])
    assert [house.stands(number)[0] for number in (first, second, apart)] == [RECEIVED, RECEIVED, ACCEPTED]
    house.admin.execute("update care.invoice set state = 3, due = 0, decided = now() where id = %s", (first,))
    house.deciding().turn(house.billing)
    assert house.stands(second)[::2] == (ACCEPTED, 7_000)


def test_the_same_care_sent_twice_is_a_duplicate_of_what_was_paid_alone(house: House) -> None:
    """While the first one waits, the second waits too: were the first refused, nobody would be paid."""
    first = house.invoice(asked=5_000)
    again = house.invoice(asked=5_000)
    house.admin.execute("update care.invoice set at = now() + interval '1 minute' where id = %s", (again,))
    house.admin.execute("delete from care.engagement where seq = (select engagement from care.invoice where id = %s)",
                        (first,))  # fmt: skip
    assert house.deciding().turn(house.billing).behind == 1
    house.admin.execute("update care.invoice set state = 4, cancelled = now(), cancelled_why = 'x' where id = %s",
                        (first,))  # fmt: skip
    assert house.deciding().turn(house.billing).accepted == 1
    assert house.stands(again)[0] == ACCEPTED


@pytest.mark.parametrize("same_insurer", [False, True])
def test_what_cannot_be_decided_keeps_the_same_care_waiting_for_a_month_and_no_longer(
    house: House, both: tuple[int, int, int], *, same_insurer: bool
) -> None:
    one, other, person = both
    _gives(house, one, Measure.REAL, 0)
    _gives(house, other, Measure.REAL, 0)
    first = house.invoice(person=person, insurer=one, asked=9_000)
    second = house.invoice(person=person, insurer=one if same_insurer else other, asked=9_000)
    quoted = house.admin.execute(
        "delete from care.engagement where seq = (select engagement from care.invoice where id = %s)"
        " returning seq, establishment, professional, person, insurer, domain, pair, care_day, until_day, at",
        (first,),
    ).fetchone()
    assert quoted is not None
    for spared, stands in ((1, RECEIVED), (-1, ACCEPTED)):
        house.admin.execute(
            "update care.invoice set at = now() - make_interval(days => %s, hours => %s) where id = %s",
            (BEHIND_DAYS, -spared, first),
        )
        house.deciding().turn(house.billing)
        assert house.stands(second)[0] == stands
    assert house.stands(second)[2] == 9_000
    house.admin.execute(
        "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, care_day,"
        " until_day, at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", quoted,
    )  # fmt: skip
    house.deciding().turn(house.billing)
    assert house.stands(first)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value), "9,000 of 14,000 cents were paid"


def test_three_of_one_care_never_wait_for_one_another(house: House, both: tuple[int, int, int]) -> None:
    """By the second insurer's answer, by a receipt of the second's, by the first insurer's answer, in that order."""
    one, other, person = both
    _gives(house, one, Measure.FIXED, GIVES)
    _gives(house, other, Measure.REAL, 0)
    house.admin.execute("update care.deposit set pair = 1, insurer = %s where number = 7", (other,))
    sent = [
        house.invoice(person=person, insurer=other, asked=9_000),
        house.invoice(deposit=7, insurer=other, asked=9_000),
        house.invoice(person=person, insurer=one, asked=4_000),
    ]
    for minutes, number in enumerate(sent):
        house.admin.execute(
            "update care.invoice set at = now() + make_interval(mins => %s) where id = %s", (minutes, number)
        )
    before = [
        (a, b) for a in sent for b in sent
        if a != b and house.admin.execute("select care.goes_before(%s, %s)", (a, b)).fetchall() == [(True,)]
    ]  # fmt: skip
    assert len(before) == 3, "of any two one goes first"
    assert any(all((a, b) in before for b in sent if b != a) for a in sent), "and one of them goes before all"
    for _turn in sent:
        house.deciding().turn(house.billing)
    states = [house.stands(number) for number in sent]
    assert RECEIVED not in [state[0] for state in states]
    assert sum(state[2] for state in states) <= 14_000


def test_a_part_sent_to_the_second_insurer_waits_for_the_whole_and_is_paid_what_it_left(
    house: House, both: tuple[int, int, int]
) -> None:
    """The first was sent a lens and a frame, the second the lens alone."""
    one, other, person = both
    _gives(house, one, Measure.FIXED, GIVES)
    _gives(house, other, Measure.REAL, 0)
    above = house.invoice(person=person, insurer=other, asked=14_001 - GIVES)
    whole = house.invoice(person=person, insurer=one, asked=6_000)
    house.admin.execute(
        "insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)"
        " values (%s, 2, 'FRAME', 1, 9000, 0, 0)", (whole,),
    )  # fmt: skip
    house.admin.execute(
        "insert into registry.tariff (item, domain, basket, base, rate, whole_tm, label_fr, label_en, from_day,"
        " until_day, feed) select 'FRAME', 6, 0, 0, 0, false, 'monture', 'frame', 0, 40000, 1"
    )
    house.admin.execute("update care.invoice set at = now() + interval '1 minute' where id = %s", (whole,))
    done = house.deciding().turn(house.billing)
    assert (done.behind, done.accepted, house.stands(above)[0]) == (1, 1, RECEIVED), "it waits for the whole"
    house.deciding().turn(house.billing)
    assert house.stands(whole)[2] == GIVES
    assert house.stands(above)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value)
    part = house.invoice(person=person, insurer=other, asked=14_000 - GIVES)
    house.deciding().turn(house.billing)
    assert house.stands(part)[::2] == (ACCEPTED, 14_000 - GIVES)
