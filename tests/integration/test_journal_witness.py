"""A witness in a process of its own, over real HTTP: what it cosigns, what it refuses, and whom it stops."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from tests.forks import NOWHERE, start_tierce, tierce
from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.test_journal_log import LOG_KEY, LOG_LINE, ORIGIN, WORKER_KEY, lines
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.journal.errors import ForkError, NoteFormatError
from tierce.journal.note import checkpoint_note, note_text
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.standing import standing
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.tree import TileTree
from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Report
from tierce.journal.witness import store
from tierce.journal.witness.commands import app
from tierce.journal.witness.cosignature import WitnessKey, cosign, read_cosignature
from tierce.journal.witness.feeding import Address, Feeder
from tierce.journal.witness.service import Request, write_request
from tierce.kernel.loopback import NO_TLS
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.web.witnessing import Witnessing

pytestmark = pytest.mark.integration

NAME = "caisse-des-merles.example/temoin"


@dataclass
class Insurer:
    """A witness's process and its public key."""

    url: str
    key: WitnessKey
    command: list[str]
    process: ForkServerProcess

    def call(self, request: Request) -> httpx.Response:
        return httpx.post(
            f"{self.url}/add-checkpoint",
            content=write_request(request).encode(),
            trust_env=False,
            verify=NO_TLS,
            timeout=10,
        )

    def again(self) -> None:
        """Kill it, and start it again on what it remembers."""
        self.process.kill()
        self.process.join()
        self.process = start_tierce(*self.command, out=NOWHERE)
        self.wait()

    def wait(self) -> None:
        def up() -> bool:
            try:
                return httpx.get(self.url, trust_env=False, verify=NO_TLS).status_code == 501
            except httpx.HTTPError:
                return False

        eventually(up, "the witness listens", seconds=60)


@pytest.fixture
def insurer(tmp_path: Path) -> Iterator[Insurer]:
    home = tmp_path / "witness"
    made = tierce("witness", "key", home, "--name", NAME)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["witness", "serve", str(home), "--name", NAME, "--log-key", LOG_LINE, "--port", str(port)]
    process = start_tierce(*command, out=NOWHERE)
    started = Insurer(f"http://127.0.0.1:{port}", WitnessKey.parse(made.stdout), command, process)
    try:
        started.wait()
        yield started
    finally:
        started.process.terminate()
        started.process.join(30)
        assert started.process.exitcode is not None


class House:
    """A log that grows, and its feeder."""

    def __init__(self, database: Database, connect: Connect, insurer: Insurer, http: httpx.Client) -> None:
        self.log = log_of(database)
        self.worker = connect("tierce_worker")
        self._appender = Appender.enrol(self.worker, "worker", WORKER_KEY)
        self.sequencer = Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, self.log)
        self._feeding = connect("tierce_worker", autocommit=True)
        self._insurer, self._http = insurer, http
        self.feeder = self.fresh()

    def fresh(self) -> Feeder:
        """A feeder as a worker that starts makes it."""
        return Feeder(self._feeding, self.log, [Address(self._insurer.url, self._insurer.key)], self._http)

    def grow(self, batches: int) -> None:
        for _ in range(batches):
            self._appender.append(self.worker, lines(50))
        assert self.sequencer.step() == 50 * batches

    def seen(self) -> list[store.Seen]:
        return store.seen(self._feeding)

    @property
    def note(self) -> str:
        note = self.log.checkpoint()
        assert note is not None
        return note


@pytest.fixture
def house(database: Database, connect: Connect, insurer: Insurer) -> Iterator[House]:
    with httpx.Client(trust_env=False, verify=NO_TLS) as http:
        yield House(database, connect, insurer, http)


def test_a_log_that_only_grows_is_cosigned_at_each_size(house: House, insurer: Insurer, connect: Connect) -> None:
    for _ in range(3):
        house.grow(3)
        assert house.feeder.turn() == 1
        assert house.feeder.turn() == 0
    ((witness, size, at, theirs, since),) = [(s.witness, s.size, s.at, s.theirs, s.since) for s in house.seen()]
    assert (witness, size, at is not None, theirs, since) == (NAME, 450, True, None, None)
    rows = connect("tierce_office").execute("select size, line from journal.cosignature order by size").fetchall()
    assert [row[0] for row in rows] == [150, 300, 450]
    assert read_cosignature(rows[-1][1], note_text(house.note), insurer.key) > 1_700_000_000
    with pytest.raises(NoteFormatError, match="does not hold"):
        read_cosignature(rows[0][1], note_text(house.note), insurer.key)


