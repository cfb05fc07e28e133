"""A place, two persons, two insurers and a bank: what becomes of what is invoiced, and what really moved, apart."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.accounts_world import BRUNO, HELENE, IBAN
from tests.integration.billing_world import TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tests.integration.transfers_world import Treasury
from tierce.billing.pricing.model import Measure
from tierce.billing.pricing.rules import before
from tierce.billing.settlement.errors import BatchMovedError, SaidError
from tierce.billing.settlement.model import Returned
from tierce.billing.settlement.model import Word as BatchWord
from tierce.billing.settlement.recoveries.desk import Typed
from tierce.billing.settlement.recoveries.model import Word
from tierce.incidents.errors import FormError
from tierce.kernel.ids import new_id
from tierce.storage.keys import Keyring

OTHER_AMC = "99100002"
PLACE, SESSION = 101, 9_001
COST = 14_000
"""What the compulsory scheme leaves of every lens here, in cents."""
CAP, MONTHS, DEPOSIT = 6_000, 1, 9_000
"""What the first insurer gives in a month, and what the deposit guarantees, in cents."""
DAYS = (TODAY, TODAY - 1, before(TODAY, 1), before(TODAY, 1) + 1, before(TODAY, 1) - 1, TODAY - 40)
"""Days of care, on both sides of the edge of a window."""

COUNTS = """care.counts(i) and not exists (
    select from bank.recovery r where r.invoice = i.id and r.approved is not null and r.cancelled is null
        and r.amount = r.paid)"""
"""What stands: all of a recovery that two people approved is taken in the end, again where the transfer came back."""

AT_WORK = f"""
set session_replication_role = replica;
insert into directory.activity (id, professional, establishment, profession, active) overriding system value
    values (9001, 201, {PLACE}, 1, true);
insert into access.session (id, handle, site, login, professional, acr, activity, device, line, software, network,
        created, expires)
    values ({SESSION}, sha256('h'), 1, 1, 201, 2, 9001, 1, 1, 1, '', now(), now() + interval '3 hours');
