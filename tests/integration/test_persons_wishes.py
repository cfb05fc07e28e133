"""Told at a first look-up: off until she proves an address, once a professional, through a killed sender too."""

import asyncio
import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pyrage
import pytest

from tests.forks import killed, tierce
from tests.integration.asks import ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.messages_world import kept, mail_server
from tests.integration.rooms import OPERATOR, PAUL, PAUL_HANDLE, Room, open_room
from tests.integration.sites_world import persons_site
from tests.integration.test_messages_killed import settings
from tests.integration.test_office_site import plain
from tests.mailbox import mailbox
from tests.waiting import eventually
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.language import Language
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.persons.wishes import store
from tierce.persons.wishes.errors import WishReason, WishRefusedError
from tierce.persons.wishes.model import Ended, Sealed, Tally
from tierce.persons.wishes.sending import Sender
from tierce.persons.wishes.service import Wishes
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration

ADDRESS = "paul@foyer.example"
NOW = SystemClock()


class World:
    """The room, the process that sends, and its mailbox."""

    def __init__(self, connect: Connect, keyring: Keyring, folder: Path, port: int) -> None:
        self.room: Room = open_room(connect, keyring)
        self.notices: psycopg.Connection = connect("tierce_notices", autocommit=True)
        self.inbox, self.identity = folder / "mailbox", pyrage.x25519.Identity.generate()
        server = mail_server(folder, port)
        self.sender = Sender(
            appender=Appender.enrol(self.notices, "notices", keyring.instance("notices")),
            operator=OPERATOR,
            clock=NOW,
            server=server,
            signer=Signer.load(server.dkim_key, server.dkim_domain, server.dkim_selector),
            identity=str(self.identity),
        )
        self.wishes = Wishes(self.room.persons._appender, NOW)

    def turn(self) -> Tally:
        return self.sender.turn(self.notices, str(self.identity.to_public()))

    def ask(self, address: str = ADDRESS) -> None:
        self.wishes.ask(self.room.persons_site, PAUL, PAUL_HANDLE, address, Language.FR)

    def prove(self, code: str) -> None:
        self.wishes.prove(self.room.persons_site, PAUL, PAUL_HANDLE, code)

    def code(self) -> str:
        """The code of the newest message."""
        found = re.search(r"Code\s:\s(\d{4})\s(\d{4})", self.texts()[-1])
        assert found is not None, self.texts()[-1]
        return found[1] + found[2]

    def texts(self) -> list[str]:
        messages = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in kept(self.inbox)]
        return [str(one.get_content()) for one in sorted(messages, key=lambda one: str(one["Date"]))]

    def proved(self, address: str = ADDRESS) -> None:
        """Paul wishes to be told at an address, and proved it."""
        self.turn()
        self.ask(address)
        self.turn()
        self.prove(self.code())

    def looks(self, person: int, professional: int) -> None:
        """A professional asks about somebody now."""
        at = NOW.now()
        write_asks(self.room.admin, self.room.keyring, [ask(person, professional=professional, at=at)], at=at)
        sequence(self.room.worker, self.room.keyring)
        self.room.admin.commit()


@pytest.fixture
def world(connect: Connect, keyring: Keyring, tmp_path: Path) -> Iterator[World]:
    with mailbox(tmp_path / "mailbox") as port:
        yield World(connect, keyring, tmp_path, port)


def test_nobody_is_told_before_she_asks_and_proves_her_address(world: World) -> None:
    with pytest.raises(WishRefusedError) as refused:
        world.ask()
    assert refused.value.reason is WishReason.NOT_OFFERED, "nobody sends yet"
    world.looks(1, 502)
    assert world.turn() == Tally(found=2), "his sign-in and that ask"
    world.ask()
    world.looks(1, 503)
    assert world.turn().sent == 0, "the address is not proved"
    code = world.code()
    with pytest.raises(WishRefusedError) as wrong:
        world.prove(str((int(code) + 1) % 10**8).zfill(8))
    assert wrong.value.reason is WishReason.WRONG_CODE
    world.prove(code)
    world.looks(1, 502)
    world.looks(2, 504)
    assert world.turn().sent == 0, "known since before, or about somebody else"
    assert len(kept(world.inbox)) == 1, "the code alone"


def test_each_new_professional_is_told_once_and_the_message_names_nothing(world: World) -> None:
    world.proved()
    world.looks(1, 502)
    assert world.turn().sent == 1
    for _ in range(2):
        world.looks(1, 502)
        assert world.turn().sent == 0
    world.looks(1, 501)
    assert world.turn().sent == 1
    assert len(kept(world.inbox)) == 3
    for text in world.texts()[1:]:
        for word in ("Ferrand", "Morvan", "Optique", "Tilleuls", "Valbrume", "optique", "http"):
            assert word not in text
    standing = world.wishes.standing(world.room.persons_site, PAUL_HANDLE)
    assert standing.live is not None
    assert standing.live.told == 2


def test_one_button_stops_it_and_the_address_is_gone(world: World) -> None:
    world.proved()
    world.looks(1, 502)
    world.wishes.stop(world.room.persons_site, PAUL, PAUL_HANDLE)
    assert world.turn().sent == 0, "found before she stopped, and not sent"
    world.looks(1, 501)
    assert world.turn().sent == 0
    assert world.wishes.standing(world.room.persons_site, PAUL_HANDLE).live is None
    assert world.room.admin.execute("select count(sealed), count(code) from notice.wish").fetchone() == (0, 0)
    acts = world.room.admin.execute("select get_byte(body, 2) from journal.entry where kind = 13").fetchall()
    assert [act for (act,) in acts].count(162) == 3, "asked, proved, stopped"


