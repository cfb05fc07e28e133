"""A database that is lent to one test after another is each time what it was at first, and so are its sessions."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.fresh import fresh_database
from tests.integration.lent import OURS, Lender
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
SEQUENCES = (
    "select string_agg(format('%s %s', sequencename, last_value), ',' order by sequencename) from pg_sequences"
)
WRITTEN = (
    "insert into registry.insurer (id, amc, name) values (1, '99000001', 'Mutuelle')",
    "insert into journal.instance (name, role, public_key) values ('api', 'tierce_api', sha256('k'))",
    "insert into access.passkey_challenge (challenge, binding) values (sha256('c'), sha256('b'))",  # it is not logged
    "update gate.ceiling set per_minute = per_minute + 1",
    "delete from upkeep.keep",
    "select setval(seqrelid, 77) from pg_sequence",
    "insert into directory.professional select n, n, null, repeat('x', 200), '', 1 from generate_series(1, 2000) n",
    "analyze",
)
MADE_OTHERWISE = (
    "alter table registry.insurer add column odd int",
    "alter table directory.professional alter column family_name drop not null",
    "create index odd on registry.insurer (name)",
    "drop trigger {trigger}",
    "create function odd() returns int language sql as 'select 1'",
    "alter function gate.today() cost 7",
    "create schema odd",
    "grant select on registry.insurer to tierce_signer",
    "grant select (name) on registry.insurer to tierce_signer",
    "alter table registry.insurer owner to tierce_feed",
    "alter role tierce_api in database {name} set lock_timeout = '50ms'",
    "alter database {name} set timezone = 'Europe/Paris'",
    "grant create on database {name} to tierce_api",
)


@pytest.fixture
def lender(cluster: Cluster, template: Database) -> Iterator[Lender]:
    """One that has lent nothing yet."""
    made = Lender(cluster, template)
    yield made
    made.close()


def content(database: Database) -> tuple[object, ...]:
    """All that is in it: each table's rows, how its statements are planned, and where each sequence stands."""
    with database.connect(SUPERUSER) as admin:
        tables = [name for (name,) in admin.execute(OURS.encode()).fetchall()]
        rows = ", ".join(f"(select md5(string_agg(t::text, '|' order by t::text)) from {one} t)" for one in tables)
        counted = "(select count(*) from pg_class where relkind = 'r' and oid >= 16384 and reltuples >= 0)"
        [found] = admin.execute(f"select ({SEQUENCES}), {counted}, {rows}".encode()).fetchall()
    return tuple(found)


def test_whatever_is_written_the_next_one_finds_what_the_migrations_wrote(
    lender: Lender, cluster: Cluster, template: Database
) -> None:
    with fresh_database(cluster, template) as fresh:
        first = content(fresh)
    names = set()
    for _ in range(2):
        with lender.lend() as lent:
            names.add(lent.database.name)
            assert content(lent.database) == first
            with lent.database.connect(SUPERUSER, autocommit=True) as admin:
                for statement in WRITTEN:
                    admin.execute(statement.encode())
            assert content(lent.database) != first
    with lender.lend() as lent:
        assert content(lent.database) == first
        assert names == {lent.database.name}, "it is the same one"


@pytest.mark.parametrize("statement", MADE_OTHERWISE)
def test_one_that_was_made_otherwise_is_lent_to_nobody(lender: Lender, statement: str) -> None:
    with lender.lend() as lent:
        name = lent.database.name
        with lent.database.connect(SUPERUSER, autocommit=True) as admin:
            trigger = admin.execute(
                "select format('%I on %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal limit 1"
            ).fetchone()
            assert trigger is not None
            admin.execute(statement.format(name=name, trigger=trigger[0]).encode())
    with lender.lend() as lent:
        assert lent.database.name != name


def test_a_session_that_was_left_begins_anew(lender: Lender) -> None:
    with lender.lend() as lent:
        before = lent.database.connect("tierce_feed")
        pid = before.info.backend_pid
        before.execute("set lock_timeout = '7ms'")
        before.execute("create temporary table odd (n int)")
        before.execute("select pg_advisory_lock(7)")
        before.execute("select 1", prepare=True)
        before.commit()
        before.execute("select 1")
        before.close()
        assert before.closed
        with pytest.raises(psycopg.OperationalError, match="closed"):
            before.execute("select 1")
        before.close()
        after, other = (lent.database.connect("tierce_feed", autocommit=True) for _ in range(2))
        assert (after.info.backend_pid == pid, other.info.backend_pid == pid) == (True, False)
        assert after.execute("show lock_timeout").fetchone() == other.execute("show lock_timeout").fetchone()
        assert after.execute("select to_regclass('odd') is null").fetchone() == (True,)
        assert other.execute("select pg_try_advisory_lock(7)").fetchone() == (True,)
        assert after.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
        second = other.info.backend_pid
        after.close()
        other.close()
    with lender.lend() as lent, lent.database.connect("tierce_feed") as later:
        assert later.info.backend_pid in {pid, second}, "it goes on from test to test"


def test_whoever_is_still_connected_is_cut_off_and_no_session_that_ended_is_given(lender: Lender) -> None:
    with lender.lend() as lent:
        left = psycopg.connect(lent.database.dsn("tierce_api"))
        left.execute("select 1")
        ended = lent.database.connect("tierce_api")
        pid = ended.info.backend_pid
        ended.close()
        with lent.database.connect(SUPERUSER, autocommit=True) as admin:
            assert admin.execute("select pg_terminate_backend(%s, 5000)", (pid,)).fetchone() == (True,)
        with lent.database.connect("tierce_api") as new:
            assert new.execute("select pg_backend_pid() <> %s", (pid,)).fetchone() == (True,)
    with pytest.raises(psycopg.OperationalError):
        left.execute("select 1")
    left.close()
