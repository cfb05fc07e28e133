"""What the bank replies is taken in whole and once; alone, it makes nothing due again, whoever wrote the file."""

import json
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege
from typer.testing import CliRunner

from tests.bank_files import Line, statement, written
from tests.integration.accounts_world import BRUNO, HELENE, IBAN, THIRD_IBAN
from tests.integration.conftest import Connect
from tests.integration.transfers_world import PAYER_IBAN, Treasury
from tests.unit.test_bank_files import report
from tierce.billing.model import InvoiceState
from tierce.billing.settlement.errors import BatchMovedError, SaidError
from tierce.billing.settlement.model import BatchState, Returned, TransferState, Word
from tierce.billing.settlement.pain import message_id
from tierce.billing.settlement.replies.errors import BankFileError
from tierce.billing.settlement.replies.model import Heard, What
from tierce.billing.settlement.replies.service import Listener, Step, no_step
from tierce.billing.settlement.replies.telling import figures, told
from tierce.incidents.errors import FreeTextError
from tierce.journal.model import Entry
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring
from tierce.upkeep.billing import app
from tierce.upkeep.doctor.base import replies
from tierce.upkeep.health.store import unanswered

pytestmark = pytest.mark.integration
BBAN = IBAN[4:]
"""What a bank of this country calls an account: no check digits tell it from another number."""
DUE_AGAIN = (InvoiceState.ACCEPTED.value, InvoiceState.RETURNED.value)


@pytest.fixture
def treasury(connect: Connect, keyring: Keyring, tmp_path: Path) -> Treasury:
    made = Treasury.open_(connect, keyring, tmp_path / "payments")
    made.admin.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle du Grand Chêne')"
    )
    return made


def hear(treasury: Treasury, content: bytes, *, dry: bool = False, step: Step = no_step) -> Heard:
    path = written(treasury.folder, content)
    settling = treasury.settling
    listener = Listener(settling.appender, settling.clock, PAYER_IBAN, settling.opener)
    return listener.hear(treasury.billing, path, dry=dry, step=step)


def sent(treasury: Treasury) -> tuple[int, dict[int, int]]:
    """A filed batch of 40 and 25 euros; its transfers by place."""
    treasury.due(601, 4_000)
    treasury.due(602, 2_500)
    batch = treasury.filed()
    return batch, {one.establishment: one.id for one in treasury.desk.shown(treasury.office, batch).transfers}


def lines_of(treasury: Treasury) -> list[Entry]:
    return [line for line in treasury.lines() if line.act is Act.BANK_READ]


def test_a_statement_that_shows_the_whole_debit_ends_the_batch_and_is_taken_once(treasury: Treasury) -> None:
    batch, _ = sent(treasury)
    content = statement(
        [Line(6_500, batch=batch), Line(12, credit=True)], PAYER_IBAN, name=f"{PAYER_IBAN} {BBAN}",
        made=f"2026-11-30T19:00:00 {BBAN}",
    )  # fmt: skip
    dry = hear(treasury, content, dry=True)
    assert ([one.what for one in dry.claims], dry.carried_out) == ([What.BOOKED], [batch])
    assert not treasury.all("select from bank.reply_file") + lines_of(treasury)
    heard = hear(treasury, content)
    assert (heard.carried_out, heard.others) == ([batch], 1)
    assert {state for state, _ in treasury.invoices().values()} == {InvoiceState.PAID.value}
    again = hear(treasury, content)
    assert (again.already, again.claims) == (True, ())
    assert len(lines_of(treasury)) == 1
    other = hear(treasury, statement([Line(6_500, batch=batch)], PAYER_IBAN, name="COPIE"))
    assert (other.repeated, other.claims, other.carried_out) == (1, (), [])
    with pytest.raises(BankFileError, match="another file of the same number"):
        hear(treasury, content.replace(b"0.12", b"0.13").replace(b"99935.12", b"99935.13"))
    for said in (heard, again, dry):
        text = "\n".join(told(said, dry=said is dry)) + json.dumps(figures(said))
        assert "99999" not in text
    kept = str(treasury.all("select * from bank.reply_file")) + str(treasury.all("select * from bank.reply"))
    assert "99999" not in kept, "no part of an account is kept, nor shown"
    assert "99999" not in str(treasury.desk.shown(treasury.office, batch).replies)


