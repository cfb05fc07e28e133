"""A database of the first release, with data in it, brought to this version; and what an upgrade refuses."""

import itertools
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from alembic import command
from typer.testing import CliRunner

from tests.integration.conftest import Connect
from tests.integration.rooms import OAK, PAUL, PAUL_HANDLE, PEOPLE, civil, signed_in
from tests.settings_file import settings_text
from tierce.cli import app
from tierce.journal.encoding import encode
from tierce.journal.merkle import leaf_hash
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_ORIGIN, Appender
from tierce.journal.signing import entry_seq, sign_batch
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import PersonId
from tierce.registry.records import decode_civil, encode_record
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.errors import SchemaNewerError
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import COMPARTMENT_KEYS, EVERY_KEY, Compartment, Keyring, Sealer, wrap_key
from tierce.storage.migrate import alembic_config, create_roles, migrate
from tierce.storage.roles import OWNER
from tierce.storage.version import head_version, stored_version
from tierce.upkeep.backup.model import DUMP, MANIFEST, Manifest
from tierce.upkeep.doctor.base import inside
from tierce.upkeep.retention.service import Retention
from tierce.upkeep.service import make_keys

RUNNER = CliRunner()
_numbers = itertools.count()


@pytest.fixture
def first_release(cluster: Cluster, tmp_path: Path) -> Iterator[tuple[Database, Path]]:
    """A database at 0001, from schema.sql alone, with an insurer, three people, a session and a journal line."""
    database = cluster.database(f"tierce_first_{next(_numbers)}")
    with database.named("postgres").connect(SUPERUSER, autocommit=True) as server:
        create_roles(server, database.secrets)
        server.execute(f"create database {database.name} owner {OWNER}".encode())
    command.upgrade(alembic_config(database, SUPERUSER), "0001")
    keys = tmp_path / "keys"
    make_keys(keys)
    ring = Keyring(keys, EVERY_KEY)
    with database.connect(SUPERUSER) as admin:
        assert stored_version(admin) == "0001"
        _people_of_the_first_release(admin, ring)
        _line_of_the_first_release(admin, ring)
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, keys, operator="Rive Claire"))
    yield database, file
    with database.named("postgres").connect(SUPERUSER, autocommit=True) as server:
        server.execute(f"drop database {database.name} with (force)".encode())


def _people_of_the_first_release(admin: psycopg.Connection, ring: Keyring) -> None:
    """One insurer with its keys, three people sealed under them, a professional and Paul's live session."""
    admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle du Grand Chêne')")
    admin.execute(
        "insert into directory.professional (id, national_id, family_name, given_name, profession)"
        " values (501, '899990000501', 'Morvan', 'Claire', 1)"
    )
    admin.execute(
        "insert into access.person_session (id, handle, person, created, expires)"
        " values (951, %s, 1, now(), now() + interval '1 hour')",
        (PAUL_HANDLE,),
    )
    keys = {}
    for compartment, name in COMPARTMENT_KEYS.items():
        keys[compartment, OAK] = {1: bytes([compartment.value] * 32)}
        wrapped = wrap_key(ring.raw(name), compartment, OAK, 1, keys[compartment, OAK][1])
        admin.execute("insert into registry.insurer_key values (1, %s, 1, %s)", (compartment.value, wrapped))
    sealer = Sealer(keys)
    for person, family_name, given_names, birth_date in PEOPLE:
        plain = encode_record(civil(family_name, given_names, birth_date))
        sealed = sealer.seal(Compartment.PERSON, OAK, PersonId(person), plain)
        admin.execute("insert into person.record values (%s, 1, %s)", (person, sealed))


def _line_of_the_first_release(admin: psycopg.Connection, ring: Keyring) -> None:
    """Paul's sign-in, as the first release's own statements left it."""
    key, body = ring.instance("persons"), encode(signed_in())
    admin.execute(
        "insert into journal.instance (name, role, public_key) values ('persons', 'tierce_persons', %s)",
        (key.public_key().public_bytes_raw(),),
    )
    admin.execute("select nextval('journal.block_no')")
    signature = sign_batch(key, 1, 1, [leaf_hash(body)])
    admin.execute("insert into journal.batch (block, instance, n, signature) values (1, 1, 1, %s)", (signature,))
    admin.execute(
        "insert into journal.entry (seq, kind, professional, person, body) values (%s, %s, %s, %s, %s)",
        (entry_seq(1, 0), body[1], PAUL.person, PAUL.person, body),
    )
    admin.execute(
        "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day,"
        " label, at) values (256, 601, 501, 1, 1, 1, 7, 30000, 'lundi', now())"
    )
    admin.execute(
        "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, digest, sealed)"
        " values (1, 1, 1, 1, 0, 1, '\\x00', '\\x0101')"
    )
    admin.commit()


