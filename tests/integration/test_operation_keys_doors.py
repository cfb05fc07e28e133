"""The keys of insurers' doors and of networks are replaced wherever it stops, and nothing that stands is lost."""

import os
import signal
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.conftest import Connect
from tests.integration.feeding import make_importer
from tests.integration.test_operation_keys import Stopped, stop_at
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.cli import app
from tierce.kernel.ids import new_id
from tierce.kernel.network import address_prefix
from tierce.registry.store import IMPORT_LOCK
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import KeyMissingError, LookupKeyError
from tierce.storage.insurer_keys import door_of
from tierce.storage.keys import GENERATIONS_MAX, KEY_BYTES, Keyring, Purpose
from tierce.storage.lookup_keys import take
from tierce.storage.networks import pseudonym, pseudonyms
from tierce.upkeep.doctor import files, lookups
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.rotation import doors
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.service import make_keys

pytestmark = pytest.mark.integration
RUNNER = CliRunner()
OPEN = "select access.open_insurer_session(%s, %s, %s, 7, 'Inès Vidal', interval '1 hour', sha256('key'))"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def settings(database: Database, tmp_path: Path, connect: Connect, country: Path) -> Settings:
    make_keys(tmp_path / "keys")
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, tmp_path / "keys", operator="Rive Claire"))
    feed = make_importer(connect("tierce_feed"), tmp_path / "keys")
    feed.insurers(country / "insurers.csv")
    feed.intake.close()
    return load(file)


def amcs(connect: Connect) -> list[str]:
    rows = connect(SUPERUSER, autocommit=True).execute("select amc from registry.insurer order by id").fetchall()
    return [amc for (amc,) in rows]


def lets_in(connect: Connect, settings: Settings) -> set[bool]:
    """Whether the site of the insurers, started now, opens a session for each insurer."""
    key = Keyring(settings.key_directory(), [Purpose.DOOR]).hash(Purpose.DOOR)
    site = connect("tierce_insurers", autocommit=True)
    found = set()
    for amc in amcs(connect):
        row = site.execute(OPEN, (door_of(key, amc), new_id(), sha256(os.urandom(8)).digest())).fetchone()
        found.add(row is not None and row[0] is not None)
    return found


