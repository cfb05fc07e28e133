"""Closing a part of the service: what is hindered is counted first, the rest goes on, and it ends by itself."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.conftest import Connect
from tests.integration.stolen_credential import Thief
from tests.integration.world import World, again, ask_all, enrol, make_world, question
from tests.settings_file import settings_text
from tierce.closings import store
from tierce.closings.errors import ClosingError, NotClosedError, SecondPersonError
from tierce.closings.model import Released, Target
from tierce.closings.service import By, Closings
from tierce.gate.model import Answer, Refuse, Release, StepUp
from tierce.gate.service import Gate
from tierce.identity.model import Caller
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SessionId, StaffId
from tierce.policy.acts import Act, Outcome, Site
from tierce.policy.ladder import CLOSE_FOR_MAX, Level
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.ladder import app

HELENE = By(StaffId(900), SessionId(901), "Hélène Vasseur")
MARC = By(StaffId(910), SessionId(911), "Marc Lemaire")
WHY = "essai de fermeture"
NATION = Target(Level.NATION, 0)
OPTICS = Target(Level.DOMAIN, Domain.OPTI)
INSURER = Target(Level.INSURER, 1)


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def office(connect: Connect) -> psycopg.Connection:
    return connect("tierce_office", autocommit=True)


@pytest.fixture
def closings(office: psycopg.Connection, keyring: Keyring) -> Closings:
    appender = Appender.enrol(office, "office", keyring.instance("office"))
    return Closings(appender, SystemClock(), bytes(16))


def asked(
    world: World, caller: Caller, between: Callable[[], object] = lambda: None
) -> tuple[Answer, Answer, Answer]:
    """The same gate asked about a covered person, then `between`, then about her again and about nobody."""

    async def run() -> list[object]:
        gate: Gate = world.gate()
        await gate.start()
        try:
            first = await ask_all(gate, [question(caller, world.covered[0])])
            await asyncio.to_thread(between)
            return (
                first
                + await ask_all(gate, [question(caller, world.covered[0])])
                + await ask_all(gate, [question(caller, world.not_covered[0])])
            )
        finally:
            await gate.stop()

    found = asyncio.run(run())
    assert all(isinstance(one, Answer) for one in found), found
    first, second, third = (one for one in found if isinstance(one, Answer))
    return first, second, third


@pytest.mark.parametrize(
    "target", [NATION, Target(Level.PORTAL, Site.PORTAL), Target(Level.ACT, Act.RIGHTS_ASK), OPTICS], ids=str
)
def test_a_closing_takes_effect_in_the_next_batch_and_is_said_plainly(
    world: World, office: psycopg.Connection, closings: Closings, target: Target
) -> None:
    caller = enrol(world, Profession.OPTICIAN)
    before, after, other = asked(world, caller, lambda: closings.close(office, target, WHY, HELENE))
    assert isinstance(before.decision, Release)
    assert after.decision == other.decision == Refuse(Outcome.CLOSED)
    assert closings.reopen(office, target, HELENE) == Released(lifted=0, waiting=1)
    assert closings.reopen(office, target, MARC) == Released(lifted=1, waiting=0)
    assert isinstance(asked(world, caller)[0].decision, Release)


def test_one_person_is_one_in_the_office_and_by_command(
    office: psycopg.Connection, closings: Closings, world: World
) -> None:
    """Her number is another one by each way; her name is not."""
    closings.close(office, OPTICS, WHY, HELENE)
    by_command = By(StaffId(920), SessionId(0), " hélène  vasseur")
    assert closings.reopen(office, OPTICS, by_command) == Released(lifted=0, waiting=1)
    with pytest.raises(SecondPersonError):
        closings.reopen(office, OPTICS, HELENE)
    assert closings.reopen(office, OPTICS, MARC) == Released(lifted=1, waiting=0)
    closings.close(office, OPTICS, WHY, HELENE)
    assert closings.reopen(office, OPTICS, MARC) == Released(lifted=0, waiting=1)
    namesake = By(StaffId(930), SessionId(931), MARC.name)
    assert closings.reopen(office, OPTICS, namesake) == Released(lifted=1, waiting=0), "each signed in as herself"


def test_others_go_on_while_one_domain_is_closed(
    world: World, office: psycopg.Connection, closings: Closings
) -> None:
    closings.close(office, OPTICS, WHY, HELENE)
    assert isinstance(asked(world, enrol(world, Profession.GP))[0].decision, Release)
    assert asked(world, enrol(world, Profession.OPTICIAN))[0].decision == Refuse(Outcome.CLOSED)


def test_an_act_is_closed_alone(world: World, office: psycopg.Connection, closings: Closings) -> None:
    caller = enrol(world)
    first, _, _ = asked(world, caller)
    closings.close(office, Target(Level.ACT, Act.RIGHTS_REVISIT), WHY, HELENE)

    async def run() -> list[object]:
        gate = world.gate()
        await gate.start()
        try:
            return await ask_all(gate, [again(caller, first.seq)]) + await ask_all(
                gate, [question(caller, world.covered[1])]
            )
        finally:
            await gate.stop()

    revisit, ask = asyncio.run(run())
    assert isinstance(revisit, Answer)
    assert revisit.decision == Refuse(Outcome.CLOSED)
    assert isinstance(ask, Answer)
    assert isinstance(ask.decision, Release)


def test_who_is_covered_by_a_closed_insurer_is_told_like_anybody_else(
    world: World, office: psycopg.Connection, closings: Closings
) -> None:
    """Neither the answer nor the seats tell: a person of the closed insurer, one without cover, an unknown one."""
    world.run("insert into registry.insurer (id, amc, name) values (2, '99000002', 'Autre Mutuelle')")
    world.run("update coverage.coverage set insurer = 2 where person = 5")
    closings.close(office, INSURER, WHY, HELENE)
    caller = enrol(world)
    _, closed, without = asked(world, caller)
    assert isinstance(closed.decision, StepUp)
    assert isinstance(without.decision, StepUp)
    assert closed.revealed is None
    lines = [decode(bytes(row[0])) for row in _bodies(world)]
    assert [line.outcome for line in lines] == [Outcome.CLOSED, Outcome.CLOSED, Outcome.NOT_ELIGIBLE]
    assert lines[0].seats_after is not None
    assert lines[2].seats_after == lines[0].seats_after - 1, "each took its seat, whoever was asked for"

    async def other() -> list[object]:
        gate = world.gate()
        await gate.start()
        try:
            return await ask_all(gate, [question(caller, world.covered[4])])
        finally:
            await gate.stop()

    (answer,) = asyncio.run(other())
    assert isinstance(answer, Answer)
    assert isinstance(answer.decision, Release), "the other insurer goes on"


def _bodies(world: World) -> list[tuple[bytes]]:
    with world.database.connect(SUPERUSER) as admin:
        return admin.execute("select body from journal.entry where kind in (1, 2, 3, 4) order by seq").fetchall()


@pytest.mark.parametrize(
    "target", [NATION, Target(Level.ACT, Act.RIGHTS_ASK), Target(Level.DOMAIN, Domain.MEDG), INSURER]
)
def test_closed_holds_against_a_stolen_api_credential(
    world: World, connect: Connect, office: psycopg.Connection, closings: Closings, target: Target
) -> None:
    thief, caller = Thief(world, connect("tierce_api", autocommit=True)), enrol(world)
    thief.open(caller)
    assert thief.take(caller, [1]) == [1]
    closings.close(office, target, WHY, HELENE)
    thief.open(caller)
    assert thief.take(caller, [2]) == []


def test_a_closing_is_bounded_has_its_reason_and_its_line(
    world: World, office: psycopg.Connection, closings: Closings
) -> None:
    with pytest.raises(ClosingError, match="reason"):
        closings.close(office, OPTICS, "bof", HELENE)
    with pytest.raises(ClosingError, match="social security number"):
        closings.close(office, OPTICS, f"{WHY}, vu avec 1 84 05 2A 950 012", HELENE)
    with pytest.raises(ValueError, match="bounded"):
        closings.close(office, OPTICS, WHY, HELENE, CLOSE_FOR_MAX + timedelta(seconds=1))
    assert store.live(office) == []
    made = closings.close(office, OPTICS, WHY, HELENE, timedelta(minutes=30))
    assert store.live(office) == [made]
    (body,) = office.execute("select body from journal.entry where kind = 7").fetchone() or (b"",)
    line = decode(bytes(body))
    assert (line.kind, line.act, line.reference, line.professional, line.domain) == (
        EntryKind.LADDER_MOVE, Act.STAFF_LADDER_MOVE, made.id, HELENE.staff, Domain.OPTI,
    )  # fmt: skip
    world.run("update access.ladder set until = now() - interval '1 second'")
    assert store.live(office) == []
    with pytest.raises(NotClosedError):
        closings.reopen(office, OPTICS, HELENE)


def test_who_is_hindered_is_counted_before(world: World, office: psycopg.Connection, closings: Closings) -> None:
    optician, doctor = enrol(world, Profession.OPTICIAN), enrol(world)
    asked(world, optician)
    asked(world, doctor)
    everybody = closings.hindered(office, NATION)
    assert (everybody.professionals, everybody.places, everybody.answers) == (2, 2, 4)
    optics = closings.hindered(office, OPTICS)
    assert (optics.professionals, optics.places, optics.answers) == (1, 1, 2)
    assert closings.hindered(office, INSURER).answers == 4
    assert closings.hindered(office, Target(Level.PORTAL, Site.API)).professionals == 0


def test_the_command_counts_closes_and_opens_again(world: World, key_directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(world.database, key_directory, operator="Rive Claire"))

    def run(*words: str, answer: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "--settings", str(file)], input=answer)
        return done.exit_code, done.output

    enrol(world, Profession.OPTICIAN)
    assert run("close", "domain", "OPTI", "--reason", WHY, answer="n\n")[0] == 1
    assert "Tout est ouvert" in run("show")[1]
    code, said = run("close", "domain", "OPTI", "--reason", WHY, "--for", "30m", "--by", "Hélène", answer="y\n")
    assert code == 0, said
    assert "1\u00a0professionnel connecté" in said
    assert "establishment, device" in said
    assert "optique" in run("show")[1]
    assert "confirme dans les quatre heures" in run("reopen", "domain", "OPTI", "--by", "Hélène")[1]
    assert run("reopen", "domain", "OPTI", "--by", "Hélène")[0] == 2, "whoever asked does not confirm"
    assert "Hélène demande la levée" in run("show")[1]
    assert "Rouvert" in run("reopen", "domain", "OPTI", "--by", "Marc")[1]
    assert run("reopen", "domain", "OPTI", "--by", "Marc")[0] == 2
    for wrong in (
        ("close", "district", "x"), ("close", "domain", "ZZZZ"), ("close", "insurer", "12"),
        ("close", "nation", "--for", "90d"),
    ):  # fmt: skip
        code, said = run(*wrong, "--reason", WHY, "--yes")
        assert code == 2, said
    assert "Tout est ouvert" in run("show")[1]
