"""Keys and passwords replaced while people go on, stopped at every step and run again, and nothing is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec import structs
from typer.testing import CliRunner

from tests.forks import NOWHERE, start_tierce
from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, OAK, PEOPLE, fill
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.cli import app
from tierce.journal.errors import ForkError
from tierce.journal.kept import KeptCheckpoint, retired_log_keys
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import checkpoint_note
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_ORIGIN, Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Report
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import PersonId
from tierce.registry.records import decode_civil
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import SealBrokenError
from tierce.storage.insurer_keys import lasting_sealer, load_sealer
from tierce.storage.keys import EVERY_KEY, Compartment, Keyring, Sealer
from tierce.storage.roles import ROLES
from tierce.upkeep.backup.loss import BLOCKS_SKIPPED_MIN, accept
from tierce.upkeep.backup.service import retired_lines
from tierce.upkeep.rotation import service, store
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.service import make_keys
from tierce.web.names import CHECKPOINT_FILE
from tierce.web.repeating import REREAD_SECONDS

RUNNER = CliRunner()


class Stopped(Exception):  # noqa: N818 - it stands for the end of the process, not for an error
    """The machine stops here."""


def stop_at(step: str) -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == step:
            raise Stopped

    return at


@dataclass(frozen=True)
class Vault:
    """A register of three people at two insurers, with its settings file."""

    file: Path
    keys: Path
    database: Database
    admin: psycopg.Connection

    @property
    def settings(self) -> Settings:
        return load(self.file)

    def reader(self) -> Sealer:
        """What the office holds while it runs."""
        return lasting_sealer(self.database, "tierce_office", Keyring(self.keys, ["person"]), [Compartment.PERSON])

    def names(self, sealer: Sealer) -> list[str]:
        """Everybody's family name at the first insurer, opened."""
        rows = self.admin.execute(
            "select person, sealed from person.record where insurer = %s order by person", (OAK,)
        ).fetchall()
        self.admin.rollback()
        return [
            decode_civil(sealer.open_(Compartment.PERSON, OAK, PersonId(person), bytes(sealed))).family_name
            for person, sealed in rows
        ]

    def run(self, *words: str) -> str:
        done = RUNNER.invoke(app, [*words, "--settings", str(self.file)])
        assert done.exit_code == 0, done.output
        return done.stdout


NAMES = [family_name for _person, family_name, _given, _birth in PEOPLE]


@pytest.fixture
def vault(database: Database, connect: Connect, tmp_path: Path) -> Vault:
    keys, secrets, state = tmp_path / "keys", tmp_path / "secrets", tmp_path / "state"
    make_keys(keys)
    secrets.mkdir()
    state.mkdir()
    for role in (*ROLES, SUPERUSER):
        (secrets / f"{role}.password").write_text((database.secrets / f"{role}.password").read_text())
    own = Database(database.host, database.port, database.name, secrets)
    file = tmp_path / "tierce.toml"
    file.write_text(f'state = "{state}"\n' + settings_text(own, keys, operator="Rive Claire"))
    admin = connect(SUPERUSER)
    fill(admin, Keyring(keys, EVERY_KEY))
    return Vault(file, keys, own, admin)


@pytest.mark.parametrize("step", ["add", "chunk", "drop"])
def test_a_data_key_is_replaced_under_readers_and_resumed_after_a_stop(vault: Vault, step: str) -> None:
    office = vault.reader()
    before = vault.admin.execute("select sealed from person.record order by person, insurer").fetchall()
    with pytest.raises(Stopped):
        service.rotate_data_key(vault.settings, OAK, Compartment.PERSON, lambda _n: None, stop_at(step))
    assert vault.names(office) == NAMES, "a reader that was there before the stop"
    version = service.rotate_data_key(vault.settings, OAK, Compartment.PERSON, lambda _n: None)
    assert version == 2
    assert vault.names(office) == vault.names(vault.reader()) == NAMES
    after = vault.admin.execute("select sealed from person.record order by person, insurer").fetchall()
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == [True, False] * len(NAMES), "the other insurer's records are not touched"
    assert store.versions(vault.admin, OAK, Compartment.PERSON) == [2]


