"""What a stolen `api` credential can do straight on the database: never without a line, never past the floors."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.stolen_credential import REVEAL, Thief, forged
from tests.integration.world import SEALED, World, enrol, make_world
from tierce.controls.model import Standing
from tierce.controls.rules import ABANDONED_MIN, looked
from tierce.controls.store import readings
from tierce.identity.model import Caller
from tierce.identity.rules import PROFESSIONAL_LIFETIME
from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, micros, paris_day
from tierce.kernel.ids import DeviceId, EstablishmentId, PersonId, ProfessionalId, SessionId, new_id
from tierce.policy.acts import Outcome
from tierce.policy.floors import FLOORS
from tierce.policy.seats import PROBATION_DAYS, new_line, pack
from tierce.storage.database import Database

GP = FLOORS[Profession.GP]


@pytest.fixture
def world(database: Database) -> World:
    """A small register of a few hundred people."""
    return make_world(database, people=200)


@pytest.fixture
def thief(world: World, connect: Connect) -> Thief:
    """Somebody who holds the role's password."""
    return Thief(world, connect("tierce_api", autocommit=True))


def entries(world: World) -> object:
    return world.scalar("select count(*) from journal.entry")


def test_what_is_taken_is_in_the_journal_first(world: World, thief: Thief) -> None:
    assert thief.take(enrol(world), [1, 2, 3]) == [1, 2, 3]
    assert entries(world) == 3
    assert world.scalar("select count(*) from care.engagement") == 3


def test_nothing_is_revealed_of_a_batch_that_was_rolled_back(world: World, thief: Thief) -> None:
    caller = enrol(world)

    def undone() -> None:
        thief.open(caller)
        thief.close(caller, [encode(forged(caller, 1))])
        raise psycopg.Rollback

    thief.batch(undone)
    assert thief.reveal() == []
    assert entries(world) == 0


@pytest.mark.parametrize("savepoint", [False, True])
def test_nothing_is_revealed_before_the_commit(world: World, thief: Thief, savepoint: bool) -> None:
    caller = enrol(world)
    told: list[object] = []

    def looked_at_before() -> None:
        thief.open(caller)
        with thief.connection.transaction() if savepoint else nullcontext():
            thief.close(caller, [encode(forged(caller, 1))])
        told.append(thief.reveal())
        with thief.connection.transaction():
            told.append(thief.reveal())
        raise psycopg.Rollback

    thief.batch(looked_at_before)
    assert told == [[], []]


def test_one_connection_cannot_reveal_what_another_wrote(world: World, thief: Thief, connect: Connect) -> None:
    thief.take(enrol(world), [1])
    other = Thief(world, connect("tierce_api", autocommit=True))
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        other.reveal()
    other.open(enrol(world))
    assert other.reveal() == []


@pytest.mark.parametrize("given_up", ["off", "local", "remote_write"])
@pytest.mark.parametrize("step", ["close", "reveal"])
def test_a_session_that_gives_up_durability_gets_nothing(
    world: World, thief: Thief, step: str, given_up: str
) -> None:
    """Here, or on the disk of a standby that the server waits for."""
    caller = enrol(world)
    if step == "reveal":
        assert thief.take(caller, [1]) == [1]
    thief.connection.execute(f"set synchronous_commit = {given_up}".encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="durable"):
        thief.take(caller, [1]) if step == "close" else thief.reveal()
    assert entries(world) == (1 if step == "reveal" else 0)


@pytest.mark.parametrize("what", ["asks", "lines"])
def test_a_batch_holds_sixty_four(world: World, thief: Thief, what: str) -> None:
    caller = enrol(world)
    bodies = [encode(forged(caller, 1))] * (65 if what == "lines" else 64)
    with pytest.raises(psycopg.errors.CheckViolation, match="64"):
        thief.write(caller, bodies, asks=65 if what == "asks" else 64)
    assert entries(world) == 0


def test_a_block_is_written_once(world: World, thief: Thief) -> None:
    caller = enrol(world)
    thief.take(caller, [1])
    with pytest.raises(psycopg.errors.UniqueViolation):
        thief.batch(lambda: thief.close(caller, [encode(forged(caller, 2))]))
    assert thief.reveal() == [(0, 1, SEALED)]


