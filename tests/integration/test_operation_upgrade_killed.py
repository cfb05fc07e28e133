"""An upgrade that is killed, or whose connection the server ends, at each of its steps; and two of them at once.

Another connection holds what a step takes hold of, so that the command waits exactly there: the server says who waits
for whom.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg
import pytest
from alembic import command

from tests.forks import start_tierce
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.migrate import alembic_config, create_roles
from tierce.storage.roles import OWNER, ROLES
from tierce.storage.shape import altered
from tierce.storage.version import head_version, stored_version, unbuilt
from tierce.upkeep.service import make_keys

pytestmark = pytest.mark.integration
EARLIER = "0085"
"""A schema that some steps follow: what runs them is the same for two and for a hundred."""
HERE = 7_402_261
_STOPS = f"""
    create table public.stop (tag text, version text);
    create function public.come() returns event_trigger language plpgsql security definer as $$ begin
        if exists (select from public.stop s join registry_meta.schema_version v on v.version_num = s.version
                   where s.tag = tg_tag)
        then perform pg_advisory_xact_lock({HERE}); end if;
    end $$;
    create event trigger come on ddl_command_start execute function public.come()"""
_NO_STOPS = "drop event trigger come; drop function public.come(); drop table public.stop"
_SHAPE = """
    select md5(string_agg(t, ',' order by t)) from (
        select p.oid::regprocedure || md5(p.prosrc) || coalesce(p.proacl::text, '') from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace where n.nspname not in ('pg_catalog', 'public')
        union all select c.oid::regclass || coalesce(c.relacl::text, '') || c.relnatts from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname not in ('pg_catalog', 'public', 'pg_toast', 'information_schema')
        union all select version_num from registry_meta.schema_version) one (t)"""
_SETTINGS = """
    select coalesce(string_agg(r.rolname || s.setconfig::text, ',' order by r.rolname), '')
    from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where s.setdatabase = 0 and r.rolname = any (%s)"""
_WRITTEN = (
    "gate.floor", "gate.common_size", "gate.ceiling", "gate.shown_ceiling", "presence.spoken_life",
    "access.alert_bound", "upkeep.keep", "directory.software", "registry_meta.schema_version", "person.record",
)  # fmt: skip
"""Tables whose rows an upgrade writes, and one whose rows it keeps."""


@dataclass(frozen=True)
class Step:
    """Where an upgrade is made to wait: by what another connection holds, or at a command of that tag."""

    name: str
    hold: str = ""
    tag: str = ""
    version: str = ""
    database: str = ""


INSIDE = (
    Step("the passwords and settings of roles", "alter role tierce_worker connection limit -1", database="postgres"),
    Step("the beginning of a step that others were before", tag="ALTER TABLE", version="0092"),
    Step("the middle of a step", "lock table care.invoice in access share mode"),
    Step("the functions", tag="CREATE FUNCTION", version=head_version()),
    Step("the grants", tag="GRANT", version=head_version()),
    Step("the last that is written", "lock table upkeep.keep in share mode"),
)
"""Before the transaction ends."""
INDEXES = (
    Step("the first index, not begun", tag="CREATE INDEX", version=head_version()),
    Step("an index half built", "lock table journal.entry in row exclusive mode"),
)
"""Once it has: what may last an hour."""
AFTER = (
    Step("the portal's own software", "lock table directory.software in share mode"),
    Step("the line in the journal", "lock table journal.instance in share mode"),
    Step("the proofs of keys", "lock table gate.lookup in share mode"),
)
"""What is written after them."""


def one(connection: psycopg.Connection, statement: str, *given: object) -> object:
    """One value of the database."""
    row = connection.execute(statement.encode(), given).fetchone()
    return None if row is None else row[0]


class Upgrading:
    """A database at an earlier schema with its settings file, seen by the superuser."""

    def __init__(self, database: Database, file: Path, admin: psycopg.Connection) -> None:
        """See it over `admin`."""
        self.database, self.admin = database, admin
        self.said, self._file = file.with_suffix(".said"), file

    def begin(self) -> ForkServerProcess:
        """Start the command."""
        self.said.write_text("")
        return start_tierce("upgrade", "--without-backup", "--settings", str(self._file), out=self.said)

    def end(self) -> None:
        """Run the command to its end: the new schema, as a database has it that was made with it."""
        self.admin.execute(_NO_STOPS.encode())
        process = self.begin()
        process.join()
        assert process.exitcode == 0, self.said.read_text()
        assert altered(self.admin) == []
        assert unbuilt(self.admin) == []
        assert one(self.admin, "select count(*) from pg_index where not indisvalid") == 0

    @contextmanager
    def stopped(self, step: Step) -> Iterator[tuple[ForkServerProcess, int]]:
        """The command as it waits at a step, and its process of the server that waits."""
        with self.database.named(step.database or self.database.name).connect(SUPERUSER) as holder:
            self.admin.execute("delete from public.stop")
            if step.tag:
                self.admin.execute("insert into public.stop values (%s, %s)", (step.tag, step.version))
            holder.execute((step.hold or f"select pg_advisory_lock({HERE})").encode())
            process = self.begin()
            waits = self.waiting(holder, process, step.name)
            yield process, waits
            if step not in AFTER:
                self.left_alone(waits)

    def waiting(self, holder: psycopg.Connection, process: ForkServerProcess, where: str) -> int:
        """The process of the server that waits for `holder`, once it does."""
        waits = "select pid from pg_stat_activity where %s = any (pg_blocking_pids(pid)) limit 1"

        def come() -> object:
            assert process.is_alive(), f"it ended before {where}: {self.said.read_text()}"
            return one(self.admin, waits, holder.info.backend_pid)

        pid = eventually(come, f"it comes to {where}", seconds=60)
        assert isinstance(pid, int)
        return pid

    def left_alone(self, pid: int) -> None:
        """Wait until the server has ended what it did for the command, while what that waited for is still held.

        By itself it would do so only then: of a long work, it would go on to its end.
        """
        left = "select pid from pg_stat_activity where pid = %s"
        eventually(lambda: one(self.admin, left, pid) is None, "what waited ends")

    def before(self) -> tuple[object, ...]:
        """What only a transaction that ended may have changed."""
        return stored_version(self.admin), one(self.admin, _SHAPE), one(self.admin, _SETTINGS, list(ROLES))

    def rows(self) -> dict[str, object]:
        """Every row that an upgrade writes or keeps, and which keys are proved."""
        whole = "select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {} t"
        found = {name: one(self.admin, whole.format(name)) for name in _WRITTEN}
        proved = "select string_agg(purpose || (proof is not null), ',' order by purpose) from gate.lookup"
        return found | {"proved": one(self.admin, proved), "settings": one(self.admin, _SETTINGS, list(ROLES))}


@pytest.fixture(scope="module")
def earlier(cluster: Cluster) -> Iterator[Database]:
    """A database at an earlier schema, with one person in it."""
    database = cluster.database("tierce_earlier")
    with database.named("postgres").connect(SUPERUSER, autocommit=True) as server:
        create_roles(server, database.secrets)
        server.execute(f"create database {database.name} owner {OWNER}".encode())
        command.upgrade(alembic_config(database, SUPERUSER), EARLIER)
        with database.connect(SUPERUSER, autocommit=True) as admin:
            admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'Le Grand Chêne')")
            admin.execute("insert into person.record values (1, 1, 'sealed')")
            admin.execute(_STOPS.encode())
        yield database
        server.execute(f"drop database {database.name} with (force)".encode())


@contextmanager
def _copy(earlier: Database, name: str, keys: Path, folder: Path) -> Iterator[Upgrading]:
    database, file = earlier.named(name), folder / f"{name}.toml"
    file.write_text(settings_text(database, keys, operator="Rive Claire"))
    with database.named("postgres").connect(SUPERUSER, autocommit=True) as server:
        server.execute(f"create database {name} template {earlier.name} owner {OWNER}".encode())
        try:
            with database.connect(SUPERUSER, autocommit=True) as admin:
                yield Upgrading(database, file, admin)
        finally:
            server.execute(f"drop database {name} with (force)".encode())


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every key file."""
    folder = tmp_path_factory.mktemp("upgraded") / "keys"
    make_keys(folder)
    return folder


