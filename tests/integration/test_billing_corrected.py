"""Rights and benefits are corrected between an ask, its decision, its invoice and its payment: sums hold."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.billing_world import TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tierce.billing.agreements.model import AgreementState
from tierce.billing.model import InvoiceState
from tierce.billing.pricing.model import Measure
from tierce.kernel.ids import new_id

pytestmark = pytest.mark.integration
CAP = 6_000
"""What every product of this world gives in twenty-four months, in cents."""
ACTS = ("ask", "invoice", "of_grant", "agree", "decide", "cancel", "give", "pay", "order", "end", "gone", "back")


class Corrected:
    """One person of a house, of whom things are sent and corrected."""

    def __init__(self, house: House, behind: int) -> None:
        self.house = house
        self.person, self.insurer = house.covered(behind, house.insurer)
        self.cover = house.admin.execute(
            "select * from coverage.coverage where person = %s and insurer = %s", (self.person, self.insurer)
        ).fetchall()
        self.quotes = house.engagement(self.person, self.insurer)

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = self.house.admin.execute(sql.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def act(self, what: str, number: int) -> None:
        """Do one thing; `number` says how much, or of which."""
        match what:
            case "ask":
                self.house.agreement(person=self.person, asked=500 * (number + 1))
            case "invoice":
                self.house.invoice(
                    person=self.person, quotes=self.quotes, asked=500 * (number + 1), day=TODAY - number
                )
            case "of_grant":
                self.of_grant(number)
            case "agree":
                self.house.granting().turn(self.house.billing)
            case "decide":
                self.house.deciding().turn(self.house.billing)
            case "cancel":
                for (one,) in self.run(
                    "select id from care.invoice where person = %s and state in (1, 2) limit 1", self.person
                ):
                    self.run("select care.give_back(%s)", one)
                    self.run(
                        "update care.invoice set state = 4, cancelled = now(), cancelled_why = 'x' where id = %s", one
                    )
            case "give":
                self.run(
                    "insert into registry.benefit (product, domain, item, measure, value, cap_months, cap_cents,"
                    " from_day, until_day, feed) select distinct product, 6, null::text, %s::smallint, %s::integer,"
                    " 24, %s::integer, %s::integer, 40000, 1 from registry.benefit where item is null",
                    Measure.FIXED.value, 700 * number, CAP, number,
                )  # fmt: skip
            case "pay" | "order":
                self.run(
                    "update care.invoice set state = %s where person = %s and state = 2",
                    6 if what == "pay" else 5,
                    self.person,
                )
            case "end":
                self.run(
                    "update coverage.coverage set until_day = greatest(from_day, %s) where person = %s",
                    TODAY - 10 * number,
                    self.person,
                )
            case _:
                self.covers(what)

    def covers(self, what: str) -> None:
        """Take her cover away altogether, or bring it back as it was."""
        self.run("delete from coverage.coverage where person = %s and insurer = %s", self.person, self.insurer)
        for row in self.cover if what == "back" else ():
            self.run(f"insert into coverage.coverage values ({', '.join(['%s'] * len(row))})", *row)

    def of_grant(self, number: int) -> None:
        """Invoice what was granted last, if nothing does yet."""
        for (agreement,) in self.run(
            "select a.id from care.agreement a where a.person = %s and a.state = 3"
            " and not exists (select from care.invoice i where i.agreement = a.id and i.state not in (3, 4)) limit 1",
            self.person,
        ):  # fmt: skip
            one, asked = new_id(), 500 * (number + 1)
            self.run(
                "insert into care.invoice (id, establishment, professional, line, reference, agreement, person,"
                " insurer, domain, care_day, price, amo, asked, digest, entry)"
                " values (%s, 101, 201, 1, %s, %s, %s, %s, 6, %s, 20000, 6000, %s, sha256('i'), 1)",
                one, f"G-{one % 10**9}", agreement, self.person, self.insurer, TODAY, asked,
            )  # fmt: skip
            self.run(
                "insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)"
                " values (%s, 1, 'LENS', 1, 20000, 6000, %s)", one, asked,
            )  # fmt: skip

    def drawn(self) -> int:
        """What her cap gave: paid, to be paid, or reserved."""
        [(paid,)] = self.run(
            "select coalesce(sum(due), 0) from care.invoice where person = %s and state in (2, 5, 6, 7)", self.person
        )
        [(reserved,)] = self.run(
            "select coalesce(sum(due), 0) from care.reserved(%s, %s::smallint, 6::smallint)",
            self.person,
            self.insurer,
        )
        return int(paid) + int(reserved)

    def decided(self) -> dict[int, int]:
        """Each invoice that was paid or refused, with what is due of it."""
        return dict(
            self.run("select id, due from care.invoice where person = %s and state in (3, 5, 6)", self.person)
        )


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return House(connect, key_directory)


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9)), max_size=25))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_corrected_between_no_sum_is_above_its_cap_below_zero_or_changed_once_decided(
    house: House, acts: list[tuple[str, int]]
) -> None:
    house.admin.execute("delete from care.invoice_line")
    for table in ("care.invoice", "care.agreement"):
        house.admin.execute(f"delete from {table}".encode())
    [(seen,)] = house.admin.execute("select count(*) from care.engagement").fetchall()
    one = Corrected(house, seen % 20)
    before: dict[int, int] = {}
    for what, number in acts:
        one.act(what, number)
        assert one.drawn() <= CAP, what
        now = one.decided()
        assert now.items() >= before.items(), "what is refused, ordered or paid stays so"
        before = now
        [(odd,)] = one.run(
            "select count(*) from care.invoice i left join care.agreement a on a.id = i.agreement"
            " where i.due < 0 or i.due > i.asked or i.state = 3 and (i.due <> 0 or i.reason = 0)"
            " or i.state in (2, 5, 6) and (i.due = 0 or i.due > coalesce(a.due, i.due))"
        )
        assert odd == 0
    one.covers("back")
    for turn in (house.deciding(), house.granting()):
        turn.turn(house.billing)
    [(left,)] = one.run("select count(*) from care.invoice where state = %s", InvoiceState.RECEIVED.value)
    [(asked,)] = one.run("select count(*) from care.agreement where state = %s", AgreementState.RECEIVED.value)
    assert (left, asked) == (0, 0), "once its cover is there again everything is decided"
    assert one.drawn() <= CAP