def _of(field: str, kind: Callable[[int], object]) -> tuple[str, Callable[[World], dict[str, object]]]:
    return field, lambda world: {field: kind(getattr(enrol(world), field))}


FORGERIES: list[tuple[str, Callable[[World], dict[str, object]]]] = [
    _of("professional", ProfessionalId),
    _of("establishment", EstablishmentId),
    _of("device", DeviceId),
    _of("session", SessionId),
    ("unknown session", lambda _: {"session": SessionId(new_id())}),
    ("three minutes ago", lambda _: {"time_us": micros(SystemClock().now() - timedelta(minutes=3))}),
    ("in three minutes", lambda _: {"time_us": micros(SystemClock().now() + timedelta(minutes=3))}),
    ("nobody", lambda _: {"person": PersonId(0)}),
    ("nothing shown", lambda _: {"categories": 0}),
    ("a staff act", lambda _: {"kind": EntryKind.STAFF_ACT}),
    ("a person's act", lambda _: {"kind": EntryKind.PERSON_ACT}),
    ("a miss that releases", lambda _: {"kind": EntryKind.MISS}),
    ("a refusal that releases", lambda _: {"kind": EntryKind.REFUSAL}),
    ("a disclosure that does not", lambda _: {"outcome": Outcome.UNKNOWN}),
]


@pytest.mark.parametrize(("what", "changes"), FORGERIES, ids=[what for what, _ in FORGERIES])
def test_a_line_that_is_not_its_session_s_own_is_refused(
    world: World, thief: Thief, what: str, changes: Callable[[World], dict[str, object]]
) -> None:
    caller = enrol(world)
    body = encode(replace(forged(caller, 1), **changes(world)))  # type: ignore[arg-type]  # any field, by name
    with pytest.raises(psycopg.errors.CheckViolation, match="a journal line"):
        thief.write(caller, [body])
    assert entries(world) == 0


def test_a_line_of_seats_of_somebody_else_is_refused(world: World, thief: Thief) -> None:
    caller = enrol(world)
    with pytest.raises(psycopg.errors.CheckViolation, match="a journal line"):
        thief.write(caller, [encode(forged(caller, 1))], line=enrol(world).line)


@pytest.mark.parametrize("ended", ["revoked = now()", "expires = now() - interval '1 second'"])
def test_an_ended_session_releases_nothing(world: World, thief: Thief, ended: str) -> None:
    caller = enrol(world)
    world.run(f"update access.session set {ended} where id = {caller.session}")
    with pytest.raises(psycopg.errors.CheckViolation, match="a journal line"):
        thief.take(caller, [1])


@pytest.mark.parametrize(
    ("place", "value"),
    [(2, 99), (3, 9), (4, 0), (4, 77), (5, 5), (6, 3), (7, 0), (7, 33), (89, 1), (90, 16), (95, 1)],
)
def test_a_line_that_no_reader_could_read_is_refused(world: World, thief: Thief, place: int, value: int) -> None:
    """Scope decodes every line: one unknown code would hide a release from it."""
    caller = enrol(world)
    body = bytearray(encode(forged(caller, 1)))
    body[place] = value
    with pytest.raises(psycopg.errors.CheckViolation, match="a journal line"):
        thief.write(caller, [bytes(body)])


def test_a_line_never_passes_its_floor_however_often_one_asks(world: World, thief: Thief) -> None:
    caller = enrol(world)
    had, refusal = thief.take_until_refused((caller, [person]) for person in range(1, 200))
    assert "floor" in refusal
    assert len(set(had)) == GP.drawn == 80 + 37
    assert world.scalar("select count(*) from journal.entry where kind = 1") == GP.drawn


def test_a_transaction_kept_open_over_midnight_buys_no_floor_again(
    world: World, thief: Thief, connect: Connect
) -> None:
    """A floor's day is the transaction's; one that began before midnight counts on the day that the line is in."""
    world.run(
        "create or replace function gate.today() returns integer language sql stable as $$ select"
        " (now() at time zone 'Europe/Paris')::date - date '1970-01-01' - coalesce(current_setting('old.days', true),"
        " '0')::integer $$"
    )
    caller, old = enrol(world), Thief(world, connect("tierce_api", autocommit=True))
    old.connection.execute("set old.days = 1")
    had, refusal = thief.take_until_refused((caller, [person]) for person in range(1, 200))
    assert (len(had), "floor" in refusal) == (GP.drawn, True)
    assert old.take_until_refused([(caller, [1])])[0] == []
    assert thief.take_until_refused([(caller, [1])])[0] == []


