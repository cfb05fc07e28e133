"""A room where people were read, their insurers lent contact data, and the operator is about to write to them."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path

import psycopg

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import ARMAND, CAPES, HELENE, OAK, Room, open_room
from tierce.identity.model import StaffCaller
from tierce.incidents.rules import account_criteria
from tierce.journal.service import Appender
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, PersonId, ProfessionalId
from tierce.notices.audience.model import Audience, Counts
from tierce.notices.audience.service import counts, freeze, newest
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.store import Contacts, put
from tierce.notices.deliveries.dkim import make_key
from tierce.notices.deliveries.model import MailServer
from tierce.notices.deliveries.service import Outbox
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.service import write_mandate
from tierce.notices.messages.model import Kept
from tierce.notices.messages.service import Messages
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

THIEF = DeviceId(66)
DOMAIN = "riveclaire.example"


@dataclass(frozen=True)
class MessagesRoom:
    """The room, the process that writes to people, and an incident with its list."""

    room: Room
    notices: psycopg.Connection
    appender: Appender
    contacts: Contacts
    outbox: Outbox
    messages: Messages
    incident: IncidentId

    def freeze(self, *, print_again: bool = False) -> bytes:
        return freeze(
            self.notices, self.contacts, self.appender, self.room.clock, self.incident, print_again=print_again
        ).digest

    def write(self) -> Kept:
        return self.messages.write(self.room.office, HELENE, self.incident)

    def approve(self, audience: bytes, text: bytes, *people: StaffCaller) -> None:
        for one in people or (HELENE, ARMAND):
            self.messages.approve(self.room.office, one, self.incident, audience, text)

    def ready(self) -> None:
        """Freeze, write and approve twice."""
        self.approve(self.freeze(), self.write().digest)

    def audience(self) -> Audience:
        return newest(self.notices, self.incident)

    def counts(self) -> Counts:
        return counts(self.notices, self.audience())


def lend(world: MessagesRoom, insurer: InsurerId, lent: dict[int, Contact]) -> None:
    """Take in contact data of one insurer."""
    with world.notices.transaction():
        sealer = world.contacts.open_loan(world.notices, world.incident, insurer)
        put(world.notices, world.incident, insurer, sealer, [(PersonId(one), lent[one]) for one in lent])


def open_world(
    database: Database,
    connect: Connect,
    keyring: Keyring,
    pairs: tuple[tuple[int, int], ...],
    mandates: dict[InsurerId, Mandate] | None = None,
) -> MessagesRoom:
    """Read each (person, insurer) by the thief's device, establish the breach, draw the list, write mandates down."""
    room = open_room(connect, keyring)
    asks = [ask(person, insurer, at=AT + timedelta(seconds=place)) for place, (person, insurer) in enumerate(pairs)]
    for at in range(0, len(asks), 64):
        write_asks(room.admin, keyring, asks[at : at + 64])
    sequence(room.worker, keyring)
    room.admin.commit()
    incident = room.incidents.open(
        room.office, HELENE, title="Accès volé", signal_at=AT, aware_why="Demandes trop nombreuses."
    )
    window = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(hours=1)))
    criteria = account_criteria(ProfessionalId(501), frozenset({THIEF}), *window)
    room.incidents.compute_scope(room.office, HELENE, incident.id, criteria)

    def at_notices() -> psycopg.Connection:
        return database.connect("tierce_notices", autocommit=True)

    notices = connect("tierce_notices", autocommit=True)
    appender = Appender.enrol(notices, "notices", keyring.instance("notices"))
    contacts = Contacts(keyring)
    office_lines = Appender.enrol(connect("tierce_office"), "office", keyring.instance("office"))
    world = MessagesRoom(
        room,
        notices,
        appender,
        contacts,
        Outbox(at_notices, contacts, appender, room.clock),
        Messages(room.notices, room.incidents, office_lines, room.clock),
        incident.id,
    )
    for insurer, mandate in (mandates or {OAK: Mandate.OPERATOR_SENDS, CAPES: Mandate.OPERATOR_SENDS}).items():
        write_mandate(
            notices, appender, room.clock, insurer=insurer, mandate=mandate, document="Avenant 3",
            from_day=date(2026, 1, 1),
        )  # fmt: skip
    return world


def client_contact(connect: Connect, professional: int, email: str | None, postal: tuple[str, ...] = ()) -> None:
    """What the operator holds to write to one of its own clients."""
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute(
        'insert into directory.contact (professional, email, postal, at, "by") values (%s, %s, %s, now(), %s)',
        (professional, email, list(postal), "Hélène Vasseur"),
    )


@cache
def _relay_key() -> tuple[bytes, str]:
    """The key of every relay of these tests, drawn once: an RSA key takes longer to find than a message to send."""
    return make_key()


def mail_server(folder: Path, port: int, **other: object) -> MailServer:
    """A relay on this machine, and the key of its messages."""
    key = folder / "dkim.pem"
    pem, record = _relay_key()
    key.write_bytes(pem)
    (folder / "dkim.txt").write_text(record)
    values: dict[str, object] = {
        "host": "127.0.0.1", "port": port, "sender": f"information@{DOMAIN}", "bounces": f"retours.{DOMAIN}",
        "dkim_domain": DOMAIN, "dkim_selector": "t2026", "dkim_key": key, "starttls": False, "connections": 2,
        **other,
    }  # fmt: skip
    make: Callable[..., MailServer] = MailServer
    return make(**values)


def kept(folder: Path) -> list[Path]:
    """Messages that the mailbox has."""
    return sorted((folder / "new").iterdir())


def delivery_status(message: bytes, status: str = "5.2.2") -> bytes:
    """The notification that a server sends back about a message that our mailbox kept."""
    head = message_from_bytes(message, policy=policy.default)
    return (
        f"From: MAILER-DAEMON@foyer.example\r\nTo: {head['Return-Path'].strip('<>')}\r\n"
        "Subject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mailbox is full.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.foyer.example\r\n\r\n"
        f"Final-Recipient: rfc822; somebody@foyer.example\r\nAction: failed\r\nStatus: {status}\r\n\r\n--b--\r\n"
    ).encode()


def references(folder: Path) -> list[str]:
    """The references of every letter of the batches of a folder."""
    found = []
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as file:
            found += [one["reference"] for one in json.loads(file.read("manifest.json"))["letters"]]
    return found
