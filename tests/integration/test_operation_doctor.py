"""Each of the doctor's findings, found by breaking the real thing, and gone once it is mended."""

import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from tests.certificates import self_signed
from tests.integration.conftest import Connect
from tests.integration.house import House, made_in
from tests.integration.logs import log_of
from tierce.cli import app
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.model import Entry, EntryKind
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_ORIGIN, Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.witness.cosignature import WitnessKey
from tierce.kernel.clock import PARIS, FixedClock, SystemClock
from tierce.storage import heartbeat
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.storage.version import program
from tierce.upkeep.doctor import base, files, outside
from tierce.upkeep.doctor.commands import examine_all
from tierce.upkeep.doctor.model import Finding, Grade
from tierce.upkeep.health.service import states
from tierce.web.names import CHECKPOINT_FILE

RUNNER = CliRunner()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return made_in(tmp_path, database)


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A real server on the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


class Discovery(Quiet):
    """A provider's discovery document, under the issuer that the settings name."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"issuer": "http://127.0.0.1:1"}')


def test_settings_that_cannot_be_read(house: House) -> None:
    house.file.write_text("mode = 'demo'\n")
    assert house.codes() == {"settings"}


def test_keys_missing_open_or_cut(house: House) -> None:
    assert {one.grade for one in files.keys(house.settings)} == {Grade.GOOD}
    (house.keys / "pair.key").unlink()
    (house.keys / "index.key").chmod(0o644)
    (house.keys / "person.key").write_bytes(b"short")
    for name in ("log.pub", "deposit.pub", "bank.pub", "log-retired.pub", "lending.age"):
        (house.keys / name).unlink()
    house.keys.chmod(0o777)
    found = {(one.code, Path(one.subject).name) for one in files.keys(house.settings)}
    assert found == {
        ("key-file-missing", "pair.key"),
        *(("key-file-missing", f"{one}.pub") for one in ("deposit", "bank", "log-retired")),
        ("key-file-missing", "lending.age"),
        ("key-file-open", "index.key"),
        ("key-length", "person.key"),
        ("log-public", "log.pub"),
        ("keys-folder-open", "keys"),
    }


def test_a_key_that_this_user_cannot_read_is_said(house: House) -> None:
    (house.keys / "pair.key").chmod(0o000)
    settings, before = house.settings, os.geteuid()
    if before == 0:
        os.seteuid(65534)  # root reads everything: be somebody else for a moment
    try:
        codes = {one.code for one in files.keys(settings)}
    finally:
        os.seteuid(before)
    assert codes & {"key-file-unreadable", "keys-folder-unreadable"}


def test_passwords_and_client_secrets_missing_or_open(house: House) -> None:
    assert {one.grade for one in files.secrets(house.settings)} == {Grade.GOOD}
    (house.secrets / "tierce_api.password").chmod(0o644)
    (house.secrets / "tierce_office.password").unlink()
    (house.secrets / "postgres.password").unlink()
    Path(house.settings.psc.client_secret_file).unlink()
    relay = {"host": "127.0.0.1", "port": 25, "sender": "a@b.example", "bounces": "c.example"}
    signed = {"dkim_domain": "b.example", "dkim_selector": "t", "dkim_key": str(house.keys / "dkim.pem")}
    table = "".join(f"{name} = {json.dumps(value)}\n" for name, value in (relay | signed).items())
    house.file.write_text(f"{house.file.read_text()}\n[mail]\n{table}")
    codes = {one.code for one in files.secrets(house.settings)}
    passwords = {"password-file-open", "password-file-missing", "admin-password-missing"}
    assert codes == passwords | {"client-secret-missing", "mail-key-missing"}


def test_every_folder_that_fills_up_is_measured(house: House) -> None:
    named = [house.state.parent / name for name in ("spool", "log", "segments", "letters")]
    measured = files.written_to(house.settings)
    assert {*named, house.state, house.keys, files.DATABASE_FILES} <= set(measured)
    assert {one.code for one in files.room(house.settings)} == {"room"}, "one that is not there yet is no fault"


def test_no_room_and_no_state(house: House) -> None:
    assert files.free_room("/", 0.5) == []
    assert [one.grade for one in files.free_room("/", 0.10)] == [Grade.WARNING]
    assert [one.grade for one in files.free_room("/", 0.01)] == [Grade.BAD]
    house.state.rmdir()
    assert [(one.code, one.grade) for one in files.state(house.settings)] == [("state", Grade.BAD)]
    house.file.write_text(house.file.read_text().split("\n", 1)[1])
    assert [(one.code, one.grade) for one in files.state(house.settings)] == [("state", Grade.WARNING)]


def test_a_wrong_password_and_a_database_that_is_away(house: House) -> None:
    assert {one.grade for one in base.reach(house.settings)} == {Grade.GOOD}
    (house.secrets / "tierce_api.password").write_text("not the password")
    assert [(one.code, one.subject) for one in base.reach(house.settings)] == [("role-denied", "tierce_api")]
    (house.secrets / "postgres.password").write_text("not the administrator's")
    assert [one.subject for one in base.reach(house.settings)] == ["tierce_api", SUPERUSER]
    house.file.write_text(house.file.read_text().replace(f"port = {house.database.port}", "port = 1"))
    assert [one.code for one in base.reach(house.settings)] == ["database-down"]
    assert base.inside(house.settings, SystemClock()) == []


def _inside(house: House, code: str) -> list[Finding]:
    return [one for one in base.inside(house.settings, SystemClock()) if one.code == code and one.grade > Grade.GOOD]


def test_a_server_that_could_lose_lines(house: House, connect: Connect) -> None:
    assert _inside(house, "server-setting") == []
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("alter role tierce_upkeep set synchronous_commit = off")
    try:
        assert [one.subject for one in _inside(house, "server-setting")] == ["synchronous_commit"]
    finally:
        admin.execute("alter role tierce_upkeep reset synchronous_commit")
    (told,) = base.unsafe({"fsync": "on", "max_prepared_transactions": "8"})
    assert (told.subject, "would outlive" in told.said.en) == ("max_prepared_transactions", True)


def test_an_index_that_an_upgrade_left_to_be_built(house: House, connect: Connect) -> None:
    assert "index-missing" not in house.codes()
    connect(SUPERUSER, autocommit=True).execute("drop index care.engagement_until")
    (found,) = [one for one in base.inside(house.settings, SystemClock()) if one.code == "index-missing"]
    assert "engagement_until" in found.said.fr


def test_a_schema_that_is_older_or_newer_than_the_program(house: House, connect: Connect) -> None:
    assert _inside(house, "schema") == []
    admin = connect(SUPERUSER, autocommit=True)
    for version in ("0001", "9999"):
        admin.execute("update registry_meta.schema_version set version_num = %s", (version,))
        (found,) = _inside(house, "schema")
        assert version in found.said.fr


def test_it_looks_on_when_something_cannot_be_looked_at(house: House, connect: Connect) -> None:
    """As it is run at night: just after the new program came, by another user than root, with a key file spoiled."""
    rows, ring = connect("tierce_worker"), Keyring(house.keys, ())
    kept = KeptCheckpoint(house.state / CHECKPOINT_FILE)
    Appender.enrol(rows, "worker", ring.instance("worker")).append(rows, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    Sequencer(rows, LOG_ORIGIN, ring.instance("log"), log_of(rows), kept=kept).step()
    for name in ("log.pub", "log-retired.pub"):
        before = (house.keys / name).read_text()
        (house.keys / name).write_text("not a line of a log\n")
        assert "log-public" in house.codes(), name
        (house.keys / name).write_text(before)
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("update registry_meta.schema_version set version_num = '0010'")
    admin.execute("drop function journal.segments cascade")
    assert "schema" in house.codes()
    told = RUNNER.invoke(app, ["doctor", "--settings", str(house.file), "--lang", "en"])
    assert told.exit_code == 2
    assert "then `tierce upgrade`" in told.output


def test_another_user_than_root_is_told_what_she_may_not_look_at(house: House) -> None:
    settings, before = house.settings, os.geteuid()
    for folder in (house.keys, house.secrets, house.state):
        folder.chmod(0o700 if before == 0 else 0o000)
    if before == 0:
        os.seteuid(65534)
    try:
        codes = {one.code for one in examine_all(settings)}
    finally:
        os.seteuid(before)
        for folder in (house.keys, house.secrets, house.state):
            folder.chmod(0o700)
    assert codes & {"key-file-unreadable", "keys-folder-unreadable"}
    assert "log-public" not in codes, "what cannot be read is not said to be spoiled"


def test_clocks_that_disagree(house: House) -> None:
    far = FixedClock(SystemClock().now() + timedelta(minutes=5))
    near = FixedClock(SystemClock().now() + timedelta(seconds=20))
    assert [one.grade for one in base.inside(house.settings, far) if one.code == "clock"] == [Grade.BAD]
    assert [one.grade for one in base.inside(house.settings, near) if one.code == "clock"] == [Grade.WARNING]


def test_a_silent_worker_a_late_sequencer_and_a_stuck_import(house: House, connect: Connect) -> None:
    worker, admin = connect("tierce_worker"), connect(SUPERUSER, autocommit=True)
    heartbeat.beat(worker, "worker", "0.1+0096", 1, 0)
    assert "program-other" in house.codes(), "it was not started again after an upgrade"
    assert not states(house.settings, ("worker",))[0].checks["schema"]
    heartbeat.beat(worker, "worker", program(), 1, 0)
    assert "program-other" not in house.codes()
    assert states(house.settings, ("worker",))[0].checks["schema"]
    wanted = {"worker-silent", "sequencer-late", "import-stuck"}
    assert wanted & house.codes() == set()
    heartbeat.beat(worker, "worker", program(), 2, 0, ["spool"])
    assert "worker-duty" in house.codes()
    admin.execute("update upkeep.heartbeat set at = at - interval '1 minute'")
    appender = Appender.enrol(worker, "worker", Keyring(house.keys, ()).instance("worker"))
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    admin.execute("update journal.batch set at = at - interval '1 minute'")
    admin.execute(
        "insert into registry.feed (id, kind, file_sha256, state, started)"
        " values (1, 'rights', '\\x00', 'running', now() - interval '7 hours')"
    )
    assert wanted <= house.codes()


def test_a_checkpoint_kept_outside_that_the_database_contradicts(house: House, connect: Connect) -> None:
    worker, log = connect("tierce_worker"), connect("tierce_worker")
    ring = Keyring(house.keys, ())
    appender = Appender.enrol(worker, "worker", ring.instance("worker"))
    kept = KeptCheckpoint(house.state / CHECKPOINT_FILE)
    sequencer = Sequencer(log, LOG_ORIGIN, ring.instance("log"), log_of(log), kept=kept)
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    sequencer.step()
    agrees = {one.code: one.grade for one in base.inside(house.settings, SystemClock())}
    assert agrees["checkpoint"] is Grade.GOOD
    admin, first = connect(SUPERUSER, autocommit=True), kept.read() or ""
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=2)])
    sequencer.step()
    kept.write(first)
    assert "checkpoint-behind" not in house.codes(), "the worker may be about to"
    admin.execute("update journal.checkpoint set at = at - interval '2 minutes'")
    assert "checkpoint-behind" in house.codes()
    admin.execute("truncate journal.placed, journal.checkpoint")
    assert "checkpoint-ahead" in house.codes()
    kept.write(kept.read() or "")
    kept.path.write_text("not a note")
    assert "checkpoint-foreign" in house.codes()


def test_a_checkpoint_that_is_not_kept(house: House, connect: Connect) -> None:
    worker, log, ring = connect("tierce_worker"), connect("tierce_worker"), Keyring(house.keys, ())
    Appender.enrol(worker, "worker", ring.instance("worker")).append(
        worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)]
    )
    kept = KeptCheckpoint(house.state / CHECKPOINT_FILE)
    assert "checkpoint-missing" not in house.codes(), "nothing was signed yet"
    Sequencer(log, LOG_ORIGIN, ring.instance("log"), log_of(log), kept=kept).step()
    assert "checkpoint-missing" not in house.codes()
    kept.path.unlink()
    assert "checkpoint-missing" in house.codes()


def test_a_checkpoint_of_the_same_size_and_another_root(house: House, connect: Connect) -> None:
    worker, log, admin = connect("tierce_worker"), connect("tierce_worker"), connect(SUPERUSER, autocommit=True)
    ring = Keyring(house.keys, ())
    appender = Appender.enrol(worker, "worker", ring.instance("worker"))
    kept = KeptCheckpoint(house.state / CHECKPOINT_FILE)
    sequencer = Sequencer(log, LOG_ORIGIN, ring.instance("log"), log_of(log), kept=kept)
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
    sequencer.step()
    admin.execute("update journal.checkpoint set root = sha256('other')")
    assert "checkpoint-differs" in house.codes()


def test_a_log_that_is_elsewhere_later_or_another(house: House, connect: Connect) -> None:
    worker, rows, admin = connect("tierce_worker"), connect("tierce_worker"), connect(SUPERUSER, autocommit=True)
    ring, log = Keyring(house.keys, ()), LogFolder(house.settings.log_directory())
    appender = Appender.enrol(worker, "worker", ring.instance("worker"))
    sequencer = Sequencer(rows, LOG_ORIGIN, ring.instance("log"), log)
    notes = []
    for _ in range(2):
        appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=1)])
        sequencer.step()
        notes.append((log.path / "checkpoint").read_text("utf-8"))
    assert {one.code: one.grade for one in base.inside(house.settings, SystemClock())}["log"] is Grade.GOOD
    (log.path / "checkpoint").write_text(notes[0])  # another machine's worker goes on
    assert "log-behind" not in house.codes()
    admin.execute("update journal.checkpoint set at = now() - interval '2 minutes' where size = 2")
    assert "log-behind" in house.codes()
    (log.path / "checkpoint").write_text(notes[1])
    admin.execute("update journal.checkpoint set root = sha256('other') where size = 2")
    assert "log-differs" in house.codes()
    admin.execute("delete from journal.checkpoint where size = 2")
    assert "log-ahead" in house.codes()
    (log.path / "checkpoint").write_text("not a note")
    assert "log-foreign" in house.codes()
    (log.path / "checkpoint").unlink()
    assert "log-missing" in house.codes()


def test_witnesses_that_are_silent_or_hold_another_history(house: House, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)
    line = WitnessKey("caisse.example/temoin", Ed25519PrivateKey.generate().public_key()).line
    table = f'\n[[witnesses]]\nurl = "http://127.0.0.1:1"\nkey = "{line}"\n'
    house.file.write_text(house.file.read_text() + table)
    assert "witness-silent" in house.codes()
    admin.execute("insert into journal.cosignature (witness, size, line) values ('caisse.example/temoin', 7, 'x')")
    told = base.inside(house.settings, SystemClock())
    assert {one.code: one.grade for one in told}["witnesses"] is Grade.GOOD
    admin.execute("insert into journal.dissent (witness, ours, theirs) values ('caisse.example/temoin', 7, 9)")
    assert "witness-split" in house.codes()
    house.file.write_text(house.file.read_text().replace(line, "nobody+0+x"))
    assert "witness-key" in house.codes()


def _hang_up(listening: socket.socket) -> None:
    with suppress(OSError):  # the test is over, and has closed it
        while True:
            listening.accept()[0].close()


def test_ports_down_and_taken(house: House) -> None:
    assert {one.code for one in outside.ports(house.settings)} == {"site-down"}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = house.file.read_text().replace(
            '[office]\nurl = "http://127.0.0.1:1"\nport = 1', f'[office]\nurl = "http://127.0.0.1:1"\nport = {port}'
        )
        house.file.write_text(text)
        threading.Thread(target=_hang_up, args=(other,), daemon=True).start()
        found = {one.subject: one.code for one in outside.ports(house.settings)}
    assert found["office"] == "port-taken"


class Portal(Quiet):
    """Answers as the portal does, whatever name it was asked by."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/.well-known/tierce-site" else 404)
        self.end_headers()
        self.wfile.write(b"portal")


