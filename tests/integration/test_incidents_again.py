"""A list of a window that went on is made again by itself: once, with whoever came since, waking nobody told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.forks import fork
from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tests.integration.rooms import ARMAND, HELENE, Room, open_room
from tests.integration.test_incidents_register import REASONS
from tests.unit.test_incidents_severity import INSURED, STOLEN
from tests.waiting import eventually
from tierce.incidents import store
from tierce.incidents.again.service import Again
from tierce.incidents.errors import ListReplacedError, ListShrinksError
from tierce.incidents.model import Incident, ScopeSummary
from tierce.incidents.rules import account_criteria
from tierce.incidents.service import ITSELF, Incidents
from tierce.incidents.severity.model import Bridge
from tierce.incidents.severity.service import Severity, cohorts_in
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import FixedClock, micros
from tierce.kernel.ids import ProfessionalId
from tierce.notices.audience.store import last_changed
from tierce.policy.acts import Act
from tierce.policy.clocks import Risk
from tierce.scope.model import HARMLESS
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import EVERY_KEY, Compartment, Keyring

pytestmark = pytest.mark.integration

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CRITERIA = account_criteria(ProfessionalId(501), frozenset(), micros(AT - HOUR), micros(AT + HOUR))
"""A window that ends as the first list is made."""


@dataclass(frozen=True)
class Desk:
    """A breach established within its window, with the list of that minute."""

    room: Room
    incident: Incident
    again: Again

    def turn(self) -> int:
        return self.again.turn(self.room.office)

    def newest(self) -> ScopeSummary:
        return self.room.incidents.scope(self.room.office, self.incident.id)

    def read(self, person: int) -> None:
        """Somebody more was read within the window."""
        write_asks(self.room.admin, self.room.keyring, [ask(person, at=AT + HOUR - MINUTE)], at=AT + HOUR - MINUTE)
        sequence(self.room.worker, self.room.keyring)


@pytest.fixture
def desk(connect: Connect, keyring: Keyring) -> Desk:
    room = open_room(connect, keyring)
    write_asks(room.admin, keyring, [ask(1), ask(2)])
    sequence(room.worker, keyring)
    incident = room.incidents.open(room.office, HELENE, title="Accès volé", signal_at=AT, aware_why="Rafale.")
    room.incidents.compute_scope(room.office, HELENE, incident.id, CRITERIA)
    return Desk(room, incident, Again(room.incidents, room.clock))


def make_again(database: Database, keys: Path, segments: Path, at: datetime) -> None:
    """What the office's process does of itself, in a process that can be killed."""
    keyring, office = Keyring(keys, EVERY_KEY), database.connect("tierce_office", autocommit=True)
    with database.connect("tierce_office") as connection:
        appender = Appender.enrol(connection, "office", keyring.instance("office"))
        records = store.Records(load_sealer(connection, keyring, [Compartment.PERSON]))
    clock = FixedClock(at)
    Again(Incidents(appender, records, clock, segments), clock).turn(office)


def test_it_is_made_again_once_its_window_is_over_also_by_the_one_after_a_process_that_was_killed(
    desk: Desk, database: Database, key_directory: Path, connect: Connect
) -> None:
    room, number = desk.room, desk.incident.id
    assert (desk.newest().persons, desk.newest().is_open) == (2, True)
    desk.read(3)
    room.clock.advance(MINUTE)
    assert desk.turn() == 0, "a line may still come"
    room.clock.advance(2 * MINUTE)

    held = connect("tierce_office")
    held.execute("select pg_advisory_xact_lock(hashtextextended('tierce-register', %s))", (number,))
    process = fork(make_again, database, key_directory, segments_folder(room.admin), room.clock.now())
    waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"

    def waiting() -> bool:
        row = room.admin.execute(waits).fetchone()
        room.admin.rollback()
        return row is not None and row[0] > 0

    eventually(waiting, "the list is made, and its row waits for the register", seconds=60)
    assert desk.turn() == 0, "another process does its turn"
    process.kill()
    process.join()
    held.rollback()
    eventually(lambda: desk.turn() == 1, "the one after makes it", seconds=30)

    made = desk.newest()
    assert (made.revision, made.persons, made.is_open) == (2, 3, False)
    assert {gap.kind for gap in made.untold} <= HARMLESS, "of the killed one a number is left, and nothing else"
    assert [one.revision for one in store.scopes(room.office, number)] == [1, 2], "no list of the killed one"
    row = room.clocks.register.rows(room.office, number)[-1]
    assert (row.by, row.facts["revision"], row.facts["changed"]) == (ITSELF, 2, 1)
    found = room.admin.execute("select body from journal.entry where seq = %s", (row.entry,)).fetchone()
    room.admin.rollback()
    assert found is not None
    line = decode(found[0])
    assert (line.kind, line.act, line.reference) == (EntryKind.STAFF_ACT, Act.STAFF_SCOPE, number)
    assert line.professional == row.staff < 32_768, "an instance of the office, and no member of staff"
    room.clock.advance(HOUR)
    assert desk.turn() == 0, "it says all that it can"


def test_nothing_drawn_from_it_falls_when_nobody_changed(desk: Desk) -> None:
    room, number = desk.room, desk.incident.id
    severity = Severity(room.clocks.register)
    severity.score(room.office, HELENE, number, INSURED, STOLEN)
    severity.conclude(room.office, HELENE, number, Bridge(INSURED.key, Risk.HIGH, REASONS, ""))

    def concluded() -> bool:
        (one,) = cohorts_in(severity.register.rows(room.office, number))
        return one.bridge is not None and not one.before

    room.clock.advance(3 * MINUTE)
    assert desk.turn() == 1
    assert (desk.newest().revision, desk.newest().is_open, last_changed(room.office, number)) == (2, False, 1)
    assert concluded()
    desk.read(3)
    room.incidents.compute_scope(room.office, HELENE, number, CRITERIA)
    assert (last_changed(room.office, number), concluded()) == (3, False)


def test_nobody_is_taken_off_by_it_and_it_confirms_nothing_that_one_asked_for(desk: Desk) -> None:
    room, number = desk.room, desk.incident.id
    room.admin.execute("delete from journal.entry where person = 1")
    room.admin.commit()
    room.clock.advance(3 * MINUTE)
    with pytest.raises(ListShrinksError):  # the process's log says so, once an hour
        desk.turn()
    assert desk.turn() == 0
    assert (desk.newest().revision, desk.newest().persons) == (1, 2), "the one before stands, and says what it is"
    room.clock.advance(2 * HOUR)
    before = desk.newest()
    room.incidents.ask_smaller(room.office, HELENE, number, CRITERIA, "Une ligne a disparu du journal.")
    assert desk.turn() == 0
    with pytest.raises(ListShrinksError):
        room.incidents.make_again(room.office, before)
    asked = store.smaller_asked(room.office, number)
    assert asked is not None
    assert room.incidents.confirm_smaller(room.office, ARMAND, number, asked.at).persons == 1


def test_one_that_an_officer_replaced_meanwhile_is_not_made_over_hers(desk: Desk) -> None:
    room, number = desk.room, desk.incident.id
    first = desk.newest()
    room.clock.advance(3 * MINUTE)
    room.incidents.compute_scope(room.office, HELENE, number, CRITERIA)
    assert not room.incidents.scope(room.office, number).is_open
    with pytest.raises(ListReplacedError):
        room.incidents.make_again(room.office, first)
    assert desk.newest().revision == 2
