"""The ladder at every level: who stands there is held, her neighbours are not, in every process, within a second."""

import asyncio
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Process, line
from tests.integration.world import DOMAIN, World, enrol, make_world, question
from tierce.gate.model import Decision, Refuse, Release, StepUp
from tierce.identity.model import Caller
from tierce.journal.model import EntryKind
from tierce.kernel.care import Profession
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act, Outcome, Site
from tierce.policy.ladder import BROAD, Level, Rung, cell_of, cell_profession, department_of
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.version import read_sql

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def hold(world: World, level: Level, subject: int, rung: Rung = Rung.PRESENCE_ONLY) -> int:
    """Put something on the ladder, as a hand would."""
    number = new_id()
    with world.database.connect(SUPERUSER) as admin:
        admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
            " values (%s, %s, %s, %s, now(), now() + interval '1 hour', 'essai', 'essai')",
            (number, level, subject, rung),
        )
    return number


def decided(world: World, *callers: Caller) -> list[Decision]:
    """What the gate decides of one covered person for each caller."""

    async def run() -> list[Decision]:
        gate = world.gate()
        await gate.start()
        try:
            return [(await gate.ask(question(caller, world.covered[0]))).decision for caller in callers]
        finally:
            await gate.stop()

    return asyncio.run(run())


def subjects(caller: Caller) -> dict[Level, int]:
    """Where a caller of the test's world stands at each level."""
    return {
        Level.LOGIN: caller.login,
        Level.DEVICE: caller.device,
        Level.ESTABLISHMENT: caller.establishment,
        Level.PROFESSION: caller.profession,
        Level.SOFTWARE: 2,
        Level.VENDOR: 20,
        Level.CELL: cell_of("2A", caller.profession),
        Level.NATION: 0,
        Level.PORTAL: Site.PORTAL,
        Level.ACT: Act.RIGHTS_ASK,
        Level.DOMAIN: DOMAIN[caller.profession],
    }


@pytest.fixture
def two(world: World) -> tuple[Caller, Caller]:
    """An optician in Corsica on her own software, and a doctor elsewhere on the portal."""
    optician, doctor = enrol(world, Profession.OPTICIAN), enrol(world)
    world.run("insert into directory.software values (2, 20, 'Vitrine')")
    world.run(f"update directory.establishment set finess = '2A0000001' where id = {optician.establishment}")
    world.run(f"update access.session set software = 2 where id = {optician.session}")
    return optician, doctor


@pytest.mark.parametrize("level", [level for level in Level if level is not Level.INSURER], ids=lambda one: one.name)
def test_who_stands_there_is_held_and_others_go_on(world: World, two: tuple[Caller, Caller], level: Level) -> None:
    optician, doctor = two
    hold(world, level, subjects(optician)[level])
    held, other = decided(world, optician, doctor)
    assert held == StepUp(Outcome.HELD)
    for_all = {Level.NATION, Level.PORTAL, Level.ACT}
    assert isinstance(other, StepUp if level in for_all else Release)


def test_suspended_is_refused_plainly_at_a_wide_level(world: World, two: tuple[Caller, Caller]) -> None:
    hold(world, Level.VENDOR, 20, Rung.SUSPENDED)
    held, other = decided(world, *two)
    assert held == Refuse(Outcome.HELD)
    assert isinstance(other, Release)


def ask_until_held(
    database: Database, instance: int, key: bytes, caller: Caller, person: UUID, said: Connection
) -> None:
    """What one API process does: say `ready` after a release, wait for a word, then say when it was first held."""
    world = World(database, Ed25519PrivateKey.from_private_bytes(key), instance, [person], [])

    async def run() -> None:
        gate = world.gate()
        await gate.start()
        try:
            assert isinstance((await gate.ask(question(caller, person))).decision, Release)
            said.send("ready")
            said.recv()  # asking on meanwhile, the first to be ready would use its attempts of the day up
            while not isinstance((await gate.ask(question(caller, person))).decision, StepUp):
                pass
            said.send(time.monotonic())
        finally:
            await gate.stop()

    asyncio.run(run())