class Elsewhere(Quiet):
    """Somebody else's server."""

    def do_GET(self) -> None:
        self.send_response(301)
        self.send_header("location", "https://elsewhere.example/")
        self.end_headers()


def test_a_public_name_that_leads_to_another_site_or_elsewhere(house: House, tmp_path: Path) -> None:
    assert outside.names(house.settings) == []
    text = house.file.read_text()

    def lead(site: str, port: int, scheme: str = "http") -> None:
        nonlocal text
        text = text.replace(f'[{site}]\nurl = "http://127.0.0.1:1"', f'[{site}]\nurl = "{scheme}://localhost:{port}"')
        house.file.write_text(text)

    far = _certificate(tmp_path, SystemClock().now() + timedelta(days=80))
    with served(Portal, far) as right, served(Elsewhere) as wrong:
        lead("portal", right, "https")
        assert [(one.code, one.grade) for one in outside.names(house.settings)] == [("names", Grade.GOOD)]
        lead("office", right, "https")
        lead("api", wrong)
        found = {one.subject: one for one in outside.names(house.settings)}
        assert {one.code for one in found.values()} == {"name-astray"}
        assert f"https://localhost:{right} leads to the site “portal”" in found["office"].said.en
        assert "autre chose que Tierce" in found["api"].said.fr


