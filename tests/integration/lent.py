"""A database that the tests of a worker use in turn, emptied between them, with connections that stay open.

A copy of the migrated database costs what eight connections cost, and a connection that is new to it reads its
catalogs, compiles its functions and plans each statement anew: that is half of what most tests compute. Between two
tests every row is deleted but those that the migrations wrote, each sequence starts again, and whoever is still
connected is cut off. Where that is not enough, the database is dropped and the next test begins with a copy: a test
may have changed a table, a function, a right or a setting of its database.
"""

import select
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import pq
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from tests.integration.fresh import as_superuser, fresh_database
from tests.integration.logs import log_of, segments_folder
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database

LENT_TO: Final = frozenset(
    """
    test_billing_recovered.py test_contract_end.py test_deposits.py test_deposits_paired.py test_gate_disclosure.py
    test_identity_continuing.py test_identity_professionals.py test_incidents_pack.py test_incidents_states.py
    test_journal_log.py test_ladder_levels.py test_portal_edges.py test_recoveries.py test_red_team.py test_reviews.py
    test_roles_api.py test_roles_others.py test_roles_triggers.py test_tickets.py
    """.split()
)
"""Files whose tests take one another's database: each of them was seen to pass with it, beside others."""

TABLES = (
    " from pg_class c join pg_namespace n on n.oid = c.relnamespace where relkind = 'r' and relpersistence <> 't'"
    " and nspname not in ('pg_catalog', 'information_schema') "
)
OURS = f"select format('%I.%I', nspname, relname) {TABLES} order by 1"
BLOCKS_MAX = 10
"""How many blocks a table that is emptied may keep: the planner takes one that was never vacuumed to have as many."""
GROWN = (
    f"select format('%I.%I', nspname, relname) {TABLES}"
    f" and (reltuples >= 0 or pg_relation_size(c.oid) > {BLOCKS_MAX} * 8192)"
)
"""Those whose file has to go: it is long, or something counted its rows, by which statements are planned."""
CATALOGS = (
    "pg_attribute", "pg_attrdef", "pg_constraint", "pg_trigger", "pg_proc", "pg_policy", "pg_type", "pg_rewrite",
    "pg_index", "pg_default_acl", "pg_event_trigger", "pg_extension", "pg_statistic_ext",
)  # fmt: skip
MADE = (
    "select (select concat(oid, datacl) from pg_database where datname = current_database()),"
    " (select string_agg(s::text, ',' order by setdatabase, setrole) from pg_db_role_setting s),"
    " (select concat(count(*), ' ', sum(hashtext(concat(oid, relname, relacl, reloptions, relowner,"
    "  relrowsecurity)))) from pg_class where relpersistence <> 't'),"
    " (select count(*) from pg_namespace where nspname not like 'pg\\_%temp\\_%'), "
) + ", ".join(f"(select concat(count(*), ' ', max(xmin::text::bigint)) from {one})" for one in CATALOGS)
"""How the database is made: each change of a row of a catalog has a transaction that is later than all before."""
OTHERS = (
    "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
    " where datname = current_database() and pid <> all(%s) and backend_type = 'client backend'"
)
START_AGAIN = "select setval(seqrelid, seqstart, false) from pg_sequence"


_kept: dict[tuple[int, str, str], list[pq.abc.PGconn]] = defaultdict(list)
"""Sessions that nobody uses, by port, database and role."""
_ENDED: Final = pq.PGconn.connect_start(b"host=127.0.0.1 port=1")
"""What a connection holds once it is closed."""
_ENDED.finish()
_open: set[tuple[int, str]] = set()
"""The databases whose sessions are kept."""


class Kept(psycopg.Connection[TupleRow]):
    """A connection whose session goes on when it is closed, for whoever connects next; itself it is closed."""

    place = (0, "", "")

    def close(self) -> None:
        """Give the session back as one that begins, unless it is in the middle of something or died."""
        session, idle = self.pgconn, (TransactionStatus.IDLE, TransactionStatus.INTRANS, TransactionStatus.INERROR)
        if self.place[:2] not in _open or session.transaction_status not in idle:
            super().close()
            return
        try:
            self.rollback()
            self.autocommit = True
            self.execute("discard all", prepare=False)
        except psycopg.Error:
            super().close()
            return
        self.pgconn = _ENDED
        _kept[self.place].append(session)


