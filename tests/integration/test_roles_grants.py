"""Who may touch what: the page of grants is what the database holds, and no wider than the processes need."""

import os
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from tierce.kernel.care import Profession
from tierce.policy.evidence import ACCUSED_DAYS
from tierce.policy.floors import CEILINGS, FLOORS, SHOWN_CEILINGS
from tierce.policy.ladder import Level
from tierce.policy.lines import COMMON
from tierce.policy.peer_alerts import ALERTS_A_DAY, OTHERS_A_DAY
from tierce.policy.presence import CARD_SECONDS
from tierce.policy.seats import SEATS
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.granted import DIGEST_FILE, SCHEMAS, objects_of, printed_digest, render
from tierce.storage.migrate import create_roles
from tierce.storage.roles import OWNER, ROLES
from tierce.storage.shape import SHAPE_FILE, altered, shape, written

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "grants.txt"
DIGEST = Path(__file__).parents[2] / "src/tierce/storage/sql" / DIGEST_FILE
SHAPE = DIGEST.with_name(SHAPE_FILE)
REGISTER = {"tierce_office", "tierce_inspector"}
"""Who reads the register of breaches."""
IDENTITY = ("person.", "contact.", "bank.")
"""Schemas that hold who a person is."""


@pytest.fixture
def admin(template: Database) -> psycopg.Connection:
    """The superuser, in the migrated database itself: grants on a database are not copied with it."""
    return template.connect(SUPERUSER)


def test_the_page_of_grants_is_what_the_database_holds(admin: psycopg.Connection) -> None:
    """TIERCE_SNAPSHOTS=write makes the page again; read the difference before you keep it."""
    with admin:
        page = render(admin)
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        PAGE.write_text(page, "utf-8")
        DIGEST.write_text(f"{sha256(page.encode()).hexdigest()}\n", "ascii")
    assert PAGE.read_text("utf-8") == page
    assert printed_digest() == sha256(page.encode()).hexdigest()


def test_the_shape_is_what_the_database_is_made_of(admin: psycopg.Connection) -> None:
    with admin:
        found = shape(admin)
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        SHAPE.write_text(written(found), "utf-8")
    assert SHAPE.read_text("utf-8") == written(found)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("revoke execute on function gate.open from tierce_api", "role tierce_api"),
        ("grant select on person.record to tierce_api", "role tierce_api"),
        ("alter table access.session disable trigger all", "table access.session"),
        ("alter table access.pair add column spare integer", "table access.pair"),
        ("alter table care.engagement alter label set not null", "table care.engagement"),
        ("drop index care.engagement_history", "table care.engagement"),
        ("create table person.copy (person bigint)", "table person.copy"),
        ("drop function gate.prove_first", "function gate.prove_first"),
        ("alter function gate.prove_first reset all", "function gate.prove_first"),
    ],
)
def test_what_is_changed_by_hand_is_named(database: Database, statement: str, named: str) -> None:
    with database.connect(SUPERUSER) as admin, database.connect("tierce_upkeep") as looking:
        assert altered(looking) == []
        looking.rollback()
        admin.execute(statement.encode())
        admin.commit()
        assert named in altered(looking)


def test_the_page_leaves_no_schema_of_ours_out(admin: psycopg.Connection) -> None:
    with admin:
        found = admin.execute(
            "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
        ).fetchall()
    assert sorted(name for (name,) in found) == sorted(SCHEMAS)


@pytest.mark.parametrize("role", ["tierce_worker", "tierce_office"])
def test_a_role_reads_the_whole_page_as_the_superuser_does(
    admin: psycopg.Connection, template: Database, role: str
) -> None:
    with admin, template.connect(role) as connection:
        assert render(connection) == render(admin)


