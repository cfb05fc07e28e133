"""A second audience of one incident: whoever the first one did not tell is told, and nobody it told is told twice."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.integration.conftest import Connect
from tests.integration.messages_world import (
    MessagesRoom,
    client_contact,
    delivery_status,
    kept,
    lend,
    mail_server,
    open_world,
    references,
)
from tests.integration.rooms import HELENE, OAK
from tests.integration.test_incidents_register import REASONS, end_duties, fill_register
from tierce.incidents.clocks.model import Untold
from tierce.incidents.clocks.store import untold
from tierce.incidents.errors import FormError
from tierce.kernel.clock import PARIS
from tierce.notices.audience.model import Why
from tierce.notices.contacts.model import Contact
from tierce.notices.deliveries import store as deliveries
from tierce.notices.deliveries.bounces import letters_back, take_in
from tierce.notices.errors import AlreadySendingError, LettersWaitError
from tierce.policy.clocks import Duty
from tierce.policy.reached import State
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

HOME = ("12 rue des Genêts", "99120 Saint-Ourle")
PAIRS = tuple((person, 1) for person in range(1, 5))


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    return open_world(database, connect, keyring, PAIRS)


def mailboxes(folder: Path) -> list[str]:
    lines = (path.read_bytes().split(b"\r\n")[1].decode() for path in kept(folder))
    return sorted(line.removeprefix("Delivered-To: ").partition("@")[0] for line in lines)


def came_back(world: MessagesRoom, tmp_path: Path, content: bytes) -> int:
    """Take in the notification that one message came back."""
    back = tmp_path / "returned"
    back.mkdir()
    (back / "1").write_bytes(delivery_status(content))
    return take_in(world.notices, world.appender, world.room.clock, world.incident, back).bounced


def test_i2_whoever_had_no_contact_data_yet_is_told_once_her_insurer_lends_it(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server = mail_server(tmp_path, port)
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example")})
    world.ready()
    assert world.outbox.send(world.notices, world.incident, server).accepted == 1
    assert world.counts().public == {Why.NO_CONTACT: 4}, "three people, and the professional"
    lend(world, OAK, {2: Contact("Anne Serre", "anne@foyer.example"), 3: Contact("Marc Blanc", None, HOME)})
    world.ready()
    found = world.counts()
    assert (found.already_told, found.public, found.unexplained) == (1, {Why.NO_CONTACT: 2}, 0)
    assert world.outbox.send(world.notices, world.incident, server).accepted == 1
    assert mailboxes(folder) == ["anne", "paul"]
    (batch,) = world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1)
    assert batch.letters == 1


def test_i2_letters_printed_and_not_posted_tell_nobody(world: MessagesRoom, connect: Connect, tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    lend(world, OAK, {one: Contact(f"Personne {one}", None, HOME) for one in (1, 2)})
    world.ready()
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    with pytest.raises(LettersWaitError):
        world.freeze()
    assert world.messages.posted(world.room.office, HELENE, world.incident, 1) == 2
    lend(world, OAK, {3: Contact("Personne 3", None, HOME)})
    world.ready()
    assert (world.counts().already_told, world.counts().states[State.TO_PRINT]) == (2, 1)
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    first = world.audience()
    world.freeze(print_again=True)
    found = world.counts()
    assert (found.already_told, found.states[State.TO_PRINT], found.unexplained) == (2, 1, 0)
    admin = connect(SUPERUSER, autocommit=True)
    due = "select audience, number from upkeep.due_letters(10)"
    admin.execute("update notice.letter_batch set made_at = now()")
    admin.execute("update notice.letter_batch set posted_at = now() where posted_at is not null")
    assert admin.execute(due).fetchall() == []
    admin.execute("update notice.letter_batch set made_at = now() - interval '31 days' where posted_at is null")
    assert admin.execute(due).fetchall() == [(first.id, 1)], "names and addresses of a batch that was destroyed"


def test_i2_a_message_that_comes_back_after_another_audience_was_frozen_is_counted_and_told_by_the_next(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server, letters = mail_server(tmp_path, port), tmp_path / "letters"
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example", HOME), 2: Contact("Zoé Petit", None, HOME)})
    world.ready()
    world.outbox.send(world.notices, world.incident, server)
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    world.messages.posted(world.room.office, HELENE, world.incident, 1)
    world.ready()
    assert (world.counts().already_told, world.counts().come_back) == (2, 0)
    (paul,) = kept(folder)
    world.room.clock.advance(timedelta(hours=1))
    assert came_back(world, tmp_path, paul.read_bytes()) == 1
    assert world.counts().come_back == 1
    unknown = letters_back(
        world.notices, world.appender, world.room.clock, world.incident, {*references(letters), "NONE"}
    )
    assert unknown == {"NONE"}
    found = world.counts()
    assert (found.already_told, found.come_back, found.unexplained) == (2, 2, 0)
    world.room.clock.advance(timedelta(hours=1))
    world.ready()
    found = world.counts()
    assert (found.already_told, found.come_back, found.states[State.TO_SEND]) == (0, 0, 1)
    assert found.public[Why.RETURNED] == 1, "her letter came back, and her address is the same"


def test_i2_what_failed_is_tried_again_with_other_contact_data_alone(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    _, port = inbox
    lent = {
        1: Contact("Ali Roux", "550-5.1.1-ali@foyer.example"),
        2: Contact("Zoé Petit", "550-5.1.1-zoe@foyer.example"),
    }
    lend(world, OAK, lent)
    world.ready()
    assert world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port)).refused == 2
    lend(world, OAK, {2: Contact("Zoé Petit", "zoe@foyer.example")})
    world.ready()
    found = world.counts()
    assert (found.already_told, found.states[State.TO_SEND], found.unexplained) == (0, 1, 0)
    assert found.public == {Why.EMAIL_FAILED: 1, Why.NO_CONTACT: 3}


def test_i2_nobody_is_told_by_a_public_notice_that_did_not_come_out_whatever_the_audiences_since(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    _, port = inbox
    lend(world, OAK, {one: Contact(f"Personne {one}", f"550-5.1.1-p{one}@foyer.example") for one in range(1, 5)})
    world.ready()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    office = world.room.office
    assert untold(office, world.incident, None) == Untold(waiting=5)
    for _ in range(2):
        world.room.clock.advance(timedelta(hours=1))
        world.ready()
        found = world.counts()
        assert (found.already_told, found.unexplained) == (0, 0)
        assert found.public == {Why.NO_CONTACT: 1, Why.EMAIL_FAILED: 4}
        assert untold(office, world.incident, None) == Untold(waiting=5)
    room = world.room
    fill_register(room.clocks, room, world.incident)
    with pytest.raises(FormError, match="5\u00a0people without a public notice out"):
        room.clocks.end(office, HELENE, world.incident, duty=Duty.PERSONS, reasons=REASONS)
    end_duties(room, world.incident)
    with pytest.raises(FormError, match="nothing says that it came out"):
        room.clocks.close(office, HELENE, world.incident, REASONS)


def test_i2_nobody_is_told_by_a_word_in_the_register(world: MessagesRoom, connect: Connect, tmp_path: Path) -> None:
    room, office, letters = world.room, world.room.office, tmp_path / "letters"
    lend(world, OAK, {one: Contact(f"Personne {one}", None, HOME) for one in range(1, 5)})
    client_contact(connect, 501, None, HOME)
    world.ready()
    fill_register(room.clocks, room, world.incident)
    end_duties(room, world.incident)

    def refused(why: str) -> None:
        with pytest.raises(FormError, match=why):
            room.clocks.close(office, HELENE, world.incident, REASONS)

    refused("5\u00a0messages or letters to finish")
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    refused("5\u00a0messages or letters to finish")
    world.messages.posted(office, HELENE, world.incident, 1)
    criteria = room.incidents.scope(office, world.incident).criteria
    room.incidents.compute_scope(office, HELENE, world.incident, criteria)
    refused("1\u00a0list without recipients")
    world.freeze()
    end_duties(room, world.incident)
    room.clocks.close(office, HELENE, world.incident, REASONS)


def test_i4_a_mailbox_that_somebody_told_already_reads_is_not_written_to(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server = mail_server(tmp_path, port)
    lend(world, OAK, {1: Contact("Paul Lenoir", "foyer@foyer.example", HOME)})
    world.ready()
    world.outbox.send(world.notices, world.incident, server)
    lend(world, OAK, {2: Contact("Anne Serre", "Foyer@foyer.example", HOME)})
    world.ready()
    assert world.outbox.send(world.notices, world.incident, server).accepted == 0
    assert len(kept(folder)) == 1
    assert world.counts().states[State.TO_PRINT] == 1


def test_an_audience_is_not_frozen_while_messages_of_another_leave(world: MessagesRoom, database: Database) -> None:
    lend(world, OAK, {1: Contact("Paul Lenoir", "paul@foyer.example")})
    world.ready()
    with database.connect("tierce_notices", autocommit=True) as sender:
        assert deliveries.lock(sender, world.incident)
        with pytest.raises(AlreadySendingError):
            world.freeze()
        deliveries.unlock(sender, world.incident)
        world.freeze()


def test_i4_whoever_came_of_age_since_it_was_lent_is_told_herself_by_post(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server, letters = mail_server(tmp_path, port), tmp_path / "letters"
    today = world.room.clock.now().astimezone(PARIS).date()
    mother = Contact("Lise Aubry", "mere@foyer.example", HOME, representative="Rose Aubry")
    lent = {
        1: replace(mother, adult_from=today),
        2: replace(mother, name="Zoé Aubry", adult_from=today + timedelta(days=1)),
        3: replace(mother, name="Marc Aubry"),
    }
    lend(world, OAK, lent)
    world.ready()
    found = world.counts()
    assert (found.states[State.TO_PRINT], found.states[State.TO_SEND]) == (1, 1), "Zoé and Marc through their mother"
    world.room.clock.advance(timedelta(days=1))
    assert world.outbox.send(world.notices, world.incident, server).changed == 1, "Zoé is 18 today"
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    world.messages.posted(world.room.office, HELENE, world.incident, 1)
    world.ready()
    found = world.counts()
    assert (found.already_told, found.states[State.TO_PRINT], found.states[State.TO_SEND]) == (1, 1, 1)
    world.outbox.send(world.notices, world.incident, server)
    (message,) = kept(folder)
    text = str(message_from_bytes(message.read_bytes(), policy=policy.default).get_content())
    assert "Marc Aubry" in text
    assert not [name for name in ("Lise", "Zoé") if name in text]
