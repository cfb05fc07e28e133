"""What was paid and is not due is taken from next transfers, exactly, once two people said so; never all of one."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege

from tests.integration.accounts_world import BRUNO, HELENE, IBAN, OTHER_IBAN
from tests.integration.conftest import Connect
from tests.integration.transfers_world import Treasury
from tierce.billing.settlement.errors import SaidError
from tierce.billing.settlement.model import Returned
from tierce.billing.settlement.model import Word as BatchWord
from tierce.billing.settlement.recoveries.desk import Typed, cents_typed
from tierce.billing.settlement.recoveries.errors import RecoveryMissingError, RecoveryMovedError
from tierce.billing.settlement.recoveries.model import REASON_LABELS, Reason, Stage, Word
from tierce.incidents.errors import FormError
from tierce.policy.acts import Act
from tierce.policy.claims import INVOICED_DAYS
from tierce.policy.transfers import RECOVERED_PERCENT
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


class Recovering:
    """A treasury, and whoever recovers what it paid."""

    def __init__(self, treasury: Treasury) -> None:
        self.of = treasury
        self.desk = treasury.recoveries

    def paid(self, place: int, *cents: int) -> list[int]:
        """Invoices that were paid."""
        made = [self.of.due(place, one) for one in cents]
        self.next_day()
        self.of.turn()
        while self.of.all("select from bank.batch where state = 1"):
            self.of.approve()
        self.of.turn()
        for (batch,) in self.of.all("select id from bank.batch where state = 3"):
            self.of.say(batch, BatchWord.EXECUTED)
        return made

    def next_day(self) -> None:
        self.of.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")

    def open_(self, invoice: int, euros: str, **other: str) -> int:
        reference, transfer = self.of.all("select reference, transfer from care.invoice where id = %s", invoice)[0]
        typed = Typed(**{"reference": reference, "euros": euros, "reason": "2", "said": "Droits corrigés.", **other})
        return self.desk.open_(self.of.office, HELENE, transfer, typed)

    def approved(self, invoice: int, euros: str, *, running: bool = True) -> int:
        number = self.open_(invoice, euros)
        amount = self.desk.one(self.of.office, number).of.amount
        assert self.desk.say(self.of.office, BRUNO, number, Word.APPROVE, seen_amount=amount)
        if running:
            self.of.admin.execute("update bank.recovery set due = now() where id = %s", (number,))
        return number

    def taken(self, number: int) -> int:
        return self.desk.one(self.of.office, number).of.taken

    def stage(self, number: int) -> Stage:
        return self.desk.one(self.of.office, number).of.stage(self.of.settling.clock.now())


@pytest.fixture
def recovering(connect: Connect, keyring: Keyring, tmp_path: Path) -> Recovering:
    made = Treasury.open_(connect, keyring, tmp_path / "payments")
    made.admin.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'Grand Chêne'), (2, '99100002', 'Rives')"
    )
    return Recovering(made)


def test_it_takes_two_people_is_told_first_and_then_takes_a_part_of_each_transfer(recovering: Recovering) -> None:
    (wrong, _) = recovering.paid(601, 5_000, 100)
    number = recovering.open_(wrong, "40,00")
    with pytest.raises(SaidError):
        recovering.desk.say(recovering.of.office, HELENE, number, Word.APPROVE, seen_amount=4_000)
    with pytest.raises(RecoveryMovedError):
        recovering.desk.say(recovering.of.office, BRUNO, number, Word.APPROVE, seen_amount=3_999)
    assert recovering.stage(number) is Stage.ASKED
    assert recovering.desk.say(recovering.of.office, BRUNO, number, Word.APPROVE, seen_amount=4_000)
    recovering.paid(601, 2_000)
    assert (recovering.stage(number), recovering.taken(number)) == (Stage.TOLD, 0), "it may still be contested"
    recovering.of.admin.execute("update bank.recovery set due = now()")
    of_another = recovering.of.due(601, 9_000, insurer=2)
    recovering.of.due(602, 1_000)
    recovering.paid(601, 10_001)
    batch = recovering.of.all("select id from bank.batch where insurer = 1 order by prepared desc, filed desc")[0][0]
    assert recovering.of.credits(batch) == {IBAN: "70.01", OTHER_IBAN: "10.00"}
    assert (recovering.stage(number), recovering.taken(number)) == (Stage.RUNNING, 3_000)
    assert recovering.of.invoices()[of_another][1], "another insurer's money pays none of it"
    recovering.paid(601, 8_000)
    assert (recovering.stage(number), recovering.taken(number)) == (Stage.DONE, 4_000)
    lines = [line.professional for line in recovering.of.lines() if line.act is Act.STAFF_RECOVERY]
    assert lines == [HELENE.staff, BRUNO.staff]


def test_no_more_than_was_paid_once_an_invoice_and_of_that_transfer(recovering: Recovering) -> None:
    (wrong, other) = recovering.paid(601, 5_000, 100)
    waits = recovering.of.due(601, 300)
    for invoice, euros, more in (
        (wrong, "50,01", {}), (wrong, "0", {}), (wrong, "50", {"reference": "nothing"}), (wrong, "x", {}),
        (wrong, "10", {"reason": "3 "}), (wrong, "10", {"said": ""}), (wrong, "10", {"said": f"Sur {IBAN}."}),
        (waits, "1", {}),
    ):  # fmt: skip
        with pytest.raises(FormError):
            recovering.open_(invoice, euros, **more)
    assert recovering.desk.listed(recovering.of.office) == []
    number = recovering.approved(wrong, "50")
    with pytest.raises(FormError, match="only once"):
        recovering.open_(wrong, "1")
    dropped = recovering.open_(other, "1")
    assert recovering.desk.say(recovering.of.office, HELENE, dropped, Word.CANCEL, said="Erreur de facture.")
    assert recovering.open_(other, "0,5") != dropped, "what was never told may be opened again"
    assert not recovering.desk.say(recovering.of.office, HELENE, number, Word.CANCEL, said="Contesté, à raison.")
    assert recovering.desk.say(recovering.of.office, BRUNO, number, Word.CANCEL, said="Lu aussi.")
    with pytest.raises(FormError, match="only once"):
        recovering.open_(wrong, "1")
    with pytest.raises(RecoveryMissingError):
        recovering.desk.say(recovering.of.office, BRUNO, 5, Word.CANCEL, said="Rien.")


def test_what_was_taken_of_one_that_is_cancelled_is_given_back_with_the_next_transfer(recovering: Recovering) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    number = recovering.approved(wrong, "50")
    recovering.paid(601, 1_000)
    assert recovering.taken(number) == 300
    for caller in (HELENE, BRUNO):
        recovering.desk.say(recovering.of.office, caller, number, Word.CANCEL, said="Contesté, à raison.")
    recovering.paid(601, 1_000)
    assert (recovering.stage(number), recovering.taken(number)) == (Stage.CANCELLED, 0)
    amounts = [row[0] for row in recovering.of.all("select amount from bank.transfer")]
    assert sorted(amounts) == [700, 1_300, 5_000]


def test_an_invoice_is_kept_until_its_recovery_is_over_and_what_was_taken_stays_taken(
    recovering: Recovering, connect: Connect
) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    number = recovering.approved(wrong, "6")
    upkeep = connect("tierce_upkeep", autocommit=True)

    def forgotten() -> bool:
        long_ago = recovering.of.settling.clock.now() - timedelta(days=9 * 365)
        aged = "update care.invoice set at = %s, decided = %s, care_day = 15000 where id = %s"
        recovering.of.admin.execute(aged, (long_ago, long_ago, wrong))
        upkeep.execute("select upkeep.forget(72, 1000, true)")
        return not recovering.of.all("select from care.invoice where id = %s", wrong)

    recovering.paid(601, 1_000)
    assert not forgotten(), "it is still taken from transfers"
    recovering.paid(601, 2_000)
    assert (recovering.stage(number), recovering.taken(number)) == (Stage.DONE, 600)
    assert forgotten()
    recovering.paid(601, 1_000)
    assert recovering.taken(number) == 600
    assert sorted(row[0] for row in recovering.of.all("select amount from bank.transfer")) == [
        700,
        1_000,
        1_700,
        5_000,
    ]
    found = recovering.desk.one(recovering.of.office, number)
    assert (found.of.reference, found.paid) == (recovering.of.all("select reference from bank.recovery")[0][0], 5_000)


def come_back(recovering: Recovering, invoice: int) -> None:
    """The transfer of an invoice comes back, as two people say."""
    transfer = recovering.of.all("select transfer from care.invoice where id = %s", invoice)[0][0]
    for caller in (HELENE, BRUNO):
        recovering.of.desk.returned(recovering.of.office, caller, transfer, str(Returned.ACCOUNT_CLOSED.value), "")


def test_while_its_invoice_s_transfer_is_returned_it_is_not_done_and_all_is_given_back_before_it_goes(
    recovering: Recovering, connect: Connect
) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    number = recovering.approved(wrong, "3")
    recovering.paid(601, 1_000)
    assert recovering.stage(number) is Stage.DONE
    come_back(recovering, wrong)
    assert recovering.stage(number) is Stage.RETURNED
    assert recovering.desk.one(recovering.of.office, number).of.back == 300
    upkeep = connect("tierce_upkeep", autocommit=True)
    recovering.of.admin.execute(
        "update care.invoice set state = 4, care_day = 15000, at = '2015-01-01', decided = '2015-01-01'"
        " where id = %s",
        (wrong,),
    )
    upkeep.execute("select upkeep.forget(72, 1000, true)")
    assert recovering.of.all("select bank.rest_of(%s)", number) == [(-300,)], "what is owed is not forgotten"
    recovering.of.account(601, IBAN)
    recovering.paid(601, 1_000)
    assert recovering.taken(number) == 0
    upkeep.execute("select upkeep.forget(72, 1000, true)")
    assert not recovering.of.all("select from care.invoice where id = %s", wrong)


def test_a_paid_invoice_is_kept_while_its_care_may_be_invoiced_again_or_counts_against_a_cap(
    recovering: Recovering, connect: Connect
) -> None:
    upkeep, admin = connect("tierce_upkeep", autocommit=True), recovering.of.admin
    today = recovering.of.all("select gate.today()")[0][0]
    admin.execute("insert into registry.product (insurer, code, name, responsible) values (1, 'P', 'P', false)")
    made = recovering.paid(601, 5_000, 4_000)

    def kept(days: int) -> int:
        admin.execute(
            "update care.invoice set at = '2015-01-01', decided = '2015-01-01', care_day = %s - %s", (today, days)
        )
        upkeep.execute("select upkeep.forget(72, 1000, true)")
        return len(recovering.of.all("select from care.invoice"))

    assert kept(INVOICED_DAYS) == len(made), "the same care may be invoiced until then"
    admin.execute(
        "insert into registry.benefit (product, domain, measure, value, cap_months, cap_cents, from_day, until_day,"
        " feed) select id, 6, 4, 4000, 24, 6000, 0, 40000, 1 from registry.product"
    )
    assert kept(INVOICED_DAYS + 24 * 31) == len(made), "and a cap of two years counts it until then"
    upkeep.execute("set enable_seqscan = off")
    assert kept(INVOICED_DAYS + 24 * 31 + 1) == 0
    upkeep.execute("select pg_stat_force_next_flush()")
    used = "select indexrelname from pg_stat_user_indexes where idx_scan > 0 and indexrelname = any(%s) order by 1"
    by = ["invoice_over", "invoice_paid"]
    assert [row[0] for row in recovering.of.all(used, by)] == by, "no lot reads all that is kept"


def test_places_that_no_transfer_settles_are_listed_the_oldest_first_until_two_say_it_is_settled(
    recovering: Recovering,
) -> None:
    (wrong,), (other,) = recovering.paid(601, 5_000), recovering.paid(602, 2_000)
    owes, owed = recovering.approved(wrong, "50"), recovering.approved(other, "10")
    recovering.paid(602, 1_000)
    recovering.paid(601, 1_000)
    for caller in (HELENE, BRUNO):
        recovering.desk.say(recovering.of.office, caller, owed, Word.CANCEL, said="Contesté, à raison.")

    def listed() -> list[tuple[int, int]]:
        return [(one.establishment, one.amount) for one in recovering.desk.unsettled(recovering.of.office)]

    assert listed() == [], "a transfer left of late"
    recovering.of.admin.execute("update bank.batch set prepared = prepared - interval '99 days'")
    recovering.of.admin.execute("update bank.recovery set due = due - interval '31 days'")
    assert listed() == [(601, 4_700)]
    recovering.of.admin.execute("update bank.recovery set cancelled = cancelled - interval '60 days'")
    assert listed() == [(602, -300), (601, 4_700)]
    assert [one.oldest for one in recovering.desk.unsettled(recovering.of.office)] == [[owed], [owes]]
    (shown,) = recovering.desk.unsettled(recovering.of.office, at_most=1)
    assert (shown.establishment, shown.places) == (602, 2), "what a list leaves out is counted"
    desk, office = recovering.desk, recovering.of.office
    for amount in (0, 300, -299):
        with pytest.raises(RecoveryMovedError):
            desk.say(office, HELENE, owed, Word.SETTLE, said="Chèque 12.", seen_amount=amount)
    assert not desk.say(office, HELENE, owed, Word.SETTLE, said="Chèque 12.", seen_amount=-300)
    with pytest.raises(SaidError):
        desk.say(office, HELENE, owed, Word.SETTLE, said="Chèque 12.", seen_amount=-300)
    assert desk.say(office, BRUNO, owed, Word.SETTLE, said="Lu au relevé.", seen_amount=-300)
    assert listed() == [(601, 4_700)]
    assert not desk.say(office, HELENE, owes, Word.SETTLE, said="Reçu.", seen_amount=4_700)
    recovering.paid(601, 1_000)
    with pytest.raises(RecoveryMovedError):
        desk.say(office, BRUNO, owes, Word.SETTLE, said="Reçu.", seen_amount=4_700)
    assert not desk.say(office, BRUNO, owes, Word.SETTLE, said="Reçu.", seen_amount=4_400), "each says what she read"
    assert desk.say(office, HELENE, owes, Word.SETTLE, said="Relu.", seen_amount=4_400)
    assert (recovering.stage(owes), recovering.taken(owes)) == (Stage.DONE, 600)
    recovering.paid(601, 1_000)
    assert recovering.taken(owes) == 600, "nothing more is taken"
    for caller in (HELENE, BRUNO):
        desk.say(office, caller, owes, Word.CANCEL, said="Contesté, à raison.")
    for caller in (BRUNO, HELENE):
        assert desk.say(office, caller, owes, Word.SETTLE, said="Rendu.", seen_amount=-5_000) is (caller is HELENE)
    recovering.of.admin.execute("update bank.recovery set settled = settled + 5000 where id = %s", (owes,))
    again = desk.say(office, HELENE, owes, Word.SETTLE, said="Encore.", seen_amount=-5_000)
    assert not again, "what two said of one rest counts for no other"


def test_what_was_said_before_it_was_settled_is_kept_counts_no_more_and_may_be_said_anew(
    recovering: Recovering,
) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    number = recovering.approved(wrong, "50")
    desk, office = recovering.desk, recovering.of.office
    assert not desk.say(office, HELENE, number, Word.CANCEL, said="Contesté.")

    def settle(amount: int) -> None:
        for caller in (HELENE, BRUNO):
            assert not desk.one(office, number).said_by(caller.staff, Word.SETTLE, amount), "she has its form"
            done = desk.say(office, caller, number, Word.SETTLE, said=f"{caller.name} {amount}", seen_amount=amount)
            assert done is (caller is BRUNO)

    settle(5_000)
    come_back(recovering, wrong)
    settle(-5_000)
    recovering.of.account(601, IBAN)
    recovering.paid(601, 1_000)
    settle(5_000)
    found = desk.one(office, number)
    said = [(each.name, each.amount) for each in found.words if each.what is Word.SETTLE]
    assert said == [(one.name, amount) for amount in (5_000, -5_000, 5_000) for one in (HELENE, BRUNO)]
    assert not desk.say(office, BRUNO, number, Word.CANCEL, said="Lu."), "hers was of before"
    assert desk.say(office, HELENE, number, Word.CANCEL, said="Encore.")


def test_no_batch_is_deleted_by_which_something_would_be_taken_again(
    recovering: Recovering, connect: Connect
) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    number = recovering.approved(wrong, "50")
    recovering.paid(601, 1_000)
    upkeep = connect("tierce_upkeep", autocommit=True)
    recovering.of.admin.execute("update bank.batch set ended = ended - interval '19 years'")
    recovering.of.admin.execute("update bank.recovery set opened = opened - interval '19 years'")
    recovering.paid(601, 1_000)
    upkeep.execute("select upkeep.forget(75, 1000, true)")
    assert recovering.taken(number) == 600
    assert len(recovering.of.all("select from bank.batch")) == 2, "the first payment alone took nothing"
    recovering.of.admin.execute("update bank.batch set ended = ended - interval '19 years'")
    upkeep.execute("select upkeep.forget(75, 1000, true)")
    assert recovering.of.all("select from bank.recovery union all select from bank.batch") == []


def test_killed_as_a_batch_is_gathered_it_takes_once(recovering: Recovering) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    number = recovering.approved(wrong, "50")
    recovering.of.due(601, 1_000)
    recovering.next_day()

    def stop(at: str) -> None:
        class Killed(BaseException):
            pass

        def step(name: str) -> None:
            if name == at:
                raise Killed

        with suppress(Killed):
            recovering.of.turn(step)

    for at in ("prepared", "commit"):
        stop(at)
        assert recovering.taken(number) == 0
    assert recovering.of.turn().prepared == 1
    assert recovering.taken(number) == 300
    recovering.of.say(recovering.of.batch(1), BatchWord.REFUSE, said="Somme étrange.")
    assert recovering.taken(number) == 0, "a batch that does not leave takes nothing"


def test_no_role_but_two_of_the_staff_opens_one(recovering: Recovering) -> None:
    (wrong,) = recovering.paid(601, 5_000)
    transfer = recovering.of.all("select transfer from care.invoice where id = %s", wrong)[0][0]
    for connection, query in (
        (recovering.of.billing, "select bank.open_recovery(1, 1, 'x', 1, 1::smallint, 1, 'x', 'x')"),
        (recovering.of.billing, "insert into bank.recovery values (1)"),
        (recovering.of.billing, "select bank.recover(1)"),
        (recovering.of.office, "select bank.recover(1)"),
        (recovering.of.office, "update bank.recovery set approved = now()"),
        (recovering.of.office, "insert into bank.recovered values (1, 1, 1)"),
    ):
        with pytest.raises(InsufficientPrivilege):
            connection.execute(query.encode())
    assert transfer


PLACES, CENTS = st.sampled_from((601, 602)), st.integers(1, 9_999)
STEP = st.one_of(
    st.tuples(st.just("pay"), PLACES, CENTS),
    st.tuples(st.just("gather"), PLACES, CENTS),
    st.tuples(st.just("recover"), st.integers(0, 50), CENTS),
    st.tuples(st.sampled_from(("cancel", "settle")), st.integers(0, 50), CENTS),
    st.tuples(st.sampled_from(("refuse", "reject", "return")), st.integers(0, 50), CENTS),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=4, max_size=22))
def test_whatever_happens_each_cent_is_paid_or_recovered_once(
    recovering: Recovering, steps: list[tuple[str, int, int]]
) -> None:
    of = recovering.of
    of.admin.execute("delete from bank.recovery; delete from bank.batch; delete from care.invoice")
    for what, which, cents in steps:
        with suppress(FormError, SaidError):
            _happens(recovering, what, which, cents)
        _holds(of)
    for _ in range(9):
        if not of.all("select from bank.recovery r where bank.rest_of(r.id) <> 0"):
            break
        for place in (601, 602):
            of.account(place, IBAN if place == 601 else OTHER_IBAN)
            of.due(place, 90_000)
        _happens(recovering, "pay", 601, 90_000)
        _holds(of)
    left = of.all(
        "select from bank.recovery r join care.invoice i on i.id = r.invoice where r.approved is not null"
        " and bank.taken_of(r.id) + r.settled"
        " <> case when r.cancelled is null and i.state = 6 then r.amount else 0 end"
    )
    assert not left, "in the end each is taken whole, or given back whole"


def _happens(recovering: Recovering, what: str, which: int, cents: int) -> None:
    of = recovering.of
    if what in {"pay", "gather"}:
        of.due(which, cents)
        recovering.next_day()
        of.turn()
        if what == "gather" or not of.all("select from bank.batch where state = 1"):
            return
        batch = of.approve()
        of.turn()
        if of.all("select from bank.batch where id = %s and state = 3", batch):
            of.say(batch, BatchWord.EXECUTED)
        return
    if what in {"recover", "cancel"}:
        query = "select id from care.invoice where state = 6" if what == "recover" else "select id from bank.recovery"
        found = of.all(query + " order by id offset %s limit 1", which % 7)
        if found and what == "recover":
            recovering.approved(found[0][0], f"{cents // 100}.{cents % 100:02d}")
        elif found and not of.all("select from bank.recovery where id = %s and cancelled is not null", found[0][0]):
            for caller in (HELENE, BRUNO):
                recovering.desk.say(of.office, caller, found[0][0], Word.CANCEL, said="Contesté.")
        return
    if what == "settle":
        query = (
            "select id, bank.rest_of(id) from bank.recovery where bank.rest_of(id) <> 0 order by id offset %s limit 1"
        )
        for number, rest in of.all(query, which % 3):
            for caller in (HELENE, BRUNO):
                recovering.desk.say(of.office, caller, number, Word.SETTLE, said="Chèque.", seen_amount=rest)
        return
    if what == "return":
        found = of.all("select id from bank.transfer where state = 2 order by id offset %s limit 1", which % 3)
        for caller in (HELENE, BRUNO) if found else ():
            of.desk.returned(of.office, caller, found[0][0], str(Returned.ACCOUNT_CLOSED.value), "")
        if found:
            place = of.all("select establishment from bank.transfer where id = %s", found[0][0])[0][0]
            of.account(place, IBAN if place == 601 else OTHER_IBAN)
        return
    if not of.all("select from bank.batch where state = 1"):
        return
    if what == "refuse":
        of.say(of.batch(1), BatchWord.REFUSE, said="Somme étrange.")
        return
    batch = of.approve()
    of.turn()
    for caller in (HELENE, BRUNO):
        of.say(batch, BatchWord.REJECTED, caller, said="Rejeté.")


def _holds(of: Treasury) -> None:
    gross = "(select sum(p.due) from bank.paid_invoice p where p.transfer = t.id)"
    taken = "coalesce((select sum(c.amount) from bank.recovered c where c.transfer = t.id), 0)"
    positive = "coalesce((select sum(c.amount) from bank.recovered c where c.transfer = t.id and c.amount > 0), 0)"
    assert not of.all(f"select from bank.transfer t where t.amount <> {gross} - {taken} or t.amount <= 0")
    assert not of.all(f"select from bank.transfer t where {positive} * 100 > {gross} * {RECOVERED_PERCENT}")
    assert not of.all(
        "select from bank.batch b where b.total <> (select sum(t.amount) from bank.transfer t where t.batch = b.id)"
    )
    assert not of.all("select from bank.recovery r where abs(bank.taken_of(r.id)) > r.amount")
    assert not of.all(
        "select from bank.recovery r join care.invoice i on i.id = r.invoice where i.state = 6 and r.amount > i.due"
    )


def test_euros_are_read_as_they_are_typed() -> None:
    assert [cents_typed(text) for text in ("12,5", "12.50 €", "0", " 7 ", "1 000,00")] == [
        1_250,
        1_250,
        0,
        700,
        100_000,
    ]
    for text in ("", "-1", "1,234", "1.0.0", "²", "1e3", "9" * 9):
        with pytest.raises(FormError):
            cents_typed(text)
    assert set(REASON_LABELS) == set(Reason)
