"""What goes wrong at night and no process says: each is told by the doctor with its remedy, and gone once mended."""

import json
import re
import ssl
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.certificates import self_signed
from tests.forks import running
from tests.integration.conftest import Connect
from tests.integration.house import House, made_in
from tests.integration.signin_world import free_port
from tests.integration.test_operation_doctor import Quiet, served
from tests.waiting import eventually
from tierce.journal.model import Entry, EntryKind
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_ORIGIN, Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.witness.cosignature import WitnessKey
from tierce.kernel.clock import SystemClock
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.doctor import archive, files, lines, lookups
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.health import store
from tierce.upkeep.health.due import due_figures

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return made_in(tmp_path, database)


def test_a_line_that_was_deleted_or_changed_is_found_within_seconds(house: House, connect: Connect) -> None:
    """Each week everything is read; the doctor counts the newest lines, and reads some of all."""
    worker, admin = connect("tierce_worker"), connect(SUPERUSER, autocommit=True)
    ring, log = Keyring(house.keys, ()), LogFolder(house.settings.log_directory())
    assert lines.sampled(house.settings) == [], "no log was begun"
    appender = Appender.enrol(worker, "worker", ring.instance("worker"))
    sequencer = Sequencer(connect("tierce_worker"), LOG_ORIGIN, ring.instance("log"), log)
    for block in range(12):
        appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=block + n + 1) for n in range(50)])
    sequencer.step()
    (told,) = lines.sampled(house.settings)
    assert (told.code, told.grade) == ("lines", Grade.GOOD)
    assert "the last 600 lines are there, and 600 drawn at random" in told.said.en

    (seq,) = admin.execute("select seq from journal.entry order by seq offset 300 limit 1").fetchone() or (0,)
    admin.execute("alter table journal.entry disable trigger user")
    admin.execute("create table public.kept as select * from journal.entry where seq = %s", (seq,))
    admin.execute("delete from journal.entry where seq = %s", (seq,))
    (told,) = lines.sampled(house.settings)
    assert (told.code, told.grade) == ("lines-missing", Grade.BAD)
    assert "599 lines are in the database from leaf 0 on, and the signed tree has 600" in told.said.en
    admin.execute("insert into journal.entry select * from public.kept")
    assert [one.code for one in lines.sampled(house.settings)] == ["lines"]

    admin.execute("update journal.entry set body = set_byte(body, 127, 1) where seq = %s", (seq,))
    (told,) = lines.sampled(house.settings)
    assert (told.code, told.grade) == ("lines-altered", Grade.BAD)
    assert told.remedy is not None
    assert "tierce journal verify" in told.remedy.fr


def test_few_tiles_are_drawn_of_a_long_journal_and_the_last_always() -> None:
    drawn = list(lines.drawn(256 * 10_000 + 3))
    assert drawn == sorted(set(drawn))
    assert drawn[-1] == 256 * 10_000
    assert 2 <= len(drawn) <= lines.DRAWN + 1
    assert list(lines.drawn(0)) == []
    assert list(lines.drawn(257)) == [0, 256]


def test_a_file_that_does_not_leave_for_the_archive_and_a_standby_that_is_away(
    database: Database, connect: Connect
) -> None:
    upkeep, admin = connect("tierce_upkeep"), connect(SUPERUSER, autocommit=True)
    assert archive.kept_elsewhere(upkeep) == [], "nothing is kept elsewhere, and nobody is waited for"
    admin.execute("select pg_create_physical_replication_slot('secours', true)")
    try:
        (slot,) = store.slots(upkeep)
    finally:
        admin.execute("select pg_drop_replication_slot('secours')")
    assert (slot.name, slot.active) == ("secours", False)
    assert archive.held_back([slot]) == [], "it has not been away for long"
    (away,) = archive.held_back([store.Slot("secours", active=False, held=3 << 30)])
    assert (away.code, away.grade) == ("standby-behind", Grade.BAD)
    assert "pg_drop_replication_slot('secours')" in away.remedy.en if away.remedy else ""

    works = store.Archived(failing=False, file="", failures=0, seconds=61)
    assert archive.archived(works) == []
    hangs = store.Archived(failing=False, file="", failures=0, seconds=3600)
    assert [(one.code, one.grade) for one in archive.archived(hangs)] == [("archive-late", Grade.WARNING)]
    fails = store.Archived(failing=True, file="000000010000000000000007", failures=12, seconds=61)
    (told,) = archive.archived(fails)
    assert told.code == "archive-fails"
    assert "000000010000000000000007 failed 12 times" in told.said.en