class LentDatabase(Database):
    """A database that is lent: who connects to it gets a session that was left, where there is one."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type[Database], tuple[str, int, str, Path]]:
        """Another process opens its own."""
        return Database, (self.host, self.port, self.name, self.secrets)

    def connect(self, role: str, *, autocommit: bool = False) -> psycopg.Connection:
        """Connect as `role`."""
        place = (self.port, self.name, role)
        left = _left(place)
        connection = Kept(left) if left is not None else Kept.connect(self.dsn(role))
        connection.place = place
        connection.autocommit = autocommit
        return connection


class Lent:
    """A database that one test after another is lent."""

    def __init__(self, database: Database) -> None:
        """It is as it was copied: how it is made and what it holds is what it comes back to."""
        self.database = LentDatabase(database.host, database.port, database.name, database.secrets)
        _open.add((database.port, database.name))
        with as_superuser(database) as admin:
            tables = [name for (name,) in admin.execute(OURS.encode()).fetchall()]
            written = "select " + ", ".join(f"exists (select from {one})" for one in tables)
            [found] = admin.execute(written.encode()).fetchall()
            given = [table for table, rows in zip(tables, found, strict=True) if rows]
            self._first = {one: _copied(admin, one) for one in given}
            self._content = "select " + ", ".join(
                f"(select md5(string_agg(t::text, '|' order by t::text)) from {one} t)" for one in given
            )
            self._rows = admin.execute(self._content.encode()).fetchone()
            emptied = "; ".join(f"delete from {one}" for one in tables if one not in given)
            body = f"$$ begin {emptied}; end $$"
            admin.execute(f"create function pg_temp.empty() returns void language plpgsql as {body}".encode())
            self._made = admin.execute(MADE.encode()).fetchone()

    def emptied(self) -> bool:
        """Make it what it was at first; False where deleting rows does not."""
        ours = [one.backend_pid for place, kept in _kept.items() if place[:2] == self._place for one in kept]
        with as_superuser(self.database) as admin:
            admin.execute(OTHERS, ([admin.info.backend_pid, *ours],))
            if admin.execute(MADE.encode()).fetchone() != self._made:
                return False
            # No trigger runs, neither those that forbid to delete nor those that keep references.
            admin.execute("set local session_replication_role = replica")
            if grown := [name for (name,) in admin.execute(GROWN.encode()).fetchall()]:
                admin.execute(f"truncate {', '.join(grown)} cascade".encode())
                admin.execute("delete from pg_statistic where starelid >= 16384")
            admin.execute("select pg_temp.empty()")
            if admin.execute(self._content.encode()).fetchone() != self._rows:
                self._give_first(admin)
            admin.execute(START_AGAIN)
        for folder in (log_of(self.database).path, segments_folder(self.database)):
            shutil.rmtree(folder, ignore_errors=True)
        return True

    def leave(self) -> None:
        """Close what is kept."""
        _open.discard(self._place)
        for place in [one for one in _kept if one[:2] == self._place]:
            for session in _kept.pop(place):
                session.finish()

    @property
    def _place(self) -> tuple[int, str]:
        return self.database.port, self.database.name

    def _give_first(self, admin: psycopg.Connection) -> None:
        for table, lines in self._first.items():
            admin.execute(f"delete from {table}".encode())
            with admin.cursor() as cursor, cursor.copy(f"copy {table} from stdin".encode()) as copy:
                copy.write(lines)


class Lender:
    """Lends the tests of a worker a database each, mostly one that an earlier test gave back."""

    def __init__(self, cluster: Cluster, template: Database) -> None:
        """Each is a copy of `template` at first."""
        self._cluster, self._template = cluster, template
        self._free: list[tuple[Lent, ExitStack]] = []

    @contextmanager
    def lend(self) -> Iterator[Lent]:
        """Lend one for the block."""
        lent, dropped = self._free.pop() if self._free else self._copy()
        try:
            yield lent
        finally:
            try:
                again = lent.emptied()
            except psycopg.Error:  # whoever stopped the server, or cut off even the superuser, gets a new copy
                again = False
            if again:
                self._free.append((lent, dropped))
            else:
                lent.leave()
                dropped.close()

    def close(self) -> None:
        """Drop what nobody uses."""
        for lent, dropped in self._free:
            lent.leave()
            dropped.close()

    def _copy(self) -> tuple[Lent, ExitStack]:
        dropped = ExitStack()
        return Lent(dropped.enter_context(fresh_database(self._cluster, self._template))), dropped


def _left(place: tuple[int, str, str]) -> pq.abc.PGconn | None:
    """A session that was left and is still there: to one that idles, a server says nothing but that it ends it."""
    while _kept[place]:
        session = _kept[place].pop()
        if not select.select([session.socket], [], [], 0)[0]:
            return session
        session.finish()
    return None


def _copied(admin: psycopg.Connection, table: str) -> bytes:
    with admin.cursor() as cursor, cursor.copy(f"copy {table} to stdout".encode()) as copy:
        return b"".join(copy)
