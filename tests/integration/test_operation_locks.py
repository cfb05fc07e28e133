"""A lock of ours that another program holds is found, and named: whoever waits for it says nothing."""

import re
from pathlib import Path

import psycopg
import pytest

import tierce
from tests.integration.conftest import Connect
from tierce.billing.deciding.store import LOCK as BILLING_LOCK
from tierce.storage.cluster import SUPERUSER
from tierce.upkeep.health import locks
from tierce.upkeep.health.service import figures

pytestmark = pytest.mark.integration
TAKE = {
    **{name: ("select pg_advisory_lock(%s)", number) for name, number in locks.OURS.items()},
    **{name: ("select pg_advisory_lock(hashtextextended(%s, 0))", text) for name, text in locks.NAMED.items()},
    "writing": ("select pg_advisory_lock_shared(%s, 1)", locks.WRITING),
}


@pytest.fixture
def stranger(connect: Connect) -> psycopg.Connection:
    """Another program's session: no role of ours."""
    return connect(SUPERUSER, autocommit=True)


@pytest.mark.parametrize("name", sorted(TAKE))
def test_a_lock_of_ours_that_a_stranger_holds_is_named_until_it_is_let_go(
    connect: Connect, stranger: psycopg.Connection, name: str
) -> None:
    upkeep = connect("tierce_upkeep")
    assert locks.foreign(upkeep) == []
    query, given = TAKE[name]
    stranger.execute(query.encode(), (given,))
    assert locks.foreign(upkeep) == [locks.Foreign(name, stranger.info.backend_pid, SUPERUSER)]
    assert figures(upkeep).get_sample_value("tierce_locks_foreign") == 1
    stranger.execute("select pg_advisory_unlock_all()")
    assert locks.foreign(upkeep) == []
    assert figures(upkeep).get_sample_value("tierce_locks_foreign") == 0


def test_a_role_of_ours_that_holds_another_process_s_lock_is_named(connect: Connect) -> None:
    """Whoever stole the least of our passwords may take any lock: she is found by it."""
    thief, upkeep = connect("tierce_signer", autocommit=True), connect("tierce_upkeep")
    for query, given in TAKE.values():
        thief.execute(query.encode(), (given,))
    found = locks.foreign(upkeep)
    assert {one.lock for one in found} == {*locks.HOLDERS, "writing"}
    assert {(one.pid, one.role) for one in found} == {(thief.info.backend_pid, "tierce_signer")}


def test_a_window_of_lines_that_is_kept_open_for_an_hour_is_named(connect: Connect) -> None:
    thief, upkeep = connect("tierce_signer", autocommit=True), connect("tierce_upkeep")
    now = "floor(extract(epoch from clock_timestamp()) / 10)::integer"
    thief.execute(f"select pg_advisory_lock_shared({locks.WRITING}, {now} - 10)".encode())
    assert locks.foreign(upkeep) == []
    thief.execute(f"select pg_advisory_lock_shared({locks.WRITING}, {now} - 361)".encode())
    assert locks.foreign(upkeep) == [locks.Foreign("writing", thief.info.backend_pid, "tierce_signer")]


def test_every_lock_of_a_process_is_looked_at() -> None:
    """By the texts of the program, of which a look-up by another name would find nothing."""
    source = Path(tierce.__file__).parent
    texts = "".join(file.read_text("utf-8") for file in source.rglob("*.py"))
    said = set(re.findall(r"hashtextextended\('([^']+)', 0\)", texts)) - {"bank.reply_file"}
    assert said | {BILLING_LOCK} == set(locks.NAMED.values())


def test_our_own_processes_and_other_numbers_are_nobody_s_business(
    connect: Connect, stranger: psycopg.Connection
) -> None:
    worker = connect("tierce_worker", autocommit=True)
    worker.execute("select pg_advisory_lock(%s)", (locks.OURS["sequencer"],))
    stranger.execute("select pg_advisory_lock(1), pg_advisory_lock(1, 2), pg_advisory_lock_shared(7)")
    assert locks.foreign(connect("tierce_upkeep")) == []
