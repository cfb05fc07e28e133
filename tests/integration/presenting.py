"""People of the small world with records, signers of two insurers, and cards as the signer's process makes them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import psycopg

from tests.integration.fresh import as_superuser
from tests.integration.world import World
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, FixedClock, SystemClock, micros
from tierce.kernel.ids import EstablishmentId, InsurerId, PersonId, SessionId, new_id
from tierce.policy.acts import Act, Outcome
from tierce.presence import store
from tierce.presence.minting import Signer
from tierce.presence.model import Minted
from tierce.presence.rules import place_code
from tierce.presence.signing import signing_key
from tierce.storage.keys import SIGNER_KEY, Keyring, Purpose

OTHER = InsurerId(2)
"""An insurer that covers nobody of the world."""


@dataclass(frozen=True)
class Presenting:
    """The signer's process, and handles of sessions of the persons' space by person."""

    world: World
    keyring: Keyring
    signer: Signer
    connection: psycopg.Connection
    handles: dict[int, str]

    def code(self, place: EstablishmentId) -> str:
        """The code of a place, as its portal shows it."""
        return str(self.world.scalar(f"select presence.place_code({place}, {place_code(new_id())})")).zfill(8)

    def card(self, person: int, place: EstablishmentId) -> Minted:
        """A card that this person asks for, to be read at this place."""
        return self.signer.mint(self.connection, self.handles[person], self.code(place))

    def at(self, moment: datetime) -> "Presenting":
        """The same with a signer whose clock stands elsewhere."""
        signer = _signer(self.world, self.keyring, self.connection, FixedClock(moment))
        return Presenting(self.world, self.keyring, signer, self.connection, self.handles)


def _signer(world: World, keyring: Keyring, connection: psycopg.Connection, clock: Clock) -> Signer:
    with world.database.connect("tierce_signer") as enrolling:
        appender = Appender.enrol(enrolling, "signer", keyring.instance("signer"))
    return Signer(keyring.raw(SIGNER_KEY), keyring.hash(Purpose.CARD), appender, clock)


def _sign_in(world: World, keyring: Keyring, people: tuple[int, ...]) -> None:
    """The lines that open the sessions: without one, the database gives a session nothing."""
    lines = [
        Entry(
            kind=EntryKind.IDENTITY, act=Act.PERSON_SESSION_OPEN, outcome=Outcome.DONE, person=PersonId(person),
            time_us=micros(SystemClock().now()), professional=person, session=SessionId(person),
        )
        for person in people
    ]  # fmt: skip
    with world.database.connect("tierce_persons") as connection:
        Appender.enrol(connection, "persons", keyring.instance("persons")).append(connection, lines)


@contextmanager
def presenting(world: World, keyring: Keyring, people: tuple[int, ...] = (1, 2, 41)) -> Iterator[Presenting]:
    """Records of insurer 1 and live sessions for some people, and a signer for each of two insurers."""
    now = SystemClock().now()
    handles = {}
    with as_superuser(world.database) as admin:
        admin.execute(
            "insert into registry.insurer (id, amc, name) values (2, '99000002', 'Prévoyance du Test')"
            " on conflict do nothing"
        )
        for insurer in (InsurerId(1), OTHER):
            number = store.add_signer(admin, insurer)
            key = signing_key(keyring.raw(SIGNER_KEY), number, insurer)
            store.set_signer_key(admin, number, key.public_key().public_bytes_raw())
        for person in people:
            handles[person] = f"handle of {person}".ljust(43, ".")
            admin.execute("insert into person.record values (%s, 1, 's')", (person,))
            admin.execute(
                "insert into access.person_session (id, bound, handle, person, created, expires)"
                " values (%s, sha256('key'), %s, %s, %s, %s)",
                (person, sha256(handles[person].encode()).digest(), person, now, now + timedelta(minutes=30)),
            )
    _sign_in(world, keyring, people)
    with closing(world.database.connect("tierce_signer", autocommit=True)) as connection:
        signer = _signer(world, keyring, connection, SystemClock())
        yield Presenting(world, keyring, signer, connection, handles)