def test_a_mailbox_that_does_not_exist_ends_the_wish(world: World) -> None:
    world.turn()
    world.ask("550-5.1.1-paul@foyer.example")
    assert world.turn().refused == 1
    last = world.wishes.standing(world.room.persons_site, PAUL_HANDLE).last
    assert last is not None
    assert last.why is Ended.REFUSED


def test_a_message_at_which_the_relay_hangs_up_is_put_off_then_refused(world: World) -> None:
    world.proved()
    held = store.seal(str(world.identity.to_public()), Sealed(f"drop-{ADDRESS}", ""))
    world.room.admin.execute("update notice.wish set sealed = %s where ended is null", (held,))
    world.room.admin.commit()
    world.looks(1, 502)
    assert (world.turn().put_off, world.turn().put_off) == (1, 0), "not again within the minute"
    last = "update notice.first_look set attempts = %s, due = now()"
    world.room.admin.execute(last.encode(), (ATTEMPTS_MAX - 1,))
    world.room.admin.commit()
    assert world.turn().refused == 1
    assert world.room.admin.execute("select how, code from notice.first_look").fetchall() == [("refused", "lost")]


def test_five_wrong_codes_or_five_addresses_a_day_and_no_more(world: World) -> None:
    world.turn()
    world.ask()
    for _ in range(4):
        with pytest.raises(WishRefusedError) as wrong:
            world.prove("")
        assert wrong.value.reason is WishReason.WRONG_CODE
    with pytest.raises(WishRefusedError) as late:
        world.prove("")
    assert late.value.reason is WishReason.TOO_LATE
    for _ in range(4):
        world.ask()
    with pytest.raises(WishRefusedError) as often:
        world.ask()
    assert often.value.reason is WishReason.TOO_OFTEN


def test_an_address_is_sealed_to_whoever_sends_and_each_role_has_its_own(world: World) -> None:
    world.proved()
    (sealed,) = world.room.admin.execute("select sealed from notice.wish").fetchone() or (b"",)
    assert ADDRESS.encode() not in bytes(sealed)
    opened = store.open_(str(world.identity), bytes(sealed))
    assert opened is not None
    assert opened.address == ADDRESS
    assert store.open_(str(pyrage.x25519.Identity.generate()), bytes(sealed)) is None
    refused = [
        (world.room.persons_site, "select * from notice.wish"),
        (world.room.persons_site, "select notice.find_first_looks(1)"),
        (world.room.office, "select * from notice.wish"),
        (world.notices, "select * from journal.entry"),
        (world.notices, f"select notice.stop_wish('\\x{PAUL_HANDLE.hex()}')"),
    ]
    for connection, statement in refused:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_killed_after_the_relay_took_it_she_is_told_once(
    world: World, tmp_path: Path, database: Database, key_directory: Path
) -> None:
    path = settings(tmp_path, database, key_directory, world.sender.server.port, log=world.inbox / "log")
    command = ("notice", "run", "--once", "--json", "-", "--settings", path)
    assert tierce(*command).returncode == 0
    world.ask()
    assert tierce(*command).returncode == 0
    world.prove(world.code())
    key = (key_directory / "lending.age").read_text("ascii").strip()
    world.identity = pyrage.x25519.Identity.from_str(key)
    held = store.seal(str(world.identity.to_public()), Sealed(f"hold-end-{ADDRESS}", ""))
    world.room.admin.execute("update notice.wish set sealed = %s where ended is null", (held,))
    world.room.admin.commit()
    world.looks(1, 502)
    with killed(*command):
        eventually((world.inbox / "held").exists, "the relay has the message and has not said so", seconds=60)
    (world.inbox / "go").touch()
    done = tierce(*command)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["first_looks"] == 1
    assert len(kept(world.inbox)) == 2, "the code, and one notice"
    hows = world.room.admin.execute("select how, attempts from notice.first_look").fetchall()
    assert hows == [("known", 1)]


def test_she_sets_it_on_her_own_page(world: World, database: Database) -> None:
    async def scene() -> None:
        async with persons_site(world.room, database) as hers:
            token = {FORM_FIELD: hers.csrf}
            assert "Les messages ne sont pas encore ouverts ici" in plain(await hers.http.get("/wish"))
            world.turn()
            wrong = await hers.http.post("/wish", data={**token, "address": "paul"})
            assert wrong.status_code == 422
            assert "Ce n’est pas une adresse électronique" in wrong.text
            asked = plain(await hers.http.post("/wish", data={**token, "address": ADDRESS}))
            assert "Tapez le code reçu" in asked
            assert ADDRESS not in asked
            world.turn()
            bad = await hers.http.post("/wish/code", data={**token, "code": "0000 0000"})
            assert bad.status_code == 422
            proved = plain(await hers.http.post("/wish/code", data={**token, "code": world.code()}))
            assert "Votre adresse est confirmée" in proved
            assert "Vous êtes prévenu des premières consultations" in proved
            assert "vous avez réglé les messages qui vous préviennent" in plain(await hers.http.get("/"))
            copy = (await hers.http.post("/my-data.json", data=token)).json()
            assert copy["email_address"].startswith("held, sealed")
            stopped = plain(await hers.http.post("/wish/stop", data=token))
            assert (await hers.http.post("/my-data.json", data=token)).json()["email_address"] is None
            assert "votre adresse est effacée" in stopped

    asyncio.run(scene())