def sessions(connect: Connect) -> int:
    row = connect(SUPERUSER, autocommit=True).execute(
        "select count(*) from access.insurer_session where revoked is null and expires > now()"
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def said(connect: Connect, settings: Settings) -> str:
    (found,) = lookups.doors(connect("tierce_upkeep"), settings)
    return f"{found.grade.name} {found.said.en}"


@pytest.mark.parametrize("step", ["doors", "commit", "place"])
def test_the_key_of_doors_is_replaced_wherever_it_stops_and_sessions_stay_open(
    connect: Connect, settings: Settings, step: str
) -> None:
    file = settings.key_directory() / "door.key"
    old = file.read_bytes()
    assert lets_in(connect, settings) == {True}
    before = sessions(connect)
    with pytest.raises(Stopped):
        doors.rotate_doors(settings, stop_at(step))
    assert lets_in(connect, settings) == {step != "place"}, "all of them by the file that is there, or none"
    assert said(connect, settings).startswith("BAD" if step == "place" else "GOOD")
    assert sessions(connect) >= before
    assert doors.rotate_doors(settings) == len(amcs(connect))
    assert lets_in(connect, settings) == {True}
    assert said(connect, settings) == "GOOD opens each insurer"
    assert file.read_bytes() != old
    assert not list(settings.key_directory().glob("door.*.key")), "no copy of a key is left"
    new = file.read_bytes()
    file.write_bytes(old)
    assert lets_in(connect, settings) == {False}, "the key that was copied opens nothing any more"
    assert said(connect, settings).startswith("BAD")
    file.write_bytes(new)


@pytest.mark.parametrize("step", ["doors", "commit", "place"])
def test_the_machine_is_cut_off_and_the_same_command_ends_it(connect: Connect, settings: Settings, step: str) -> None:
    child = os.fork()
    if child == 0:
        doors.rotate_doors(settings, lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == step else None)
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def goes_on() -> bool:
        try:
            return doors.rotate_doors(settings) > 0
        except RotationError:
            return False  # the server has not seen yet that the connection is gone

    eventually(goes_on, "the lock of the process that was killed is given back")
    assert lets_in(connect, settings) == {True}


def test_a_dry_run_changes_nothing_and_a_file_under_way_is_waited_for(
    connect: Connect, settings: Settings, tmp_path: Path
) -> None:
    file = settings.key_directory() / "door.key"
    old = file.read_bytes()
    command = ["keys", "door", "--settings", str(tmp_path / "tierce.toml")]
    done = RUNNER.invoke(app, [*command, "--dry-run"])
    assert (done.exit_code, file.read_bytes()) == (0, old)
    assert f"{len(amcs(connect))} organismes" in done.output
    holder = connect("tierce_feed", autocommit=True)
    holder.execute("select pg_advisory_lock(%s)", (IMPORT_LOCK,))
    with pytest.raises(RotationError, match="a file is being taken in"):
        doors.rotate_doors(settings)
    assert file.read_bytes() == old
    holder.execute("select pg_advisory_unlock(%s)", (IMPORT_LOCK,))
    assert RUNNER.invoke(app, command).exit_code == 0
    assert file.read_bytes() != old


def test_another_insurer_s_door_is_moved_by_no_role_that_faces_anybody(connect: Connect) -> None:
    for role in ("tierce_insurers", "tierce_api", "tierce_office", "tierce_upkeep", "tierce_worker"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect(role, autocommit=True).execute("update registry.door set digest = sha256('x')")


def test_a_new_network_key_changes_each_pseudonym_and_the_file_still_makes_those_of_before(
    settings: Settings, tmp_path: Path
) -> None:
    folder, command = settings.key_directory(), ["keys", "network", "--settings", str(tmp_path / "tierce.toml")]

    def now(address: str) -> bytes:
        return pseudonym(Keyring(folder, [Purpose.NETWORK]).hash(Purpose.NETWORK), address)

    first, nowhere = now(HERE), now("")
    assert first == Keyring(folder, [Purpose.NETWORK]).index(Purpose.NETWORK, address_prefix(HERE)).bytes
    assert RUNNER.invoke(app, [*command, "--dry-run"]).exit_code == 0
    assert now(HERE) == first
    assert RUNNER.invoke(app, command).exit_code == 0
    second = now(HERE)
    assert second != first
    assert second == now("192.0.2.200"), "one network, one pseudonym"
    assert second != now(ELSEWHERE)
    assert now("") == nowhere, "an address that could not be read is known as such whatever came since"
    assert pseudonyms(Keyring(folder, [Purpose.NETWORK]), HERE) == {first, second}


@pytest.mark.parametrize("step", ["key", "mark", "commit"])
def test_the_key_of_networks_is_replaced_wherever_the_machine_is_cut_off(
    connect: Connect, settings: Settings, step: str
) -> None:
    folder, purpose = settings.key_directory(), Purpose.NETWORK

    def bears() -> bytes:
        """The pseudonym that lines of an `api` bear which is started now."""
        ring = Keyring(folder, [purpose])
        take(connect("tierce_api", autocommit=True), ring, [purpose])
        return pseudonym(ring.hash(purpose), HERE)

    before = bears()
    child = os.fork()
    if child == 0:
        doors.rotate_networks(settings, lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == step else None)
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert bears() == before, "until it is whole, lines go on under the key of before"
    left = (folder / "network.key").read_bytes()
    assert len(left) == KEY_BYTES * (1 if step == "key" else 2)
    made = doors.rotate_networks(settings)
    assert (made.generation, made.again) == (2, step != "key"), "a key that lay in the file serves"
    assert (folder / "network.key").read_bytes().startswith(left)
    assert bears() != before
    assert pseudonyms(Keyring(folder, [purpose]), HERE) == {before, bears()}
    assert not [one for one in files.keys(settings) if one.grade is Grade.BAD], "two keys are no broken file"
    (folder / "network.key").write_bytes(left[:KEY_BYTES])
    with pytest.raises(KeyMissingError, match="today's file"):
        bears()
    (folder / "network.key").write_bytes(os.urandom(2 * KEY_BYTES))
    with pytest.raises(LookupKeyError, match="not this database's file"):
        doors.rotate_networks(settings)
    (folder / "network.key").write_bytes(os.urandom(KEY_BYTES + 1))
    with pytest.raises(KeyMissingError):
        doors.rotate_networks(settings)


def test_a_file_of_networks_is_given_no_key_that_nothing_would_read(connect: Connect, settings: Settings) -> None:
    (settings.key_directory() / "network.key").write_bytes(os.urandom(GENERATIONS_MAX * KEY_BYTES))
    with pytest.raises(RotationError, match="keys already"):
        doors.rotate_networks(settings)