def test_the_command_tells_what_it_read_and_refuses_with_the_place_and_the_remedy(
    treasury: Treasury, settings: Path
) -> None:
    batch, _ = sent(treasury)
    good = written(treasury.folder, statement([Line(6_500, batch=batch)], PAYER_IBAN), "good.xml")
    wrong = written(treasury.folder, statement([Line(6_501, batch=batch)], PAYER_IBAN), "wrong.xml")

    def said(path: Path, *options: str) -> tuple[int, str]:
        ran = CliRunner().invoke(app, ["bank", str(path), "--settings", str(settings), *options])
        assert "99999" not in ran.output
        return ran.exit_code, ran.output

    code, output = said(good)
    assert (code, "n’a pas de fichier, ou rien n’est payé d’ici" in output) == (2, True), "no [payments]: no account"
    payments = f'[payments]\naccount = "{PAYER_IBAN}"\nrecipient = "{treasury.identity.to_public()}"\n'
    settings.write_text(settings.read_text() + payments, "utf-8")
    code, output = said(wrong)
    assert code == 2
    assert "Ntry 1" in output
    assert "appelez la banque" in output
    code, output = said(good, "--dry-run")
    assert (code, "Rien n’a été écrit" in output) == (0, True)
    code, output = said(good, "--json", "-")
    assert (code, json.loads(output)["carried_out"]) == (0, [message_id(batch)])
    code, output = said(good)
    assert (code, "Déjà lu" in output) == (0, True)
    assert said(treasury.folder / "none.xml")[0] == 2


