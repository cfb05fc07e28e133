"""A journal, a register of two insurers and three people, and the slices that speak of them, on PostgreSQL."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.asks import AT, ORIGIN
from tests.integration.conftest import Connect
from tests.integration.logs import log_of, segments_folder, segments_of
from tierce.identity.model import PersonCaller, StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.errors import DismissedAloneError
from tierce.incidents.form.model import Organisation
from tierce.incidents.form.service import Forms
from tierce.incidents.model import ScopeSummary
from tierce.incidents.pack.service import Packs, Seal
from tierce.incidents.register.service import Register
from tierce.incidents.service import Incidents
from tierce.incidents.states.model import Stage
from tierce.incidents.states.service import States
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import verifier_key
from tierce.journal.service import Appender
from tierce.journal.witness.cosignature import WitnessKey
from tierce.kernel.clock import FixedClock, micros
from tierce.kernel.ids import IncidentId, InsurerId, PersonId, SessionId, StaffId
from tierce.notices.model import Operator
from tierce.notices.service import Notices
from tierce.persons import store as person_rows
from tierce.persons.service import Persons
from tierce.policy.acts import Act, Outcome
from tierce.registry.records import CivilRecord, encode_record
from tierce.scope.model import Criteria
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring, Sealer

HELENE = StaffCaller(StaffId(900), SessionId(901), "Hélène Vasseur", frozenset({"rssi"}))
ARMAND = StaffCaller(StaffId(910), SessionId(911), "Armand Colin", frozenset({"dpo"}))
PAUL = PersonCaller(PersonId(1), SessionId(951))
PAUL_HANDLE = sha256(b"paul's opaque handle").digest()
OAK, CAPES = InsurerId(1), InsurerId(2)
OPERATOR = Operator(
    name="Rive Claire Tiers Payant",
    address="4 quai des Merles, 99000 Port-Sérac",
    phone="01 99 00 14 20",
    officer="Marc Tessier",
    officer_email="dpo@riveclaire.example",
)
OWN = Organisation(OPERATOR.name, OPERATOR.address, OPERATOR.phone, OPERATOR.officer, OPERATOR.officer_email)
WITNESS = Ed25519PrivateKey.from_private_bytes(sha256(b"a witness").digest())
WITNESS_NAME = "temoin.example"
PEOPLE = ((1, "LENOIR", "Paul Marie", "19800514"), (2, "AUBRY", "Lise", "20190203"), (3, "SERRE", "Anne", "19551120"))


@dataclass(frozen=True)
class Room:
    """Connections as each role, and the slices; office and persons are in autocommit mode."""

    admin: psycopg.Connection
    office: psycopg.Connection
    persons_site: psycopg.Connection
    worker: psycopg.Connection
    keyring: Keyring
    sealer: Sealer
    clock: FixedClock
    incidents: Incidents
    clocks: Clocks
    forms: Forms
    notices: Notices
    persons: Persons


def civil(family_name: str, given_names: str, birth_date: str) -> CivilRecord:
    return CivilRecord(
        version=1,
        family_name=family_name,
        used_name="",
        given_names=given_names,
        sex="1",
        birth_date=birth_date,
        birth_place="99999",
        right_holder_nir="x" * 15,
        rank=1,
        own_nir=None,
        ins_oid="",
    )


def signed_in() -> Entry:
    """The line of Paul's sign-in: without one, the database gives his session nothing."""
    return Entry(
        kind=EntryKind.IDENTITY,
        act=Act.PERSON_SESSION_OPEN,
        outcome=Outcome.DONE,
        time_us=micros(AT),
        professional=PAUL.person,
        person=PAUL.person,
        session=PAUL.session,
    )


