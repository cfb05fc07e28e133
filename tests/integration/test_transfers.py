"""What is due leaves once, to the account in force, when two people say so; whatever stops it."""

import threading
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.integration.accounts_world import BRUNO, HELENE, IBAN, OTHER_IBAN, THIRD_IBAN
from tests.integration.conftest import Connect
from tests.integration.transfers_world import Treasury
from tierce.billing.model import InvoiceState
from tierce.billing.settlement import store
from tierce.billing.settlement.errors import (
    BatchMissingError,
    BatchMovedError,
    SaidError,
)
from tierce.billing.settlement.model import BatchState, Left, Returned, TransferState, Word
from tierce.billing.settlement.pain import file_name
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FreeTextError
from tierce.kernel.ids import NOBODY
from tierce.policy.acts import Act
from tierce.policy.transfers import APPROVERS
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
ACCEPTED, ORDERED, PAID, RETURNED = (
    state.value for state in (InvoiceState.ACCEPTED, InvoiceState.ORDERED, InvoiceState.PAID, InvoiceState.RETURNED)
)


@pytest.fixture
def treasury(connect: Connect, keyring: Keyring, tmp_path: Path) -> Treasury:
    made = Treasury.open_(connect, keyring, tmp_path / "payments")
    made.admin.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle du Grand Chêne'),"
        " (2, '99100002', 'Prévoyance des Rives')"
    )
    return made


def test_what_is_due_is_gathered_approved_by_two_filed_and_paid(treasury: Treasury) -> None:
    one, two, other = treasury.due(601, 4_000), treasury.due(601, 2_550), treasury.due(602, 1_000)
    treasury.due(601, 700, insurer=2)
    assert treasury.turn().prepared == 2, "one batch for each insurer"
    batch = treasury.all("select id from bank.batch where insurer = 1")[0][0]
    assert treasury.total(batch) == 7_550
    assert treasury.desk.shown(treasury.office, batch).firsts == (2, 7_550)
    assert treasury.invoices()[one] == (ACCEPTED, True), "gathered, and not ordered"
    assert not treasury.say(batch, Word.APPROVE, HELENE)
    assert treasury.turn().filed == 0
    with pytest.raises(SaidError):
        treasury.say(batch, Word.APPROVE, HELENE)
    assert treasury.say(batch, Word.APPROVE, BRUNO)
    assert treasury.invoices()[two] == (ORDERED, True)
    assert treasury.turn().filed == 1
    assert treasury.credits(batch) == {IBAN: "65.50", OTHER_IBAN: "10.00"}
    assert (treasury.folder / file_name(batch)).stat().st_mode & 0o077 == 0
    assert treasury.say(batch, Word.EXECUTED)
    assert {treasury.invoices()[number][0] for number in (one, two, other)} == {PAID}
    assert [(line.act, line.person) for line in treasury.lines() if line.reference == batch] == [
        (act, NOBODY)
        for act in (
            Act.BATCH_PREPARE, Act.STAFF_BATCH_APPROVE, Act.STAFF_BATCH_APPROVE, Act.BATCH_FILE,
            Act.STAFF_BATCH_SETTLE,
        )
    ]  # fmt: skip
    assert treasury.turn().prepared == 0, "nothing is due"
    treasury.due(601, 300)
    treasury.account(602, THIRD_IBAN)
    treasury.due(602, 200)
    treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
    treasury.turn()
    again = treasury.desk.shown(treasury.office, treasury.batch(1))
    assert again.firsts == (1, 200), "the other was paid there before"
    assert [one.first for one in again.transfers] == [False, True]