def test_the_verifier_holds_what_is_stored_of_a_witness_to_its_own_key(
    house: House, insurer: Insurer, connect: Connect, database: Database
) -> None:
    for _ in range(2):
        house.grow(1)
        house.feeder.turn()

    def verified(line: str = insurer.key.line) -> Report:
        return verify(Journal(database.dsn("tierce_office"), house.log.path), LOG_LINE, witnesses=[line])

    whole = verified()
    assert (whole.findings, whole.cosigned) == ([], {NAME: 100})
    other = WitnessKey(NAME, Ed25519PrivateKey.generate().public_key())
    assert [(one.code, one.index) for one in verified(other.line).findings] == [
        ("cosignature-signature", 50),
        ("cosignature-signature", 100),
    ]
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("update journal.cosignature set line = (select line from journal.cosignature where size = 50)")
    assert [(one.code, one.index) for one in verified().findings] == [("cosignature-signature", 100)]
    admin.execute("delete from journal.checkpoint where size = 50")
    assert ("cosignature-alone", 50) in [(one.code, one.index) for one in verified().findings]


def test_what_a_witness_shows_is_its_note_alone_to_be_written_to_a_file(house: House, insurer: Insurer) -> None:
    """It is what a restore on a lost machine is held to: a word beside it would make it no note."""
    house.grow(1)
    house.feeder.turn()
    folder = insurer.command[insurer.command.index("serve") + 1]
    shown = CliRunner().invoke(app, ["show", folder, "--name", NAME, "--log-key", LOG_LINE])
    assert (shown.exit_code, shown.stdout) == (0, house.note)
    assert "50 lignes / entries" in shown.stderr


def test_a_witness_that_was_killed_remembers_what_it_saw(house: House, insurer: Insurer) -> None:
    house.grow(1)
    house.feeder.turn()
    insurer.again()
    answer = insurer.call(Request(0, (), house.note))
    assert (answer.status_code, answer.text) == (409, "50\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"
    house.grow(1)
    # A worker that starts, and one that lost what it knew of the witness: both find their way.
    house.feeder = house.fresh()
    assert house.feeder.turn() == 1
    assert [one.size for one in house.seen()] == [100]


def test_what_a_witness_refuses(house: House, insurer: Insurer) -> None:
    house.grow(2)
    note, tree = house.note, TileTree(house.log, 100)
    assert insurer.call(Request(0, (), note)).status_code == 200
    house.grow(2)
    later, proof = house.note, tuple(TileTree(house.log, 200).consistency(100))
    foreign = checkpoint_note("another.example/log", 200, bytes(32), LOG_KEY)
    unsigned = checkpoint_note(ORIGIN, 200, bytes(32), WORKER_KEY)
    forked = checkpoint_note(ORIGIN, 100, bytes(32), LOG_KEY)
    rewritten = checkpoint_note(ORIGIN, 200, tree.root(), LOG_KEY)
    for request, status in (
        (Request(100, proof, foreign), 404),
        (Request(100, proof, unsigned), 403),
        (Request(100, proof[:-1], later), 422),
        (Request(100, proof, rewritten), 422),
        (Request(50, proof, later), 409),
        (Request(100, (), forked), 409),
        (Request(300, (), later), 400),
    ):
        assert insurer.call(request).status_code == status
    for body, status in ((b"nothing", 400), (b"old x\n\n" + later.encode(), 400), (b"x" * 80_000, 413)):
        answer = httpx.post(f"{insurer.url}/add-checkpoint", content=body, trust_env=False, verify=NO_TLS)
        assert answer.status_code == status
    assert insurer.call(Request(100, proof, later)).status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        b"Content-Length: \xb2",
        b"Content-Length: " + b"9" * 5_000,
        b"Content-Length: -1",
        b"Content-Length: 2\r\nContent-Length: 40",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
    ],
    ids=["superscript", "long", "negative", "two", "chunked"],
)
def test_a_call_whose_length_is_none_or_two_is_answered_once_and_the_connection_ends(
    insurer: Insurer, said: bytes
) -> None:
    at = urlsplit(insurer.url)
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=20) as raw:
        raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n" + said + b"\r\n\r\n")
        raw.sendall(b"0\r\n\r\nPOST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 0\r\n\r\n")
        told = b""
        while piece := raw.recv(4_096):
            told += piece
    assert told.startswith(b"HTTP/1.1 413 ")
    assert told.count(b"HTTP/1.1 ") == 1


def test_a_restored_backup_is_refused_because_a_witness_is_ahead(
    house: House, connect: Connect, database: Database
) -> None:
    house.grow(2)
    house.feeder.turn()
    earlier = {file: file.read_bytes() for file in house.log.path.rglob("*") if file.is_file()}
    house.grow(2)
    house.feeder.turn()
    thief = connect(SUPERUSER, autocommit=True)
    thief.execute("delete from journal.cosignature where size > 100")
    thief.execute("delete from journal.checkpoint where size > 100")
    thief.execute("delete from journal.placed where first_idx >= 100")
    thief.execute(
        "delete from journal.entry where seq / 256 in (select block from journal.batch order by 1 offset 2)"
    )
    thief.execute("delete from journal.batch where block in (select block from journal.batch order by 1 offset 2)")
    for file, data in earlier.items():
        file.write_bytes(data)
    thief.execute("select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'")
    # Nothing inside tells: the sequencer begins, and the witness, asked before anything is signed, stops it.
    Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, LogFolder(log_of(database).path))
    with pytest.raises(ForkError, match="has seen 200 leaves, not 100"):
        house.fresh().turn()
    assert [(one.size, one.theirs) for one in house.seen()] == [(100, 200)]


