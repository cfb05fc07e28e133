"""Other operators' signed alerts, pushed over HTTP to the real process: counted once; nobody is told who is here."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.conftest import Connect
from tests.integration.signin_world import free_port
from tests.integration.world import World, enrol, make_world
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.kernel.ids import LineId
from tierce.kernel.loopback import NO_TLS
from tierce.lab.country.identifiers import STORY_COMMUNE, make_nir, make_rpps
from tierce.lab.standins.peer import RISC, SSF, OtherOperator, push
from tierce.peer_alerts.errors import PeerFullError
from tierce.peer_alerts.rules import HARVESTING
from tierce.peer_alerts.service import Receiver
from tierce.policy.acts import Act
from tierce.policy.evidence import unpack, weight_of
from tierce.policy.peer_alerts import ALERTS_A_DAY
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep import alerts
from tierce.upkeep.doctor import peers as doctor
from tierce.upkeep.doctor.model import Grade
from tierce.watch.service import Watcher

pytestmark = pytest.mark.integration
US = "https://alertes.riveclaire.example"
COMPROMISE, ENABLED = f"{RISC}/credential-compromise", f"{RISC}/account-enabled"
HERE, UNKNOWN = make_rpps(501), make_rpps(502)
Run = Callable[..., tuple[int, str]]


@dataclass
class Exchange:
    """Two operators that agreed, and a professional of ours with a line."""

    world: World
    peer: OtherOperator
    line: LineId
    receiver: Receiver
    connection: psycopg.Connection
    worker: psycopg.Connection
    watcher: Watcher

    def say(self, event: str, rpps: str = HERE, by: OtherOperator | None = None, **told: object) -> str:
        """One signed token; `told` is what the event holds."""
        peer = by or self.peer
        return peer.sign(peer.claims(event, rpps, SystemClock().now().timestamp(), **told))

    def accuse(self, rpps: str = HERE, by: OtherOperator | None = None) -> None:
        """Take one alert in."""
        self.receiver.take(self.connection, self.say(COMPROMISE, rpps, by, credential_type="fido2").encode())

    def weight(self) -> int:
        """By how much accusations multiply what our professional's line asks, once the worker looked."""
        self.watcher.tidy()
        state = self.world.scalar(f"select state from access.evidence where line = {self.line}")
        return weight_of(unpack(state)) if isinstance(state, bytes) else 1


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def settings(world: World, key_directory: Path, tmp_path: Path) -> Path:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(world.database, key_directory, operator="Rive Claire"))
    return file


