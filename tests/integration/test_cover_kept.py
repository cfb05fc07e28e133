"""Cover outlives every invoice that may still come of it: what is promised is priced as on the day of care."""

from pathlib import Path

import psycopg
import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tierce.billing.model import InvoiceState
from tierce.billing.pricing.model import Measure
from tierce.kernel.ids import new_id
from tierce.policy.claims import INVOICED_DAYS, QUOTED_DAYS
from tierce.policy.kept import Kept
from tierce.upkeep.retention.store import forget_next

pytestmark = pytest.mark.integration
ACCEPTED = InvoiceState.ACCEPTED.value


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return House(connect, key_directory)


def _ended(house: House, days_ago: int, *, told: int) -> None:
    """Her cover ended so many days ago, as a file of so many days ago told last."""
    house.admin.execute(
        "delete from coverage.coverage where person = %s and insurer <> %s", (house.person, house.insurer)
    )
    house.admin.execute(
        "update coverage.coverage set from_day = %s, until_day = %s, effective_day = %s where person = %s",
        (TODAY - 4_000, TODAY - days_ago, TODAY - told, house.person),
    )


def _forget(connect: Connect) -> None:
    with connect("tierce_upkeep") as upkeep:
        after: int | None = None
        while True:
            _removed, after = forget_next(upkeep, Kept.COVERAGE, after, really=True)
            upkeep.commit()
            if after is None:
                return


def _kept(house: House) -> int:
    row = house.admin.execute("select count(*) from coverage.coverage where person = %s", (house.person,)).fetchone()
    assert row is not None
    return int(row[0])


def _engagement_of(house: House, care_day: int) -> int:
    """An answer about old care, quoted on its last day."""
    number = new_id()
    house.admin.execute(
        "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, care_day,"
        " until_day, at) values (%s, 101, 201, %s, %s, 6, 1, %s, %s, now() - interval '92 days')",
        (number, house.person, house.insurer, care_day, TODAY),
    )
    return number


def test_an_invoice_of_the_last_allowed_day_is_priced_as_on_the_day_of_care(house: House, connect: Connect) -> None:
    care = TODAY - INVOICED_DAYS
    _ended(house, INVOICED_DAYS, told=INVOICED_DAYS)
    house.admin.execute(
        "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
        " select id, 6, null, %s, %s, %s, 40000, 1 from registry.product",
        (Measure.FIXED.value, GIVES // 2, care + 1),
    )
    _forget(connect)
    number = house.invoice(day=care, quotes=_engagement_of(house, care))
    assert house.deciding().turn(house.billing).accepted == 1
    assert house.stands(number)[::2] == (ACCEPTED, GIVES)
    _ended(house, INVOICED_DAYS + 1, told=INVOICED_DAYS + 1)
    _forget(connect)
    assert _kept(house) == 0, "no invoice can come of it any more"


def test_cover_that_a_file_closed_late_prices_what_was_promised_before(house: House, connect: Connect) -> None:
    """Its insurer says today that it ended years ago; the answer given yesterday is quoted for months."""
    _ended(house, 3 * INVOICED_DAYS, told=QUOTED_DAYS)
    _forget(connect)
    number = house.invoice(day=TODAY, quotes=house.engagement(house.person, house.insurer))
    assert house.deciding().turn(house.billing).accepted == 1
    assert house.stands(number)[0] == ACCEPTED
    _ended(house, 3 * INVOICED_DAYS, told=QUOTED_DAYS + 1)
    _forget(connect)
    assert _kept(house) == 0


@pytest.mark.parametrize("what", ["invoice", "agreement"])
def test_cover_is_kept_while_something_waits_to_be_decided_by_it(house: House, connect: Connect, what: str) -> None:
    engagement = house.engagement(house.person, house.insurer)
    if what == "invoice":
        house.invoice(quotes=engagement)
    else:
        house.admin.execute(
            "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
            " insurer, domain, care_day, price, amo, asked, digest, entry)"
            " values (1, 101, 201, 1, 'A', 2, %s, %s, %s, 6, %s, 9, 0, 9, sha256('a'), 1)",
            (engagement, house.person, house.insurer, TODAY),
        )
    _ended(house, 3 * INVOICED_DAYS, told=3 * INVOICED_DAYS)
    _forget(connect)
    assert _kept(house) == 1
    refused = 3 if what == "invoice" else 4
    house.admin.execute(f"update care.{what} set state = {refused}, decided = now()".encode())
    _forget(connect)
    assert _kept(house) == 0


def test_the_role_that_deletes_reads_of_nobody_whether_something_waits(connect: Connect) -> None:
    with connect("tierce_upkeep") as upkeep, pytest.raises(psycopg.errors.InsufficientPrivilege):
        upkeep.execute("select care.is_to_price(1, 1::smallint)")


def test_a_deposit_is_kept_while_an_invoice_on_it_waits_or_counts_against_a_cap(
    house: House, connect: Connect
) -> None:
    """By the deposit alone is known of whom it was: without it, what it paid draws no cap any more."""
    old = "update care.deposit set resolved = now() - make_interval(days => %s) where number = 7"
    house.admin.execute(old, (INVOICED_DAYS + 1,))
    number = house.invoice(deposit=7)

    def kept() -> bool:
        connect("tierce_upkeep", autocommit=True).execute(
            "select upkeep.forget(%s::smallint, 1000, true)", (Kept.DEPOSIT_ROWS.value,)
        )
        return house.admin.execute("select from care.deposit where number = 7").fetchone() is not None

    assert kept()
    assert house.deciding().turn(house.billing).accepted == 1
    house.admin.execute("update care.invoice set state = 6 where id = %s", (number,))
    assert kept()
    house.admin.execute("delete from care.invoice where id = %s", (number,))
    assert not kept()
