"""I5: her space shows the very text that she was sent, with its reference; of others, and before it left, nothing."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.messages_world import MessagesRoom, kept, lend, mail_server, open_world
from tests.integration.rooms import CAPES, OAK, PAUL, PAUL_HANDLE
from tests.mailbox import mailbox
from tierce.notices.audience.model import Channel
from tierce.notices.contacts.model import Contact
from tierce.notices.deliveries.mail import plain
from tierce.persons import store as person_rows
from tierce.persons.letters.model import Sent
from tierce.persons.letters.service import Letters
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    return open_world(database, connect, keyring, ((1, 1), (1, 2), (3, 1)))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with mailbox(tmp_path / "mailbox") as found:
        yield found


def letters(world: MessagesRoom) -> list[Sent]:
    room = world.room
    made = Letters(room.persons._appender, person_rows.Records(room.sealer), room.clock)
    return made.listed(room.persons_site, PAUL, PAUL_HANDLE)


def send(world: MessagesRoom, folder: Path, port: int) -> None:
    world.ready()
    world.outbox.send(world.notices, world.incident, mail_server(folder, port))


def test_i5_her_space_shows_word_for_word_what_she_was_sent(world: MessagesRoom, tmp_path: Path, port: int) -> None:
    lend(world, OAK, {1: Contact("Paul Lenoir", "p1@foyer.example"), 3: Contact("Anne Serre", "p3@autre.example")})
    lend(world, CAPES, {1: Contact("Paul Lenoir", "p1@foyer.example")})
    assert letters(world) == []
    send(world, tmp_path, port)
    (sent,) = letters(world)
    assert sent.channel is Channel.EMAIL
    assert sent.document is not None
    texts = {}
    for path in kept(tmp_path / "mailbox"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        texts[str(message["To"])] = (str(message["Subject"]), str(message.get_content()).replace("\r\n", "\n"))
    subject, body = next(found for to, found in texts.items() if "p1@" in to)
    assert plain(sent.document, sent.language) == body
    assert sent.document.reference in subject
    assert {"Mutuelle du Grand Chêne", "Prévoyance des Deux Caps"} <= {
        name for name in ("Mutuelle du Grand Chêne", "Prévoyance des Deux Caps") if name in body
    }, "both contracts on one letter"
    world.room.admin.execute("update notice.message set digest = %s", (bytes(32),))
    world.room.admin.execute("update notice.approval set text_digest = %s", (bytes(32),))
    world.room.admin.commit()
    assert letters(world)[0].document is None, "no other text in the place of the one that she was sent"


def test_i4_a_letter_to_her_representative_is_said_to_exist_and_not_shown(
    world: MessagesRoom, tmp_path: Path, port: int
) -> None:
    lend(world, OAK, {1: Contact("Paul Lenoir", "t@foyer.example", representative="Odile Lenoir")})
    send(world, tmp_path, port)
    (sent,) = letters(world)
    assert sent.represented
    assert sent.document is None
    rows = world.room.persons_site.execute(
        "select facts, categories from notice.own_messages(%s)", (PAUL_HANDLE,)
    ).fetchall()
    assert rows == [(None, None)]


def test_i5_the_role_reads_no_item_audience_or_text(world: MessagesRoom) -> None:
    for table in ("item", "item_pair", "audience", "message", "approval", "step"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.room.persons_site.execute(f"select * from notice.{table}".encode())
    assert world.room.persons_site.execute("select * from notice.own_messages(%s)", (bytes(32),)).fetchall() == []