def test_there_is_a_role_for_each_process_that_needs_one_and_none_for_the_portal(admin: psycopg.Connection) -> None:
    with admin:
        rows = admin.execute(
            "select rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " from pg_roles where rolname like 'tierce%' order by 1"
        ).fetchall()
        members = admin.execute(
            "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.member"
            " where r.rolname like 'tierce%'"
        ).fetchall()
    assert {row[0] for row in rows} == {OWNER, *ROLES}
    assert not any("portal" in row[0] for row in rows)
    assert all(not any(row[2:]) for row in rows)
    assert [row[0] for row in rows if not row[1]] == [OWNER]
    assert members == []


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_or_removes_a_journal_line(admin: psycopg.Connection, role: str) -> None:
    with admin:
        granted = objects_of(admin, role)
    for name, privileges in granted.items():
        if name.startswith("table journal."):
            assert {one.partition(" (")[0] for one in privileges} <= {"select", "insert"}, name
        if name in {"table journal.entry", "table journal.batch", "table journal.instance"}:
            assert privileges == ["select"], name


@pytest.mark.parametrize("role", ROLES)
def test_nobody_truncates_owns_or_creates(admin: psycopg.Connection, role: str) -> None:
    with admin:
        granted = objects_of(admin, role)
        owned = admin.execute(
            "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = %s", (role,)
        ).fetchone()
    assert owned == (0,)
    for name, privileges in granted.items():
        assert not {"truncate", "references", "trigger", "create"} & set(privileges), name
    expected = ["connect", "temporary"] if role in {"tierce_feed", "tierce_notices"} else ["connect"]
    assert granted["database"] == expected


@pytest.mark.parametrize(
    ("role", "reads"),
    [
        ("tierce_api", set()),
        # Where establishments are paid, by columns that hold no IBAN: tests/integration/test_accounts.py.
        (
            "tierce_office",
            {"table bank.account", "table bank.confirmation"}
            | {
                "table bank.batch",
                "table bank.transfer",
                "table bank.word",
                "table bank.reply",
                "table bank.reply_file",
                "table bank.recovery",
                "table bank.recovery_word",
            },
        ),
        ("tierce_persons", set()),
        ("tierce_insurers", set()),
        ("tierce_worker", set()),
        ("tierce_inspector", set()),
        (
            "tierce_notices",
            {"table contact.contact", "table contact.lent_file", "table contact.loan"} | {"table bank.account"},
        ),
    ],
)
def test_who_a_person_is_and_what_covers_her_are_read_through_functions_alone(
    admin: psycopg.Connection, role: str, reads: set[str]
) -> None:
    with admin:
        granted = objects_of(admin, role)
    prefixes = tuple(f"table {schema}" for schema in (*IDENTITY, "coverage."))
    assert {name for name in granted if name.startswith(prefixes)} == reads