def _certificate(folder: Path, last: datetime, *names: str) -> ssl.SSLContext:
    file = folder / "certificate.pem"
    file.write_bytes(self_signed(last, *(names or ("localhost",))))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    ("days", "code"),
    [(-1, "certificate-expired"), (5, "certificate-ends"), (80, "certificate"), (100, "certificate-early")],
)
def test_certificates(tmp_path: Path, days: int, code: str) -> None:
    now = SystemClock().now()
    with served(Quiet, _certificate(tmp_path, now.astimezone(UTC) + timedelta(days=days))) as port:
        trust = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        assert [one.code for one in outside.certificate("portal", "localhost", port, now, trust)] == [code]
        signed_by_nobody = outside.certificate("portal", "localhost", port, now)
        assert [one.code for one in signed_by_nobody] == ["certificate-chain" if code == "certificate" else code]
    assert [one.code for one in outside.certificate("portal", "localhost", port, now)] == ["https-down"]


def test_a_certificate_of_another_name(tmp_path: Path) -> None:
    now = SystemClock().now()
    with served(Quiet, _certificate(tmp_path, now + timedelta(days=80), "*.tierce.example")) as port:
        assert [one.code for one in outside.certificate("portal", "localhost", port, now)] == ["certificate-astray"]
    shown = x509.load_pem_x509_certificate((tmp_path / "certificate.pem").read_bytes())
    hosts = ("A.tierce.example", "tierce.example", "a.b.tierce.example", "127.0.0.1")
    assert [outside.is_for(shown, host) for host in hosts] == [True, False, False, False]