def test_a_forked_log_is_stopped_by_its_witness(house: House, connect: Connect) -> None:
    house.grow(2)
    house.feeder.turn()
    (house.log.path / "checkpoint").write_text(checkpoint_note(ORIGIN, 100, bytes(32), LOG_KEY))
    connect(SUPERUSER, autocommit=True).execute("delete from journal.cosignature")
    with pytest.raises(ForkError, match="another root of 100 leaves"):
        house.fresh().turn()
    assert [(one.size, one.theirs) for one in house.seen()] == [(0, 100)]


def test_a_witness_that_is_away_holds_nobody_up(house: House, insurer: Insurer) -> None:
    house.grow(1)
    insurer.process.kill()
    insurer.process.join()
    assert house.feeder.turn() == 0
    house.grow(1)
    insurer.again()
    assert house.feeder.turn() == 1


def test_a_cosignature_by_another_key_is_not_kept(house: House, insurer: Insurer, connect: Connect) -> None:
    house.grow(1)
    stranger = WitnessKey(NAME, LOG_KEY.public_key())
    with httpx.Client(trust_env=False, verify=NO_TLS) as http:
        feeder = Feeder(connect("tierce_worker", autocommit=True), house.log, [Address(insurer.url, stranger)], http)
        assert feeder.turn() == 0
    assert house.seen() == []
    assert read_cosignature(cosign(note_text(house.note), NAME, LOG_KEY, 7), note_text(house.note), stranger) == 7


@pytest.mark.parametrize(("kind", "said"), [("text/plain; charset=hex", b"6f"), ("text/x.tlog.size", b"9" * 19)])
def test_whatever_one_witness_answers_the_others_are_asked(
    house: House, insurer: Insurer, connect: Connect, kind: str, said: bytes
) -> None:
    """A stranger's answer that nobody thought of would else silence every witness for the life of the worker."""

    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(409)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    house.grow(1)
    strange = WitnessKey("autre.example/temoin", LOG_KEY.public_key())
    with (
        HTTPServer(("127.0.0.1", 0), Stranger) as server,
        httpx.Client(trust_env=False, verify=NO_TLS) as http,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        addresses = [
            Address(f"http://127.0.0.1:{server.server_port}", strange),
            Address("http://[nowhere", strange),
            Address(insurer.url, insurer.key),
        ]
        feeder = Feeder(connect("tierce_worker", autocommit=True), house.log, addresses, http)
        with suppress(httpx.InvalidURL):
            feeder.turn()
        server.shutdown()
    assert [(one.witness, one.size) for one in house.seen()] == [(NAME, 50)]


def test_a_turn_that_fails_ends_neither_the_asking_nor_the_worker(house: House, database: Database) -> None:
    """A published checkpoint that cannot be read is mended in a moment; nobody would notice that nobody is asked."""
    house.grow(1)
    published = house.log.path / "checkpoint"
    note = published.read_text()
    published.write_text("")
    file = house.log.path.parent / "witnessed.toml"
    key = WitnessKey(NAME, LOG_KEY.public_key()).line
    text = f'log = "{house.log.path}"\n' + settings_text(database, file.parent, operator="Rive Claire")
    file.write_text(f'{text}\n[[witnesses]]\nurl = "http://127.0.0.1:9"\nkey = "{key}"\n')
    witnessing = Witnessing(load(file))
    try:
        witnessing.begin()
        assert "witnesses" in {one.name for one in threading.enumerate()}
    finally:
        witnessing.close()
        published.write_text(note)


@pytest.mark.parametrize("role", ["tierce_worker", "tierce_office"])
def test_what_witnesses_said_is_never_changed(connect: Connect, role: str) -> None:
    for statement in (b"delete from journal.cosignature", b"update journal.dissent set ours = 1"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect(role, autocommit=True).execute(statement)


def test_the_office_says_who_witnessed_what_and_raises_a_split_view(house: House, connect: Connect) -> None:
    house.grow(1)
    house.feeder.turn()
    office = connect("tierce_office", autocommit=True)
    found = standing(office)
    assert [(one.witness, one.size, one.split) for one in found.witnesses] == [(NAME, 50, False)]
    assert not found.split
    store.put_dissent(house.worker, NAME, 50, 90)
    house.worker.commit()
    found = standing(office)
    assert found.split
    assert [(one.size, one.theirs, one.split) for one in found.witnesses] == [(50, 90, True)]
