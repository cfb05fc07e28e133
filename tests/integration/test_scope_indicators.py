"""Another operator's indicators on a real journal: sealed and hot, registers, holes, and the command end to end."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from tests.integration.asks import AT, ORIGIN, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tierce.journal.encoding import decode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import verifier_key
from tierce.journal.segments.sealing import Sealer
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SoftwareId, staff_id
from tierce.kernel.network import address_prefix
from tierce.policy.acts import Act, Outcome
from tierce.scope.commands import app
from tierce.scope.indicators.rules import read_question
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scope-indicators.md"
HEAD = {"format": "tierce-indicators-v1"}
KNOWN, QUIET, REFUSED, NOBODY = "10000000501", "10000000502", "10000000503", "10000000999"
THUMBPRINT = hashlib.sha256(b"a device's key").digest()
HOUR = timedelta(hours=1)


def one(kind: str, value: str, begun: datetime = AT - HOUR, ended: datetime = AT + HOUR) -> dict[str, str]:
    return {"kind": kind, "value": value, "from": begun.isoformat(), "until": ended.isoformat()}


def printed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class World:
    """One operator with a directory, and asks that are sealed and that are not."""

    database: Database
    admin: psycopg.Connection
    worker: psycopg.Connection
    keyring: Keyring
    keys: Path
    folder: Path

    def write(self, entries: Sequence[Entry], at: datetime = AT) -> list[int]:
        return [int(one) for one in write_asks(self.admin, self.keyring, entries, at=at)]

    def sequence(self) -> None:
        sequence(self.worker, self.keyring)

    def seal(self, connect: Connect) -> None:
        worker, own = connect("tierce_worker"), connect("tierce_worker")
        appender = Appender.enrol(worker, "worker", self.keyring.instance("worker"))
        job = Sealer(
            own,
            self.folder,
            log_of(self.database),
            appender,
            SystemClock(),
            bytes(16),
            reached=lambda _step: None,
        )
        assert job.run(now=True).sealed == 1
        own.close()  # and its lock with it

    def ask(self, lines: Sequence[dict[str, str]]) -> tuple[Path, Result]:
        file = self.folder.with_name("received.jsonl")
        file.write_text("\n".join(json.dumps(line) for line in [HEAD, *lines]) + "\n")
        words = ["indicators", str(file), "--by", "Marc Tessier", "--secrets", str(self.database.secrets)]
        words += ["--keys", str(self.keys)]
        words += ["--segments", str(self.folder), "--origin", ORIGIN, "--host", str(self.database.host)]
        words += ["--port", str(self.database.port), "--name", self.database.name]
        return file, CliRunner().invoke(app, words)

    def told(self, lines: Sequence[dict[str, str]]) -> list[tuple[str, str, int, int, int]]:
        _, done = self.ask(lines)
        assert done.exit_code == 0, done.stderr
        found = json.loads(done.stdout)["answer"]["indicators"]
        assert [each["line"] for each in found] == list(range(2, len(lines) + 2))
        return [(each["verdict"], each["why"], each["lines"], each["released"], each["persons"]) for each in found]


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring, key_directory: Path, tmp_path: Path) -> World:
    admin = connect(SUPERUSER)
    for number in (501, 502, 503):
        admin.execute(
            "insert into directory.professional (id, national_id, rpps, family_name, given_name, profession)"
            " values (%s, %s, %s, 'MARCHAND', 'Ida', 10)",
            (number, f"8100000000{number - 500}", f"10000000{number}"),
        )
    admin.execute("insert into directory.establishment values (601, '990000601', 'Cabinet', 'Riveclaire')")
    admin.execute("insert into directory.software (id, vendor, name) values (30, 40, 'Officine Claire')")
    admin.execute("insert into access.device (id, thumbprint, created) values (66, %s, now())", (THUMBPRINT,))
    admin.commit()
    world = World(database, admin, connect("tierce_worker"), keyring, key_directory, tmp_path / "segments")
    network = keyring.hash(Purpose.NETWORK).digest(address_prefix("192.0.2.7"))[:16]

    def marked(entry: Entry) -> Entry:
        return replace(entry, network=network, software=SoftwareId(30))

    refused = ask(9, professional=503, device=67, establishment=602, outcome=Outcome.OUT_OF_SEATS)
    world.write([marked(ask(1)), marked(ask(2)), refused])
    world.sequence()
    world.seal(connect)
    world.write([marked(ask(2)), ask(3, professional=504, device=68, establishment=602)])
    world.sequence()
    return world


def test_each_kind_is_told_over_sealed_and_hot_lines(world: World) -> None:
    long_ago = AT - timedelta(days=800)
    touched = ("touched", "released", 3, 3, 2)
    for asked, said in [
        (one("rpps", KNOWN), touched),
        (one("rpps", QUIET), ("not touched", "no line", 0, 0, 0)),
        (one("rpps", NOBODY), ("not touched", "never known", 0, 0, 0)),
        (one("rpps", REFUSED), ("touched", "asked", 1, 0, 0)),
        (one("rpps", KNOWN, AT - 2 * HOUR, AT), ("not touched", "no line", 0, 0, 0)),
        (one("finess", "990000601"), touched),
        (one("device", printed(THUMBPRINT)), touched),
        (one("device", printed(bytes(32))), ("not touched", "never known", 0, 0, 0)),
        (one("device", printed(bytes(32)), long_ago), ("cannot tell", "forgotten", 0, 0, 0)),
        (one("network", "192.0.2.0/24"), touched),
        (one("network", "192.0.0.0/22"), touched),
        (one("network", "192.0.2.7"), ("cannot tell", "coarse", 0, 0, 0)),
        (one("network", "198.51.100.9"), ("not touched", "no line", 0, 0, 0)),
        (one("software", "officine claire"), touched),
        (one("software", "Autre"), ("cannot tell", "name", 0, 0, 0)),
        (one("rpps", QUIET, AT, SystemClock().now() + HOUR), ("cannot tell", "not over", 0, 0, 0)),
    ]:
        assert world.told([asked]) == [said], asked
    every = [one("rpps", KNOWN), one("network", "192.0.0.0/22"), one("network", "192.0.2.0/24"), one("rpps", KNOWN)]
    assert world.told(every) == [touched] * 4


def test_not_touched_needs_every_line_of_the_window(world: World) -> None:
    quiet = [one("rpps", QUIET)]
    world.write([ask(5)], at=AT + timedelta(minutes=1))
    assert world.told(quiet) == [("cannot tell", "not over", 0, 0, 0)]
    world.sequence()
    assert world.told(quiet) == [("not touched", "no line", 0, 0, 0)]
    (number,) = world.write([ask(6)], at=AT + timedelta(minutes=2))
    world.sequence()
    world.admin.execute("delete from journal.entry where seq = %s", (number,))
    world.admin.commit()
    assert world.told(quiet) == [("cannot tell", "hole", 0, 0, 0)]
    assert world.told([one("rpps", KNOWN)])[0][0] == "touched"


def test_an_ask_of_an_insurer_on_the_way_is_one_ask_and_shows_until_what_came_is_written(
    world: World, connect: Connect
) -> None:
    """Its line is written before the call, and another one after it: neither is told twice, nor is one left out."""
    asked = replace(ask(7, professional=502, device=69), kind=EntryKind.ASKED, outcome=Outcome.ASKED)
    silent = replace(asked, kind=EntryKind.MISS, outcome=Outcome.NOT_ANSWERED, categories=DataCategory.NONE)
    quiet = [one("rpps", QUIET)]
    world.write([asked])
    world.sequence()
    assert world.told(quiet) == [("touched", "released", 1, 1, 1)]
    world.seal(connect)
    assert world.told(quiet) == [("touched", "released", 1, 1, 1)]
    world.write([silent])
    world.sequence()
    assert world.told(quiet) == [("touched", "asked", 1, 0, 0)]
    world.write([asked, replace(silent, kind=EntryKind.DISCLOSURE, outcome=Outcome.RELEASED), asked])
    world.sequence()
    assert world.told(quiet) == [("touched", "released", 3, 2, 1)]


def test_an_answer_is_checked_against_its_key_and_its_question_and_repeats_nothing(world: World) -> None:
    question, done = world.ask([one("rpps", KNOWN), one("network", "192.0.2.0/24")])
    assert done.exit_code == 0
    assert not any(value in done.stdout for value in (KNOWN, "192.0.2", "MARCHAND"))
    assert not re.search(r"\b501\b", done.stdout), "nor her number, which a signature may well have in it"
    file = question.with_name("answer.json")
    file.write_text(done.stdout)
    key = verifier_key(ORIGIN, world.keyring.instance("office").public_key())
    assert key in done.stderr
    ((body,),) = world.admin.execute("select body from journal.entry where kind = 6").fetchall()
    line = decode(bytes(body))
    assert (line.act, line.professional) == (Act.SCOPE_ANSWER, staff_id("command:Marc Tessier"))
    assert line.reference == int(hashlib.sha256(done.stdout.encode()).hexdigest()[:16], 16) >> 1

    def checked(*, text: str = done.stdout, line: str = key, sent: Path = question) -> int:
        file.write_text(text)
        return CliRunner().invoke(app, ["verify", str(file), "--key", line, "--question", str(sent)]).exit_code

    assert checked() == 0
    page = PAGE.read_text("utf-8")
    script = page.partition("```python\n")[2].partition("```")[0]
    run = subprocess.run([sys.executable, "-c", script, str(file), key], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "holds\n"), run.stderr
    example = page.partition("```json\n")[2].partition("```")[0]
    assert len(read_question(example.encode()).indicators) == 2
    assert checked(text=done.stdout.replace('"touched"', '"not touched"')) == 1
    assert checked(line=verifier_key(ORIGIN, world.keyring.instance("worker").public_key())) == 1
    assert checked(line=verifier_key("other", world.keyring.instance("office").public_key())) == 1
    other = question.with_name("other.jsonl")
    other.write_bytes(question.read_bytes() + b"\n")
    assert checked(sent=other) == 1
    assert checked(text="{}") == 1


def test_a_wrong_line_is_refused_by_its_number_and_nothing_is_written(world: World) -> None:
    _, done = world.ask([one("rpps", KNOWN), one("rpps", "1234567")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "line 3, value" in done.stderr
    assert "1234567" not in done.stderr
