"""Invoices decided on PostgreSQL: by what covers the person, once each, whatever stops it."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tests.waiting import eventually
from tierce.billing.deciding import store
from tierce.billing.deciding.model import Turn
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Measure
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.ids import EstablishmentId, ProfessionalId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.storage.version import program
from tierce.upkeep import billing

pytestmark = pytest.mark.integration
RUNNER = CliRunner()
OTHER_AMC = "99100002"


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return House(connect, key_directory)


ACCEPTED, REFUSED, RECEIVED = InvoiceState.ACCEPTED.value, InvoiceState.REFUSED.value, InvoiceState.RECEIVED.value
PARTLY = InvoiceReason.PARTLY.value


def test_an_invoice_is_paid_by_the_product_up_to_its_cap_and_the_same_care_once(house: House) -> None:
    later, first = house.invoice(day=TODAY - 1), house.invoice(day=TODAY - 9)
    again, unknown = house.invoice(day=TODAY - 9), house.invoice(item="NONE9", day=TODAY - 3)
    given = house.invoice(deposit=7)
    done = house.deciding().turn(house.billing)
    assert (done.accepted, done.refused, done.uncovered, done.failed) == (3, 2, 0, [])
    assert house.stands(first) == (ACCEPTED, PARTLY, GIVES, GIVES)
    assert house.stands(later) == (ACCEPTED, PARTLY, 2_000, 2_000), "the cap is drawn in the order of days of care"
    assert house.stands(again)[:2] == (REFUSED, InvoiceReason.DUPLICATE.value)
    assert house.stands(unknown)[:2] == (REFUSED, InvoiceReason.ITEM_UNKNOWN.value)
    assert house.stands(given) == (ACCEPTED, 0, 5_000, 5_000)
    assert sorted(house.lines()) == sorted([later, first, again, unknown, given])
    editions = house.admin.execute("select distinct edition from care.invoice").fetchall()
    assert len(editions) == 1
    assert editions[0][0] > 0


def test_two_that_were_promised_the_same_cents_of_a_deposit_are_not_both_paid(house: House) -> None:
    house.deposit(8, amount=9_000, state=1)
    first, second = house.invoice(deposit=7), house.invoice(deposit=7, item="OTHER")
    never = house.invoice(deposit=8)
    house.deciding().turn(house.billing)
    assert house.stands(first) == (ACCEPTED, 0, 5_000, 5_000)
    assert house.stands(second) == (REFUSED, InvoiceReason.NOT_GUARANTEED.value, 0, 0)
    assert house.stands(never)[:2] == (REFUSED, InvoiceReason.NOT_GUARANTEED.value)
    house.admin.execute("update care.invoice set state = 4 where id = %s", (first,))
    rest = house.invoice(deposit=7, item="REST")
    house.deciding().turn(house.billing)
    assert house.stands(rest)[0] == ACCEPTED, "what was taken back is left of the deposit again"


def test_each_insurers_product_pays_its_own_people_and_caps_are_each_persons(
    house: House, importer: Importer, country: Path
) -> None:
    importer.rights(country / "rights" / f"{OTHER_AMC}.csv", OTHER_AMC)
    house.stay_covered()
    other = house.admin.execute("select id from registry.insurer where amc = %s", (OTHER_AMC,)).fetchone()
    assert other is not None
    product = "select id from registry.product where insurer = %s"
    house.admin.execute(
        "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
        f" select id, 6, 'LENS', %s, 1500, 0, 40000, 1 from ({product}) p",
        (Measure.FIXED.value, other[0]),
    )
    neighbour = house.covered(1, house.insurer)[0]
    theirs_first = (house.covered(n, other[0]) for n in range(3))  # whom both insurers cover may be first
    elsewhere, by = next(one for one in theirs_first if one[0] not in {house.person, neighbour})
    assert len({house.person, neighbour, elsewhere}) == 3
    hers, next_to_her = house.invoice(), house.invoice(person=neighbour)
    theirs = house.invoice(person=elsewhere, insurer=by)
    assert house.deciding().turn(house.billing).accepted == 3
    assert [house.stands(one)[2] for one in (hers, next_to_her, theirs)] == [GIVES, GIVES, 1_500]


def test_a_day_that_the_engagement_does_not_guarantee_is_refused_and_one_that_is_gone_waits(house: House) -> None:
    quotes = house.engagement(house.person, house.insurer)
    first, last, before = (house.invoice(day=day, quotes=quotes) for day in (TODAY - 40, TODAY, TODAY - 41))
    gone = house.invoice(day=TODAY - 1)
    house.admin.execute("delete from care.engagement where seq = (select engagement from care.invoice where id = %s)",
                        (gone,))  # fmt: skip
    done = house.deciding().turn(house.billing)
    assert [house.stands(one)[0] for one in (first, last, gone)] == [ACCEPTED, ACCEPTED, RECEIVED]
    assert house.stands(before)[:2] == (REFUSED, InvoiceReason.AFTER_GUARANTEE.value)
    assert done.uncovered == 1


def test_a_seal_that_is_broken_and_a_word_of_the_database_keep_nobody_else_waiting(house: House) -> None:
    spoiled, _ = house.covered(1)
    house.admin.execute(
        "update coverage.coverage set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where person = %s",
        (spoiled,),
    )
    broken, refused, well = (
        house.invoice(person=spoiled, day=TODAY - 9),
        house.invoice(day=TODAY - 8),
        house.invoice(),
    )
    house.admin.execute("alter table care.invoice add constraint odd check (id <> %s or state = 1)".replace(
        "%s", str(refused)).encode())  # fmt: skip
    done = house.deciding().turn(house.billing)
    assert (done.unopened, done.failed, done.accepted) == (1, ["CheckViolation"], 1)
    assert [house.stands(one)[0] for one in (broken, refused, well)] == [RECEIVED, RECEIVED, ACCEPTED]
    assert house.lines() == [well]


def test_a_turn_stops_where_it_is_told_and_one_whose_connection_is_lost_says_so(house: House) -> None:
    number = house.invoice()
    seen: list[int] = []

    def stop(done: Turn) -> bool:
        seen.append(done.decided)
        return False

    assert house.deciding().turn(house.billing, between=stop).decided == 1
    house.invoice(day=TODAY - 1)
    deciding = house.deciding()

    def cut(_step: str) -> None:
        house.admin.execute("select pg_terminate_backend(%s)", (house.billing.info.backend_pid,))

    with pytest.raises(psycopg.Error):
        deciding.turn(house.billing, cut)
    assert seen == [1]
    assert house.lines() == [number]


def test_what_was_taken_back_gives_its_part_of_the_cap_back(house: House) -> None:
    first = house.invoice(day=TODAY - 9)
    deciding = house.deciding()
    deciding.turn(house.billing)
    house.admin.execute(
        "update care.invoice set state = 4, cancelled = now(), cancelled_why = 'x' where id = %s", (first,)
    )
    second = house.invoice(day=TODAY - 8)
    deciding.turn(house.billing)
    assert house.stands(second) == (ACCEPTED, PARTLY, GIVES, GIVES)


def test_rights_closed_since_refuse_nothing_and_cover_that_is_gone_waits(house: House) -> None:
    house.admin.execute(
        "update coverage.coverage set until_day = %s where person = %s and insurer = %s",
        (TODAY - 20, house.person, house.insurer),
    )
    closed = house.invoice(day=TODAY - 10)
    gone = house.invoice(day=TODAY - 10, person=12, quotes=house.engagement(12, house.insurer))
    done = house.deciding().turn(house.billing)
    assert (done.accepted, done.uncovered) == (1, 1)
    assert house.stands(closed)[0] == ACCEPTED
    assert house.stands(gone)[0] == RECEIVED
    after = house.invoice(day=TODAY - 5)
    assert house.deciding().turn(house.billing).accepted == 1, "it keeps nobody else waiting"
    assert house.stands(after)[0] == ACCEPTED


def test_care_after_the_end_of_the_insurers_contract_is_refused(house: House) -> None:
    house.admin.execute(
        "insert into registry.ending (insurer, ended, ended_by, why)"
        " values (%s, now() - interval '5 days', 'H', 'W')",
        (house.insurer,),
    )
    late, before = house.invoice(day=TODAY), house.invoice(day=TODAY - 30)
    house.deciding().turn(house.billing)
    assert house.stands(late)[:2] == (REFUSED, InvoiceReason.CONTRACT_ENDED.value)
    assert house.stands(before)[0] == ACCEPTED


@pytest.mark.parametrize("at", ["keep", "line", "commit"])
def test_killed_at_any_step_each_invoice_is_decided_once_with_one_line(house: House, at: str) -> None:
    numbers = [house.invoice(day=TODAY - n) for n in (3, 2)]

    def stop(step: str) -> None:
        if step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        house.deciding().turn(house.billing, stop)
    assert [house.stands(number)[0] for number in numbers] == [RECEIVED, RECEIVED]
    assert house.lines() == []
    assert house.deciding().turn(house.billing).accepted == 2
    assert sorted(house.lines()) == sorted(numbers)
    assert house.deciding().turn(house.billing).decided == 0


def test_one_that_is_taken_back_meanwhile_is_left_and_a_second_process_waits(house: House) -> None:
    number = house.invoice()

    def cancel(connection: psycopg.Connection) -> None:
        assert store.alone(connection)
        assert not store.alone(house.connect("tierce_billing", autocommit=True))

    cancel(house.billing)
    found = store.waiting(house.billing, 0, 10)
    house.admin.execute("update care.invoice set state = 4 where id = %s", (number,))
    assert found == [number]
    assert store.taken_up(house.billing, number) is None


REFUSED_SQL: tuple[tuple[str, str], ...] = (
    ("tierce_billing", "select * from coverage.coverage"),
    ("tierce_billing", "select * from person.record"),
    ("tierce_billing", "select * from person.key"),
    ("tierce_billing", "select * from journal.entry"),
    ("tierce_billing", "update care.invoice set asked = 1"),
    ("tierce_billing", "update care.invoice set person = 1"),
    ("tierce_billing", "delete from care.invoice"),
    ("tierce_billing", "update care.invoice set state = 1"),
    ("tierce_billing", "update care.invoice_line set due = 1"),
    ("tierce_billing", "select * from care.engagement"),
    ("tierce_billing", "select * from care.deposit"),
    ("tierce_api", "select care.decide_invoice(1, 2::smallint, 0::smallint, 1, array[1], 1)"),
    ("tierce_office", "select care.decide_invoice(1, 2::smallint, 0::smallint, 1, array[1], 1)"),
    ("tierce_api", "select * from care.cover_of_waiting(1)"),
    ("tierce_office", "select * from care.cover_of_waiting(1)"),
    ("tierce_worker", "select * from care.invoice"),
    ("tierce_api", "update care.invoice set due = 1"),
)


def test_billing_reads_cover_of_whom_an_invoice_waits_and_nobody_decides_in_its_place(house: House) -> None:
    number = house.invoice()
    cover = "select person from care.cover_of_waiting(%s)"
    assert house.billing.execute(cover, (number,)).fetchall() == [(house.person,)]
    house.deciding().turn(house.billing)
    assert house.billing.execute(cover, (number,)).fetchall() == [], "nothing of her once it is decided"
    for role, statement in REFUSED_SQL:
        with house.connect(role, autocommit=True) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute(statement.encode())


def test_a_thief_of_billings_role_decides_with_a_line_once_and_makes_nothing_wait_again(house: House) -> None:
    number, line = house.invoice(), house.deciding()
    decided = "select care.decide_invoice(%s, %s::smallint, %s::smallint, 1, %s::integer[], %s)"

    def tried(of: int, state: int, reason: int, dues: list[int], named: int, act: Act = Act.INVOICE_DECIDE) -> None:
        with house.billing.transaction():
            written = Entry(
                kind=EntryKind.INVOICE, act=act, time_us=1, establishment=EstablishmentId(101), outcome=Outcome.DONE,
                professional=ProfessionalId(line.appender.instance), policy=policy_digest(), reference=named,
            )  # fmt: skip
            (entry,) = line.appender.write(house.billing, [written])
            house.billing.execute(decided, (of, state, reason, dues, entry))

    faults = (
        (ACCEPTED, 0, [5_000], number + 1, Act.INVOICE_DECIDE),
        (ACCEPTED, 0, [5_000], number, Act.INVOICE_SEND),
        (ACCEPTED, 0, [5_001], number, Act.INVOICE_DECIDE),
        (ACCEPTED, 0, [2_500, 2_500], number, Act.INVOICE_DECIDE),
        (ACCEPTED, 0, [0], number, Act.INVOICE_DECIDE),
        (REFUSED, 5, [1], number, Act.INVOICE_DECIDE),
        (REFUSED, 0, [0], number, Act.INVOICE_DECIDE),
        (InvoiceState.PAID.value, 0, [5_000], number, Act.INVOICE_DECIDE),
    )
    for state, reason, dues, named, act in faults:
        with pytest.raises(psycopg.errors.CheckViolation):
            tried(number, state, reason, dues, named, act)
    with pytest.raises(psycopg.errors.CheckViolation):
        house.billing.execute(decided, (number, ACCEPTED, 0, [5_000], 1))
    assert house.stands(number) == (RECEIVED, 0, 0, None)
    tried(number, ACCEPTED, 0, [5_000], number)
    for state, reason, dues in ((RECEIVED, 0, [0]), (REFUSED, 5, [0])):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tried(number, state, reason, dues, number)
    assert house.lines() == [number]


def test_the_oldest_that_waits_is_known_to_whoever_looks_after_the_machine(house: House) -> None:
    house.invoice()
    house.admin.execute("update care.invoice set at = now() - interval '1 hour'")
    upkeep = house.connect("tierce_upkeep")
    row = upkeep.execute("select upkeep.oldest_invoice()").fetchone()
    assert row is not None
    assert 3_590 < row[0] < 3_700
    store.lives(house.billing, program(), 1, ["cover"])
    said = house.admin.execute("select waiting, failing from upkeep.heartbeat where process = 'billing'").fetchone()
    assert json.dumps(said) == '[1, ["cover"]]'


def test_the_command_decides_says_where_invoices_stand_and_leaves_another_process_alone(
    house: House, settings: Path
) -> None:
    first, unknown = house.invoice(), house.invoice(item="NONE9", day=TODAY - 3)
    waiting = house.invoice(person=12, quotes=house.engagement(12, house.insurer))
    once = ["run", "--once", "--json", "-", "--settings", str(settings)]
    done = RUNNER.invoke(billing.app, once)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["invoices"]
    assert {name: found[name] for name in ("accepted", "refused", "uncovered")} == {
        "accepted": 1,
        "refused": 1,
        "uncovered": 1,
    }
    assert [house.stands(one)[0] for one in (first, unknown, waiting)] == [ACCEPTED, REFUSED, RECEIVED]
    said = RUNNER.invoke(billing.app, ["status", "--json", "-", "--settings", str(settings)])
    status = json.loads(said.stdout)
    assert status["oldest_waiting_seconds"] > 0
    assert [(one["state"], one["reason"], one["invoices"], one["due"]) for one in status["invoices"]] == [
        ("received", "none", 1, 0),
        ("accepted", "partly", 1, GIVES),
        ("refused", "item_unknown", 1, 0),
    ]
    words = RUNNER.invoke(billing.app, ["status", "--settings", str(settings)]).stdout
    assert "Un code n’est dans aucun tarif" in words
    assert store.alone(house.billing)
    held = RUNNER.invoke(billing.app, once)
    assert held.exit_code == 2
    assert "billing" in held.output


def test_the_process_lives_decides_and_stops_when_it_is_told(house: House, settings: Path) -> None:
    number = house.invoice()
    command = [sys.executable, "-m", "tierce", "billing", "run", "--settings", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: house.stands(number)[0] == ACCEPTED, "the invoice decided", seconds=20)
        beat = "select count(*) from upkeep.heartbeat where process = 'billing' and failing = '{}'"
        eventually(lambda: house.admin.execute(beat).fetchone() == (1,), "its heartbeat", seconds=20)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b'"event":"stopped"' in said.replace(b": ", b":")
