"""Triggers of `ended.sql` refuse by themselves, whatever is granted; what is counted is counted as it stands."""

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.world import World, enrol
from tierce.policy.deposits import UP_TO_MAX, DepositState

pytestmark = pytest.mark.integration
SOON = "now() + interval '1 hour'"
KEY = "age1" + "q" * 58
LADDER = (
    'insert into access.ladder (id, level, subject, rung, since, until, "by", reason, lifted, lifted_by, lifted_why)'
    f" values (1, 1, 1, 3, now(), {SOON}, 'H', 'essai', now(), 'H', 'fini')"
)
HOLD = (
    'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
    " values (1, 2, 1, 3, now(), now(), 'H', 'essai')"
)
ASSISTANT = (
    "insert into access.assistant (professional, establishment, activity, family_name, given_name, handle, until_day,"
    " login, device, ended, ended_by, ended_why) select s.professional, t.establishment, t.id, 'N', 'P',"
    " decode(repeat('00', 16), 'hex'), 30000, s.login, s.device, now(),"
    " 'H', 'fini' from access.session s"
    " join directory.activity t on t.id = s.activity limit 1"
)
ALERT = (
    'insert into access.alert (id, professional, operator, at, "by", ended, ended_by, ended_why)'
    " values (1, 1, 'O', now(), 'H', now(), 'H', 'fini')"
)
PEER = (
    "insert into access.alert_peer (name, issuer, keys, why, ended, ended_why)"
    " values ('O', 'https://o.example', 'k', 'w', now(), 'fini')"
)
RECIPIENT = (
    "insert into notice.recipient (id, insurer, recipient, challenge, proposed_by, proposed_name, proposed_at,"
    " proved_at, confirmed_by, confirmed_name, confirmed_at, vouched_at, vouched_by, vouched_name,"
    " spoken_with, vouched_entry)"
    f" values (1, 1, '{KEY}', sha256('c'), 1, 'A', now(), now(), 2, 'B', now(), now(), 3, 'C', 'D', 1)"
)
SIGNER = "insert into presence.signer (insurer, public_key) values (1, sha256('key'))"
STOP = (
    "insert into incident.incident (id, title, signal_at) values (1, 'essai', now());"
    ' insert into notice.stop (incident, at, "by", reason, lifted_at, lifted_by)'
    " values (1, now(), 'H', 'essai', now(), 'H')"
)
DEPOSIT = (
    "insert into care.deposit (number, key, received, state, reason, resolved, establishment, professional, line,"
    " insurer, domain, amount, care_day) values (1, gen_random_uuid(), now(), 3, 1, now(), 1, 1, 1, 1, 6, 900, 20000)"
)


@pytest.mark.parametrize(
    ("table", "role", "made", "woken"),
    [
        ("access.ladder", "tierce_office", LADDER, ["lifted = null", f"lifted = {SOON}"]),
        ("access.assistant", "tierce_api", ASSISTANT, ["ended = null, ended_by = null", f"ended = {SOON}"]),
        ("access.alert", "tierce_office", ALERT, ["ended = null", f"ended = {SOON}"]),
        (
            "access.alert_peer", "tierce_upkeep", PEER,
            ["ended = null, ended_why = null", f"ended = {SOON}", "keys = 'x'"],
        ),
        ("presence.signer", "tierce_upkeep", SIGNER, ["public_key = sha256('mine')", "public_key = null"]),
        ("notice.stop", "tierce_office", STOP, ["lifted_at = null", f"lifted_at = {SOON}", "lifted_by = 'Z'"]),
        (
            "notice.recipient", "tierce_office", RECIPIENT,
            ["vouched_at = null", "vouched_name = 'Z'", f"recipient = '{KEY[:-1]}p'", "confirmed_by = 9"],
        ),
        (
            "care.deposit", "tierce_worker", DEPOSIT,
            ["state = 2", "reason = 0", "resolved = null", "establishment = 2", "professional = 2", "line = 2",
             "insurer = 2", "domain = 1", "amount = 90000", "care_day = 1"],
        ),
    ],
)  # fmt: skip
def test_what_ended_is_not_woken_by_whoever_may_write_it(
    world: World, connect: Connect, table: str, role: str, made: str, woken: list[str]
) -> None:
    enrol(world)
    world.run(made)
    world.run(f"grant select, update on {table} to {role}")
    thief = connect(role, autocommit=True)
    before = thief.execute(f"select to_jsonb(t) from {table} t".encode()).fetchall()
    assert len(before) == 1
    for changed in woken:
        with pytest.raises(psycopg.errors.CheckViolation, match="stays as it ended"):
            thief.execute(f"update {table} set {changed}".encode())
    assert thief.execute(f"select to_jsonb(t) from {table} t".encode()).fetchall() == before