def test_a_hold_takes_effect_within_a_second_in_every_process(world: World) -> None:
    callers = [enrol(world, Profession.OPTICIAN) for _ in range(2)]
    spawn = get_context("spawn")
    pipes = [spawn.Pipe() for _ in callers]
    processes = [
        spawn.Process(
            target=ask_until_held,
            args=(world.database, world.instance, world.key.private_bytes_raw(), caller, world.covered[0], sent),
            daemon=True,
        )
        for caller, (_, sent) in zip(callers, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    try:
        for heard, _ in pipes:
            assert heard.poll(60)
            assert heard.recv() == "ready"
        hold(world, Level.PROFESSION, Profession.OPTICIAN)
        began = time.monotonic()
        for heard, _ in pipes:
            heard.send("go")
        for heard, _ in pipes:
            assert heard.poll(10)
            assert heard.recv() - began < 1
    finally:
        for process in processes:
            process.terminate()
            process.join()


class Office:
    """The role's password, and its lines: without one, nothing that staff do is kept."""

    def __init__(self, connect: Connect) -> None:
        self.connection = connect("tierce_office")
        row = self.connection.execute("select journal.register('office', session_user, %s)", (bytes(32),)).fetchone()
        assert row is not None
        self.process = Process(self.connection, row[0])
        self.connection.commit()

    def does(self, act: Act, number: int, staff: int, what: str) -> object:
        """Carry something out as one of the staff, with its line; gives what the database answers."""
        with self.connection.transaction():
            self.process.append([line(EntryKind.LADDER_MOVE, act=act, professional=staff, reference=number)])
            cursor = self.connection.execute(what.encode())
            return cursor.fetchone() if cursor.description else None

    def lift(self, number: int, staff: int) -> object:
        return self.does(Act.STAFF_LADDER_MOVE, number, staff, f"select access.lift({number}, {staff}, 'H.', 'fini')")

    def ask(self, number: int, lasts: str) -> None:
        release = f"({number}, 900, 1, 'H.', 'fini', now(), now() + interval '{lasts}')"
        self.does(Act.STAFF_RELEASE_ASK, number, 900, f"insert into access.release values {release}")


def test_letting_go_of_many_takes_two_even_for_the_office_s_credential(world: World, connect: Connect) -> None:
    office = Office(connect)
    broad, narrow = hold(world, Level.CELL, 1), hold(world, Level.ESTABLISHMENT, 1)
    with pytest.raises(psycopg.errors.CheckViolation, match="two people"):
        office.lift(broad, 900)
    office.ask(broad, "1 hour")
    with pytest.raises(psycopg.errors.CheckViolation, match="two people"):
        office.lift(broad, 900)
    assert office.lift(broad, 910) == (True,)
    assert office.lift(broad, 910) == (False,), "lifted once"
    assert office.lift(narrow, 900) == (True,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.connection.execute("update access.ladder set lifted = now()")
    assert Level.CELL in BROAD
    assert Level.ESTABLISHMENT not in BROAD


def test_a_request_that_ran_out_confirms_nothing(world: World, connect: Connect) -> None:
    office = Office(connect)
    number = hold(world, Level.NATION, 0)
    office.ask(number, "0")
    with pytest.raises(psycopg.errors.CheckViolation, match="two people"):
        office.lift(number, 910)


def test_a_request_that_runs_out_while_the_transaction_is_open_confirms_nothing(
    world: World, connect: Connect
) -> None:
    number, office, admin = (
        hold(world, Level.NATION, 0),
        connect("tierce_office"),
        connect(SUPERUSER, autocommit=True),
    )
    office.execute("select now()")  # its transaction begins while the request waits
    admin.execute("insert into access.release values (%s, 900, 1, 'H.', 'fini', now(), clock_timestamp())", (number,))
    with pytest.raises(psycopg.errors.CheckViolation, match="two people"):
        office.execute("select access.lift(%s, 910, 'M.', 'fini')", (number,))
    office.rollback()
    # Nor may the caller say what time it is.
    with pytest.raises(psycopg.errors.UndefinedFunction):
        office.execute("select access.lift(%s, 910, 'M.', 'fini', now() - interval '1 hour')", (number,))


@pytest.mark.parametrize("finess", ["750000001", "2A0000001", "9A1234567", "2b0000001", "", "?5"])
def test_the_database_numbers_a_cell_as_the_policy_does(world: World, finess: str) -> None:
    for profession in (Profession.GP, Profession.MIDWIFE):
        number = cell_of(finess[:2], profession)
        assert world.scalar(f"select directory.cell_of('{finess}', {profession.value})") == number
        if number:
            told = {"9A": "971"}.get(finess[:2], finess[:2])
            assert (department_of(number), cell_profession(number)) == (told, profession)


def test_who_was_held_with_all_of_overseas_stays_held_in_each_departement(world: World) -> None:
    """What the upgrade runs, on a hold and a line of the cell that was one."""
    _, _, overseas = read_sql("v0049.sql").partition("-- Overseas")
    whole = cell_of("97", Profession.GP)
    hold(world, Level.CELL, whole)
    doctor = enrol(world)
    world.run(f"update directory.establishment set finess = '970408589' where id = {doctor.establishment}")
    world.run(f"update access.line set cell = {whole} where establishment = {doctor.establishment}")
    world.run(
        f"insert into access.clientele (software, login, profession, vendor, cell, first_day, last_day)"
        f" values (1, {doctor.login}, {doctor.profession.value}, 0, {whole}, 0, 0)"
    )
    world.run(f"-- {overseas}")
    subjects = world.scalar("select array_agg(subject order by subject) from access.ladder where level = 7")
    assert subjects == [whole, *(cell_of(f"97{last}", Profession.GP) for last in range(1, 7))]
    island = cell_of("974", doctor.profession)
    assert world.scalar(f"select cell from access.line where establishment = {doctor.establishment}") == island
    assert world.scalar(f"select cell from access.clientele where login = {doctor.login}") == island
    assert decided(world, doctor) == [StepUp(Outcome.HELD)]


@pytest.mark.parametrize(
    ("finess", "department"),
    # Published numbers of Guadeloupe, Martinique, La Réunion and Mayotte, and two whose form is none of theirs.
    [("970100228", "971"), ("970211207", "972"), ("970408589", "974"), ("980500003", "98"), ("970900001", "97"),
     ("971000001", "97")],
)  # fmt: skip
def test_each_departement_overseas_is_a_cell_of_its_own(world: World, finess: str, department: str) -> None:
    number = cell_of(department, Profession.GP)
    assert world.scalar(f"select directory.cell_of('{finess}', 1)") == number
    assert world.scalar(f"select directory.department_of('{finess}')") == department == department_of(number)
    assert number != cell_of("97", Profession.GP) or department == "97"