def test_one_insurers_key_is_replaced_by_command_and_killed_in_the_middle_goes_on(
    vault: Vault, connect: Connect
) -> None:
    words = ("keys", "data", "person", "--insurer", "99100001", "--settings", str(vault.file))
    office, holder, seen = vault.reader(), connect(SUPERUSER), connect(SUPERUSER, autocommit=True)
    others = "select sealed from person.record where insurer <> 1 order by person"
    before = vault.admin.execute(others).fetchall()
    vault.admin.rollback()
    # Somebody holds the second record: the command waits in the middle of its work, and is killed there.
    holder.execute("select 1 from person.record where insurer = 1 and person = 2 for update")
    rotating = start_tierce(*words, out=NOWHERE)
    waits = "select count(*) from pg_stat_activity where usename = 'tierce_feed' and wait_event_type = 'Lock'"
    eventually(lambda: seen.execute(waits).fetchone() == (1,), "it waits for it")
    rotating.kill()
    rotating.join()
    holder.rollback()
    assert store.versions(vault.admin, OAK, Compartment.PERSON) == [1, 2]
    assert vault.names(office) == NAMES, "a reader that was there before"
    assert "insurer 1 : clé / key 2" in vault.run(*words[:-2])
    assert vault.names(office) == vault.names(vault.reader()) == NAMES
    assert store.versions(vault.admin, OAK, Compartment.PERSON) == [2]
    assert vault.admin.execute(others).fetchall() == before, "the other insurer's are not touched"
    assert store.versions(vault.admin, CAPES, Compartment.PERSON) == [1]
    nobody = RUNNER.invoke(app, [*words[:4], "99109999", *words[5:]])
    assert (nobody.exit_code, "aucun organisme" in nobody.output) == (2, True)


def test_what_an_insurer_answered_on_the_way_is_sealed_again_with_its_cover(vault: Vault) -> None:
    sealer = load_sealer(vault.admin, Keyring(vault.keys, ["coverage"]), [Compartment.COVERAGE])
    for seq in (7, 8):
        sealed = sealer.seal(Compartment.COVERAGE, OAK, PersonId(2), b"answer %d" % seq)
        vault.admin.execute(
            "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day,"
            " care_day, at) values (%s, 1, 1, 2, %s, 1, 1, 9, 9, now())", (seq, OAK),
        )  # fmt: skip
        vault.admin.execute("insert into coverage.answered values (%s, 2, %s, 1, 9, %s)", (seq, OAK, sealed))
    vault.admin.commit()
    assert service.rotate_data_key(vault.settings, OAK, Compartment.COVERAGE, lambda _n: None) == 2
    rows = vault.admin.execute("select sealed from coverage.answered order by seq").fetchall()
    sealer = load_sealer(vault.admin, Keyring(vault.keys, ["coverage"]), [Compartment.COVERAGE])
    opened = [sealer.open_(Compartment.COVERAGE, OAK, PersonId(2), bytes(sealed)) for (sealed,) in rows]
    assert opened == [b"answer 7", b"answer 8"]
    assert {bytes(sealed)[1] for (sealed,) in rows} == {2}


def test_what_api_seals_under_a_key_that_it_still_holds_is_opened_by_the_next(vault: Vault) -> None:
    """Each worker reads the keys again now and then, and seals meanwhile what an insurer asked on the way answers."""
    vault.admin.execute(
        "insert into registry.remote (insurer, url, public_key, by, why)"
        " values (%s, 'https://oak.example', sha256('key'), 'Hélène', 'contrat')",
        (OAK,),
    )
    vault.admin.execute(
        "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day,"
        " care_day, at) values (7, 1, 1, 2, %s, 1, 1, 9, 9, now())",
        (OAK,),
    )
    vault.admin.commit()
    api = load_sealer(vault.admin, Keyring(vault.keys, ["coverage"]), [Compartment.COVERAGE])
    vault.admin.commit()
    with pytest.raises(RotationError, match="ten minutes"):
        service.rotate_data_key(vault.settings, OAK, Compartment.COVERAGE, lambda _n: None)
    sealed = api.seal(Compartment.COVERAGE, OAK, PersonId(2), b"answer")
    vault.admin.execute("insert into coverage.answered values (7, 2, %s, 1, 9, %s)", (OAK, sealed))
    vault.admin.execute("update registry.insurer_key set made = made - interval '10 minutes'")
    vault.admin.commit()
    assert service.rotate_data_key(vault.settings, OAK, Compartment.COVERAGE, lambda _n: None) == 2
    rows = vault.admin.execute("select sealed from coverage.answered").fetchall()
    sealer = load_sealer(vault.admin, Keyring(vault.keys, ["coverage"]), [Compartment.COVERAGE])
    opened = [sealer.open_(Compartment.COVERAGE, OAK, PersonId(2), bytes(sealed)) for (sealed,) in rows]
    assert opened == [b"answer"]
    assert timedelta(seconds=REREAD_SECONDS) < timedelta(minutes=10) / 5, "each worker has read the new one by then"


