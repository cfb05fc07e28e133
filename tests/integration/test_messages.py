"""Messages to people on a real database and a real mail server: frozen, approved, sent once, counted to the last."""

import subprocess
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from psycopg.errors import CheckViolation

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
from tests.integration.rooms import ARMAND, CAPES, HELENE, OAK
from tierce.notices.audience.model import Counts, Why
from tierce.notices.contacts.model import Contact
from tierce.notices.deliveries.bounces import letters_back, take_in
from tierce.notices.deliveries.model import Step
from tierce.notices.errors import NotApprovedError, SendingStoppedError
from tierce.policy.reached import State
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

HOME = ("12 rue des Genêts", "99120 Saint-Ourle")
PAIRS = ((1, 1), (1, 2), (2, 1), (3, 2), (4, 1), (5, 1), (6, 1), (7, 1), (8, 2))
LENT_OAK = {
    1: Contact("Paul Lenoir", "paul@foyer.example", HOME),
    2: Contact("Lise Aubry", "mere@foyer.example", HOME, representative="Anne Aubry"),
    4: Contact("Ali Roux", "550-5.1.1-ali@foyer.example", HOME, former=True),
    5: Contact("Zoé Petit", "550-5.1.1-zoe@foyer.example"),
    6: Contact("Marc Blanc", None, HOME, language="en"),
    7: Contact("Luc 李", None, HOME),
}
LENT_CAPES = {1: Contact("Paul Lenoir", None, HOME), 3: Contact("Anne Serre", "anne@foyer.example")}


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    made = open_world(database, connect, keyring, PAIRS)
    lend(made, OAK, LENT_OAK)
    lend(made, CAPES, LENT_CAPES)
    client_contact(connect, 501, "cabinet@morvan.example", HOME)
    return made


def states(found: Counts) -> dict[State, int]:
    assert found.unexplained == 0
    return found.states