def fill(admin: psycopg.Connection, keyring: Keyring) -> Sealer:
    """Two insurers, Dr Morvan and an optician, three people (the second a child), Paul's live session."""
    admin.execute(
        "insert into registry.insurer (id, amc, name) values"
        " (1, '99100001', 'Mutuelle du Grand Chêne'), (2, '99100002', 'Prévoyance des Deux Caps')"
    )
    admin.execute(
        "insert into directory.professional (id, national_id, family_name, given_name, profession) values"
        " (501, '899990000501', 'Morvan', 'Claire', 1), (502, '899990000502', 'Ferrand', 'Nadia', 7)"
    )
    admin.execute(
        "insert into directory.establishment (id, finess, name, town) values"
        " (601, '990000601', 'Cabinet médical des Tilleuls', 'Valbrume'),"
        " (602, '990000602', 'Optique des Remparts', 'Port-Sérac')"
    )
    admin.execute("insert into access.login (id, professional, created) values (701, 501, now())")
    make_insurer_keys(admin, keyring, [OAK, CAPES])
    admin.execute(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        " values (951, sha256('key'), %s, 1, now(), now() + interval '1 hour')",
        (PAUL_HANDLE,),
    )
    admin.commit()
    sealer = load_sealer(admin, keyring, [Compartment.PERSON])
    for person, family_name, given_names, birth_date in PEOPLE:
        for insurer in (OAK, CAPES):
            plain = encode_record(civil(family_name, given_names, birth_date))
            sealed = sealer.seal(Compartment.PERSON, insurer, PersonId(person), plain)
            admin.execute("insert into person.record values (%s, %s, %s)", (person, insurer, sealed))
    admin.commit()
    return sealer


def open_room(connect: Connect, keyring: Keyring) -> Room:
    """Fill a fresh database and open every slice on it."""
    admin = connect(SUPERUSER)
    sealer = fill(admin, keyring)
    clock = FixedClock(AT + timedelta(hours=1))
    office_lines = Appender.enrol(connect("tierce_office"), "office", keyring.instance("office"))
    at_persons = connect("tierce_persons")
    persons_lines = Appender.enrol(at_persons, "persons", keyring.instance("persons"))
    persons_lines.append(at_persons, [signed_in()])
    incidents = Incidents(office_lines, incident_rows.Records(sealer), clock, segments_folder(admin))
    register = Register(office_lines, clock)
    return Room(
        admin=admin,
        office=connect("tierce_office", autocommit=True),
        persons_site=connect("tierce_persons", autocommit=True),
        worker=connect("tierce_worker"),
        keyring=keyring,
        sealer=sealer,
        clock=clock,
        incidents=incidents,
        clocks=Clocks(register),
        forms=Forms(register, OWN),
        notices=Notices(incidents, office_lines, OPERATOR, clock),
        persons=Persons(persons_lines, person_rows.Records(sealer), clock, log_of(admin), segments_of(admin)),
    )


def smaller(incidents: Incidents, office: psycopg.Connection, number: IncidentId, criteria: Criteria) -> ScopeSummary:
    """Compute a list that may have fewer people: one asks for it, and another confirms."""
    incidents.ask_smaller(office, HELENE, number, criteria, "Un autre appareil servait à la propriétaire du compte.")
    asked = incident_rows.smaller_asked(office, number)
    if asked is None:
        return incidents.scope(office, number)
    return incidents.confirm_smaller(office, ARMAND, number, asked.at)


def dismiss(room: Room, number: IncidentId, why: str) -> None:
    """Write that an established breach, on whose list somebody is, was none: one asks, and another writes it."""
    states = States(room.clocks.register)
    with pytest.raises(DismissedAloneError) as alone:
        states.move(room.office, HELENE, number, stage=Stage.NOT_A_BREACH, why=why)
    room.incidents.ask_dismissal(room.office, HELENE, number, alone.value.gone, why)
    states.move(room.office, ARMAND, number, stage=Stage.NOT_A_BREACH, why=why)


def packs_of(room: Room) -> Packs:
    log_line = verifier_key(ORIGIN, room.keyring.instance("worker").public_key())
    witness = WitnessKey(WITNESS_NAME, WITNESS.public_key()).line
    return Packs(
        room.clocks,
        log_of(room.admin),
        segments_folder(room.admin),
        Seal(room.keyring.instance("office"), log_line, (witness,)),
    )
