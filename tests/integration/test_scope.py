"""`tierce scope` on a real journal: sealed and hot rows as one, and lists told apart."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tierce.journal.beats import beat
from tierce.journal.encoding import decode
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, staff_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.ladder import Level, Rung
from tierce.scope.commands import app
from tierce.scope.criteria import Registers, read_criteria
from tierce.scope.engine.store import write_list
from tierce.scope.errors import CriteriaError, ListAlteredError
from tierce.scope.files import differences
from tierce.scope.model import Criteria, Gap, GapKind, Status
from tierce.scope.service import computed
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
THIEF = Criteria(frozenset(), frozenset({DeviceId(66)}), frozenset(), micros(AT - HOUR), micros(AT + HOUR))


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER)


@pytest.fixture
def office(connect: Connect) -> psycopg.Connection:
    return connect("tierce_office", autocommit=True)


def listed(office: psycopg.Connection, folder: Path, into: Path, clause: Criteria = THIEF) -> Path:
    with office.transaction(), computed(office, folder, [clause], AT + HOUR) as engine:
        return write_list(engine, into)[0]


def test_a_revision_tells_what_was_added_and_changed(
    admin: psycopg.Connection, office: psycopg.Connection, keyring: Keyring, connect: Connect, tmp_path: Path
) -> None:
    worker = connect("tierce_worker")
    write_asks(admin, keyring, [ask(1), ask(2), ask(3, outcome=Outcome.OUT_OF_SEATS)])
    sequence(worker, keyring)
    folder = segments_folder(admin)
    first = listed(office, folder, tmp_path)
    assert listed(office, folder, tmp_path) == first
    write_asks(admin, keyring, [ask(2), ask(4)], at=AT + timedelta(seconds=1))
    sequence(worker, keyring)
    second = listed(office, folder, tmp_path)
    told = [(one.sign, one.line.split(" ")[0], one.line.rpartition(" ")[2]) for one in differences(first, second)]
    assert told == [("~", "2", "confirmed"), ("+", "4", "confirmed")]
    done = CliRunner().invoke(app, ["show", str(second)])
    assert done.exit_code == 0
    assert done.stdout.startswith("tierce-scope-v2\n")
    second.write_bytes(second.read_bytes().replace(b" confirmed", b" possible"))
    with pytest.raises(ListAlteredError):
        list(differences(first, second))


def test_a_line_that_cannot_be_read_is_a_gap_and_withholds_nobody_else(
    admin: psycopg.Connection, office: psycopg.Connection, keyring: Keyring, connect: Connect
) -> None:
    numbers = write_asks(admin, keyring, [ask(1), ask(2)])
    sequence(connect("tierce_worker"), keyring)
    admin.execute(
        "update journal.entry set body = set_byte(body, 0, 9) where seq = %s",
        (numbers[1],),
    )
    admin.commit()
    with office.transaction(), computed(office, segments_folder(admin), [THIEF], AT + HOUR) as engine:
        assert engine.head.gaps == (Gap(GapKind.UNREADABLE, numbers[1] >> 8, numbers[1] >> 8, 0),)
        assert not engine.head.whole
        assert [(one.person, one.status) for one in engine.exposures()] == [(1, Status.CONFIRMED)]


def test_whoever_was_asked_for_while_an_instance_was_silent_is_possible(
    admin: psycopg.Connection, office: psycopg.Connection, keyring: Keyring, connect: Connect
) -> None:
    minute = timedelta(minutes=1)
    lives = [(1, AT - 6 * minute), *((2, AT + n * minute) for n in range(-6, 3)), (1, AT + 2 * minute)]
    write_asks(admin, keyring, [beat(instance, micros(at)) for instance, at in lives], at=AT - 6 * minute)
    asks = [ask(1), ask(2, outcome=Outcome.OUT_OF_SEATS), ask(3, at=AT + 9 * minute, outcome=Outcome.OUT_OF_SEATS)]
    (asked, *_) = write_asks(admin, keyring, asks)
    sequence(connect("tierce_worker"), keyring)
    with office.transaction(), computed(office, segments_folder(admin), [THIEF], AT + HOUR) as engine:
        assert engine.head.gaps == (Gap(GapKind.SILENT, (asked >> 8) - 1, (asked >> 8) - 1, 0),)
        assert engine.head.whole
        assert [(one.person, one.status) for one in engine.exposures()] == [
            (1, Status.CONFIRMED),
            (2, Status.POSSIBLE),
            (3, Status.EXCLUDED),
        ]


CRITERIA = """
version = 1
[[clause]]
from = 2026-01-01T00:00:00+01:00
until = 2026-02-01T00:00:00+01:00
devices = [66]
[[clause]]
from = 2026-01-01T00:00:00+01:00
until = 2026-02-01T00:00:00+01:00
ladder = { level = "device", subject = 66, rung = "suspended" }
"""


def test_a_list_is_written_by_somebody_and_a_line_of_the_journal_says_so_first(
    database: Database,
    admin: psycopg.Connection,
    keyring: Keyring,
    key_directory: Path,
    connect: Connect,
    tmp_path: Path,
) -> None:
    write_asks(admin, keyring, [ask(1), ask(2)])
    sequence(connect("tierce_worker"), keyring)
    criteria, into = tmp_path / "theft.toml", tmp_path / "lists"
    window = f"from = {(AT - HOUR).isoformat()}\nuntil = {(AT + HOUR).isoformat()}\n"
    criteria.write_text(f"version = 1\n[[clause]]\n{window}devices = [66]\n")
    words = ["run", str(criteria), "--secrets", str(database.secrets), "--keys", str(key_directory)]
    words += ["--segments", str(segments_folder(admin)), "--into", str(into), "--host", database.host]
    words += ["--port", str(database.port), "--name", database.name, "--json", "-"]
    lines = "select body from journal.entry where kind = 6"

    refused = CliRunner().invoke(app, [*words, "--by", " "])
    assert (refused.exit_code, "--by" in refused.stderr, into.exists()) == (2, True, False)
    assert admin.execute(lines).fetchall() == []
    done = CliRunner().invoke(app, [*words, "--by", "Marc Tessier"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["confirmed"], Path(found["file"]).name) == (2, found["digest"] + ".scope")
    ((body,),) = admin.execute(lines).fetchall()
    line = decode(bytes(body))
    assert (line.act, line.professional) == (Act.SCOPE_FILE, staff_id("command:Marc Tessier"))
    assert line.reference == int(found["digest"][:16], 16) >> 1


def test_a_file_of_criteria_is_read_and_a_wrong_one_names_its_field(tmp_path: Path) -> None:
    file = tmp_path / "theft.toml"
    file.write_text(CRITERIA)
    begun = AT.replace(year=2026, month=1, day=10)

    def windows(level: Level, subject: int, rung: Rung) -> list[tuple[datetime, datetime]]:
        assert (level, subject, rung) == (Level.DEVICE, 66, Rung.SUSPENDED)
        return [(begun, begun + HOUR)]

    registers = Registers(windows, lambda _rpps: {}, lambda _names: {})
    found = read_criteria(file, registers)
    assert [(one.devices, one.ladder) for one in found] == [(frozenset({66}), False), (frozenset({66}), True)]
    assert (found[1].from_us, found[1].until_us) == (micros(begun), micros(begun + HOUR))
    for wrong, field in (
        (CRITERIA.replace("devices", "devises"), "clause"),
        (CRITERIA.replace("[66]", "[-1]"), "clause 1, devices"),
        (CRITERIA.replace("suspended", "stopped"), "clause 2, ladder.rung"),
        (CRITERIA.replace("version = 1", "version = 7"), "version"),
        (CRITERIA.replace("+01:00", ""), "clause 1, from/until"),
        (CRITERIA.replace("devices = [66]", 'staff = ["nobody"]', 1), "clause 1, staff 1"),
        ("version = [", ""),
    ):
        file.write_text(wrong)
        with pytest.raises(CriteriaError) as refused:
            read_criteria(file, registers)
        assert refused.value.field.startswith(field)
        assert "stopped" not in str(refused.value)
