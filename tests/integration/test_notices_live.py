"""`tierce notice run` says that it lives; health, the doctor and the figures see its silence."""

import re
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.forks import running
from tests.integration.conftest import INSTANCES, Connect
from tests.integration.test_messages_killed import settings
from tests.waiting import eventually
from tierce.kernel.clock import SystemClock
from tierce.settings import load
from tierce.storage import heartbeat
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import SealBrokenError
from tierce.storage.keys import create_keys
from tierce.storage.version import program
from tierce.upkeep.doctor import base
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.health.service import NOTICES, State, figures, states, watched_in
from tierce.upkeep.notice.telling import AGAIN_SECONDS, Failures

pytestmark = pytest.mark.integration


@pytest.fixture
def installed(database: Database, tmp_path: Path) -> Path:
    """Settings with a relay."""
    create_keys(tmp_path / "keys", INSTANCES)
    return settings(tmp_path, database, tmp_path / "keys", 1)


def seen(path: Path) -> list[State]:
    return states(load(path), (NOTICES,))


def doctor(path: Path) -> set[tuple[str, Grade]]:
    found = base.inside(load(path), SystemClock())
    return {(one.code, one.grade) for one in found if one.subject == NOTICES}


def test_its_turns_are_signs_of_life_and_their_end_is_seen(installed: Path, connect: Connect, tmp_path: Path) -> None:
    admin = connect(SUPERUSER, autocommit=True)
    assert seen(installed) == [State(NOTICES, live=False, ready=False, checks={"heartbeat": False, "schema": True})]
    assert doctor(installed) == {("notices-silent", Grade.BAD)}
    with running("notice", "run", "--settings", installed, out=tmp_path / "told") as process:
        eventually(lambda: [one.turns for one in heartbeat.read(admin) if one.process == NOTICES] == [1], "a turn")
        assert seen(installed) == [State(NOTICES, live=True, ready=True, checks={"heartbeat": True, "schema": True})]
        assert doctor(installed) == {("notices", Grade.GOOD)}
    assert process.exitcode == 0, (tmp_path / "told").read_text("utf-8")
    admin.execute("update upkeep.heartbeat set at = at - interval '4 minutes'")
    assert not seen(installed)[0].live
    assert doctor(installed) == {("notices-silent", Grade.BAD)}
    ages = [one for one in figures(admin).collect() if one.name == "tierce_heartbeat_age_seconds"]
    assert [sample.labels for one in ages for sample in one.samples] == [{"process": NOTICES}]


def test_a_turn_that_fails_is_said_and_the_next_one_comes(installed: Path, connect: Connect, tmp_path: Path) -> None:
    admin = connect(SUPERUSER, autocommit=True)
    Path(str(load(installed).mail.dkim_key)).unlink()  # type: ignore[union-attr]  # these settings have a relay
    with running("notice", "run", "--settings", installed, out=tmp_path / "told") as process:
        eventually(lambda: [one.turns for one in heartbeat.read(admin) if one.process == NOTICES] == [1], "a turn")
        parts = ("first look-ups", "insurers", "professionals")
        checks = {"heartbeat": True, "schema": True, **{f"duty {one}": False for one in parts}}
        assert seen(installed) == [State(NOTICES, live=True, ready=False, checks=checks)]
        assert doctor(installed) == {("notices-duty", Grade.BAD)}
        assert process.exitcode is None
    said = (tmp_path / "told").read_text("utf-8")
    told = re.findall(r"^([\w -]+) : a échoué / failed \(DkimKeyError at dkim\.py:\d+\) : ", said, re.M)
    assert sorted(told) == sorted(parts), said


def test_where_no_relay_is_named_nobody_waits_for_it(installed: Path) -> None:
    read = load(installed)
    assert NOTICES in watched_in(read)
    without = msgspec.structs.replace(read, mail=None)
    assert NOTICES not in watched_in(without)
    assert [one for one in base.inside(without, SystemClock()) if one.subject == NOTICES] == []


def test_its_role_gives_no_other_process_s_sign_of_life(connect: Connect) -> None:
    notices = connect("tierce_notices", autocommit=True)
    heartbeat.notices_live(notices, program(), 1)
    for statement in (
        "insert into upkeep.heartbeat values ('worker', now(), now(), '0', 1, 0)",
        "update upkeep.heartbeat set process = 'worker'",
        "select * from upkeep.heartbeat",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            notices.execute(statement.encode())


def test_what_fails_is_said_when_it_begins_each_hour_and_when_it_is_over() -> None:
    """A list that cannot be read fails once a minute: a log of a night is not to be one line a thousand times."""
    memory, broken = Failures(), SealBrokenError("scellé / sealed")
    (first,) = memory.took({"list 99100001": broken}, 0)
    assert first.startswith("list 99100001 : a échoué / failed (SealBrokenError at ")
    assert first.endswith(" : scellé / sealed")
    assert memory.took({"list 99100001": broken}, 60) == []
    assert memory.names == ["list 99100001"]
    (other,) = memory.took({"list 99100001": OSError(2, "No such file", "dkim.pem")}, 120)
    assert other.startswith("list 99100001 : a échoué / failed (FileNotFoundError ENOENT at ?) : ")
    foreign = {"list 99100001": ValueError("a text that is not ours")}
    assert memory.took(foreign, 180) == ["list 99100001 : a échoué / failed (ValueError at ?)"]
    assert memory.took(foreign, 180 + AGAIN_SECONDS) == ["list 99100001 : a échoué / failed (ValueError at ?)"]
    assert memory.took({}, 4000) == ["list 99100001 : de nouveau fait / done again"]
    assert memory.names == []