def test_providers_away_under_another_name_and_secrets_that_end(house: House) -> None:
    assert {one.code for one in outside.providers(house.settings, SystemClock())} == {"provider-down"}
    with served(Discovery) as port:
        text = house.file.read_text().replace(
            'discovery = "http://127.0.0.1:1/"', f'discovery = "http://127.0.0.1:{port}/"'
        )
        house.file.write_text(text)
        assert {one.grade for one in outside.providers(house.settings, SystemClock())} == {Grade.GOOD}
        house.file.write_text(text.replace('issuer = "http://127.0.0.1:1"', 'issuer = "https://other.example"'))
        assert {one.code for one in outside.providers(house.settings, SystemClock())} == {"provider-issuer"}
        today = SystemClock().now().astimezone(PARIS).date()
        for days, code in ((0, "client-secret-expired"), (10, "client-secret-ends")):
            until = (today + timedelta(days=days)).isoformat()
            house.file.write_text(text.replace("[psc]\n", f"[psc]\nclient_secret_until = {until}\n"))
            assert [one.code for one in outside.providers(house.settings, SystemClock())] == [code]


@pytest.mark.parametrize(("ahead", "grade"), [(-60, Grade.BAD), (20, Grade.BAD), (0, Grade.GOOD)])
def test_a_machine_whose_clock_is_not_the_providers(house: House, ahead: int, grade: Grade) -> None:
    with served(Discovery) as port:
        house.file.write_text(house.file.read_text().replace('"http://127.0.0.1:1/"', f'"http://127.0.0.1:{port}/"'))
        now = SystemClock().now().replace(microsecond=0)
        found = outside.providers(house.settings, FixedClock(now + timedelta(seconds=ahead)))
    assert {one.grade for one in found} == {grade}
    assert grade is Grade.GOOD or {one.code for one in found} == {"clock-provider"}


def test_the_command_says_it_in_both_languages_and_exits_by_the_worst(house: House) -> None:
    (house.keys / "pair.key").unlink()
    french = RUNNER.invoke(app, ["doctor", "--settings", str(house.file)])
    english = RUNNER.invoke(app, ["doctor", "--settings", str(house.file), "--lang", "en"])
    assert (french.exit_code, english.exit_code) == (2, 2)
    assert "pair.key : manque" in french.output
    assert "pair.key: is missing" in english.output
    found = msgspec.json.decode(RUNNER.invoke(app, ["doctor", "--settings", str(house.file), "--json", "-"]).stdout)
    assert found["grade"] == "bad"
    assert all(one["remedy"] for one in found["findings"] if one["grade"] != "good")
