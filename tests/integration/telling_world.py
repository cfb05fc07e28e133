"""An established incident over two insurers, what tells them, and a letter box in memory."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pyrage

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, HELENE, OAK, OPERATOR, Room, open_room, smaller
from tierce.incidents.model import Incident
from tierce.incidents.rules import account_criteria
from tierce.journal.service import Appender
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, PersonId, ProfessionalId
from tierce.notices.contacts.service import Lending
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries.model import Verdict
from tierce.notices.errors import MailRefusedError
from tierce.notices.slices.service import Slices
from tierce.notices.slices.store import Cover
from tierce.notices.telling import store
from tierce.notices.telling.model import ContactPoint, Mail
from tierce.notices.telling.service import Telling
from tierce.registry.records import CoverageRecord, encode_record
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring

MEMBERS = {(1, OAK): "A-0000417", (2, OAK): "A-0000418", (1, CAPES): "Z-9", (3, CAPES): "Z-10"}
AMC = {OAK: "99100001", CAPES: "99100002"}
CHAIN = (
    ContactPoint(0, OAK, 1, "Inès Vidal", "DPO", "dpo@grandchene.example", "01 99 00 20 01"),
    ContactPoint(0, OAK, 2, "Loïc Perrin", "RSSI", "rssi@grandchene.example", "01 99 00 20 02"),
)


@dataclass
class Box:
    """Keeps what it is handed; refuses while it is told to."""

    mails: list[Mail] = field(default_factory=list)
    refuses: Verdict | None = None

    def send(self, mail: Mail) -> None:
        """Take one e-mail."""
        if self.refuses is not None:
            raise MailRefusedError("refused", self.refuses)
        self.mails.append(mail)


@dataclass(frozen=True)
class World:
    """The room with role tierce_notices and its services."""

    room: Room
    notices: psycopg.Connection
    telling: Telling
    slices: Slices
    lending: Lending
    contacts: Contacts
    box: Box
    folder: Path
    identity: pyrage.x25519.Identity
    """The key with which lent files open."""
    recipients: dict[InsurerId, pyrage.x25519.Identity]

    def hand_over(self, number: IncidentId) -> int:
        """Make every list that can be made."""
        return sum(self.slices.hand_over(self.notices, number, one, AMC[one]) is not None for one in (OAK, CAPES))

    def recipient(self, insurer: InsurerId, number: int = 100) -> None:
        """Register a key of an insurer, proved, confirmed and vouched for."""
        key = self.recipients[insurer]
        self.room.admin.execute(
            "insert into notice.recipient (id, insurer, recipient, challenge, proposed_by, proposed_name,"
            " proposed_at, proved_at, confirmed_by, confirmed_name, confirmed_at, vouched_at) values"
            " (%s, %s, %s, %s, 1, 'A', now(), now(), 2, 'B', now(), now())",
            (number + insurer, insurer, str(key.to_public()), bytes(32)),
        )
        self.room.admin.commit()

    def lent(self, text: str) -> Path:
        """A file encrypted to the operator."""
        path = self.folder / f"lent-{len(text)}.csv.age"
        path.write_bytes(pyrage.encrypt(text.encode(), [self.identity.to_public()]))
        return path


def open_world(connect: Connect, keyring: Keyring, folder: Path) -> World:
    """The room, its people covered, and the services of notices."""
    room = open_room(connect, keyring)
    sealer = load_sealer(room.admin, keyring, [Compartment.COVERAGE])
    for (person, insurer), member in MEMBERS.items():
        record = CoverageRecord(1, 1, "P", "C", member, member, 1, 0xFFF, 0, 40_000, 1, 1, False, None, 0, rank=1)
        sealed = sealer.seal(Compartment.COVERAGE, insurer, PersonId(person), encode_record(record))
        room.admin.execute(
            "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority,"
            " digest, sealed) values (%s, %s, 1, 4095, 0, 40000, 1, '', %s)",
            (person, insurer, sealed),
        )
    room.admin.execute("update registry.insurer set contact_email = 'dpo@deuxcaps.example' where id = 2")
    room.admin.commit()
    notices = connect("tierce_notices", autocommit=True)
    lines = Appender.enrol(notices, "notices", keyring.instance("notices"))
    store.put_chain(notices, OAK, CHAIN, room.clock.now())
    contacts, cover = Contacts(keyring), Cover(keyring)
    return World(
        room=room,
        notices=notices,
        telling=Telling(lines, OPERATOR, room.clock, "organismes.riveclaire.example"),
        slices=Slices(lines, cover, room.clock),
        lending=Lending(lines, contacts, cover, room.clock),
        contacts=contacts,
        box=Box(),
        folder=folder,
        identity=pyrage.x25519.Identity.generate(),
        recipients={one: pyrage.x25519.Identity.generate() for one in (OAK, CAPES)},
    )


THIEF = DeviceId(66)
WINDOW = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(hours=1)))


def opened_incident(world: World, *, aware: bool = True) -> Incident:
    """Persons 1 and 2 of Oak and person 1 of Capes, read by the thief, and a list of them."""
    room = world.room
    write_asks(room.admin, room.keyring, [ask(1), ask(2, at=AT + timedelta(seconds=9)), ask(1, 2)])
    sequence(room.worker, room.keyring)
    room.admin.commit()
    incident = room.incidents.open(
        room.office,
        HELENE,
        title="Accès volé",
        signal_at=AT,
        aware_why="Vingt mille demandes en une minute." if aware else None,
    )
    listed(world, incident.id)
    return incident


def listed(world: World, number: IncidentId, since: datetime | None = None) -> None:
    """Compute the list again, as the journal now stands; from an instant on if one is given."""
    window = (micros(since) if since else WINDOW[0], WINDOW[1])
    criteria = account_criteria(ProfessionalId(501), frozenset({THIEF}), *window)
    smaller(world.room.incidents, world.room.office, number, criteria)


def read_more(world: World, person: int, insurer: int) -> None:
    """Another person was read by the same thief."""
    write_asks(world.room.admin, world.room.keyring, [ask(person, insurer, at=AT + timedelta(seconds=20))])
    sequence(world.room.worker, world.room.keyring)
    world.room.admin.commit()