def test_i2_counts_reconcile_from_exposed_to_the_public_notice(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    world.ready()
    found = world.counts()
    assert (found.exposed, found.matched, found.unmatched, found.grouped, found.adults) == (10, 9, 1, 1, 9)
    assert found.public == {Why.NO_CONTACT: 1}
    tally = world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    assert (tally.accepted, tally.refused, tally.doubtful) == (4, 2, 0)
    batches = world.outbox.print_letters(world.notices, world.incident, tmp_path / "letters", processes=1)
    assert [batch.letters for batch in batches] == [2]
    back = tmp_path / "returned"
    back.mkdir()
    anne = next(one for one in kept(folder) if b"anne@foyer" in one.read_bytes())
    (back / "1").write_bytes(delivery_status(anne.read_bytes()))
    assert take_in(world.notices, world.appender, world.room.clock, world.incident, back).bounced == 1
    assert world.messages.posted(world.room.office, HELENE, world.incident, 1) == 2
    reference = references(tmp_path / "letters")[0]
    unknown = letters_back(world.notices, world.appender, world.room.clock, world.incident, {reference, "NONE"})
    assert unknown == {"NONE"}
    found = world.counts()
    assert states(found) == {State.SENT: 3, State.POSTED: 1, State.PUBLIC: 5}
    assert found.public == {
        Why.NO_CONTACT: 1, Why.EMAIL_FAILED: 2, Why.UNPRINTABLE: 1, Why.RETURNED: 1,
    }  # fmt: skip
    assert (found.sent, found.refused, found.bounced) == (4, 2, 1)


def test_nothing_leaves_before_two_people_approve_and_a_change_voids_both(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server = mail_server(tmp_path, port)
    audience, text = world.freeze(), world.write().digest
    assert world.outbox.rehearse(world.notices, world.incident).messages == 6
    world.approve(audience, text, HELENE)
    with pytest.raises(CheckViolation):  # the second approval of whoever holds the role and writes no line
        world.room.office.execute(
            "insert into notice.approval (audience, audience_digest, text_digest, staff, name, at, entry)"
            " select audience, audience_digest, text_digest, 7, 'Armand', at, entry from notice.approval"
        )
    with pytest.raises(NotApprovedError):
        world.outbox.send(world.notices, world.incident, server)
    world.approve(audience, text, ARMAND)
    lend(world, CAPES, {3: Contact("Anne Serre", "autre@foyer.example")})
    again = world.freeze()
    assert again != audience
    with pytest.raises(NotApprovedError):
        world.outbox.send(world.notices, world.incident, server)
    world.approve(again, text)
    world.messages.stop(world.room.office, ARMAND, world.incident, "Une erreur dans le texte.")
    with pytest.raises(SendingStoppedError):
        world.outbox.send(world.notices, world.incident, server)
    assert kept(folder) == []
    world.messages.go_on(world.room.office, HELENE, world.incident)
    assert world.outbox.send(world.notices, world.incident, server).accepted == 4


def test_a_refused_text_sets_its_reader_aside_and_everybody_behind_is_told(
    world: MessagesRoom, connect: Connect, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server, letters = mail_server(tmp_path, port), tmp_path / "letters"
    admin = connect(SUPERUSER, autocommit=True)

    def name_oak(name: str) -> None:
        admin.execute("update registry.insurer set name = %s where id = %s", (name, OAK))

    (named,) = admin.execute("select name from registry.insurer where id = %s", (OAK,)).fetchone() or ("",)
    world.ready()
    name_oak("Mutuelle www.grandchene")
    found = world.outbox.rehearse(world.notices, world.incident)
    assert (found.messages, found.letters, found.unwritten) == (2, 0, 6)
    assert [(one.insurer, one.adults, "link" in one.why) for one in found.refused] == [(OAK, 6, True)]
    tally = world.outbox.send(world.notices, world.incident, server)
    assert (tally.accepted, tally.unwritten, tally.doubtful) == (2, 4, 0)
    assert world.outbox.print_letters(world.notices, world.incident, letters, processes=1) == []
    assert states(world.counts()) == {State.SENT: 2, State.UNSENT: 4, State.UNPRINTED: 2, State.PUBLIC: 1}
    assert world.outbox.send(world.notices, world.incident, server).unwritten == 4
    name_oak(named)
    tally = world.outbox.send(world.notices, world.incident, server)
    assert (tally.accepted, tally.refused, tally.unwritten) == (2, 2, 0)
    batches = world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    assert [batch.letters for batch in batches] == [2]
    assert states(world.counts()) == {State.SENT: 4, State.PRINTED: 2, State.PUBLIC: 3}
    assert len(kept(folder)) == 4
    steps = "select count(*) from notice.step where step = %s"
    assert admin.execute(steps, (Step.UNWRITTEN.value,)).fetchone() == (6,), "written once, however often it is tried"


def test_changed_contact_data_is_counted_and_told_by_another_audience(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    server, letters = mail_server(tmp_path, port), tmp_path / "letters"
    world.ready()
    lend(world, CAPES, {3: Contact("Anne Serre", "autre@foyer.example")})
    lend(world, OAK, {6: Contact("Marc Blanc", None, ("14 rue des Genêts", "99120 Saint-Ourle"))})
    assert world.outbox.send(world.notices, world.incident, server).changed == 1
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    found = states(world.counts())
    assert (found[State.CHANGED], State.TO_SEND in found, State.TO_PRINT in found) == (2, False, False)
    assert world.messages.posted(world.room.office, HELENE, world.incident, 1) == 1
    world.ready()
    assert world.outbox.send(world.notices, world.incident, server).accepted == 1
    world.outbox.print_letters(world.notices, world.incident, letters, processes=1)
    assert State.CHANGED not in states(world.counts())
    assert len(kept(folder)) == 4


def test_i4_each_adult_is_told_once_and_never_of_another(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    world.ready()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    assert world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port)).accepted == 0
    texts = {str(one["Delivered-To"]): body(one) for one in map(read, kept(folder))}
    assert set(texts) == {
        "paul@foyer.example", "mere@foyer.example", "anne@foyer.example", "cabinet@morvan.example",
    }  # fmt: skip
    assert "Grand Chêne" in texts["paul@foyer.example"]
    assert "Deux Caps" in texts["paul@foyer.example"]
    assert "au sujet de Lise Aubry" in texts["mere@foyer.example"]
    for reader, text in texts.items():
        others = {"Lenoir", "Serre", "Roux"} | ({"Aubry"} if reader != "mere@foyer.example" else set())
        assert not [name for name in others if name in text]
        if reader != "cabinet@morvan.example":
            assert "Morvan" not in text
            assert "Tilleuls" not in text


def test_i8_a_professional_whose_account_was_used_is_told_by_the_operator(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    world.ready()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    (one,) = (one for one in map(read, kept(folder)) if one["Delivered-To"] == "cabinet@morvan.example")
    assert "votre accès" in str(one["Subject"])
    assert "Ce courrier ne vous accuse de rien." in body(one)


def test_messages_are_signed_so_that_another_program_verifies_them(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    folder, port = inbox
    world.ready()
    world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    script = (
        "import sys, dkim\n"
        "record = open(sys.argv[1], 'rb').read()\n"
        "for name in sys.argv[2:]:\n"
        "    whole = open(name, 'rb').read()\n"
        "    message = whole.split(b'\\r\\n', 2)[2]\n"
        "    asked = []\n"
        "    dns = lambda name, timeout=5: (asked.append(name), record)[1]\n"
        "    assert dkim.verify(message, dnsfunc=dns), name\n"
        "    assert b't2026._domainkey.riveclaire.example.' in asked, asked\n"
        "    assert not dkim.verify(message.replace(b'Madame', b'Monsieur', 1), dnsfunc=dns)\n"
    )
    files = [str(one) for one in kept(folder)]
    assert len(files) == 4
    subprocess.run(
        ["/usr/bin/python3", "-c", script, str(tmp_path / "dkim.txt"), *files], check=True, capture_output=True
    )


def read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def body(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\u00a0", " ")