def test_one_batch_of_an_insurer_waits_and_the_next_day_has_its_own(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.turn()
    treasury.due(602, 200)
    assert treasury.turn().prepared == 0, "another would be approved beside the first"
    treasury.approve()
    assert treasury.turn().prepared == 0, "one a day"
    treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
    assert treasury.turn().prepared == 1


def test_a_batch_that_was_full_is_followed_at_once(treasury: Treasury) -> None:
    for place in (601, 602, 603):
        treasury.due(place, 100)
    assert treasury.turn(transfers_max=2).prepared == 1
    treasury.approve()
    assert treasury.turn(transfers_max=2).prepared == 1
    assert treasury.all("select transfers from bank.batch order by prepared") == [(2,), (1,)]


def test_nothing_is_sent_without_an_account_nor_to_a_suspended_place_and_staff_read_why(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.due(602, 200)
    treasury.due(603, 300)
    treasury.admin.execute("update bank.account set state = 4, ended = now() where establishment = 601")
    treasury.admin.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " values (9, 3, 602, 4, now(), now() + interval '1 day', 'watch', 'r')"
    )
    treasury.turn()
    batch = treasury.batch(1)
    assert treasury.total(batch) == 300
    waits = {one.why: (one.establishments, one.amount) for one in treasury.desk.queue(treasury.office)[1]}
    assert waits == {Left.NO_ACCOUNT: (1, 100), Left.HELD: (1, 200)}


def test_whoever_s_account_changed_since_is_left_out_of_the_file(treasury: Treasury) -> None:
    kept, left = treasury.due(601, 100), treasury.due(602, 200)
    treasury.turn()
    batch = treasury.approve()
    treasury.account(602, THIRD_IBAN)
    assert treasury.turn().filed == 1
    assert treasury.credits(batch) == {IBAN: "1.00"}
    assert treasury.invoices() == {kept: (ORDERED, True), left: (ACCEPTED, False)}
    shown = treasury.desk.shown(treasury.office, batch)
    assert shown.batch.left_out == 1
    assert {one.state for one in shown.transfers} == {TransferState.OPEN, TransferState.LEFT}


def test_a_batch_of_which_nothing_is_left_has_no_file(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.approve()
    treasury.account(601, THIRD_IBAN)
    done = treasury.turn()
    assert (done.filed, done.emptied, done.failed) == (0, 1, [])
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.REFUSED
    assert not list(treasury.folder.iterdir())


def test_a_transfer_that_comes_back_is_said_by_two_and_waits_for_another_account(treasury: Treasury) -> None:
    back, paid = treasury.due(601, 100), treasury.due(602, 200)
    batch = treasury.filed()
    number = next(one.id for one in treasury.desk.shown(treasury.office, batch).transfers if one.establishment == 601)
    treasury.say(batch, Word.EXECUTED)

    def came_back(caller: StaffCaller, why: Returned) -> bool:
        return treasury.desk.say(treasury.office, caller, batch, Word.RETURNED, subject=number, detail=str(why.value))

    assert not came_back(HELENE, Returned.ACCOUNT_CLOSED)
    assert not came_back(BRUNO, Returned.HOLDER), "two who say different things agree on nothing"
    assert came_back(BRUNO, Returned.ACCOUNT_CLOSED)
    assert treasury.invoices() == {back: (RETURNED, False), paid: (PAID, True)}
    treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
    assert treasury.turn().prepared == 0, "that account takes nothing"
    treasury.account(601, THIRD_IBAN)
    assert treasury.turn().prepared == 1
    again = treasury.approve()
    treasury.turn()
    assert treasury.credits(again) == {THIRD_IBAN: "1.00"}
    with pytest.raises(BatchMovedError):
        came_back(HELENE, Returned.ACCOUNT_CLOSED)


def test_a_file_that_the_bank_rejects_is_due_again_once_two_say_so(treasury: Treasury) -> None:
    number = treasury.due(601, 100)
    batch = treasury.filed()
    assert not treasury.say(batch, Word.REJECTED, HELENE, said="Rejet du fichier, compte rendu du 3.")
    assert treasury.say(batch, Word.REJECTED, BRUNO, said="Lu aussi.")
    assert treasury.invoices() == {number: (ACCEPTED, False)}
    with pytest.raises(BatchMovedError):
        treasury.say(batch, Word.EXECUTED)


def test_staff_refuse_a_batch_before_its_file_with_a_reason_and_not_after(treasury: Treasury) -> None:
    number = treasury.due(601, 100)
    treasury.turn()
    batch = treasury.batch(1)
    for said in ("", "FR89 9999 9000 0100 0000 0000 172"):
        with pytest.raises(FreeTextError):
            treasury.say(batch, Word.REFUSE, said=said)
    assert treasury.say(batch, Word.REFUSE, said="Une facture paraît fausse.")
    assert treasury.invoices() == {number: (ACCEPTED, False)}
    with pytest.raises(BatchMovedError):
        treasury.say(batch, Word.APPROVE)
    with pytest.raises(BatchMissingError):
        treasury.say(12345, Word.APPROVE, seen=1)


def test_an_approval_is_of_the_sum_that_was_read(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.turn()
    with pytest.raises(BatchMovedError):
        treasury.say(treasury.batch(1), Word.APPROVE, seen=101)


@pytest.mark.parametrize("where", ["prepared", "commit", "file", "filed", "name"])
def test_stopped_anywhere_each_is_paid_once(treasury: Treasury, where: str) -> None:
    treasury.due(601, 100)
    treasury.due(602, 200)
    stops = 0

    class Killed(BaseException):
        """What no program catches."""

    def stop(name: str) -> None:
        nonlocal stops
        if name == where:
            stops += 1
            raise Killed

    for _ in range(2):  # gathering, then filing
        with suppress(Killed):
            treasury.turn(stop)
        treasury.turn()
        if treasury.all("select 1 from bank.batch where state = 1"):
            treasury.approve()
    treasury.turn()
    assert stops >= 1
    (batch,) = [row[0] for row in treasury.all("select id from bank.batch")]
    assert treasury.credits(batch) == {IBAN: "1.00", OTHER_IBAN: "2.00"}
    assert [path.name for path in treasury.folder.iterdir()] == [file_name(batch)]
    assert len([line for line in treasury.lines() if line.act is Act.BATCH_FILE]) == 1


def test_nobody_but_billing_gathers_or_files_and_staff_change_no_row(treasury: Treasury, connect: Connect) -> None:
    treasury.due(601, 100)
    treasury.turn()
    refused = psycopg.errors.InsufficientPrivilege
    for query in (
        "update bank.batch set state = 2", "update bank.transfer set amount = 1", "insert into bank.word select",
        "select bank.filed(1, null, 1)", "select bank.prepare(1::smallint, 1, '{601}', '{1}')",
        "select bank.give_back('{1}', 2::smallint)", "select sealed from bank.account",
    ):  # fmt: skip
        with pytest.raises(refused):
            treasury.office.execute(query.encode())
    for query in ("update bank.batch set state = 2", "update care.invoice set transfer = null",
                  "select bank.say(1, 1, 1::smallint, 0::smallint, 1, 'x', 'x', 1)"):  # fmt: skip
        with pytest.raises(refused):
            treasury.billing.execute(query.encode())
    api = connect("tierce_api", autocommit=True)
    for table in ("bank.batch", "bank.transfer", "bank.paid_invoice", "bank.word"):
        with pytest.raises(refused):
            api.execute(f"select from {table}".encode())


def test_billing_files_nothing_that_two_did_not_approve_nor_without_its_line(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.batch(1)
    assert store.take_up(treasury.billing, batch) == [], "not approved"
    for state, entry in ((1, 1), (2, 1)):
        treasury.admin.execute("update bank.batch set state = %s, approved = now()", (state,))
        with pytest.raises(psycopg.errors.CheckViolation, match="line"):
            store.filed(treasury.billing, batch, bytes(32), entry)  # type: ignore[arg-type]  # no line of this act


def test_two_who_approve_at_once_approve_once(treasury: Treasury, connect: Connect) -> None:
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.batch(1)
    ends: list[bool] = []
    offices = [connect("tierce_office", autocommit=True) for _ in range(APPROVERS)]

    def approve(office: psycopg.Connection, caller: StaffCaller) -> None:
        ends.append(treasury.desk.say(office, caller, batch, Word.APPROVE, seen_total=100))

    threads = [threading.Thread(target=approve, args=each) for each in zip(offices, (HELENE, BRUNO), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [False, True]


def test_two_who_gather_at_once_gather_each_invoice_once(treasury: Treasury, connect: Connect) -> None:
    made = {treasury.due(place, 100 + n) for n, place in enumerate((601, 602) * 20)}
    both = [connect("tierce_billing", autocommit=True) for _ in range(2)]
    threads = [threading.Thread(target=treasury.settling.turn, args=(each,)) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gathered = [row[0] for row in treasury.all("select invoice from bank.paid_invoice")]
    assert (len(gathered), set(gathered)) == (len(made), made)
    assert treasury.total(treasury.batch(1)) == sum(row[0] for row in treasury.all("select due from care.invoice"))


def test_a_transfer_pays_no_more_invoices_than_its_place_reads(treasury: Treasury) -> None:
    first = treasury.due(601, 100)
    treasury.admin.execute(
        "insert into care.invoice (id, establishment, professional, line, reference, engagement, person, insurer,"
        " domain, care_day, price, amo, asked, digest, entry, state, due, decided)"
        " select n, 601, 501, 1, n::text, 1, 77, 1, 6, 20000, 99, 0, 99, sha256('i'), 1, 2, 99,"
        " now() + interval '1 s'"
        " from generate_series(1, %s) n", (4_000,),
    )  # fmt: skip
    batch = treasury.filed()
    assert treasury.all("select invoices, amount from bank.transfer where batch = %s", batch) == [
        (4_000, 100 + 3_999 * 99)
    ]
    assert treasury.invoices()[first][1], "those that were decided first"
    treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
    assert treasury.turn().prepared == 1
    assert treasury.total(treasury.batch(1)) == 99
