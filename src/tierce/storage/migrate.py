"""Bring a database to the schema of this version: roles, Alembic migrations, functions, grants, floors, indexes."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.exc import DBAPIError

from tierce.policy.evidence import ACCUSED_DAYS
from tierce.policy.floors import CEILINGS, FLOORS, SHOWN_CEILINGS
from tierce.policy.lines import COMMON
from tierce.policy.peer_alerts import ALERTS_A_DAY, OTHERS_A_DAY
from tierce.policy.presence import CARD_SECONDS
from tierce.policy.retention import INCIDENT_LOOKS_BACK, keep_days
from tierce.policy.seats import SEATS
from tierce.policy.segments import HOT_DAYS, JOURNAL_DAYS
from tierce.storage.cluster import SUPERUSER, new_secret
from tierce.storage.database import Database
from tierce.storage.errors import SchemaNewerError
from tierce.storage.roles import OWNER, ROLES
from tierce.storage.said import upgrading
from tierce.storage.version import ENDS_WITH_US, INDEXES, half_built, read_sql, stored_version

EVERY_ROLE = {"timezone": "UTC"}
"""What the driver reads is of this zone, and Python adds hours to it by its own wall clock. In that of Paris, which a
server there has by itself, a session of four hours would last five in the night of October, and two times of that
night would be compared by what their clocks showed."""
_FILLS_NO_DISK = {"temp_file_limit": "64MB"}
"""What these sort fits in memory; whoever stole one of them would else fill the disk with one statement. No role
changes this of itself."""
ROLE_SETTINGS = {
    "tierce_api": {
        "statement_timeout": "2s",
        "lock_timeout": "1s",
        "idle_in_transaction_session_timeout": "2s",
        "enable_seqscan": "off",
        "jit": "off",
        **_FILLS_NO_DISK,
    },
    "tierce_persons": {"enable_seqscan": "off", "jit": "off", **_FILLS_NO_DISK},
    "tierce_feed": {"jit": "off"},
    **dict.fromkeys(("tierce_insurers", "tierce_signer", "tierce_peers", "tierce_inspector"), _FILLS_NO_DISK),
}
"""A stopped api worker must not hold the lines of logins. Everything it reads is found by key, and a function's plan
is kept for the life of a connection: one made while a table was small must not scan it once it has grown (measured:
the gate at half its speed after 20,000 engagements). Compilation is off because those costs would start it. The
persons' space reads by key too, and opened each page by a scan of the journal while that was young."""

FUNCTIONS = (
    "lookups.sql",
    "ceilings.sql",
    "drawing.sql",
    "functions.sql",
    "lines.sql",
    "continuing.sql",
    "signin.sql",
    "tickets.sql",
    "journal.sql",
    "functions_own.sql",
    "watch.sql",
    "directory.sql",
    "assistants.sql",
    "insurers.sql",
    "retention.sql",
    "upkeep.sql",
    "ending.sql",
    "segments.sql",
    "feeds.sql",
    "persons.sql",
    "presence.sql",
    "register.sql",
    "notices.sql",
    "insurers_notices.sql",
    "inspection.sql",
    "own_space.sql",
    "wishes.sql",
    "billed.sql",
    "bank.sql",
    "own_mail.sql",
    "aside.sql",
    "letters.sql",
    "secrecy.sql",
    "insurers_requests.sql",
    "invoices.sql",
    "documents.sql",
    "agreements.sql",
    "deciding.sql",
    "refusing.sql",
    "reviews.sql",
    "replies.sql",
    "recoveries.sql",
    "settlement.sql",
    "peer_alerts.sql",
    "remote.sql",
    "ended.sql",
    "said.sql",
)
"""Replaced at each upgrade, in this order."""

_NOTHING_BESIDE_TABLES = """
    do $$ declare made regprocedure; begin
        for made in select oid from pg_catalog.pg_proc where pronamespace = 'pg_catalog'::regnamespace
                and proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message') loop
            execute format('revoke execute on function %s from public', made);
        end loop;
    end $$"""
"""PostgreSQL lets whoever connects make large objects, and write what it likes into the write-ahead log and so into
its archive: in no table of ours, so that nothing here counts or deletes it. Arguments differ between its versions."""
_NOTHING_BY_COUNTS = """
    do $$ declare made regprocedure; begin
        for made in select oid from pg_catalog.pg_proc where pronamespace = 'pg_catalog'::regnamespace
                and proname like 'pg\\_stat\\_get\\_%' and proargtypes::text = 'oid'::regtype::oid::text loop
            execute format('revoke execute on function %s from public', made);
        end loop;
    end $$"""
"""PostgreSQL tells whoever connects how many rows of a table or index were found, of its own transaction even before
that is rolled back: whether what a function looked for is there, which nothing else of it tells; and, of all, whether
the ask of a moment ago found somebody. Whoever looks after the server reads them still."""
_MIGRATION_LOCK = 0x7469_6572_6365


def migrate(database: Database, *, admin: str = SUPERUSER, stands: Callable[[], None] = lambda: None) -> None:
    """Create roles and database where missing, then upgrade; safe to run again and from two places at once.

    `stands` is called once the new schema is there, before the indexes of large tables are built, which may last.

    Raises:
        AdministratorError: `admin` is not the server's administrator.
        UpgradeRefusedError: the database is not as the version of before left it.
    """
    server = database.named("postgres")
    with upgrading(admin), server.connect(admin, autocommit=True) as connection:
        connection.execute(ENDS_WITH_US)
        connection.execute("select pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        create_roles(connection, database.secrets)
        if connection.execute("select 1 from pg_database where datname = %s", (database.name,)).fetchone() is None:
            connection.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(database.name), sql.Identifier(OWNER))
            )
        with database.connect(admin) as inside:
            pending(stored_version(inside))
        _upgrade(database, admin)
        stands()
        _build_indexes(database, admin)


