"""A server that never takes one recipient, a bounce that comes too early, a stop while letters are printed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.messages_world import MessagesRoom, delivery_status, kept, lend, mail_server, open_world
from tests.integration.rooms import HELENE, OAK, smaller
from tierce.kernel.clock import micros
from tierce.kernel.ids import IncidentId, PersonId
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.service import Lending
from tierce.notices.deliveries.bounces import READ, take_in
from tierce.notices.deliveries.model import Step
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.notices.deliveries.store import Outcome, end
from tierce.notices.errors import (
    AlreadySendingError,
    BatchTakenError,
    DoubtsLeftError,
    LoanNeededError,
    SendingStoppedError,
)
from tierce.notices.slices.store import Cover
from tierce.policy.acts import Act
from tierce.policy.reached import State
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

HOME = ("12 rue des Genêts", "99120 Saint-Ourle")


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    return open_world(database, connect, keyring, tuple((person, 1) for person in range(1, 4)))


def test_i2_whoever_s_server_never_takes_us_gets_a_letter(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server = mail_server(tmp_path, port)
    lend(
        world,
        OAK,
        {
            1: Contact("Paul Lenoir", "paul@foyer.example"),
            2: Contact("Zoé Petit", "550-5.7.1-zoe@foyer.example", HOME),
        },
    )
    world.ready()
    for left in reversed(range(ATTEMPTS_MAX)):
        tally = world.outbox.send(world.notices, world.incident, server)
        assert tally.refused == (0 if left else 1)
    found = world.counts()
    assert (found.states[State.SENT], found.states[State.TO_PRINT], found.unexplained) == (1, 1, 0)
    assert len(kept(folder)) == 1


def test_i2_a_bounce_of_a_message_in_doubt_waits_until_the_doubt_is_settled(
    world: MessagesRoom, connect: Connect, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example", HOME)})
    world.ready()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    back = tmp_path / "returned"
    back.mkdir()
    (back / "1").write_bytes(delivery_status(kept(folder)[0].read_bytes()))
    admin = connect(SUPERUSER, autocommit=True)

    def stands(state: State) -> None:
        admin.execute("update notice.item set state = %s where channel = 1", (state.value,))

    def read() -> tuple[int, int, int]:
        tally = take_in(world.notices, world.appender, world.room.clock, world.incident, back)
        return tally.bounced, tally.again, tally.doubtful

    stands(State.DOUBTFUL)
    assert read() == (0, 0, 1)
    stands(State.SENT)
    tally = take_in(world.notices, world.appender, world.room.clock, IncidentId(1), back)
    assert (tally.bounced, tally.again, tally.doubtful) == (1, 0, 0)
    lines = "select journal.u64(body, 112) from journal.entry where kind = 21 and get_byte(body, 2) = %s order by seq"
    read_for = [one for (one,) in admin.execute(lines, (Act.BOUNCES_READ.value,))]
    assert read_for == [world.incident, 1, world.incident], (
        "the incident that it is of has its line, whichever was named"
    )
    assert world.counts().states[State.TO_PRINT] == 1
    assert (back / READ / "1").exists()


def test_told_is_counted_from_the_posting_where_the_message_came_back(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    lend(
        world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example", HOME), 2: Contact("Anne", "anne@foyer.example")}
    )
    world.ready()
    aware = world.room.clock.now()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    back = tmp_path / "returned"
    back.mkdir()
    paul = next(one for one in kept(folder) if b"paul@foyer" in one.read_bytes())
    (back / "1").write_bytes(delivery_status(paul.read_bytes()))
    take_in(world.notices, world.appender, world.room.clock, world.incident, back)
    world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1)
    world.room.clock.advance(timedelta(hours=50))
    world.messages.posted(world.room.office, HELENE, world.incident, 1)

    def told() -> list[tuple[int, int]]:
        statement = "select minute, pairs from notice.told(%s, %s) order by minute"
        return world.room.office.execute(statement, (world.incident, aware)).fetchall()

    assert told() == [(0, 1), (50 * 60, 1)]
    room, scope = world.room, world.room.incidents.scope(world.room.office, world.incident)
    later = replace(scope.criteria, from_us=micros(AT + timedelta(seconds=1)))
    smaller(room.incidents, room.office, world.incident, later)
    assert told() == [(0, 1)], "the first person is not on the newest list: she is no share of those who are"


def test_messages_of_what_proved_to_be_no_breach_do_not_leave(
    world: MessagesRoom, connect: Connect, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example", HOME)})
    world.ready()
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("update incident.incident set dismissed_at = now()")
    with pytest.raises(SendingStoppedError):
        world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    begun = (
        "select notice.advance(%s, %s, now(), null, null, null, null, null, null, null, 1, 1::smallint, 1::smallint)"
    )
    audience = world.audience().id
    assert world.notices.execute(begun, (audience, world.incident)).fetchone() == (False,)
    admin.execute("update incident.incident set dismissed_at = null")
    assert world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port)).accepted == 1
    assert len(kept(folder)) == 1


def test_a_stop_holds_the_letters_too(world: MessagesRoom, tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    lend(world, OAK, {one: Contact(f"Personne {one}", None, HOME) for one in (1, 2, 3)})
    world.ready()

    def stop(_printed: int) -> None:
        world.messages.stop(world.room.office, HELENE, world.incident, "Une erreur dans le texte.")

    def printed(told: Callable[[int], None] = lambda _: None) -> list[int]:
        made = world.outbox.print_letters(
            world.notices, world.incident, letters, processes=1, told=told, batch_letters=1
        )
        return [one.letters for one in made]

    def take(*, again: bool = False) -> bytes:
        return world.messages.take_letters(world.room.office, HELENE, world.incident, letters, 1, again=again)

    with pytest.raises(SendingStoppedError):
        printed(stop)
    assert world.counts().states[State.PRINTED] == 1
    with pytest.raises(SendingStoppedError):
        take()
    world.messages.go_on(world.room.office, HELENE, world.incident)
    assert take()
    with pytest.raises(BatchTakenError):
        take()
    assert take(again=True)
    assert printed() == [1, 1]


def test_a_loan_is_not_deleted_while_messages_wait_for_it(
    world: MessagesRoom, keyring: Keyring, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example"), 2: Contact("Zoé Petit", None, HOME)})
    lending = Lending(world.appender, world.contacts, Cover(keyring), world.room.clock)

    def forget() -> str | None:
        return lending.forget(world.notices, world.incident, OAK, "A", keyring.instance("notices"))

    world.ready()
    with pytest.raises(LoanNeededError):
        forget()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, inbox[1]))
    with pytest.raises(LoanNeededError):  # her letter waits
        forget()
    assert len(world.contacts.of(world.notices, world.incident, [(PersonId(1), OAK), (PersonId(2), OAK)])) == 2
    world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1)
    assert forget() is not None


def test_lanes_that_lost_their_lock_begin_nothing_once_another_audience_is_frozen(
    world: MessagesRoom, connect: Connect
) -> None:
    """The lock of a sending is its session's: it may be lost, with its connection, while its lanes go on."""
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example"), 2: Contact("Anne", "anne@foyer.example")})
    world.ready()
    audience, lane = world.audience().id, connect("tierce_notices")
    begin = (
        "select notice.advance(%s, %s, now(), null, null, null, null, null, null, null, %s, 1::smallint, 1::smallint)"
    )
    assert lane.execute(begin, (audience, world.incident, 1)).fetchone() == (True,)
    with pytest.raises(AlreadySendingError):
        world.freeze()
    lane.commit()
    with pytest.raises(DoubtsLeftError):
        world.freeze()
    lost = Outcome(1, Step.PUT_OFF, "lost", State.TO_SEND)
    assert end(world.notices, audience, lost, world.room.clock.now(), [State.DOUBTFUL])
    world.room.clock.advance(timedelta(minutes=1))
    world.freeze()
    assert world.audience().id != audience
    assert lane.execute(begin, (audience, world.incident, 2)).fetchone() == (False,)