def test_every_definer_function_names_its_search_path_and_its_owner_cannot_log_in(admin: psycopg.Connection) -> None:
    with admin:
        rows = admin.execute(
            "select p.oid::regprocedure::text, r.rolname, p.proconfig from pg_proc p"
            " join pg_roles r on r.oid = p.proowner join pg_namespace n on n.oid = p.pronamespace"
            " where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
    assert rows
    for name, owner, settings in rows:
        assert owner == OWNER, name
        assert settings == ["search_path=pg_catalog, pg_temp"], name


def test_floors_and_ceilings_in_the_database_are_those_of_the_policy(admin: psycopg.Connection) -> None:
    with admin:
        floors = admin.execute("select profession, asked, drawn, known, place, a, top from gate.floor").fetchall()
        ceilings = admin.execute("select scope, per_minute, per_day from gate.ceiling").fetchall()
        sizes = admin.execute("select kind, base, percent from gate.common_size").fetchall()
        shown: dict[str, int] = dict(admin.execute("select scope, per_day from gate.shown_ceiling").fetchall())
        life = admin.execute("select seconds from presence.spoken_life").fetchall()
        bound = admin.execute("select alerts, others, days from access.alert_bound").fetchall()
    assert shown == SHOWN_CEILINGS
    assert life == [(CARD_SECONDS,)]
    assert bound == [(ALERTS_A_DAY, OTHERS_A_DAY, ACCUSED_DAYS)]
    assert {Profession(row[0]): row[1:] for row in floors} == {
        profession: (floor.asked, floor.drawn, floor.known, floor.place, SEATS[profession].a, SEATS[profession].top)
        for profession, floor in FLOORS.items()
    }
    assert {Level(row[0]): row[1:] for row in sizes} == {
        level: (size.base, size.percent) for level, size in COMMON.items()
    }
    assert {row[0]: row[1:] for row in ceilings} == {
        scope: (ceiling.per_minute, ceiling.per_day) for scope, ceiling in CEILINGS.items()
    }


@pytest.mark.parametrize("role", ROLES)
def test_nobody_keeps_anything_outside_the_tables(template: Database, role: str) -> None:
    """A large object is nobody's table, nor is the log's archive: no page of grants shows it, no job deletes it."""
    log = ("pg_logical_emit_message(false, 'kept', 'text')", "pg_logical_emit_message(true, 'kept', ''::bytea)")
    for made in ("lo_create(0)", "lo_creat(-1)", "lo_from_bytea(0, 'kept')", *log):
        with template.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select {made}".encode())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "counts",
    [
        "pg_stat_xact_all_tables",
        "pg_stat_all_tables",
        "pg_stat_all_indexes",
        "pg_statio_all_tables",
        "pg_stat_database",
    ],
)
def test_no_role_reads_what_postgresql_counts_of_a_table(template: Database, role: str, counts: str) -> None:
    """By them whoever holds tierce_peers knew whether the directory has whom an alert names, and rolled it back."""
    with template.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"select * from {counts}".encode())


@pytest.mark.parametrize(
    "role",
    ["tierce_api", "tierce_persons", "tierce_insurers", "tierce_signer", "tierce_peers", "tierce_inspector"],
)
def test_a_role_that_serves_a_site_fills_no_disk(template: Database, role: str) -> None:
    with template.connect(role, autocommit=True) as thief:
        for own in ("set temp_file_limit = -1", "alter role current_user set temp_file_limit = -1"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                thief.execute(own.encode())
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="temp_file_limit"):
            thief.execute(
                "set work_mem = '64kB'; set statement_timeout = 0;"
                " select n, repeat('x', 999) from generate_series(1, 999999) n order by 2, 1 offset 999998"
            )


def test_what_a_stolen_role_set_for_itself_ends_with_the_next_upgrade(template: Database) -> None:
    with template.connect("tierce_office", autocommit=True) as thief:
        thief.execute("alter role current_user set default_transaction_read_only = on")
        thief.execute("alter role current_user set synchronous_commit = off")
    with template.connect(SUPERUSER, autocommit=True) as admin:
        create_roles(admin, template.secrets)
    with template.connect("tierce_office") as office:
        assert office.execute("show synchronous_commit").fetchone() == ("on",)
        assert office.execute("show default_transaction_read_only").fetchone() == ("off",)