def test_the_first_release_is_brought_to_this_version_and_every_reader_works(
    first_release: tuple[Database, Path],
) -> None:
    database, file = first_release
    with database.connect(SUPERUSER) as admin:  # as an upgrade leaves it that was stopped while it built this index
        admin.execute("create index activity_professional on directory.activity (professional)")
        admin.execute(
            "update pg_index set indisvalid = false where indexrelid = 'directory.activity_professional'::regclass"
        )
    done = RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--without-backup", "--json", "-"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["before"], said["after"]) == ("0001", head_version())
    ring = Keyring(load(file).key_directory(), EVERY_KEY)
    with database.connect(SUPERUSER) as admin:
        assert admin.execute("select count(*) from pg_index where not indisvalid").fetchone() == (0,)
        assert admin.execute("select care_day is not null, label from care.engagement").fetchall() == [
            (True, "lundi")
        ]
        assert admin.execute("select id, name from directory.software").fetchall() == [(1, "Portail Rive Claire")]
    # The journal: the old line is sequenced with the new ones, and the independent reader agrees.
    with database.connect("tierce_worker") as worker:
        assert Sequencer(worker, LOG_ORIGIN, ring.instance("log"), LogFolder(load(file).log_directory())).step() >= 2
    with database.connect("tierce_office") as office:
        journal = Journal(database.dsn("tierce_office"), load(file).log_directory())
        assert verify(journal, (load(file).key_directory() / "log.pub").read_text()).intact
        # The office opens civil status with the keys of then.
        sealer = load_sealer(office, ring, [Compartment.PERSON])
    with database.connect(SUPERUSER) as admin:
        rows = admin.execute("select person, sealed from person.record where insurer = 1 order by person").fetchall()
    names = [decode_civil(sealer.open_(Compartment.PERSON, OAK, PersonId(n), bytes(s))).family_name for n, s in rows]
    assert names == [family_name for _person, family_name, _given, _birth in PEOPLE]
    # Her own space: the session and the line of then give her record and her history.
    with database.connect("tierce_persons") as persons:
        found = persons.execute("select person from gate.person_self(%s)", (PAUL_HANDLE,)).fetchall()
        history = persons.execute("select seq from gate.person_history(%s, %s, 10)", (PAUL_HANDLE, 2**62)).fetchall()
        assert found == [(1,)]
        assert history == [(256,)]
    with database.connect("tierce_upkeep") as upkeep:
        appender = Appender.enrol(upkeep, "upkeep", ring.instance("upkeep"))
        Retention(upkeep, appender, SystemClock(), bytes(16), file.parent).run()


def test_an_upgrade_of_data_wants_a_backup_of_it(first_release: tuple[Database, Path], tmp_path: Path) -> None:
    database, file = first_release
    given = ["upgrade", "--settings", str(file)]
    dry = RUNNER.invoke(app, [*given, "--dry-run"])
    assert dry.exit_code == 0
    assert all(version in dry.output for version in ("0001", "0002", head_version()))
    refused = RUNNER.invoke(app, given)
    assert (refused.exit_code, "tierce backup take" in refused.output) == (2, True)
    with database.connect(SUPERUSER) as admin:
        assert stored_version(admin) == "0001", "nothing was done"
    assert RUNNER.invoke(app, [*given, "--backup", str(tmp_path)]).exit_code == 2


def test_a_backup_of_long_ago_or_of_another_database_will_not_do(
    first_release: tuple[Database, Path], tmp_path: Path
) -> None:
    database, file = first_release
    backup, now = tmp_path / "backup", SystemClock().now()
    (backup / DUMP).mkdir(parents=True)

    def upgraded_with(name: str, taken: datetime) -> int:
        manifest = Manifest(1, taken.isoformat(timespec="seconds"), "0", "0001", 150000, name, None, {}, {})
        (backup / MANIFEST).write_bytes(msgspec.json.encode(manifest))
        return RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--backup", str(backup)]).exit_code

    assert upgraded_with("tierce_elsewhere", now) == 2
    assert upgraded_with(database.name, now - timedelta(days=1)) == 2
    with database.connect(SUPERUSER) as admin:
        assert stored_version(admin) == "0001", "nothing was done"
    assert upgraded_with(database.name, now - timedelta(hours=1)) == 0