def test_a_key_that_a_new_version_brings_is_made_and_one_that_was_lost_is_brought_back(
    house: House, connect: Connect
) -> None:
    """Another key in the place of one that was lost opens nothing; a new one is in no sealed copy."""
    ring = Keyring(house.keys, ())
    Appender.enrol(connect("tierce_worker"), "worker", ring.instance("worker"))
    for name in ("instance-worker", "instance-billing", "network", "card"):
        (house.keys / f"{name}.key").unlink()
    found = files.keys(house.settings, lookups.unused(house.settings))
    told = {Path(one.subject).stem: one.remedy.en for one in found if one.remedy}
    assert f"`tierce upkeep keys {house.keys}`" in told["instance-billing"]
    assert f"`tierce upkeep keys {house.keys}`" in told["network"]
    assert "open-keys" in told["instance-worker"]
    assert "open-keys" in told["card"], "the database does not tell"
    house.file.write_text(house.file.read_text().replace(f"port = {house.database.port}", "port = 1"))
    assert lookups.unused(house.settings) == frozenset(), "nor does one that is away"


def test_what_ends_is_due_or_went_silent_has_a_figure_to_alert_on(
    house: House, connect: Connect, tmp_path: Path
) -> None:
    admin, upkeep, now = connect(SUPERUSER, autocommit=True), connect("tierce_upkeep"), SystemClock().now()

    def value(name: str, **labels: str) -> float | None:
        return due_figures(upkeep, house.settings).get_sample_value(name, labels)

    assert value("tierce_heartbeat_missing", process="worker") == 1, "an age of nothing alerts nobody"
    assert value("tierce_incident_due_seconds") == float("inf")
    assert value("tierce_witness_age_seconds") == 0, "none is named"
    assert value("tierce_certificate_ends_timestamp_seconds", process="portal") is None

    admin.execute(
        "insert into upkeep.heartbeat (process, started, at, version, turns, waiting, failing)"
        " values ('worker', now(), now(), '0', 9, 0, '{spool,deposits}')"
    )
    admin.execute(
        "insert into incident.incident (id, title, signal_at, aware_at, aware_by, aware_why)"
        " values (1, 'vol', %(at)s, %(at)s, 'a', 'b')",
        {"at": now - timedelta(hours=70)},
    )
    last = now + timedelta(days=9)
    file, line = (
        tmp_path / "shown.pem",
        WitnessKey("caisse.example/t", Ed25519PrivateKey.generate().public_key()).line,
    )
    file.write_bytes(self_signed(last, "localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with served(Quiet, context) as port:
        text = house.file.read_text() + f'\n[[witnesses]]\nurl = "http://127.0.0.1:1"\nkey = "{line}"\n'
        text = text.replace('[portal]\nurl = "http://127.0.0.1:1"', f'[portal]\nurl = "https://localhost:{port}"')
        house.file.write_text(text.replace("[psc]\n", "[psc]\nclient_secret_until = 2027-01-15\n"))
        assert value("tierce_certificate_ends_timestamp_seconds", process="portal") == pytest.approx(
            last.timestamp(), abs=1
        )
    assert value("tierce_duties_failing", process="worker") == 2
    assert value("tierce_heartbeat_missing", process="worker") == 0
    assert value("tierce_incident_due_seconds") == pytest.approx(2 * 3600, abs=120), "the authority, in 72 hours"
    assert value("tierce_client_secret_ends_timestamp_seconds", provider="psc") is not None
    assert value("tierce_witness_age_seconds") == float("inf"), "it has cosigned nothing yet"
    admin.execute("insert into journal.cosignature (witness, size, line) values ('caisse.example/t', 7, 'x')")
    age = value("tierce_witness_age_seconds")
    assert age is not None
    assert age < 60
    admin.execute("insert into journal.dissent (witness, ours, theirs) values ('caisse.example/t', 7, 9)")
    assert value("tierce_witness_split") == 1


def test_a_gate_that_opens_late_leaves_the_log_as_it_was(house: House, connect: Connect, tmp_path: Path) -> None:
    """The framework sets a log of its own up whenever an application is built: its lines hold what ours withhold."""
    port, admin = free_port(), connect(SUPERUSER, autocommit=True)
    mine = f'[api]\nurl = "http://127.0.0.1:{port}"\nport = {port}'
    house.file.write_text(re.sub(r'\[api\]\nurl = ".*"\nport = \d+', mine, house.file.read_text()))
    password = house.secrets / "tierce_api.password"
    right = password.read_text()
    password.write_text("not the password")
    out = tmp_path / "api.log"

    def gate() -> bool:
        with suppress(httpx.HTTPError):
            return bool(httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).json()["checks"]["gate"])
        return False

    def live() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).status_code == 200
        return False

    with running("serve", "--settings", str(house.file), "--only", "api", out=out):
        eventually(live, "the counter of deposits", seconds=60)
        assert not gate()
        password.write_text(right)
        eventually(gate, "the gate, at last", seconds=60)
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'"
            " and datname = current_database()"
        )
        eventually(lambda: "the store is away" in out.read_text("utf-8").rpartition("started")[2], "it says so")
    said = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {one["process"] for one in said} == {"api"}