def test_a_record_that_a_feed_seals_meanwhile_is_kept_and_the_old_key_with_it(vault: Vault) -> None:
    """A feed holds the old key in memory and writes under it while the rotation runs."""
    feed = load_sealer(vault.admin, Keyring(vault.keys, ["person"]), [Compartment.PERSON])
    vault.admin.rollback()
    old = vault.admin.execute("select sealed from person.record where insurer = 1 and person = 2").fetchone()
    assert old is not None
    plain = feed.open_(Compartment.PERSON, OAK, PersonId(2), bytes(old[0]))

    def feed_writes(name: str) -> None:
        if name == "drop":
            sealed = feed.seal(Compartment.PERSON, OAK, PersonId(2), plain)
            vault.admin.execute("update person.record set sealed = %s where insurer = 1 and person = 2", (sealed,))
            vault.admin.commit()

    with pytest.raises(RotationError, match="1 records were sealed under the old key"):
        service.rotate_data_key(vault.settings, OAK, Compartment.PERSON, lambda _n: None, feed_writes)
    assert vault.names(vault.reader()) == NAMES
    service.rotate_data_key(vault.settings, OAK, Compartment.PERSON, lambda _n: None)
    assert vault.names(vault.reader()) == NAMES
    assert store.in_use(vault.admin, OAK, Compartment.PERSON) == {2: 3}


def test_a_file_that_is_being_taken_in_keeps_the_old_key_and_says_so(vault: Vault) -> None:
    """It may seal under the old key at any moment, though nothing is sealed under it yet."""

    def feed_begins(name: str) -> None:
        if name == "drop":
            vault.admin.execute(
                "insert into registry.feed (id, kind, insurer, file_sha256, state, started)"
                " values (7, 'rights', 2, sha256('one'), 'running', now())"
            )
            vault.admin.commit()

    with pytest.raises(RotationError, match="a file is being taken in"):
        service.rotate_data_key(vault.settings, OAK, Compartment.PERSON, lambda _n: None, feed_begins)
    assert store.versions(vault.admin, OAK, Compartment.PERSON) == [1, 2]
    assert vault.names(vault.reader()) == NAMES
    vault.admin.execute("update registry.feed set state = 'done'")
    vault.admin.commit()
    assert service.rotate_data_key(vault.settings, OAK, Compartment.PERSON, lambda _n: None) == 2
    assert store.versions(vault.admin, OAK, Compartment.PERSON) == [2]


def test_the_database_destroys_no_key_that_something_needs(vault: Vault) -> None:
    with vault.database.connect("tierce_upkeep") as keeper:
        for version in (1, 9):
            with pytest.raises(psycopg.errors.CheckViolation):
                store.drop_version(keeper, OAK, Compartment.PERSON, version)
            keeper.rollback()


@pytest.mark.parametrize("step", ["wrap", "commit", "place"])
def test_a_master_is_replaced_in_two_runs_and_resumed_after_a_stop(vault: Vault, step: str) -> None:
    first = (vault.keys / "person.key").read_bytes()
    assert service.rotate_master(vault.settings, Compartment.PERSON) is None
    office = vault.reader()  # started again between the two: it reads both
    with pytest.raises(Stopped):
        service.rotate_master(vault.settings, Compartment.PERSON, stop_at(step))
    assert vault.names(office) == vault.names(vault.reader()) == NAMES
    assert service.rotate_master(vault.settings, Compartment.PERSON) == 2
    assert vault.names(vault.reader()) == NAMES
    assert (vault.keys / "person.key").read_bytes() != first
    assert (vault.keys / "person.previous.key").read_bytes() == first
    vault.run("keys", "forget-master", "person")
    assert not (vault.keys / "person.previous.key").exists()
    assert vault.names(vault.reader()) == NAMES
    (vault.keys / "person.key").write_bytes(first)
    with pytest.raises(SealBrokenError):
        vault.reader()


def _verified(vault: Vault) -> Report:
    return verify(_journal(vault), (vault.keys / "log.pub").read_text(), retired=retired_lines(vault.keys))


def _journal(vault: Vault) -> Journal:
    return Journal(vault.database.dsn("tierce_office"), vault.settings.log_directory())


