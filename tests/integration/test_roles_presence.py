"""What a stolen `api` credential says of presence is held to what its transaction spent and to what persons said."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.depositing import hold
from tests.integration.stolen_credential import Thief, forged
from tests.integration.world import World, certify, enrol, question
from tierce.gate.model import Refuse
from tierce.identity.model import Caller
from tierce.journal.encoding import encode
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Presence
from tierce.policy.ladder import Level, Rung
from tierce.storage.roles import ROLES

pytestmark = pytest.mark.integration
USE = "select presence.use(array[3]::smallint[], array[%s]::uuid[], array[0], array[null]::uuid[], array[0::bigint])"
NOTE = "select presence.note(array[%s]::uuid[], array[5::bigint], array[%s::bigint], array[%s::bigint])"


@pytest.fixture
def thief(world: World, connect: Connect) -> Thief:
    """Somebody who holds the role's password."""
    return Thief(world, connect("tierce_api", autocommit=True))


def line(caller: Caller, presence: Presence, person: int = 1) -> bytes:
    """A release that says how presence was proved."""
    return encode(replace(forged(caller, person), presence=presence))


def write(thief: Thief, caller: Caller, lines: list[bytes], once: UUID | None = None) -> None:
    """One batch of these lines, with one proof spent in it when one is given."""

    def steps() -> None:
        thief.open(caller, len(lines))
        if once is not None:
            thief.connection.execute(USE, (once,))
        thief.close(caller, lines)

    thief.batch(steps)


@pytest.mark.parametrize("presence", [one for one in Presence if one is not Presence.NONE])
def test_no_presence_is_claimed_without_its_proof(world: World, thief: Thief, presence: Presence) -> None:
    caller = enrol(world)
    with pytest.raises(psycopg.errors.CheckViolation, match="nothing in its batch proves"):
        write(thief, caller, [line(caller, presence)])
    write(thief, caller, [line(caller, Presence.NONE)])


def test_a_proof_serves_one_line_of_the_batch_that_spends_it(world: World, thief: Thief) -> None:
    caller, once = enrol(world), uuid4()
    verified = line(caller, Presence.VERIFIED)
    refused = pytest.raises(psycopg.errors.CheckViolation, match="nothing in its batch proves")
    with refused:
        write(thief, caller, [verified, line(caller, Presence.VERIFIED, 2)], once)
    write(thief, caller, [verified], once)
    with refused:
        write(thief, caller, [verified], once)  # spent before: this transaction spends nothing
    with refused:
        write(thief, caller, [line(caller, Presence.REPORTED)], uuid4())  # a peer reports with no ask


def test_a_person_s_yes_serves_at_its_place_while_it_lasts(world: World, thief: Thief) -> None:
    caller, elsewhere = enrol(world), enrol(world)
    world.run(
        "insert into presence.answer (seq, person, establishment, professional, yes, at, until) values"
        f" (1, 1, {elsewhere.establishment}, 1, true, now(), now() + interval '10 minutes'),"
        f" (2, 1, {caller.establishment}, 1, false, now(), now() + interval '10 minutes'),"
        f" (3, 1, {caller.establishment}, 1, true, now(), now() - interval '1 minute')"
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="nothing in its batch proves"):
        write(thief, caller, [line(caller, Presence.CONFIRMED)])
    world.run("update presence.answer set until = now() + interval '10 minutes' where seq = 3")
    write(thief, caller, [line(caller, Presence.CONFIRMED)])


def test_a_declared_reading_is_written_for_certified_software_alone(world: World, thief: Thief) -> None:
    caller = enrol(world)
    certify(world)
    write(thief, caller, [line(caller, Presence.DECLARED)])
    world.run("update presence.certified set ended = now()")
    with pytest.raises(psycopg.errors.CheckViolation, match="nothing in its batch proves"):
        write(thief, caller, [line(caller, Presence.DECLARED)])


@pytest.mark.parametrize("forged_part", ["proof", "person", "place", "line", "nothing"])
def test_a_proof_gives_a_seat_back_with_its_own_line_alone(world: World, thief: Thief, forged_part: str) -> None:
    caller, once = enrol(world), uuid4()
    said = Presence.NONE if forged_part == "line" else Presence.VERIFIED
    told = (
        uuid4() if forged_part == "proof" else once,
        2 if forged_part == "person" else 1,
        enrol(world).establishment if forged_part == "place" else caller.establishment,
    )

    def steps() -> None:
        thief.open(caller, 1)
        thief.connection.execute(USE, (once,))
        thief.close(caller, [line(caller, said)])
        thief.connection.execute(NOTE, told)

    if forged_part == "nothing":
        thief.batch(steps)
        assert world.scalar("select array_agg(array[person, grade]) from presence.proof") == [[1, Presence.VERIFIED]]
        return
    with pytest.raises(psycopg.errors.CheckViolation, match="with the line that it came by"):
        thief.batch(steps)
    assert world.scalar("select count(*) from presence.proof") == 0


def test_a_refused_ask_gives_no_seat_back(world: World) -> None:
    caller, person = enrol(world), world.covered[0]

    async def asked(presence: Presence) -> object:
        gate = world.gate()
        await gate.start()
        try:
            return (await gate.ask(question(caller, person, presence))).decision
        finally:
            await gate.stop()

    asyncio.run(asked(Presence.NONE))
    hold(world, Level.LOGIN, caller.login, SystemClock().now())
    world.run(f"update access.ladder set rung = {Rung.SUSPENDED.value}")
    assert isinstance(asyncio.run(asked(Presence.VERIFIED)), Refuse)
    assert world.scalar("select count(*) from presence.proof") == 0
    world.run("update access.ladder set lifted = now()")
    assert not isinstance(asyncio.run(asked(Presence.VERIFIED)), Refuse)
    assert world.scalar("select count(*) from presence.proof") == 1


@pytest.mark.parametrize("role", ROLES)
def test_no_role_says_by_itself_that_somebody_was_there(world: World, connect: Connect, role: str) -> None:
    """Called straight, it freed any seat without a line, and told of any pair whether its place asked about her."""
    world.run(
        "insert into access.pair (key, state, day, line, seen_day, seen_line) values (5, 1, gate.today(), 1, 0, 0)"
    )
    thief = connect(role)
    for call in (
        "select access.prove(5, gen_random_uuid(), 3::smallint)",
        "select access.withdraw(gen_random_uuid())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            thief.execute(call.encode())
        thief.rollback()
    assert world.scalar("select state from access.pair where key = 5") == 1