def test_transfers_booked_one_by_one_end_the_batch_with_the_last(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    first = hear(treasury, statement([Line(4_000, transfers=[(of[601], 4_000)])], PAYER_IBAN, name="1"))
    assert first.carried_out == []
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.FILED
    last = hear(treasury, statement([Line(2_500, transfers=[(of[602], 2_500)])], PAYER_IBAN, name="2"))
    assert last.carried_out == [batch]


def test_a_return_that_a_file_tells_makes_nothing_due_again_until_two_people_say_so(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    back = Line(4_000, credit=True, transfers=[(of[601], 4_000)], code="AC04")
    hear(treasury, statement([Line(6_500, batch=batch), back], PAYER_IBAN))
    treasury.account(601, THIRD_IBAN)
    treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
    assert treasury.turn().prepared == 0, "a file alone pays nobody again, whatever account came since"
    assert not [one for one in treasury.invoices().values() if one[0] in DUE_AGAIN]
    (reply,) = [
        one for one in treasury.desk.shown(treasury.office, batch).heard(of[601]) if one.what is What.RETURNED
    ]
    assert reply.code == "AC04"
    closed = str(Returned.ACCOUNT_CLOSED.value)
    assert not treasury.desk.returned(treasury.office, HELENE, of[601], closed, "")
    assert treasury.turn().prepared == 0, "a file and one person are not two people"
    assert treasury.desk.returned(treasury.office, BRUNO, of[601], closed, "")
    assert treasury.turn().prepared == 1


def test_what_the_bank_rejects_is_not_paid_and_waits_for_two_people(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    assert hear(treasury, report("PART", (of[601], "RJCT", "AC01"), of=batch)).carried_out == []
    heard = hear(treasury, statement([Line(2_500, batch=batch)], PAYER_IBAN))
    assert heard.carried_out == [batch]
    states = {one.establishment: one.state for one in treasury.desk.shown(treasury.office, batch).transfers}
    assert states == {601: TransferState.OPEN, 602: TransferState.PAID}
    assert not [one for one in treasury.invoices().values() if one[0] in DUE_AGAIN]


def test_a_rejection_that_is_read_after_the_rest_left_ends_the_batch_too(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    hear(treasury, statement([Line(2_500, transfers=[(of[602], 2_500)])], PAYER_IBAN))
    assert hear(treasury, report("PART", (of[601], "RJCT", "AC01"), of=batch)).carried_out == [batch]
    states = {one.establishment: one.state for one in treasury.desk.shown(treasury.office, batch).transfers}
    assert states == {601: TransferState.OPEN, 602: TransferState.PAID}


def test_every_transfer_rejected_by_itself_ends_no_batch(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    each = [(of[number], "RJCT", "AC01") for number in (601, 602)]
    assert hear(treasury, report("PART", *each, of=batch)).carried_out == []
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.FILED


def test_what_a_report_rejects_falsely_is_said_to_have_left_by_two_and_paid_once(
    treasury: Treasury, connect: Connect
) -> None:
    batch, of = sent(treasury)
    hear(treasury, report("PART", (of[601], "RJCT", "AC01"), of=batch))
    desk, office = treasury.desk, treasury.office
    with pytest.raises(BatchMovedError):
        desk.left(office, HELENE, of[601], "Débit lu.")
    treasury.say(batch, Word.EXECUTED)
    assert desk.transfer(office, of[601])[1].state is TransferState.OPEN
    assert desk.shown(office, batch).disputed(desk.transfer(office, of[601])[1])
    treasury.admin.execute("update bank.reply_file set at = at - interval '8 days'")
    upkeep, clock = connect("tierce_upkeep", autocommit=True), FixedClock(SystemClock().now())
    assert [one.code for one in replies(upkeep, clock)] == ["bank-unsaid"]
    with pytest.raises(FreeTextError):
        desk.left(office, HELENE, of[601], "")
    with pytest.raises(BatchMovedError):
        desk.left(office, HELENE, of[602], "Débit lu.")
    assert not desk.left(office, HELENE, of[601], "Débit lu au site.")
    with pytest.raises(SaidError):
        desk.left(office, HELENE, of[601], "Débit lu encore.")
    assert desk.transfer(office, of[601])[1].state is TransferState.OPEN, "one person is not two"
    assert desk.left(office, BRUNO, of[601], "Lu aussi.")
    assert desk.transfer(office, of[601])[1].state is TransferState.PAID
    treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
    assert treasury.turn().prepared == 0, "nothing of it is paid again"
    said = desk.shown(office, batch).said(Word.LEFT, of[601])
    assert [(one.name, one.said) for one in said] == [
        (HELENE.name, "Débit lu au site."), (BRUNO.name, "Lu aussi."),
    ]  # fmt: skip
    lines = [line.professional for line in treasury.lines() if line.reference == of[601]]
    assert lines == [HELENE.staff, BRUNO.staff]
    assert replies(upkeep, clock) == []
    hear(treasury, statement([Line(2_500, batch=batch)], PAYER_IBAN))
    assert [one.code for one in replies(upkeep, clock)] == ["bank-unsaid"], "a statement has all but it: told at once"
    for caller in (HELENE, BRUNO):
        desk.returned(office, caller, of[601], str(Returned.OTHER.value), "Jamais parti.")
    assert treasury.invoices()[
        treasury.all("select invoice from bank.paid_invoice where transfer = %s", of[601])[0][0]
    ]


def test_a_second_debit_of_the_day_in_another_statement_is_told(treasury: Treasury, connect: Connect) -> None:
    batch, _ = sent(treasury)
    hear(treasury, statement([Line(6_500, batch=batch)], PAYER_IBAN, name="1"))
    again = hear(treasury, statement([Line(6_500, batch=batch, entry="E-2")], PAYER_IBAN, name="2"))
    assert ([one.what for one in again.claims], again.repeated) == ([What.TWICE], 0)
    assert "debited twice" in "\n".join(told(again, dry=False))
    upkeep, clock = connect("tierce_upkeep", autocommit=True), FixedClock(SystemClock().now())
    assert [one.code for one in replies(upkeep, clock)] == ["bank-unsaid"]
    assert What.TWICE in {one.what for one in treasury.desk.shown(treasury.office, batch).heard(batch)}
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.EXECUTED


def test_a_rejection_that_the_debit_belies_leaves_nothing_behind(treasury: Treasury) -> None:
    """Whoever wrote it: the whole sum left, so that the transfer is paid, before or after two people are asked."""
    batch, of = sent(treasury)
    hear(treasury, report("PART", (of[601], "RJCT", "AC01"), of=batch))
    assert hear(treasury, statement([Line(6_500, batch=batch)], PAYER_IBAN)).carried_out == [batch]
    shown = treasury.desk.shown(treasury.office, batch).transfers
    assert {one.state for one in shown} == {TransferState.PAID}


def test_what_was_booked_after_all_is_paid_though_its_batch_had_ended(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    hear(treasury, report("PART", (of[601], "RJCT", "AC01"), of=batch))
    hear(treasury, statement([Line(2_500, transfers=[(of[602], 2_500)])], PAYER_IBAN, name="1"))
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.EXECUTED
    late = hear(treasury, statement([Line(4_000, transfers=[(of[601], 4_000)])], PAYER_IBAN, name="2"))
    assert late.carried_out == []
    shown = treasury.desk.shown(treasury.office, batch).transfers
    assert {one.state for one in shown} == {TransferState.PAID}


def test_one_that_is_rejected_then_booked_stands_for_no_other(treasury: Treasury) -> None:
    treasury.due(603, 4_000)
    batch, of = sent(treasury)
    hear(treasury, report("PART", (of[601], "RJCT", "AC01"), of=batch))
    alone = [Line(4_000, transfers=[(of[601], 4_000)]), Line(2_500, transfers=[(of[602], 2_500)])]
    assert hear(treasury, statement(alone, PAYER_IBAN)).carried_out == []
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.FILED


def test_a_return_of_a_transfer_that_was_not_seen_to_leave_is_refused(treasury: Treasury) -> None:
    _, of = sent(treasury)
    other = [Line(4_000, transfers=[(of[601], 4_000)]), Line(2_500, credit=True, transfers=[(of[602], 2_500)])]
    with pytest.raises(BankFileError, match="its departure"):
        hear(treasury, statement(other, PAYER_IBAN))


def test_what_left_and_came_back_by_two_words_alone_is_told_by_the_doctor(
    treasury: Treasury, connect: Connect
) -> None:
    batch, of = sent(treasury)
    for caller in (HELENE, BRUNO):
        treasury.desk.returned(treasury.office, caller, of[601], str(Returned.ACCOUNT_CLOSED.value), "")
    upkeep = connect("tierce_upkeep", autocommit=True)
    clock = FixedClock(SystemClock().now())
    hear(treasury, statement([Line(6_500, batch=batch)], PAYER_IBAN))
    treasury.admin.execute("update bank.transfer set ended = ended - interval '8 days' where state = 3")
    assert [one.code for one in replies(upkeep, clock)] == ["bank-unsaid"]
    hear(treasury, statement([Line(4_000, credit=True, transfers=[(of[601], 4_000)])], PAYER_IBAN, name="3"))
    assert replies(upkeep, clock) == []


def test_a_whole_file_that_a_report_rejects_stays_sent_until_two_people_say_so(treasury: Treasury) -> None:
    batch, _ = sent(treasury)
    hear(treasury, report("RJCT", of=batch))
    assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.FILED
    assert not treasury.say(batch, Word.REJECTED, HELENE, said="Compte rendu lu.")
    assert treasury.say(batch, Word.REJECTED, BRUNO, said="Lu aussi.")
    with pytest.raises(BankFileError, match="rejected and booked"):
        hear(treasury, statement([Line(6_500, batch=batch)], PAYER_IBAN))


def test_whatever_stops_it_a_file_is_kept_whole_or_not_at_all(treasury: Treasury) -> None:
    batch, _ = sent(treasury)
    content = statement([Line(6_500, batch=batch)], PAYER_IBAN)

    def stop(at: str) -> Step:
        def step(name: str) -> None:
            if name == at:
                raise KeyboardInterrupt

        return step

    for at in ("line", "kept", "commit"):
        with suppress(KeyboardInterrupt):
            hear(treasury, content, step=stop(at))
        assert not treasury.all("select from bank.reply_file") + treasury.all("select from bank.reply")
        assert treasury.desk.shown(treasury.office, batch).batch.state is BatchState.FILED
        assert not lines_of(treasury)
    assert hear(treasury, content).carried_out == [batch]


def test_a_captured_billing_keeps_nothing_without_its_line_and_nothing_that_was_not_sent(treasury: Treasury) -> None:
    batch, of = sent(treasury)
    given = (new_id(), 2, b"m" * 16, b"d" * 32, 1, [of[601]], [4], [20_000], [4_000], ["AC04"], [None])
    call = (
        "select * from bank.keep_replies(%s, %s::smallint, %s, %s, %s, %s::bigint[], %s::smallint[],"
        " %s::integer[], %s::bigint[], %s::text[], %s::bytea[])"
    )
    with pytest.raises(CheckViolation):
        treasury.billing.execute(call, given)
    for query in (
        "insert into bank.reply_file (id) values (1)",
        "update bank.transfer set state = 3",
        "select bank.carried_out(1)",
        "delete from bank.reply",
    ):
        with pytest.raises(InsufficientPrivilege):
            treasury.billing.execute(query.encode())
    treasury.desk.say(treasury.office, HELENE, batch, Word.EXECUTED)
    assert not [one for one in treasury.invoices().values() if one[0] in DUE_AGAIN]


def test_a_batch_of_which_the_bank_says_nothing_is_told_to_staff_and_by_the_doctor(
    treasury: Treasury, connect: Connect
) -> None:
    batch, _ = sent(treasury)
    upkeep = connect("tierce_upkeep", autocommit=True)
    clock = FixedClock(SystemClock().now())
    assert replies(upkeep, clock) == []
    treasury.admin.execute("update bank.batch set filed = filed - interval '8 days'")
    assert [one.code for one in replies(upkeep, clock)] == ["bank-silent"]
    assert treasury.desk.queue(treasury.office)[2] == {batch}
    assert treasury.desk.shown(treasury.office, batch).late
    hear(treasury, report("RJCT", of=batch))
    assert treasury.desk.queue(treasury.office)[2] == frozenset()
    assert replies(upkeep, clock) == []
    treasury.admin.execute("update bank.reply_file set at = at - interval '8 days'")
    assert [one.code for one in replies(upkeep, clock)] == ["bank-unsaid"]
    assert unanswered(upkeep, clock.now()) == (0, 1)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        upkeep.execute("select from bank.reply")
    assert IBAN not in str(treasury.all("select * from bank.reply"))