set session_replication_role = origin"""


class Money:
    """A place, two persons, two insurers that cover one of them, a bank; and what the bank moved, kept apart."""

    def __init__(self, house: House, treasury: Treasury) -> None:
        self.house, self.of = house, treasury
        self.run("update registry.benefit set cap_months = %s, cap_cents = %s where item is null", MONTHS, CAP)
        rows = self.run(
            "select (array_agg(insurer order by priority))[1], (array_agg(insurer order by priority))[2], person"
            " from coverage.coverage where domains & 32 <> 0 and from_day < %s and until_day > %s group by person"
            " having count(distinct insurer) = 2 and min(priority) < max(priority) order by person limit 1",
            TODAY - 41, TODAY,
        )  # fmt: skip
        self.first, self.second, self.both = rows[0]
        self.run(
            "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
            " select id, 6, 'LENS', %s, 0, 0, 40000, 1 from registry.product where insurer = %s",
            Measure.REAL.value, self.second,
        )  # fmt: skip
        self.run("update care.deposit set insurer = %s", self.first)
        # Numbers of people follow a key that each run makes, so that the tenth may be her whom two insurers cover.
        self.alone = next(one for one, _ in (house.covered(n, self.first) for n in (9, 10)) if one != self.both)
        self.cover = self.run("select * from coverage.coverage where person = any(%s)", [self.both, self.alone])
        self.filed: dict[int, int] = {}
        self.moved: dict[int, int] = {}

    def begin(self) -> None:
        """Nothing was ever sent."""
        self.run("delete from care.invoice_line; delete from care.invoice; delete from care.agreement")
        self.run("delete from bank.recovery; delete from bank.batch; delete from registry.ending")
        self.run("delete from registry.benefit where from_day > 0")
        self.covers("back")
        self.of.account(PLACE, IBAN)
        self.filed, self.moved = {}, {}

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = self.house.admin.execute(sql.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def one(self, number: int, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """One of what a query finds, chosen by a number; nothing where it finds none."""
        found = self.run(sql + " order by 1", *values)
        return [found[number % len(found)]] if found else []

    def whom(self, number: int) -> tuple[int, int]:
        return ((self.both, self.first), (self.both, self.second), (self.alone, self.first))[number % 3]

    def act(self, what: str, number: int) -> None:
        """Do one thing; `number` says of whom, how much, or of which."""
        done: Callable[[int], object] = getattr(self, what)
        with suppress(FormError, SaidError, BatchMovedError):
            done(number)

    def send(self, number: int) -> None:
        person, insurer = self.whom(number)
        self.house.invoice(
            person=person, insurer=insurer, asked=(14_000, 5_000, 10_000, 1)[number // 3 % 4],
            day=DAYS[number // 12 % len(DAYS)],
        )  # fmt: skip

    def send_receipt(self, number: int) -> None:
        number = self.house.invoice(deposit=7, asked=(4_500, 9_000, 1)[number % 3], insurer=self.first)

    def ask(self, number: int) -> None:
        person, _ = self.whom(number)
        self.house.insurer = self.first
        self.house.agreement(person=person, asked=(5_000, 2_000)[number // 3 % 2])

    def send_granted(self, number: int, asked: int = 5_000) -> None:
        for (agreement, person, insurer, day) in self.one(
            number, "select id, person, insurer, care_day from care.agreement a where state = 3"
            " and not care.is_invoiced(a.id)"
        ):  # fmt: skip
            one = new_id()
            self.run(
                "insert into care.invoice (id, establishment, professional, line, reference, agreement, person,"
                " insurer, domain, care_day, price, amo, asked, digest, entry)"
                " values (%s, 101, 201, 1, %s, %s, %s, %s, 6, %s, 20000, 6000, %s, sha256('i'), 1)",
                one, f"G-{one % 10**12}", agreement, person, insurer, day, asked,
            )  # fmt: skip
            self.run(
                "insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)"
                " values (%s, 1, 'LENS', 1, 20000, 6000, %s)", one, asked,
            )  # fmt: skip

    def decide(self, _number: int) -> None:
        assert self.house.granting().turn(self.house.billing).failed == []
        assert self.house.deciding().turn(self.house.billing).failed == []

    def take_back(self, number: int) -> None:
        for (one,) in self.one(number, "select id from care.invoice where state <> 4"):
            self.run("select care.cancel_invoice(%s, %s, 'x')", SESSION, one)

    def take_back_agreement(self, number: int) -> None:
        for (one,) in self.one(number, "select id from care.agreement where state = 3"):
            self.run("select care.cancel_agreement(%s, %s, 'x')", SESSION, one)

    def gives(self, number: int) -> None:
        """The first insurer's file gives another sum, from one of the days on; the cap stays."""
        self.benefit(700 * (number % 9), CAP, DAYS[number % len(DAYS)])

    def benefit(self, value: int, cap: int, since: int = 1) -> None:
        self.run(
            "insert into registry.benefit (product, domain, item, measure, value, cap_months, cap_cents, from_day,"
            " until_day, feed) select id, 6, null, %s, %s, %s, %s, %s, 40000, 1 from registry.product"
            " where insurer = %s",
            Measure.FIXED.value, value, MONTHS, cap, since, self.first,
        )  # fmt: skip

    def moves(self, number: int) -> None:
        """The first insurer's file closes the cover of both, the day before one of the days."""
        self.run(
            "update coverage.coverage set until_day = greatest(from_day, %s) where insurer = %s and person = any(%s)",
            DAYS[number % len(DAYS)] - 1, self.first, [self.both, self.alone],
        )  # fmt: skip

    def covers(self, what: str) -> None:
        """Take their cover away altogether, or bring it back as it was."""
        self.run("delete from coverage.coverage where person = any(%s)", [self.both, self.alone])
        for row in self.cover if what == "back" else ():
            self.run(f"insert into coverage.coverage values ({', '.join(['%s'] * len(row))})", *row)

    def gone(self, number: int) -> None:
        self.covers("gone" if number % 4 == 0 else "back")

    def ends(self, number: int) -> None:
        """The first insurer's contract ended, so many days ago; or goes on."""
        self.run("delete from registry.ending")
        if number % 4 == 0:
            self.ended(number)

    def ended(self, days: int) -> None:
        self.run(
                "insert into registry.ending (insurer, ended, ended_by, why)"
                " values (%s, now() - %s * interval '1 day', 'x', 'x')", self.first, days,
            )  # fmt: skip

    def gather(self, _number: int) -> None:
        """A day passes; what is due is gathered, and what was approved is written."""
        self.run("update bank.batch set prepared = prepared - interval '1 day'")
        assert self.of.turn().failed == []
        for (batch,) in self.run("select id from bank.batch where state = 3"):
            if batch not in self.filed:
                euros = self.of.credits(batch).values()
                self.filed[batch] = sum(int(Decimal(one) * 100) for one in euros)

    def pay(self, number: int) -> None:
        """All that is due leaves, and the bank carries it out."""
        self.decide(number)
        for what in ("gather", "approve", "approve", "gather", "carry_out", "carry_out"):
            self.act(what, 0)

    def approve(self, number: int) -> None:
        for (batch,) in self.one(number, "select id from bank.batch where state = 1"):
            for caller in (HELENE, BRUNO):
                self.of.say(batch, BatchWord.APPROVE, caller)

    def refuse(self, number: int) -> None:
        for (batch,) in self.one(number, "select id from bank.batch where state in (1, 2)"):
            self.of.say(batch, BatchWord.REFUSE, said="Somme étrange.")

    def carry_out(self, number: int) -> None:
        for (batch,) in self.one(number, "select id from bank.batch where state = 3"):
            [(back,)] = self.run("select count(*) from bank.transfer where batch = %s and state = 3", batch)
            self.of.say(batch, BatchWord.EXECUTED)
            self.moved[batch] = 0 if back else self.filed[batch]

    def reject(self, number: int) -> None:
        for (batch,) in self.one(number, "select id from bank.batch where state = 3"):
            for caller in (HELENE, BRUNO):
                self.of.say(batch, BatchWord.REJECTED, caller, said="Rejeté.")

    def come_back(self, number: int) -> None:
        for transfer, batch in self.one(
            number, "select t.id, t.batch from bank.transfer t join bank.batch b on b.id = t.batch"
            " where b.state in (3, 4) and t.state in (1, 2)"
        ):  # fmt: skip
            for caller in (HELENE, BRUNO):
                self.of.desk.returned(self.of.office, caller, transfer, str(Returned.ACCOUNT_CLOSED.value), "")
            self.moved[batch] = 0

    def account(self, number: int) -> None:
        """The place is paid to another account; a batch that was approved leaves it out."""
        self.of.account(PLACE, IBAN)

    def recover(self, number: int) -> None:
        for _, transfer, reference, due in self.one(
            number, "select id, transfer, reference, due from care.invoice where state = 6"
        ):
            cents = due if number % 2 else max(1, due // 3)
            typed = Typed(reference, f"{cents // 100},{cents % 100:02d}", "2", "Droits corrigés.")
            recovery = self.of.recoveries.open_(self.of.office, HELENE, transfer, typed)
            self.of.recoveries.say(self.of.office, BRUNO, recovery, Word.APPROVE, seen_amount=cents)
            self.run("update bank.recovery set due = now() where id = %s", recovery)

    def give_up(self, number: int) -> None:
        """Two of the staff give a recovery up, over or not."""
        for (recovery,) in self.one(
            number, "select id from bank.recovery where approved is not null and cancelled is null"
        ):  # fmt: skip
            for caller in (HELENE, BRUNO):
                self.of.recoveries.say(self.of.office, caller, recovery, Word.CANCEL, said="Contesté.")

    def holds(self) -> None:
        """What left the bank is what stands as paid, less what transfers took; no care, cap or promise is above."""
        for insurer in (self.first, self.second):
            [(paid,)] = self.run(
                "select coalesce(sum(due), 0) from care.invoice where insurer = %s and state = 6", insurer
            )
            [(taken,)] = self.run(
                "select coalesce(sum(c.amount), 0) from bank.recovered c join bank.transfer t on t.id = c.transfer"
                " join bank.batch b on b.id = t.batch where b.insurer = %s and t.state = 2", insurer,
            )  # fmt: skip
            of = [batch for (batch,) in self.run("select id from bank.batch where insurer = %s", insurer)]
            assert sum(self.moved.get(batch, 0) for batch in of) == paid - taken
        odd = self.run(
            "select i.id, i.state from care.invoice i where (i.transfer is not null or i.state in (5, 6)) <> exists ("
            "  select from bank.paid_invoice p join bank.transfer t on t.id = p.transfer"
            "  where p.invoice = i.id and t.state in (1, 2) and p.due = i.due and p.transfer = i.transfer)"
            " or (select count(*) from bank.paid_invoice p join bank.transfer t on t.id = p.transfer"
            "     where p.invoice = i.id and t.state in (1, 2)) > 1"
            " union all select a.id, a.state from care.agreement a join care.invoice i on i.agreement = a.id"
            " where i.state in (2, 5, 6, 7) group by a.id having count(*) > 1 or sum(i.due) > min(a.due)"
        )
        assert odd == [], "one transfer at a time has it, whole, and one invoice a grant"
        above = self.run(
            f"select person, care_day, sum(due) from care.invoice i where person is not null and {COUNTS}"
            " group by 1, 2 having sum(due) > %s"
            f" union all select 0, 0, sum(due) from care.invoice i where deposit = 7 and {COUNTS}"
            " having sum(due) > %s", COST, DEPOSIT,
        )  # fmt: skip
        assert above == [], "no care above its cost, nor what is by a receipt above what that guarantees"
        twice = self.run(
            "select person, insurer, care_day, count(*) from care.invoice i where person is not null"
            f" and {COUNTS} group by 1, 2, 3 having count(*) > 1"
        )
        assert twice == [], "no care is paid twice by one insurer"
        for person in (self.both, self.alone):
            self.capped(person)

    def capped(self, person: int) -> None:
        drawn = self.run(
            f"select care_day, care_day, due from care.invoice i where person = %s and insurer = %s and {COUNTS}",
            person, self.first,
        ) + self.run(
            "select from_day, until_day, due from care.reserved(%s, %s::smallint, 6::smallint)", person, self.first
        )  # fmt: skip
        for end in {end for from_day, until_day, _ in drawn for end in (from_day, until_day)}:
            window = sum(due for begins, ends, due in drawn if before(end, MONTHS) < ends and begins <= end)
            assert window <= CAP, "no cap above itself, whatever of it is reserved"

    def settle_all(self) -> None:
        """Nothing more happens: all is decided, gathered, carried out, taken and given back."""
        self.covers("back")
        for _ in range(12):
            self.decide(0)
            self.decide(0)
            self.account(0)
            for what in ("gather", "approve", "approve", "gather", "carry_out", "carry_out"):
                self.act(what, 0)
                self.holds()
            if not self.run("select from bank.recovery r where bank.rest_of(r.id) <> 0") and not self.run(
                "select from care.invoice where state in (1, 2, 5, 7)"
            ):
                return
            for insurer in (self.first, self.second):
                self.of.due(PLACE, 90_000, insurer=insurer)
        raise AssertionError("something is left")


@pytest.fixture
def money(
    connect: Connect, key_directory: Path, keyring: Keyring, importer: Importer, country: Path, tmp_path: Path
) -> Money:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    house = House(connect, key_directory)
    importer.rights(country / "rights" / f"{OTHER_AMC}.csv", OTHER_AMC)
    house.stay_covered()
    treasury = Treasury.open_(connect, keyring, tmp_path / "payments", (PLACE,))
    house.admin.execute(AT_WORK.encode())
    return Money(house, treasury)