def test_a_line_of_a_profession_without_floor_gets_nothing(world: World, thief: Thief) -> None:
    caller = enrol(world)
    world.run(f"update access.line set profession = 99 where id = {caller.line}")
    with pytest.raises(psycopg.errors.CheckViolation, match="floor"):
        thief.take(caller, [1])


@pytest.mark.parametrize("scope", ["instance", "nation"])
@pytest.mark.parametrize("column", ["per_minute", "per_day"])
def test_a_ceiling_holds_over_all_lines_and_connections(
    world: World, thief: Thief, connect: Connect, scope: str, column: str
) -> None:
    world.run(f"update gate.ceiling set {column} = 20 where scope = '{scope}'")
    world.run("delete from gate.pool; delete from gate.leased")
    first, _ = thief.take_until_refused((enrol(world), [person]) for person in range(1, 12))
    other = Thief(world, connect("tierce_api", autocommit=True))
    second, refusal = other.take_until_refused((enrol(world), [person]) for person in range(12, 24))
    third, refused = thief.take_until_refused((enrol(world), [person]) for person in range(24, 72))
    assert len(first) == 11
    assert "ceiling" in refused
    if column == "per_day":
        # What is leased to one connection is not there for another: fewer may be served, never more.
        assert (second, len(third)) == ([], 9)
        assert "ceiling" in refusal
    else:  # the count starts anew with the next minute, which may begin while the test runs
        assert len(second) + len(third) in range(9, 50)


def test_another_s_instance_cannot_be_used_nor_registered(world: World, thief: Thief) -> None:
    world.run(
        "insert into journal.instance (name, role, public_key) values ('office', 'tierce_office', '\\x"
        + "11" * 32
        + "')"
    )
    number = world.scalar("select id from journal.instance where name = 'office'")
    caller = enrol(world)
    thief.world = World(world.database, world.key, int(str(number)), world.covered, world.not_covered)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="instance"):
        thief.take(caller, [1])
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="own role"):
        thief.connection.execute("select journal.register('worker', 'tierce_worker', %s)", (bytes(32),))
    with pytest.raises(psycopg.errors.UniqueViolation, match="another key or role"):
        thief.connection.execute("select journal.register('office', 'tierce_api', %s)", (bytes(32),))


