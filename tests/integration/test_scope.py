"""`tierce scope` on a real journal: sealed and hot rows as one, lists told apart, indicators answered and signed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tierce.journal.note import verifier_key
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level, Rung
from tierce.scope import store
from tierce.scope.commands import app
from tierce.scope.criteria import read_criteria
from tierce.scope.engine import write_list
from tierce.scope.errors import AnswerRefusedError, CriteriaError, ListAlteredError
from tierce.scope.files import differences
from tierce.scope.indicators import (
    FORMAT,
    Answers,
    Indicator,
    Register,
    Verdict,
    clause_of,
    sign,
    verdict_of,
    verify,
)
from tierce.scope.model import Criteria, Gap, GapKind, Head, Status, TreeHead
from tierce.scope.service import computed
from tierce.storage.cluster import SUPERUSER
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


def test_a_file_of_criteria_is_read_and_a_wrong_one_names_its_field(tmp_path: Path) -> None:
    file = tmp_path / "theft.toml"
    file.write_text(CRITERIA)
    begun = AT.replace(year=2026, month=1, day=10)

    def windows(level: Level, subject: int, rung: Rung) -> list[tuple[object, object]]:
        assert (level, subject, rung) == (Level.DEVICE, 66, Rung.SUSPENDED)
        return [(begun, begun + HOUR)]

    found = read_criteria(file, windows, lambda _rpps: {})  # type: ignore[arg-type]
    assert [(one.devices, one.ladder) for one in found] == [(frozenset({66}), False), (frozenset({66}), True)]
    assert (found[1].from_us, found[1].until_us) == (micros(begun), micros(begun + HOUR))
    for wrong, field in (
        (CRITERIA.replace("devices", "devises"), "clause"),
        (CRITERIA.replace("[66]", "[-1]"), "clause 1, devices"),
        (CRITERIA.replace("suspended", "stopped"), "clause 2, ladder.rung"),
        (CRITERIA.replace("version = 1", "version = 7"), "version"),
        (CRITERIA.replace("+01:00", ""), "clause 1, from/until"),
        ("version = [", ""),
    ):
        file.write_text(wrong)
        with pytest.raises(CriteriaError) as refused:
            read_criteria(file, windows, lambda _rpps: {})  # type: ignore[arg-type]
        assert refused.value.field.startswith(field)
        assert "stopped" not in str(refused.value)


def test_indicators_are_touched_not_touched_or_not_to_be_told_and_signed(
    admin: psycopg.Connection, office: psycopg.Connection, keyring: Keyring, connect: Connect
) -> None:
    write_asks(admin, keyring, [ask(1)])
    sequence(connect("tierce_worker"), keyring)
    known = {"10000000501": ProfessionalId(501), "10000000777": ProfessionalId(777)}
    register = Register(known.get, lambda _finess: None)
    found = []
    for place, (kind, value) in enumerate(
        [("rpps", "10000000501"), ("rpps", "10000000777"), ("rpps", "1"), ("device", "66")], start=1
    ):
        clause = clause_of(Indicator(kind, value, AT - HOUR, AT + HOUR), register)
        if isinstance(clause, str):
            found.append((Verdict.CANNOT_TELL, clause))
            continue
        with office.transaction(), computed(office, segments_folder(admin), [clause], AT + HOUR) as engine:
            lines = engine.totals()[Status.CONFIRMED].entries
            answer = verdict_of(place, clause, engine.head, lines, store.kept_from(office))
        found.append((Verdict(answer.verdict), answer.why))
    assert found == [
        (Verdict.TOUCHED, ""),
        (Verdict.NOT_TOUCHED, ""),
        (Verdict.CANNOT_TELL, "unknown here"),
        (Verdict.CANNOT_TELL, "unknown kind or form"),
    ]
    torn = Head((THIEF,), TreeHead(1, bytes(32)), (Gap(GapKind.CLOCK, 1, 2, 0),), 0)
    assert verdict_of(1, THIEF, torn, 0, 0).why == "holes in the journal"
    assert verdict_of(1, THIEF, replace(torn, gaps=()), 0, THIEF.from_us + 1).why == "before what is kept"


def test_a_signed_answer_holds_for_its_key_alone() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    answers = Answers(FORMAT, "their-7", "2026-11-26T04:00:00+00:00", 9, "00" * 32, [])
    raw = sign(answers, "ours", key)
    assert verify(raw, verifier_key("ours", key.public_key())) == answers
    with pytest.raises(AnswerRefusedError):
        verify(raw, verifier_key("ours", other.public_key()))
    changed = msgspec.json.decode(raw)
    changed["answer"]["reference"] = "their-8"
    with pytest.raises(AnswerRefusedError):
        verify(msgspec.json.encode(changed), verifier_key("ours", key.public_key()))
