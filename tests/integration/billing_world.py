"""A register with cover, tariffs and benefits, in which invoices and agreements are decided as tierce_billing."""

from pathlib import Path
from typing import Any

from tests.integration.conftest import Connect
from tests.integration.feeding import PLAN
from tierce.billing.agreements.granting.service import Granting
from tierce.billing.deciding.service import Deciding
from tierce.billing.pricing.model import Measure
from tierce.journal.encoding import decode
from tierce.journal.model import Entry
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, day_of, paris_day
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Sealer

TODAY = paris_day(SystemClock().now())
COVERED_DAYS = 38
"""How much longer whoever is covered stays so: as long as the country's year has left on its own day."""
OPTI = Domain.OPTI
GIVES = 4_000
"""What every product of these tests gives for one unit, in cents."""


class House:
    """A register with cover, tariffs and benefits; invoices come in by hand, and are decided as tierce_billing."""

    def __init__(self, connect: Connect, keys: Path) -> None:
        self.admin = connect(SUPERUSER, autocommit=True)
        self.connect, self.keys = connect, keys
        self.billing = connect("tierce_billing", autocommit=True)
        self.admin.execute(
            "insert into registry.tariff (item, domain, basket, base, rate, whole_tm, label_fr, label_en, from_day,"
            " until_day, feed) select 'LENS', 6, 0, 10000, 600, false, 'verre', 'lens', 0, 40000, 1"
        )
        self.admin.execute(
            "insert into registry.benefit (product, domain, item, measure, value, cap_months, cap_cents, from_day,"
            " until_day, feed) select id, 6, null, %s, %s, 24, 6000, 0, 40000, 1 from registry.product",
            (Measure.FIXED.value, GIVES),
        )
        self.stay_covered()
        self.person, self.insurer = self.covered()
        self.deposit()

    def stay_covered(self) -> None:
        """Whoever is covered on the day that the country is of is so today, weeks after its year has ended too."""
        self.admin.execute(
            "update coverage.coverage set until_day = greatest(until_day, %s)"
            " where %s between from_day and until_day",
            (TODAY + COVERED_DAYS, day_of(PLAN.on)),
        )

    def covered(self, behind: int = 0, of_insurer: int | None = None) -> tuple[int, int]:
        """Somebody covered for optics for weeks, and the insurer that pays first; past so many others.

        Who has the lowest number differs from run to run: now and then somebody of whom the insurer pays second,
        and what is by a receipt is then decided before hers.
        """
        row = self.admin.execute(
            "select distinct on (person) person, insurer from coverage.coverage where domains & %s <> 0"
            " and from_day < %s and until_day > %s and priority = 1 and (%s::smallint is null or insurer = %s)"
            " order by person offset %s limit 1",
            (OPTI.bit, TODAY - 40, TODAY, of_insurer, of_insurer, behind),
        ).fetchone()
        assert row is not None
        return row[0], row[1]

    def engagement(self, person: int, insurer: int) -> int:
        """What an answer about her guarantees: forty days of care, until today."""
        number = new_id()
        self.admin.execute(
            "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, care_day,"
            " until_day, at) values (%s, 101, 201, %s, %s, 6, 1, %s, %s, now())",
            (number, person, insurer, TODAY - 40, TODAY),
        )
        return number

    def deposit(self, number: int = 7, *, amount: int = 9_000, state: int = 2) -> None:
        self.admin.execute(
            "insert into care.deposit (number, key, received, state, reason, establishment, insurer, domain, amount,"
            " care_day) values (%s, gen_random_uuid(), now(), %s, 0, 101, %s, 6, %s, %s)",
            (number, state, self.insurer, amount, TODAY),
        )

    def _hands(self) -> tuple[Appender, Sealer]:
        keyring = Keyring(self.keys, ["coverage"])
        sealer = load_sealer(self.admin, keyring, [Compartment.COVERAGE])
        return Appender.enrol(self.billing, "billing", keyring.instance("billing")), sealer

    def deciding(self) -> Deciding:
        return Deciding(*self._hands(), SystemClock())

    def granting(self) -> Granting:
        return Granting(*self._hands(), SystemClock())

    def invoice(self, *, day: int = TODAY, item: str = "LENS", asked: int = 5_000, deposit: int | None = None,
                person: int | None = None, insurer: int | None = None, quotes: int | None = None) -> int:  # fmt: skip
        number, who, by = new_id(), person or self.person, insurer or self.insurer
        engagement = None if deposit else quotes or self.engagement(who, by)
        self.admin.execute(
            "insert into care.invoice (id, establishment, professional, line, reference, engagement, deposit, person,"
            " insurer, domain, care_day, price, amo, asked, digest, entry)"
            " values (%s, 101, 201, 1, %s, %s, %s, %s, %s, 6, %s, 20000, 6000, %s, sha256('one'), 1)",
            (number, f"F-{number % 10**9}", engagement, deposit, None if deposit else who, by, day, asked),
        )  # fmt: skip
        self.admin.execute(
            "insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)"
            " values (%s, 1, %s, 1, 20000, 6000, %s)", (number, item, asked),
        )  # fmt: skip
        return number

    def agreement(self, *, person: int | None = None, kind: int = 2, asked: int = 5_000) -> int:
        """A request, or a quote, by an answer about somebody: one lens, from today."""
        number, who = new_id(), person or self.person
        self.admin.execute(
            "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
            " insurer, domain, care_day, price, amo, asked, digest, entry)"
            " values (%s, 101, 201, 1, %s, %s, %s, %s, %s, 6, %s, 20000, 6000, %s, sha256('one'), 1)",
            (
                number,
                f"P-{number % 10**9}",
                kind,
                self.engagement(who, self.insurer),
                who,
                self.insurer,
                TODAY,
                asked,
            ),
        )
        self.admin.execute(
            "insert into care.agreement_line (agreement, n, item, quantity, price, amo, asked)"
            " values (%s, 1, 'LENS', 1, 20000, 6000, %s)", (number, asked),
        )  # fmt: skip
        return number

    def stands(self, number: int) -> tuple[Any, ...]:
        row = self.admin.execute(
            "select i.state, i.reason, i.due, l.due from care.invoice i join care.invoice_line l on l.invoice = i.id"
            " where i.id = %s", (number,),
        ).fetchone()  # fmt: skip
        assert row is not None
        return tuple(row)

    def entries(self, kind: int) -> list[Entry]:
        found = self.admin.execute("select body from journal.entry where kind = %s order by seq", (kind,)).fetchall()
        return [decode(bytes(body)) for (body,) in found]

    def lines(self) -> list[int]:
        entries = self.entries(22)
        assert all(one.act is Act.INVOICE_DECIDE and one.person == 0 for one in entries)
        return [one.reference for one in entries]