def share_of(thief: Thief, caller: Caller, opening: bytes) -> int:
    """Sign in on a device never seen; gives the line of seats it is given."""
    device = new_id()
    thief.connection.execute(
        "insert into access.device (id, thumbprint, created) values (%s, %s, now())",
        (device, device.to_bytes(32)),
    )
    row = thief.connection.execute(
        "select access.line_of(%s, %s, 1::smallint, %s, %s)", (caller.login, device, new_id(), opening)
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_signing_in_again_and_again_opens_one_line(world: World, thief: Thief) -> None:
    caller = enrol(world)
    world.run(f"update access.line set created_day = created_day - {PROBATION_DAYS} where id = {caller.line}")
    opening = pack(new_line(Profession.GP, paris_day(SystemClock().now())))
    lines = {share_of(thief, caller, opening) for _ in range(9)}
    assert len(lines) == 1
    assert caller.line not in lines
    # Time alone ends no probation: a month on, still without a proof, a further device shares the same five seats.
    world.run(
        "update access.line set created_day = created_day - 30, state = overlay(state placing"
        " int4send(gate.today() - 30) from 9) where login is not null"
    )
    assert share_of(thief, caller, opening) in lines
    # Presence was proved there: the device has the seats of a settled one, and the next new one begins its own five.
    world.run(
        "update access.line set state = overlay(state placing int2send(1::smallint) from 27) where login is not null"
    )
    assert share_of(thief, caller, opening) not in {*lines, caller.line}


def test_it_writes_no_time_of_its_own(world: World, thief: Thief) -> None:
    """A device that is months old may ask for an account; a session that ends in a year serves a thief for a year."""
    caller, device = enrol(world), new_id()
    thief.connection.execute(
        "insert into access.device (id, thumbprint, created) values (%s, %s, now() - interval '90 days')",
        (device, device.to_bytes(32)),
    )
    assert world.scalar(f"select created > now() - interval '1 minute' from access.device where id = {device}")
    session = new_id()
    thief.connection.execute(
        "insert into access.session (id, handle, site, login, professional, acr, offered, device, software, network,"
        " created, expires) select %s, %s, site, login, professional, acr, '{}', %s, software, network,"
        " now() + interval '1 year', now() + interval '2 years' from access.session where id = %s",
        (session, session.to_bytes(32), device, caller.session),
    )
    ends = (
        f"select expires <= now() + interval '4 hours' and created <= now() from access.session where id = {session}"
    )
    assert world.scalar(ends)
    thief.connection.execute(
        "update access.session set expires = now() + interval '1 year' where id = %s", (session,)
    )
    assert world.scalar(ends)
    most = world.scalar(f"select expires - created from access.session where id = {session}")
    assert most == PROFESSIONAL_LIFETIME.total


APPEND = "select journal.append(%s::smallint, %s::bigint, %s::bytea[], %s)"
USE = "select presence.use(%s::smallint[], %s::uuid[], %s::integer[], %s::uuid[], %s::bigint[])"


def proofs(number: int) -> tuple[list[object], ...]:
    return (
        [1] * number,
        [uuid4() for _ in range(number)],
        [1] * number,
        [uuid4() for _ in range(number)],
        [1] * number,
    )


def test_proofs_told_and_rolled_back_leave_a_gap_that_a_control_counts(world: World, thief: Thief) -> None:
    caller = enrol(world)
    thief.take(caller, [1])
    for _ in range(ABANDONED_MIN + 3):
        with thief.connection.transaction(force_rollback=True):
            thief.open(caller, 64)
            thief.connection.execute(USE, proofs(64))
    thief.take(caller, [2])
    with world.database.connect("tierce_worker") as worker:
        found = readings(worker, SystemClock().now())
    assert found.drawn - found.written == ABANDONED_MIN + 3
    judged = {one.live: one.standing for one in looked(found, found.grants)}
    assert judged["abandoned"] is Standing.FAILS


def test_proofs_are_told_once_with_the_asks_of_a_batch_just_opened(world: World, thief: Thief) -> None:
    caller = enrol(world)
    refused = pytest.raises(psycopg.errors.CheckViolation, match="each is told once")
    thief.take(caller, [1])
    with refused:  # that batch is written
        thief.connection.execute(USE, proofs(1))
    with refused, thief.connection.transaction():
        thief.open(caller, 2)
        thief.connection.execute(USE, proofs(3))
    with refused, thief.connection.transaction():  # columns of other lengths tell nothing more
        thief.open(caller, 2)
        thief.connection.execute(USE, (*proofs(1)[:3], *proofs(3)[3:]))
    with refused, thief.connection.transaction():
        thief.open(caller, 2)
        with thief.connection.transaction(force_rollback=True):
            thief.connection.execute(USE, proofs(2))
        thief.connection.execute(USE, proofs(2))


def test_a_block_is_written_with_a_line_for_each_ask_or_never(world: World, thief: Thief) -> None:
    caller = enrol(world)
    refused = pytest.raises(psycopg.errors.CheckViolation, match="a line for each ask")
    with refused:
        thief.write(caller, [encode(forged(caller, 1))], asks=64)
    block = world.scalar("select last_value from journal.block_no")
    beating = encode(Entry(kind=EntryKind.HEARTBEAT, time_us=micros(SystemClock().now())))
    with refused:  # rolled back, its block takes no other line
        thief.connection.execute(APPEND, (world.instance, block, [beating], bytes(64)))
    thief.connection.execute("discard sequences")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        thief.connection.execute(APPEND, (world.instance, block, [beating], bytes(64)))
    assert thief.take(caller, [1, 2]) == [1, 2]


def test_opening_alone_leaves_a_gap_in_the_blocks(world: World, thief: Thief) -> None:
    caller = enrol(world)
    thief.take(caller, [1])
    with thief.connection.transaction(force_rollback=True):
        thief.open(caller, 64)
    thief.take(caller, [2])
    blocks = thief.world.scalar("select array_agg(block order by block) from journal.batch")
    assert isinstance(blocks, list)
    assert blocks[1] - blocks[0] == 2
    assert thief.connection.execute(REVEAL).fetchall()
