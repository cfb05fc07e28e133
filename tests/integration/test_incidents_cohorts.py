"""A stored list keeps its cohorts, its professionals, whom it cannot settle, what changed since the one before."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.cohorts import ControllerCount, count_cohorts, count_controllers
from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tests.integration.rooms import smaller
from tierce.identity.model import StaffCaller
from tierce.incidents import store
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.cohorts.model import Cohort, ExposedProfessional
from tierce.incidents.cohorts.rules import OWN_PAGES, in_two
from tierce.incidents.cohorts.store import Difference
from tierce.incidents.model import ScopeSummary
from tierce.incidents.rules import account_criteria
from tierce.incidents.service import Incidents
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import FixedClock, micros
from tierce.kernel.ids import (
    DeviceId,
    IncidentId,
    InsurerId,
    ProfessionalId,
    SessionId,
    StaffId,
)
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring

pytestmark = pytest.mark.integration

HELENE = StaffCaller(StaffId(900), SessionId(901), "Hélène Vasseur", frozenset({"rssi"}))
THIEF = DeviceId(66)
OAK, ELM = InsurerId(1), InsurerId(2)
INVOICE = DataCategory.REIMBURSEMENTS
WINDOW = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(hours=1)))


@pytest.fixture
def admin(connect: Connect, keyring: Keyring) -> psycopg.Connection:
    connection = connect(SUPERUSER)
    connection.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'A'), (2, '99100002', 'B')"
    )
    make_insurer_keys(connection, keyring, [OAK, ELM])
    connection.commit()
    return connection


@pytest.fixture
def office(connect: Connect) -> psycopg.Connection:
    return connect("tierce_office", autocommit=True)


@pytest.fixture
def slice_(admin: psycopg.Connection, keyring: Keyring, connect: Connect) -> Incidents:
    appender = Appender.enrol(connect("tierce_office"), "office", keyring.instance("office"))
    records = store.Records(load_sealer(admin, keyring, [Compartment.PERSON]))
    admin.commit()
    return Incidents(appender, records, FixedClock(AT + timedelta(hours=1)), segments_folder(admin))


def signed_in(professional: int) -> Entry:
    return Entry(
        kind=EntryKind.IDENTITY,
        act=Act.DEVICE_ENROL,
        time_us=micros(AT),
        professional=ProfessionalId(professional),
        device=THIEF,
        session=SessionId(78),
    )


def listed(slice_: Incidents, office: psycopg.Connection, number: IncidentId) -> ScopeSummary:
    criteria = account_criteria(ProfessionalId(501), frozenset({THIEF}), *WINDOW)
    return slice_.compute_scope(office, HELENE, number, criteria)


def controllers(connection: psycopg.Connection, incident: IncidentId) -> list[ControllerCount]:
    """The counts kept of the first list."""
    rows = connection.execute(
        "select cohort, controller, pairs, entries, categories from incident.cohort_controller"
        " where incident = %s and revision = 1 order by controller",
        (incident,),
    ).fetchall()
    found = [ControllerCount(Cohort(row[0]), InsurerId(row[1]), row[2], row[3], DataCategory(row[4])) for row in rows]
    return sorted(found, key=lambda one: list(Cohort).index(one.cohort))


def professionals(connection: psycopg.Connection, incident: IncidentId) -> list[ExposedProfessional]:
    """The professionals kept of the first list."""
    rows = connection.execute(
        "select professional, categories, first_at, last_at, entries from incident.exposed_professional"
        " where incident = %s and revision = 1 order by professional",
        (incident,),
    ).fetchall()
    return [
        ExposedProfessional(ProfessionalId(row[0]), DataCategory(row[1]), micros(row[2]), micros(row[3]), row[4])
        for row in rows
    ]


def test_s1_a_list_keeps_three_cohorts_whose_pairs_sum_to_it_and_the_next_says_what_changed(
    slice_: Incidents, office: psycopg.Connection, admin: psycopg.Connection, keyring: Keyring, connect: Connect
) -> None:
    worker = connect("tierce_worker")
    lines = [ask(person, 1 + person % 2) for person in range(1, 31)]
    lines += [replace(ask(40, 2), categories=lines[0].categories | INVOICE), ask(40, 1), ask(41, 1), ask(41, 2)]
    lines += [signed_in(501), signed_in(502)]
    write_asks(admin, keyring, lines)
    sequence(worker, keyring)
    incident = slice_.open(office, HELENE, title="Accès volé d'un cabinet", signal_at=AT, aware_why="Rafale.")

    first = listed(slice_, office, incident.id)

    exposures = store.exposures(office, first)
    accounts = professionals(office, incident.id)
    counts = cohort_rows.cohorts(office, incident.id, 1)
    parts = controllers(office, incident.id)
    assert counts == count_cohorts(exposures, accounts)
    assert parts == count_controllers(exposures, accounts)
    assert [(one.cohort, one.persons, one.pairs) for one in counts] == [
        (Cohort.INSURED, 32, 33),
        (Cohort.INVOICES, 1, 1),
        (Cohort.PROFESSIONALS, 2, 2),
    ]
    assert in_two(counts, first.persons) == 1
    assert [(one.professional, one.categories, one.entries) for one in accounts] == [
        (501, OWN_PAGES, 35),
        (502, OWN_PAGES, 1),
    ]
    assert {one.controller for one in parts if one.cohort is Cohort.PROFESSIONALS} == {OPERATOR}
    assert cohort_rows.differences(office, incident.id, 1) == []

    more = [replace(ask(1, 2), categories=lines[0].categories | INVOICE), ask(50, 2), ask(51, 1)]
    write_asks(admin, keyring, more)
    sequence(worker, keyring)
    second = listed(slice_, office, incident.id)
    assert second.digest != first.digest
    assert cohort_rows.differences(office, incident.id, 2) == [Difference(OAK, 1, 0, 0), Difference(ELM, 1, 0, 1)]
    assert second.persons == first.persons + 2

    narrow = replace(second.criteria, devices=frozenset({DeviceId(67)}))
    third = smaller(slice_, office, incident.id, narrow)
    gone = cohort_rows.differences(office, incident.id, 3)
    assert third.persons == 0
    assert sum(one.gone for one in gone) == len(store.exposures(office, second))
    assert not any(one.added for one in gone)


def test_l7_people_near_a_hole_are_kept_as_possible_and_are_on_nobody_s_list(
    slice_: Incidents, office: psycopg.Connection, admin: psycopg.Connection, keyring: Keyring, connect: Connect
) -> None:
    (torn,) = write_asks(admin, keyring, [ask(90)])
    write_asks(admin, keyring, [ask(1), ask(2, outcome=Outcome.OUT_OF_SEATS)])
    later = AT + timedelta(minutes=30)
    write_asks(admin, keyring, [ask(3, outcome=Outcome.OUT_OF_SEATS, at=later)], at=later)
    sequence(connect("tierce_worker"), keyring)
    admin.execute("delete from journal.entry where seq = %s", (torn,))
    admin.commit()
    incident = slice_.open(office, HELENE, title="Accès volé d'un cabinet", signal_at=AT, aware_why="Rafale.")

    found = listed(slice_, office, incident.id)

    assert (found.persons, found.possible, found.excluded) == (1, 1, 1)
    assert [one.person for one in store.exposures(office, found)] == [1]
    assert office.execute("select person from incident.possible").fetchall() == [(2,)]