def pending(stored: str | None) -> list[tuple[str, str]]:
    """The versions between `stored` and this program's, oldest first, each with its sentence.

    Raises:
        SchemaNewerError: the database was brought to a version that this program does not know.
    """
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision: script.doc for script in scripts.walk_revisions()}
    if stored is not None and stored not in known:
        raise SchemaNewerError
    return [(version, known[version]) for version in sorted(known) if stored is None or version > stored]


def create_roles(connection: psycopg.Connection, secrets: Path) -> None:
    """Create the roles that are missing, and give each the password of its file and its settings, and no others.

    A role may change both of itself: what whoever stole it left there ends with the next upgrade. Who kills it finds
    all of them as before, or as they are to be: a role without its settings would wait for ever, in another zone.
    """
    with connection.transaction():
        _roles(connection, secrets)


def _roles(connection: psycopg.Connection, secrets: Path) -> None:
    known = {row[0] for row in connection.execute("select rolname from pg_roles").fetchall()}
    if OWNER not in known:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(OWNER)))
    for role in ROLES:
        password = new_secret(secrets / f"{role}.password")
        verb = sql.SQL("alter") if role in known else sql.SQL("create")
        connection.execute(
            sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(role), sql.Literal(password))
        )
        connection.execute(sql.SQL("alter role {} reset all").format(sql.Identifier(role)))
        for name, value in {**EVERY_ROLE, **ROLE_SETTINGS.get(role, {})}.items():
            connection.execute(
                sql.SQL("alter role {} set {} = {}").format(
                    sql.Identifier(role), sql.Identifier(name), sql.Literal(value)
                )
            )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "tierce.storage:migrations")
    return config


def alembic_config(database: Database, admin: str) -> Config:
    """The migrations, with the connection that they are run on."""
    config = _config()
    config.attributes["connect"] = lambda: database.connect(admin)
    config.attributes["owner"] = OWNER
    return config


def _upgrade(database: Database, admin: str) -> None:
    """Every step and what is not data, in one transaction: stopped anywhere, the database is the one of before."""
    config = alembic_config(database, admin)
    config.attributes["then"] = lambda connection: _replace(connection, database.name)
    try:
        command.upgrade(config, "head")
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise error.orig from None  # what Alembic itself asks of the database is refused in its own words
        raise


def _build_indexes(database: Database, admin: str) -> None:
    """Build what is not there of the indexes of large tables, while they are written; what was half built, anew."""
    with database.connect(admin, autocommit=True) as connection:
        connection.execute(ENDS_WITH_US)
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
        for schema, index in half_built(connection):
            # Not without `concurrently`: whoever reads or writes the table would wait behind a backup that reads it.
            connection.execute(sql.SQL("drop index concurrently {}").format(sql.Identifier(schema, index)))
        for statement in read_sql(INDEXES).split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())


def _replace(connection: psycopg.Connection, name: str) -> None:
    """Replace what is not data: functions, grants, floors."""
    connection.execute("reset role")
    connection.execute(_NOTHING_BESIDE_TABLES)
    connection.execute(_NOTHING_BY_COUNTS)
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
    for functions in FUNCTIONS:
        connection.execute(read_sql(functions).encode())
    grants = read_sql("grants.sql").replace(':"database"', sql.Identifier(name).as_string(connection))
    connection.execute(grants.encode())
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into gate.floor (profession, asked, drawn, known, place, a, top)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (profession) do update"
            " set asked = excluded.asked, drawn = excluded.drawn, known = excluded.known, place = excluded.place,"
            " a = excluded.a, top = excluded.top",
            [
                (profession.value, f.asked, f.drawn, f.known, f.place, SEATS[profession].a, SEATS[profession].top)
                for profession, f in FLOORS.items()
            ],
        )
        cursor.executemany(
            "insert into gate.common_size values (%s, %s, %s) on conflict (kind) do update"
            " set base = excluded.base, percent = excluded.percent",
            [(level.value, size.base, size.percent) for level, size in COMMON.items()],
        )
        cursor.executemany(
            "insert into gate.ceiling values (%s, %s, %s) on conflict (scope) do update"
            " set per_minute = excluded.per_minute, per_day = excluded.per_day",
            [(scope, c.per_minute, c.per_day) for scope, c in CEILINGS.items()],
        )
        cursor.executemany(
            "insert into gate.shown_ceiling values (%s, %s) on conflict (scope) do update"
            " set per_day = excluded.per_day",
            list(SHOWN_CEILINGS.items()),
        )
        cursor.execute(
            "insert into presence.spoken_life (seconds) values (%s) on conflict (one) do update"
            " set seconds = excluded.seconds",
            (CARD_SECONDS,),
        )
        cursor.execute(
            "insert into access.alert_bound (alerts, others, days) values (%s, %s, %s) on conflict (one) do update"
            " set alerts = excluded.alerts, others = excluded.others, days = excluded.days",
            (ALERTS_A_DAY, OTHERS_A_DAY, ACCUSED_DAYS),
        )
        days = {**keep_days(), -2: INCIDENT_LOOKS_BACK.days, -3: HOT_DAYS, -4: JOURNAL_DAYS}
        cursor.execute("delete from upkeep.keep")
        cursor.executemany("insert into upkeep.keep (class, days) values (%s, %s)", sorted(days.items()))


def register_portal(database: Database, software: int, name: str) -> None:
    """Write the operator's own portal in the directory of software, once: without it nobody signs in there."""
    with database.connect("tierce_feed") as connection:
        connection.execute(
            "insert into directory.software (id, vendor, name) values (%s, 1, %s) on conflict do nothing",
            (software, name),
        )