@pytest.fixture(scope="module")
def at_once(earlier: Database, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The rows of a database that was upgraded at once."""
    with _copy(earlier, "tierce_at_once", keys, tmp_path_factory.mktemp("at_once")) as upgrading:
        upgrading.end()
        return upgrading.rows()


@pytest.fixture
def upgrading(earlier: Database, keys: Path, tmp_path: Path) -> Iterator[Upgrading]:
    """A database of the test's own, at an earlier schema."""
    with _copy(earlier, "tierce_killed", keys, tmp_path) as made:
        yield made


def test_killed_at_any_step_the_same_command_goes_on(upgrading: Upgrading, at_once: dict[str, object]) -> None:
    """What a kill leaves is the database of before until the transaction ends, and the new one from there on."""
    before = upgrading.before()
    for step in (*INSIDE, *INDEXES, *AFTER):
        with upgrading.stopped(step) as (process, _pid):
            process.kill()
            process.join()
        assert process.exitcode == -signal.SIGKILL
        if step in INSIDE:
            assert upgrading.before() == before, step.name
        else:
            assert stored_version(upgrading.admin) == head_version(), step.name
    upgrading.end()
    assert upgrading.rows() == at_once


def test_a_connection_that_the_server_ends_is_told_with_what_stands(upgrading: Upgrading) -> None:
    before = upgrading.before()
    for step in (INSIDE[-1], INDEXES[-1], AFTER[-1]):
        with upgrading.stopped(step) as (process, pid):
            upgrading.admin.execute("select pg_terminate_backend(%s)", (pid,))
            process.join()
        told = upgrading.said.read_text()
        assert process.exitcode == 2, told
        assert "la base a coupé la connexion" in told, step.name
        assert "the database cut the connection" in told, step.name
        if step in INSIDE:
            assert upgrading.before() == before
        assert (f"est au schéma {head_version()} et y reste" in told) == (step not in INSIDE), told
    upgrading.end()


def test_of_two_at_once_one_waits_and_goes_on_when_the_other_is_killed(
    upgrading: Upgrading, at_once: dict[str, object]
) -> None:
    with upgrading.stopped(INDEXES[-1]) as (first, builds):
        second = upgrading.begin()
        waits = "select pid from pg_stat_activity where datname = 'postgres' and wait_event = 'advisory'"
        assert eventually(lambda: one(upgrading.admin, waits), "the second waits") != builds
        assert second.is_alive()
        first.kill()
        first.join()
        eventually(lambda: one(upgrading.admin, waits) is None, "the second goes on")
    second.join()
    assert second.exitcode == 0, upgrading.said.read_text()
    assert upgrading.rows() == at_once
    upgrading.end()