@pytest.fixture
def run(settings: Path) -> Run:
    def typed(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(alerts.app, [*words, "--settings", str(settings)])
        return done.exit_code, done.output

    return typed


def agree(run: Run, folder: Path, name: str, *, rsa: bool = False) -> OtherOperator:
    """Register another operator by the command."""
    peer = OtherOperator(f"https://alertes.{name.lower()}.example", US, rsa)
    file = folder / f"{name}.jwks"
    file.write_text(peer.jwks())
    done = run("peer", name, "--issuer", peer.issuer, "--keys", str(file), "--why", "convention")
    assert done[0] == 0, done[1]
    return peer


@pytest.fixture
def exchange(world: World, run: Run, tmp_path: Path, connect: Connect, keyring: Keyring) -> Exchange:
    caller = enrol(world)
    world.run(f"update directory.professional set rpps = '{HERE}' where id = {caller.professional}")
    connection, worker = connect("tierce_peers", autocommit=True), connect("tierce_worker")
    appender = Appender.enrol(connection, "peers", keyring.instance("peers"))
    watching = Appender.enrol(worker, "worker", keyring.instance("worker"))
    return Exchange(
        world, agree(run, tmp_path, "Merlerive"), caller.line, Receiver(appender, SystemClock(), US), connection,
        worker, Watcher(worker, watching, SystemClock(), bytes(16)),
    )  # fmt: skip


def lines(world: World) -> list[tuple[Act, int, int, int]]:
    """Act, peer, professional and person of each line of alerts."""
    with world.database.connect("tierce_worker") as worker:
        found = worker.execute("select body from journal.entry where kind = %s order by seq", (EntryKind.ALERT,))
        bodies = [decode(bytes(body)) for (body,) in found]
    return [(one.act, int(one.device), int(one.professional), int(one.person)) for one in bodies]


@pytest.fixture
def address(settings: Path) -> Iterator[str]:
    """The real process, on a port of its own."""
    port = free_port()
    settings.write_text(f'{settings.read_text()}[peers]\nurl = "{US}"\nport = {port}\n')
    command = [sys.executable, "-m", "tierce", "serve", "--settings", str(settings), "--only", "peers"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    here = f"http://127.0.0.1:{port}"

    def lives() -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{here}/health/ready", trust_env=False, verify=NO_TLS).status_code == 200
        return False

    try:
        eventually(lives, "the process answers", seconds=60)
        yield here
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate(timeout=30)
    nir = make_nir("F", 1985, 2, f"03{STORY_COMMUNE}", 41)
    assert nir[:13].encode() not in said.replace(b" ", b"")
    assert HERE.encode() not in said


def shape(answer: httpx.Response) -> tuple[int, bytes, list[str]]:
    return answer.status_code, answer.content, sorted(name for name in answer.headers if name != "date")


def test_a_pushed_alert_is_kept_once_and_says_nothing_of_who_is_here(exchange: Exchange, address: str) -> None:
    events, world = f"{address}/events", exchange.world
    token = exchange.say(COMPROMISE, credential_type="fido2")
    first = push(events, token)
    unknown = push(events, exchange.say(COMPROMISE, UNKNOWN, credential_type="fido2"))
    assert (first.status_code, first.content) == (202, b"")
    assert shape(first) == shape(push(events, token)) == shape(unknown)
    assert world.scalar("select array_agg((event, known) order by known)::text[] from access.peer_set") == [
        "(1,f)",
        "(1,t)",
    ]
    assert world.scalar("select count(*) from access.alert") == 1
    assert lines(world) == [(Act.PEER_ALERT, 1, 0, 0)] * 2, "as many lines, whomever it names"
    assert push(events, exchange.say(f"{SSF}/verification", state="x")).status_code == 202
    assert push(events, exchange.say(f"{RISC}/identifier-recycled")).status_code == 202
    assert len(lines(world)) == 2
    # What is refused, each with its code, and nothing of it kept.
    nir = make_nir("F", 1985, 2, f"03{STORY_COMMUNE}", 41)
    stranger = OtherOperator("https://alertes.inconnu.example", US)
    other = OtherOperator(exchange.peer.issuer, US)
    elsewhere = OtherOperator(exchange.peer.issuer, "https://alertes.ailleurs.example")
    elsewhere.key = exchange.peer.key
    for wrong, code in (
        ("a.b.c", "invalid_request"),
        (exchange.say(COMPROMISE, credential_type=nir), "invalid_request"),
        (exchange.say(COMPROMISE, nir, credential_type="pin"), "invalid_request"),
        (exchange.say(COMPROMISE, by=stranger, credential_type="pin"), "invalid_issuer"),
        (exchange.say(COMPROMISE, by=other, credential_type="pin"), "invalid_key"),
        (exchange.say(COMPROMISE, by=elsewhere, credential_type="pin"), "invalid_audience"),
    ):
        answer = push(events, wrong)
        assert (answer.status_code, answer.json()["err"]) == (400, code)
        assert nir not in answer.text
    assert push(events, token, "application/json").json()["err"] == "invalid_request"
    assert push(events, "x" * 20_000).status_code == 413
    assert world.scalar("select count(*) from access.peer_set") == 4


def test_each_peer_counts_once_and_what_it_takes_back_counts_no_more(
    exchange: Exchange, run: Run, tmp_path: Path
) -> None:
    assert exchange.weight() == 1
    exchange.accuse()
    assert exchange.weight() == 2
    now = SystemClock().now().timestamp()
    used = exchange.say(HARVESTING, start=now - 60, end=now - 1, confidence="established")
    exchange.receiver.take(exchange.connection, used.encode())
    exchange.accuse()
    assert exchange.weight() == 2, "one peer, one accusation"
    second = agree(run, tmp_path, "Ormepierre", rsa=True)
    exchange.accuse(by=second)
    assert exchange.weight() == 4
    assert exchange.world.scalar("select count(*) from access.ladder") == 0, "nobody is held by it"
    exchange.receiver.take(exchange.connection, exchange.say(ENABLED).encode())
    assert exchange.weight() == 2, "the other's stays"
    exchange.accuse()
    assert exchange.weight() == 4, "what was taken back may be said again"
    assert run("end", "ormepierre", "--why", "sa clé a été volée", "--set-aside")[0] == 0
    assert exchange.weight() == 2
    with pytest.raises(Exception, match="no operator is registered"):
        exchange.accuse(by=second)
    assert exchange.world.scalar("select count(*) from access.ladder") == 0


def test_an_operator_counts_once_whether_its_program_or_a_telephone_said_so(exchange: Exchange) -> None:
    exchange.world.run(
        'insert into access.alert (id, professional, operator, at, "by")'
        f" select 7, professional, 'MERLERIVE', now(), 'Hélène' from access.line where id = {exchange.line}"
    )
    exchange.accuse()
    assert exchange.weight() == 2
    exchange.receiver.take(exchange.connection, exchange.say(ENABLED).encode())
    assert exchange.weight() == 2, "what staff entered is theirs to set aside"


def test_an_alert_waits_for_a_professional_who_never_signed_in(exchange: Exchange) -> None:
    rpps = make_rpps(503)
    exchange.world.run(
        "insert into directory.professional (id, national_id, rpps, family_name, given_name, profession)"
        f" values (9503, '8{rpps}', '{rpps}', 'NOUVEAU', 'LOU', 1)"
    )
    exchange.accuse(rpps)
    exchange.watcher.tidy()
    assert exchange.world.scalar("select count(*) from access.accused") == 0
    first = enrol(exchange.world).line
    exchange.world.run(f"update access.line set professional = 9503 where id = {first}")
    exchange.watcher.tidy()
    assert exchange.world.scalar("select array_agg(line) from access.accused") == [first]


def test_what_a_human_lifted_is_not_taken_off_what_comes_after(exchange: Exchange, run: Run, tmp_path: Path) -> None:
    exchange.accuse()
    assert exchange.weight() == 2
    exchange.world.run(
        "insert into access.ladder"
        " (id, level, subject, rung, since, until, by, reason, lifted, lifted_by, lifted_why)"
        f" select 9, 2, device, 3, now(), now(), 'watch', 'x', now(), 'Hélène', 'x' from access.line"
        f" where id = {exchange.line}"
    )
    assert exchange.weight() == 1
    exchange.accuse(by=agree(run, tmp_path, "Ormepierre"))
    assert exchange.weight() == 2
    exchange.receiver.take(exchange.connection, exchange.say(ENABLED).encode())
    assert exchange.weight() == 2


def test_a_captured_peer_accuses_as_many_as_a_day_allows_and_withdrawals_still_come_through(
    exchange: Exchange, run: Run
) -> None:
    exchange.world.run(
        "insert into access.peer_set (peer, jti, event, known) select 1, gen_random_uuid(), 1, false"
        f" from generate_series(1, {ALERTS_A_DAY - 1})"
    )
    exchange.accuse()
    with pytest.raises(PeerFullError):
        exchange.accuse(UNKNOWN)
    with pytest.raises(PeerFullError):
        exchange.accuse()
    exchange.receiver.take(exchange.connection, exchange.say(ENABLED).encode())
    assert len(lines(exchange.world)) == 2, "what is refused leaves no line"
    assert f'"alerts":{ALERTS_A_DAY}' in run("peers", "--json", "-")[1]
    with exchange.world.database.connect("tierce_upkeep") as upkeep:
        told = [(one.code, one.subject, one.grade) for one in doctor.alerts(upkeep, SystemClock())]
        assert told == [("many-alerts", "Merlerive", Grade.WARNING)]
        exchange.world.run("delete from access.peer_set")
        assert [one.grade for one in doctor.alerts(upkeep, SystemClock())] == [Grade.GOOD]


def test_commands_register_a_peer_once_give_it_other_keys_and_say_why_they_refuse(
    exchange: Exchange, run: Run, tmp_path: Path
) -> None:
    good = tmp_path / "Merlerive.jwks"
    issuer = ("--issuer", "https://alertes.merlerive.example")
    assert run("peer", "MERLERIVE", "--issuer", "https://a.example", "--keys", str(good), "--why", "x")[0] == 1
    assert run("peer", "Autre", *issuer, "--keys", str(good), "--why", "x")[0] == 1
    for words, says in (
        (("peer", "A", "--issuer", "http://a.example", "--keys", str(good), "--why", "x"), "--issuer"),
        (("peer", "A", "--issuer", "https://a.example", "--keys", str(good), "--why", " "), "--why"),
        (("peer", "A", "--issuer", "https://a.example", "--keys", str(tmp_path / "no"), "--why", "x"), "✗"),
        (("peer", "A", "--issuer", "https://a.example", "--keys", __file__, "--why", "x"), "JWKS"),
    ):
        code, output = run(*words)
        assert code == 2
        assert says in output
    renewed = OtherOperator(exchange.peer.issuer, US, kid="b")
    good.write_text(renewed.jwks())
    assert run("keys", "Merlerive", "--keys", str(good), "--why", "renewed")[0] == 0
    assert exchange.world.scalar("select why from access.alert_peer where lower(name) = 'merlerive'") == "renewed"
    with pytest.raises(Exception, match="no registered key"):
        exchange.accuse()
    exchange.accuse(by=renewed)
    assert run("keys", "Nobody", "--keys", str(good), "--why", "x")[0] == 1
    assert run("end", "Nobody", "--why", "x")[0] == 1
    assert run("end", "Merlerive", "--why", "over")[0] == 0
    assert exchange.world.scalar("select count(*) from access.alert where ended is null") == 1, "it stays"
    acts = exchange.world.scalar(f"select count(*) from journal.entry where get_byte(body, 2) = {Act.ALERT_PEER}")
    assert acts == 3


def test_the_role_of_the_process_reads_and_changes_no_table(exchange: Exchange) -> None:
    for statement in (
        "select * from access.alert",
        "select * from access.alert_peer",
        "select * from access.peer_set",
        "select * from access.alert_out",
        "select id from access.login",
        "select id from directory.professional",
        "select person from person.record",
        "select seq from journal.entry",
        "update access.alert set ended = now()",
        "delete from access.alert",
        "insert into access.alert_key (kid, jwk) values ('a', '')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            exchange.connection.execute(statement.encode())


def test_a_token_signed_long_ago_is_refused(exchange: Exchange, keyring: Keyring) -> None:
    late = FixedClock(SystemClock().now().replace(year=2040))
    appender = Appender.enrol(exchange.connection, "peers", keyring.instance("peers"))
    with pytest.raises(Exception, match="iat"):
        Receiver(appender, late, US).take(exchange.connection, exchange.say(COMPROMISE, credential_type="x").encode())
