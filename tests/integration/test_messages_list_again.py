"""A list made again that changed nobody: a whole sending over it tells each person once and misses nobody."""

from pathlib import Path

import pytest

from tests.integration.conftest import Connect
from tests.integration.messages_world import MessagesRoom, kept, lend, mail_server, open_world
from tests.integration.rooms import HELENE, OAK
from tests.integration.test_messages_again import mailboxes
from tierce.incidents.clocks.store import untold
from tierce.incidents.model import ScopeSummary
from tierce.notices.contacts.model import Contact
from tierce.notices.deliveries.model import MailServer
from tierce.notices.errors import AudienceStaleError
from tierce.policy.reached import State
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
PEOPLE = ("anne", "marc", "paul", "zoe")
HOME = ("12 rue des Genêts", "99120 Saint-Ourle")


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    found = open_world(database, connect, keyring, tuple((person, 1) for person in range(1, 7)))
    by_mail = {number: Contact(name, f"{name}@foyer.example") for number, name in enumerate(PEOPLE, start=1)}
    lend(found, OAK, by_mail | {one: Contact(f"Personne {one}", None, HOME) for one in (5, 6)})
    return found


@pytest.fixture
def server(inbox: tuple[Path, int], tmp_path: Path) -> MailServer:
    return mail_server(tmp_path, inbox[1], connections=1)


def again(world: MessagesRoom) -> ScopeSummary:
    """What the office's process does of itself once a window is over; nobody was read meanwhile."""
    room = world.room
    made = room.incidents.make_again(room.office, room.incidents.scope(room.office, world.incident))
    assert made.revision > 1
    return made


def everybody(world: MessagesRoom) -> None:
    """Each is where she was told, once, and nothing is owed to anybody but the professional."""
    found = world.counts()
    assert (found.states[State.SENT], found.states[State.POSTED], found.unexplained) == (4, 2, 0)
    said = untold(world.room.office, world.incident, None)
    assert (said.unfinished, said.come_back, said.newer_list) == (0, 0, False)


def test_approved_before_it_and_sent_after_it_each_is_told_once(
    world: MessagesRoom, inbox: tuple[Path, int], server: MailServer, tmp_path: Path
) -> None:
    world.ready()
    again(world)
    assert world.outbox.send(world.notices, world.incident, server).accepted == 4
    again(world)
    (batch,) = world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1)
    assert batch.letters == 2
    again(world)
    world.messages.posted(world.room.office, HELENE, world.incident, 1)
    assert mailboxes(inbox[0]) == sorted(PEOPLE)
    everybody(world)
    again(world)
    assert world.outbox.send(world.notices, world.incident, server).accepted == 0
    assert world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1) == []
    everybody(world)


def test_made_again_in_the_middle_of_a_sending_that_dies_the_rest_is_told_and_nobody_twice(
    world: MessagesRoom, inbox: tuple[Path, int], server: MailServer
) -> None:
    world.ready()
    left = []

    def told(number: int) -> None:
        left.append(number)
        if len(left) == 2:
            again(world)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        world.outbox.send(world.notices, world.incident, server, told=told)
    world.outbox.send(world.notices, world.incident, server)
    assert world.counts().states[State.SENT] == 4
    names = [path.name.rpartition(".")[0] for path in kept(inbox[0])]
    assert len(set(names)) == 4, "everybody, and one in doubt at most again under the same number"
    assert len(names) <= 5


def test_recipients_frozen_over_it_have_nobody_who_was_told(
    world: MessagesRoom, inbox: tuple[Path, int], server: MailServer, tmp_path: Path
) -> None:
    world.ready()
    world.outbox.send(world.notices, world.incident, server)
    world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1)
    world.messages.posted(world.room.office, HELENE, world.incident, 1)
    again(world)
    world.ready()
    assert (world.counts().already_told, world.counts().states.get(State.TO_SEND, 0)) == (6, 0)
    world.outbox.send(world.notices, world.incident, server)
    assert world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1) == []
    assert mailboxes(inbox[0]) == sorted(PEOPLE)


def test_one_that_an_officer_makes_again_asks_for_new_recipients_and_tells_nobody_twice(
    world: MessagesRoom, inbox: tuple[Path, int], server: MailServer
) -> None:
    world.ready()
    world.outbox.send(world.notices, world.incident, server)
    criteria = world.room.incidents.scope(world.room.office, world.incident).criteria
    world.room.incidents.compute_scope(world.room.office, HELENE, world.incident, criteria)
    with pytest.raises(AudienceStaleError):
        world.outbox.send(world.notices, world.incident, server)
    world.ready()
    world.outbox.send(world.notices, world.incident, server)
    assert mailboxes(inbox[0]) == sorted(PEOPLE)
    assert world.counts().already_told == 4