@pytest.mark.parametrize("role", ROLES)
def test_a_wrong_password_opens_nothing(template: Database, role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(template.dsn(role), password="wrong")


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("tierce_api", "select * from coverage.coverage"),
        ("tierce_api", "select * from person.key"),
        ("tierce_api", "select * from person.record"),
        ("tierce_api", "select * from journal.entry"),
        ("tierce_api", "select person from care.engagement"),
        ("tierce_api", "select state from access.pair"),
        ("tierce_api", "update access.line set drawn = 0"),
        ("tierce_api", "update access.ladder set lifted = now()"),
        ("tierce_api", "update gate.ceiling set per_day = 999999999"),
        ("tierce_api", "delete from gate.pool"),
        ("tierce_api", "update gate.leased set left_day = 9"),
        ("tierce_worker", "delete from gate.leased"),
        ("tierce_api", "select gate.check_lines('{}', '{}', '{}')"),
        ("tierce_api", "select gate.staff_reveal('{1}')"),
        ("tierce_api", "select gate.person_self('x')"),
        ("tierce_api", "set role tierce_owner"),
        ("tierce_api", "create temporary table t (n int)"),
        ("tierce_office", "select * from coverage.coverage"),
        ("tierce_office", "select * from person.record"),
        ("tierce_office", "select gate.reveal()"),
        ("tierce_office", "update access.line set state = 'x'"),
        ("tierce_office", "delete from access.ladder"),
        *[(role, "update incident.register set facts = '{}'") for role in ROLES],
        *[(role, "delete from incident.register") for role in ROLES],
        *[(role, "select * from incident.register") for role in ROLES if role not in REGISTER],
        ("tierce_persons", "select * from person.record"),
        ("tierce_persons", "select * from coverage.coverage"),
        ("tierce_persons", "select * from journal.entry"),
        ("tierce_worker", "select * from person.key"),
        ("tierce_worker", "select * from care.engagement"),
        ("tierce_worker", "update access.ladder set lifted = now()"),
        ("tierce_feed", "select * from journal.entry"),
        ("tierce_feed", "select * from access.session"),
        ("tierce_feed", "select gate.reveal()"),
        ("tierce_insurers", "select * from registry.insurer"),
        ("tierce_insurers", "select * from registry.door"),
        ("tierce_persons", "select person from person.trait"),
        ("tierce_persons", "select person from notice.person_report"),
        ("tierce_persons", "select insurers from notice.rights_request"),
        ("tierce_persons", "select * from notice.request_reply"),
        ("tierce_persons", "select nextval('gate.linked')"),
        *[(role, "select verifier from access.pending") for role in ROLES],
        *[(role, "delete from access.pending") for role in ROLES],
        *[(role, "lock table access.pending in share mode") for role in ROLES],
        ("tierce_signer", "select access.take_pending('x')"),
        *[(role, "select * from contact.contact") for role in ROLES if role != "tierce_notices"],
        *[(role, "select * from contact.loan") for role in ROLES if role != "tierce_notices"],
        ("tierce_notices", "select * from person.record"),
        ("tierce_notices", "select * from coverage.coverage"),
        ("tierce_notices", "select * from journal.entry"),
        ("tierce_notices", "update notice.mandate set kind = 1"),
        ("tierce_notices", "update notice.recipient set vouched_at = now()"),
        ("tierce_insurers", "update notice.recipient set vouched_at = now()"),
        ("tierce_upkeep", "delete from notice.item"),
        ("tierce_upkeep", "select * from notice.letter_batch"),
        ("tierce_notices", "insert into registry.insurer_key values (1, 2, 9, 'x')"),
        ("tierce_office", "update gate.shown_ceiling set per_day = 999999"),
        ("tierce_persons", "update gate.shown_ceiling set per_day = 999999"),
        ("tierce_persons", "select gate.insist_below('persons', 1)"),
        ("tierce_insurers", "select * from registry.feed"),
        ("tierce_insurers", "select * from registry.people_count"),
        ("tierce_insurers", "select * from registry.shown_count"),
        ("tierce_insurers", "select * from access.insurer_session"),
        ("tierce_insurers", "insert into access.insurer_session (id) values (1)"),
        ("tierce_insurers", "select access.live_insurer('x')"),
        ("tierce_insurers", "select registry.count_people(1::smallint)"),
        ("tierce_insurers", "select * from incident.insurer_count"),
        ("tierce_insurers", "select * from coverage.coverage"),
        ("tierce_insurers", "select * from journal.entry"),
        ("tierce_insurers", "select * from journal.instance"),
        *[(role, "update journal.entry set person = 0") for role in ROLES],
        *[(role, "delete from journal.entry") for role in ROLES],
        *[(role, "truncate journal.entry, journal.placed") for role in ROLES],
        *[(role, "insert into journal.entry (seq, body) values (1, 'x')") for role in ROLES],
    ],
)  # fmt: skip
def test_what_a_role_must_not_do_is_denied(template: Database, role: str, statement: str) -> None:
    denied = pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"permission denied")
    with denied, template.connect(role) as connection:
        connection.execute(statement.encode())