@pytest.mark.parametrize("step", ["retire", "place"])
def test_an_instance_gets_a_new_key_while_it_signs_with_the_old_one(
    vault: Vault, connect: Connect, step: str
) -> None:
    ring, worker = Keyring(vault.keys, ()), connect("tierce_worker")
    running = Appender.enrol(worker, "worker", ring.instance("worker"))
    with pytest.raises(Stopped):
        service.rotate_instance(vault.settings, "worker", stop_at(step))
    running.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    vault.run("keys", "instance", "worker")
    running.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=2)])
    again = Appender.enrol(worker, "worker", ring.instance("worker"))
    again.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=3)])
    assert again.instance != running.instance
    with Sequencer_of(vault) as sequencer:
        sequencer.step()
    assert _verified(vault).intact


class Sequencer_of:  # noqa: N801 - read as a phrase where it is used
    """The worker's sequencer, for as long as the block."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._connection = vault.database.connect("tierce_worker")

    def __enter__(self) -> Sequencer:
        try:
            return self._begin()
        except ForkError:
            self._connection.close()
            raise

    def _begin(self) -> Sequencer:
        keys, state = self._vault.keys, self._vault.settings.state_directory()
        assert state is not None
        return Sequencer(
            self._connection,
            LOG_ORIGIN,
            Keyring(keys, ()).instance("log"),
            LogFolder(self._vault.settings.log_directory()),
            kept=KeptCheckpoint(state / "checkpoint"),
            retired=retired_log_keys(keys),
        )  # fmt: skip - one sequencer, one expression

    def __exit__(self, *_error: object) -> None:
        self._connection.close()


@pytest.mark.parametrize("step", ["retire", "announce", "place"])
def test_the_log_gets_a_new_key_and_the_old_one_vouches_for_nothing_later(
    vault: Vault, connect: Connect, step: str
) -> None:
    worker = connect("tierce_worker")
    appender = Appender.enrol(worker, "worker", Keyring(vault.keys, ()).instance("worker"))
    old_line, old_key = (vault.keys / "log.pub").read_text(), Keyring(vault.keys, ()).instance("log")
    with Sequencer_of(vault) as sequencer:
        appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
        sequencer.step()
        with pytest.raises(RotationError, match="the worker runs"):
            service.rotate_log(vault.settings)
    state = vault.file.parent / "elsewhere"
    state.mkdir()
    ahead = checkpoint_note(LOG_ORIGIN, 2, bytes(32), old_key)
    KeptCheckpoint(state / CHECKPOINT_FILE).write(ahead)
    with pytest.raises(RotationError, match="another database, or an older backup"):
        service.rotate_log(structs.replace(vault.settings, state=str(state)))
    assert (vault.keys / "log.pub").read_text() == old_line, "the key of the log that is in use is left alone"
    with pytest.raises(Stopped):
        service.rotate_log(vault.settings, stop_at(step))
    line = vault.run("keys", "log")
    assert line.strip() == (vault.keys / "log.pub").read_text().strip() != old_line.strip()
    assert [one.split(" ") for one in retired_lines(vault.keys)] == [[old_line.strip(), "1"]]
    with Sequencer_of(vault) as sequencer:
        sequencer.step()
    assert _verified(vault).intact
    assert not verify(_journal(vault), line).intact, "without the retired line, the earlier checkpoint is nobody's"
    assert not verify(_journal(vault), old_line).intact, "the retired key alone does not do"
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=2)])
    both = [*retired_log_keys(vault.keys), Keyring(vault.keys, ()).instance("log").public_key()]
    Sequencer(
        connect("tierce_worker"), LOG_ORIGIN, old_key, LogFolder(vault.settings.log_directory()), retired=both
    ).step()
    report = _verified(vault)
    assert {one.code for one in report.findings if one.severity == "error"} == {
        "checkpoint-signature",
        "leaf-unsigned",
    }


def test_a_rotation_that_stopped_while_the_log_went_on_retires_the_old_key_where_it_ended(
    vault: Vault, connect: Connect
) -> None:
    """The worker was started before the command was run again: what it signed meanwhile is still the log's."""
    worker, old_line = connect("tierce_worker"), (vault.keys / "log.pub").read_text().strip()
    appender = Appender.enrol(worker, "worker", Keyring(vault.keys, ()).instance("worker"))
    with pytest.raises(Stopped):
        service.rotate_log(vault.settings, stop_at("place"))
    for at in (1, 2):
        appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=at)])
        with Sequencer_of(vault) as sequencer:
            sequencer.step()
    vault.run("keys", "log")
    assert [one.split(" ") for one in retired_lines(vault.keys)] == [[old_line, "2"]]
    assert _verified(vault).intact


