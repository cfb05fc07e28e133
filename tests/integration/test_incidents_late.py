"""A line bears the time at which it was decided and is read once it is committed: a list made in between says so."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.integration.asks import sequence
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tests.integration.rooms import HELENE
from tests.integration.stolen_credential import Thief, forged
from tests.integration.world import World, enrol, make_world
from tierce.identity.model import Caller
from tierce.incidents import store
from tierce.incidents.model import Incident, ScopeSummary
from tierce.incidents.rules import account_criteria
from tierce.incidents.service import Incidents
from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import FixedClock, SystemClock, from_micros, micros
from tierce.kernel.ids import NOBODY, ProfessionalId
from tierce.policy.acts import Act
from tierce.scope.model import Criteria, GapKind
from tierce.scope.store import seen_until, writing_since
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring

pytestmark = pytest.mark.integration

EARLIER = timedelta(minutes=5)


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def office(connect: Connect) -> psycopg.Connection:
    return connect("tierce_office", autocommit=True)


@pytest.fixture
def thief(world: World, connect: Connect) -> Thief:
    held = Thief(world, connect("tierce_api", autocommit=True))
    held.connection.execute("set idle_in_transaction_session_timeout = 0")  # hers to set
    held.lease()
    return held


class Desk:
    """The office ten minutes after a line was decided, with an incident on the account that it names."""

    def __init__(self, office: psycopg.Connection, admin: psycopg.Connection, keyring: Keyring, line: Entry) -> None:
        self.office = office
        clock = FixedClock(from_micros(line.time_us) + timedelta(minutes=10))
        appender = Appender.enrol(office, "office", keyring.instance("office"))
        records = store.Records(load_sealer(admin, keyring, [Compartment.PERSON]))
        self.slice = Incidents(appender, records, clock, segments_folder(admin))
        began = micros(clock.now() - timedelta(hours=1))
        self.now = clock.now()
        self.criteria = account_criteria(ProfessionalId(line.professional), frozenset(), began, line.time_us + 1)
        self.incident: Incident = self.slice.open(office, HELENE, title="Accès volé", signal_at=clock.now())

    def list(self, criteria: Criteria | None = None) -> ScopeSummary:
        return self.slice.compute_scope(self.office, HELENE, self.incident.id, criteria or self.criteria)

    def whole(self) -> bool:
        return self.slice.preview(self.office, self.criteria).whole


def test_a_list_made_while_a_line_of_its_window_waits_to_be_committed_is_of_at_least_so_many(
    world: World, thief: Thief, office: psycopg.Connection, connect: Connect, keyring: Keyring
) -> None:
    caller: Caller = enrol(world)
    worker = connect("tierce_worker")
    thief.take(caller, [1])
    line = forged(caller, 2)
    desk = Desk(office, connect(SUPERUSER), keyring, line)
    sequence(worker, keyring)
    assert writing_since(office) is None
    assert desk.whole()
    with thief.connection.transaction():
        thief.open(caller)
        thief.close(caller, [encode(line)])
        since = writing_since(office)
        assert since is not None
        assert timedelta(0) <= from_micros(line.time_us) - since < timedelta(minutes=1)
        sequence(worker, keyring)
        partial = desk.list()
        assert (partial.persons, partial.is_open, [gap.kind for gap in partial.untold]) == (1, True, [GapKind.OPEN])
        assert not desk.whole()
        before = replace(desk.criteria, until_us=micros(since - EARLIER))
        assert not desk.list(before).is_open, "no line that is being written can be of a window that ended before"
    assert writing_since(office) is None
    waits = desk.list()
    assert (waits.is_open, waits.pending) == (False, 1), "it is committed and under no checkpoint yet"
    sequence(worker, keyring)
    whole = desk.list()
    assert (whole.persons, whole.untold) == (2, ())
    assert desk.whole()


def test_a_window_is_over_once_no_line_that_is_still_to_be_written_may_be_in_it(
    world: World, thief: Thief, office: psycopg.Connection, connect: Connect, keyring: Keyring
) -> None:
    """The database takes a line of up to two minutes ago: whoever holds a process's password may write one."""
    caller: Caller = enrol(world)
    thief.take(caller, [1])
    line = replace(forged(caller, 2), time_us=micros(SystemClock().now() - timedelta(seconds=100)))
    desk = Desk(office, connect(SUPERUSER), keyring, line)
    sequence(connect("tierce_worker"), keyring)
    for minutes, is_open in ((0, True), (1, True), (2, False), (3, False)):
        until = micros(desk.now - timedelta(minutes=minutes))
        assert desk.list(replace(desk.criteria, until_us=until)).is_open is is_open, minutes
    thief.lease()
    with thief.connection.transaction():
        thief.open(caller)
        thief.close(caller, [encode(line)])


@pytest.mark.parametrize("role", ["tierce_office", "tierce_notices"])
def test_whoever_writes_a_line_says_so_until_it_is_committed(
    role: str, database: Database, connect: Connect, keyring: Keyring
) -> None:
    office, writer = connect("tierce_office", autocommit=True), connect(role, autocommit=True)
    appender = Appender.enrol(connect(role), "office", keyring.instance("office"))
    line = Entry(
        kind=EntryKind.STAFF_ACT if role == "tierce_office" else EntryKind.NOTICE,
        act=Act.STAFF_SCOPE,
        time_us=micros(SystemClock().now()),
        professional=HELENE.staff,
        person=NOBODY,
    )
    with writer.transaction():
        appender.write(writer, [line])
        assert writing_since(office) is not None
    assert writing_since(office) is None


def test_a_clock_that_is_ahead_sees_no_further_than_the_databases(office: psycopg.Connection) -> None:
    now = SystemClock().now()
    assert seen_until(office, now - EARLIER) == now - EARLIER
    assert seen_until(office, now + EARLIER) < now + EARLIER