def test_a_deposit_guarantees_what_its_insurer_chose_and_no_more(world: World, connect: Connect) -> None:
    worker = connect("tierce_worker", autocommit=True)
    world.run(
        'insert into registry.deposit_choice (insurer, domain, up_to, from_day, until_day, days_before, at, "by")'
        " values (1, 6, 9000, 20000, 20010, 0, now(), 'H'), (1, 1, 900000, 20000, 20010, 0, now(), 'H')"
    )
    put = (
        "insert into care.deposit (number, key, received, state, reason, resolved, insurer, domain, amount, care_day)"
        " values (%s, gen_random_uuid(), now(), %s, 0, now(), %s, %s, %s, %s)"
    )
    refused = pytest.raises(psycopg.errors.CheckViolation, match="no insurer chose")
    for told in (
        (1, 6, 9_001, 20_000), (1, 7, 9_000, 20_000), (1, 6, 9_000, 20_011), (1, 6, None, 20_000),
        (1, 6, 0, 20_000), (None, 6, 9_000, 20_000), (1, 1, UP_TO_MAX + 1, 20_000),
    ):  # fmt: skip
        with refused:
            worker.execute(put, (1, DepositState.GUARANTEED, *told))
    worker.execute(put, (1, DepositState.GUARANTEED, 1, 6, 9_000, 20_000))
    worker.execute(put, (2, DepositState.GUARANTEED, 1, 1, UP_TO_MAX, 20_000))
    worker.execute(put, (3, DepositState.ON_CARD, 1, 6, 90_000, 20_000))


def test_a_recovery_is_said_with_the_sum_that_was_read(world: World, connect: Connect) -> None:
    world.run(
        "insert into bank.recovery (id, invoice, reference, care_day, paid, establishment, insurer, amount, reason,"
        " said) values (1, 1, 'F', 20000, 900, 1, 1, 900, 1, 'essai')"
    )
    office = connect("tierce_office", autocommit=True)
    say = "select bank.say_recovery(1, %s::smallint, %s, 'H.', 'lu', %s)"
    for what, amount in ((1, None), (1, 899), (3, None), (None, 900), (None, None)):
        assert office.execute(say, (what, 7, amount)).fetchone() == (2,)
    assert world.scalar("select count(*) from bank.recovery_word") == 0
    with office.transaction(force_rollback=True):  # committed, it would need its line of the journal
        assert office.execute(say, (1, 7, 900)).fetchone() == (0,)
    world.run("update bank.recovery set approved = now(), due = now()")
    assert office.execute(say, (3, 7, None)).fetchone() == (2,), "settled by another way, of no sum"


@pytest.mark.parametrize(
    ("role", "counting"),
    [
        (
            "tierce_peers",
            "select access.take_alert(1::smallint, gen_random_uuid(), 1::smallint, '', 1, now(), now(), 1::smallint)",
        ),
        ("tierce_api", "select access.continue_line(1, 2)"),
        ("tierce_api", "select access.line_of(1, 1, 1::smallint, 1, '')"),
        ("tierce_api", "select access.keep_passkey(1, '', '', '', 0)"),
        ("tierce_api", "select access.open_assistant_session('', 0, 1, '', 1::smallint, 1, '', now(), 1)"),
        ("tierce_api", "select access.name_assistant(1, 'Aide', 'Nadia', '', 1, '')"),
        ("tierce_api", "select directory.declare_substitute(1, 2, 1, 1)"),
        ("tierce_api", "select bank.ask(1, 1, '', '', 'FR', '1234', 'H', now())"),
        ("tierce_persons", "select presence.answer_ask('', 1, true)"),
        ("tierce_persons", "select notice.ask_wish('', 1, '', '', '', 'fr')"),
        ("tierce_office", HOLD),
    ],
)
@pytest.mark.parametrize("level", [psycopg.IsolationLevel.REPEATABLE_READ, psycopg.IsolationLevel.SERIALIZABLE])
def test_whoever_reads_the_rows_of_its_beginning_counts_nothing(
    connect: Connect, role: str, counting: str, level: psycopg.IsolationLevel
) -> None:
    thief = connect(role)
    thief.isolation_level = level
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="counted as it stands"):
        thief.execute(counting.encode())