@pytest.mark.parametrize("step", ["retire", "announce", "place", "tell", "aside"])
def test_a_loss_that_is_accepted_is_accepted_once_wherever_it_stops(
    vault: Vault, connect: Connect, step: str
) -> None:
    worker = connect("tierce_worker")
    Appender.enrol(worker, "worker", Keyring(vault.keys, ()).instance("worker")).append(
        worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)]
    )
    with Sequencer_of(vault) as sequencer:
        sequencer.step()
    old, state = Keyring(vault.keys, ()).instance("log"), vault.settings.state_directory()
    assert state is not None
    kept = KeptCheckpoint(state / CHECKPOINT_FILE)
    kept.write(checkpoint_note(LOG_ORIGIN, 4, bytes(32), old))
    with pytest.raises(Stopped):
        accept(vault.settings, SUPERUSER, 3, SystemClock(), stop_at(step))
    with pytest.raises(ForkError, match="an older backup was restored"), Sequencer_of(vault) as sequencer:
        sequencer.step()
    line = vault.run("restore", "accept-loss", "--lines", "3").strip()
    assert line == (vault.keys / "log.pub").read_text("utf-8").strip()
    assert kept.read() is None
    assert len(list(state.glob(f"{CHECKPOINT_FILE}.lost-*"))) == 1
    with Sequencer_of(vault) as sequencer:
        sequencer.step()
    assert _verified(vault).intact
    (blocks,) = vault.admin.execute("select last_value from journal.block_no").fetchone() or (0,)
    assert blocks > 3 + BLOCKS_SKIPPED_MIN


@pytest.mark.parametrize("step", ["announce", "place"])
def test_signing_keys_that_are_lost_are_retired_by_what_is_public(vault: Vault, connect: Connect, step: str) -> None:
    worker = connect("tierce_worker")
    appender = Appender.enrol(worker, "worker", Keyring(vault.keys, ()).instance("worker"))
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    with Sequencer_of(vault) as sequencer:
        sequencer.step()
    old_line = (vault.keys / "log.pub").read_text("utf-8").strip()
    for name in ("worker", "upkeep", "log"):
        (vault.keys / f"instance-{name}.key").unlink()
    refused = RUNNER.invoke(app, ["upkeep", "keys", str(vault.keys)])
    assert (refused.exit_code, "la clé du journal manque" in refused.output) == (2, True)
    assert (vault.keys / "log.pub").read_text("utf-8").strip() == old_line, "no other key takes its place in silence"
    with pytest.raises(Stopped):
        service.rotate_log(vault.settings, stop_at(step))
    vault.run("keys", "instance", "upkeep")
    line = vault.run("keys", "log").strip()
    vault.run("keys", "instance", "worker")
    assert [one.split(" ") for one in retired_lines(vault.keys)] == [[old_line, "1"]]
    assert line == (vault.keys / "log.pub").read_text("utf-8").strip() != old_line
    again = Appender.enrol(worker, "worker", Keyring(vault.keys, ()).instance("worker"))
    again.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=2)])
    with Sequencer_of(vault) as sequencer:
        sequencer.step()
    assert _verified(vault).intact
    assert {file.stat().st_mode & 0o777 for file in vault.keys.glob("instance-*.key")} == {0o600}


def test_passwords_change_while_connections_stand(vault: Vault, cluster: object) -> None:
    standing = vault.database.connect("tierce_office")
    before = (vault.database.secrets / "tierce_office.password").read_text()
    kept = {role: (vault.database.secrets / f"{role}.password").read_text() for role in ROLES}
    admin = vault.database.connect(SUPERUSER)
    try:
        with pytest.raises(Stopped):
            service.rotate_passwords(vault.settings, admin, ("tierce_api", "tierce_office"), stop_at("tierce_office"))
        vault.run("keys", "passwords")
        assert standing.execute("select 1").fetchone() == (1,)
        assert (vault.database.secrets / "tierce_office.password").read_text() != before
        for role in ROLES:
            vault.database.connect(role).close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(vault.database.dsn("tierce_office"), password=before)
    finally:
        # The cluster is shared by the tests: its own files must open it again.
        for role, password in kept.items():
            store.set_password(admin, role, password)
        admin.commit()
        admin.close()
        standing.close()
