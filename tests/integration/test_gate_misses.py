"""A miss holds its seat for ten days; asking again draws no other, and whoever is then found was never shown."""

from uuid import UUID, uuid4

import pytest

from tests.integration.conftest import Connect
from tests.integration.test_lines_proofs import FREED, line_now, open_seats, pair, prove, shown
from tests.integration.world import World, enrol, make_world
from tierce.gate.rules import PAIR_MISSED, PAIR_OPEN, PAIR_PROVED
from tierce.identity.model import Caller
from tierce.policy.acts import Outcome
from tierce.policy.seats import MISS_AGE
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database) -> World:
    """A small register."""
    return make_world(database)


def remembered(world: World, caller: Caller, person: UUID) -> tuple[object, object]:
    """The pair's state, and for how many days its seat has been held."""
    which = f"from access.pair where key = {pair(caller, person)}"
    return world.scalar(f"select state {which}"), world.scalar(f"select gate.today() - day {which}")


def drawn(world: World, caller: Caller) -> tuple[object, object]:
    """What the floors of the caller's line counted today: first-time people shown, and known ones."""
    row = f"from access.line where id = {caller.line}"
    return world.scalar(f"select drawn {row}"), world.scalar(f"select known {row}")


def cover(world: World, person: UUID) -> None:
    """Let the register learn that somebody is covered for every domain."""
    world.run(
        "update coverage.coverage c set domains = 4095 from person.key k"
        f" where k.idx = '{person}' and c.person = k.person"
    )


def test_asking_again_for_nobody_draws_one_seat_alone(world: World) -> None:
    caller, nobody = enrol(world), uuid4()
    assert shown(world, caller, nobody, nobody, world.not_covered[0]) == [
        Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.NOT_ELIGIBLE,
    ]  # fmt: skip
    assert open_seats(world, caller) == (2, 2, 2, 2)
    assert remembered(world, caller, nobody) == (PAIR_MISSED, MISS_AGE)
    assert line_now(world, caller).known == 0, "a miss is not one more known person"


def test_a_miss_is_forgotten_after_ten_days(world: World) -> None:
    caller, nobody = enrol(world), uuid4()
    assert shown(world, caller, nobody) == [Outcome.UNKNOWN]
    world.run("update access.pair set day = day - 10")
    assert shown(world, caller, nobody) == [Outcome.UNKNOWN]
    assert line_now(world, caller).today == 2, "another seat"


def test_who_is_found_after_a_miss_draws_her_own_seat(world: World) -> None:
    caller, person = enrol(world), world.not_covered[0]
    assert shown(world, caller, person) == [Outcome.NOT_ELIGIBLE]
    assert drawn(world, caller) == (0, 0)
    cover(world, person)
    assert shown(world, caller, person) == [Outcome.RELEASED]
    assert drawn(world, caller) == (1, 0), "the floors take her for a first-time person"
    assert remembered(world, caller, person) == (PAIR_OPEN, 0)
    assert line_now(world, caller).open == 2
    assert shown(world, caller, person) == [Outcome.RELEASED]
    assert line_now(world, caller).open == 2


def test_a_proof_gives_the_seat_of_a_miss_back(world: World, connect: Connect) -> None:
    caller, person = enrol(world), world.not_covered[0]
    feed = connect(SUPERUSER, autocommit=True)
    assert shown(world, caller, world.covered[0], person) == [Outcome.RELEASED, Outcome.NOT_ELIGIBLE]
    assert prove(feed, pair(caller, person), uuid4()) == FREED
    mine = line_now(world, caller)
    assert (mine.open, mine.seats[mine.day % 30]) == (1, 1), "the miss's own, and no other"
    assert remembered(world, caller, person) == (PAIR_PROVED, 0)


@pytest.mark.parametrize(("days", "taken"), [(-10, True), (-12, False)])
def test_an_invoice_is_at_most_a_month_older_than_the_ask(
    world: World, connect: Connect, days: int, taken: bool
) -> None:
    """The day kept of a miss is twenty days before the ask; the invoice's month counts from the ask."""
    caller, person = enrol(world), world.not_covered[0]
    assert shown(world, caller, person) == [Outcome.NOT_ELIGIBLE]
    world.run(
        "insert into presence.peer (id, name, kind, public_key) overriding system value"
        " values (7, 'Concentrateur', 1, decode(repeat('00', 32), 'hex'))"
    )
    key = pair(caller, person)
    on_day = int(str(world.scalar(f"select day from access.pair where key = {key}"))) + days
    row = (
        connect("tierce_feed", autocommit=True)
        .execute(
            "select presence.report(7::smallint, %s, %s, %s, %s, %s)",
            (uuid4(), key, person, caller.establishment, on_day),
        )
        .fetchone()
    )
    assert row == (taken,)