def test_a_newer_schema_is_refused(first_release: tuple[Database, Path]) -> None:
    database, file = first_release
    with database.connect(SUPERUSER) as admin:
        admin.execute("update registry_meta.schema_version set version_num = '9999'")
    done = RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--without-backup"])
    assert (done.exit_code, "newer schema" in done.output) == (2, True)
    with pytest.raises(SchemaNewerError):
        migrate(database)


def test_an_upgrade_twice_changes_nothing(first_release: tuple[Database, Path], connect: Connect) -> None:
    _database, file = first_release
    assert RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--without-backup"]).exit_code == 0
    again = RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--json", "-"])
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["steps"] == []


def test_an_upgrade_that_stops_anywhere_leaves_the_database_of_before(first_release: tuple[Database, Path]) -> None:
    """What it replaces last is one transaction with its steps: no new schema under functions and grants of before."""
    database, file = first_release
    with database.connect(SUPERUSER, autocommit=True) as admin:
        # A function that another hand left: nothing of another type can take its place.
        admin.execute("create function notice.wish_recipient() returns integer language sql as 'select 1'")
        admin.execute(f"alter function notice.wish_recipient() owner to {OWNER}".encode())
        stopped = RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--without-backup"])
        assert stopped.exit_code == 2, stopped.output
        assert "cannot change return type of existing function" in stopped.output, "which one is told"
        assert "y reste" not in stopped.output
        assert stored_version(admin) == "0001"
        admin.execute("drop function notice.wish_recipient()")
        again = RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--without-backup"])
        assert again.exit_code == 0, again.output
        assert stored_version(admin) == head_version()


@pytest.mark.parametrize(
    ("by_hand", "named"),
    [
        ("alter table access.session rename to sessions", '« relation "access.session" does not exist », 42P01'),
        ("alter table care.engagement rename column label to labels", "« column g.label does not exist », 42703"),
        ("create schema upkeep", '« schema "upkeep" already exists », 42P06'),
        (
            "alter table care.engagement add constraint by_hand check (random() > 2) not valid",
            "care engagement by_hand, 23514",
        ),
    ],
)
def test_what_a_hand_changed_is_named_and_no_other_upgrade_is_the_remedy(
    first_release: tuple[Database, Path], by_hand: str, named: str
) -> None:
    database, file = first_release
    with database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute(by_hand.encode())
        refused = RUNNER.invoke(app, ["upgrade", "--settings", str(file), "--without-backup"])
        assert stored_version(admin) == "0001"
    _steps, _, told = refused.output.partition("✗ ")
    french, english = told.split(" / ")
    assert refused.exit_code == 2, told
    assert (named in french, named in english) == (True, True), told
    assert "tierce upgrade" not in told
    assert "lundi" not in told, "a row's values are nobody's to print"


@pytest.mark.parametrize("options", [["--without-backup"], ["--dry-run"]])
def test_a_role_that_is_no_administrator_is_told_so(first_release: tuple[Database, Path], options: list[str]) -> None:
    _database, file = first_release
    refused = RUNNER.invoke(app, ["upgrade", *options, "--settings", str(file), "--admin", "tierce_office"])
    assert refused.exit_code == 2
    assert "le rôle tierce_office n’a pas ce droit sur ce serveur : donnez par --admin" in refused.output
    assert "tierce upgrade" not in refused.output


def test_a_privilege_taken_away_by_hand_is_named_by_the_doctor_and_put_right_by_the_upgrade(
    database: Database, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "tierce.toml"
    make_keys(tmp_path / "keys")
    file.write_text(settings_text(database, tmp_path / "keys", operator="Rive Claire"))
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("revoke execute on function gate.open from tierce_api")
    admin.execute("grant usage on schema person to tierce_api")  # as a version of before did of another role

    def named() -> list[str]:
        return [one.said.en for one in inside(load(file), SystemClock()) if one.code == "schema-altered"]

    (said,) = named()
    assert "role tierce_api" in said
    done = RUNNER.invoke(app, ["upgrade", "--settings", str(file)])
    assert done.exit_code == 0, done.output
    assert named() == []
