"""A stolen office credential adds nobody to a list that was said, to another incident's, or to one that is closed."""

import psycopg
import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, Room, open_room
from tests.integration.test_incidents_register import opened
from tierce.incidents.model import Incident
from tierce.incidents.register.model import Facts, RowKind
from tierce.kernel.clock import micros
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
PERSON = "person, insurer, categories, first_at, last_at, entries"
ROWS = [
    ("exposed", f"{PERSON}, status, rule", "99, 1, 1, now(), now(), 1, 1, 'account'"),
    ("possible", f"{PERSON}, rule", "99, 1, 1, now(), now(), 1, 'account'"),
    ("exposed_professional", "professional, categories, first_at, last_at, entries", "99, 1, now(), now(), 1"),
    ("insurer_count", "insurer, persons", "9, 1"),
    ("cohort_controller", "cohort, controller, pairs, entries, categories", "'insured', 9, 1, 1, 1"),
]


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def next_list(room: Room, incident: Incident, by: int = 1) -> None:
    """Begin another list of an incident, as the one before."""
    room.office.execute(
        "insert into incident.scope (incident, revision, criteria, gaps, unattributed, pending, digest, persons,"
        " entries, tree_size, at, possible, excluded) select incident, revision + %s, criteria, gaps, unattributed,"
        " pending, digest, persons, entries, tree_size, now(), possible, excluded from incident.scope"
        " where incident = %s order by revision desc limit 1",
        (by, incident.id),
    )


def say(room: Room, incident: Incident, revision: int) -> None:
    """Have the register say a list."""
    digest = room.incidents.scope(room.office, incident.id).digest.hex()
    facts: Facts = {"stage": "scoped", "happened": micros(AT), "why": "", "revision": revision, "digest": digest}
    room.clocks.register.add(
        room.office, HELENE, incident.id, RowKind.MOVE, lambda _rows, _now: facts, act=Act.STAFF_SCOPE
    )


def add(room: Room, incident: Incident, revision: int, table: str, columns: str, values: str) -> None:
    with room.office.transaction():
        room.office.execute(
            f"insert into incident.{table} (incident, revision, {columns}) values (%s, %s, {values})".encode(),
            (incident.id, revision),
        )


@pytest.mark.parametrize(("table", "columns", "values"), ROWS)
def test_nobody_is_added_to_a_list_but_as_it_is_made(room: Room, table: str, columns: str, values: str) -> None:
    said = opened(room)
    other = room.incidents.open(room.office, HELENE, title="Un autre", signal_at=AT)
    criteria = room.incidents.scope(room.office, said.id).criteria
    room.incidents.compute_scope(room.office, HELENE, other.id, criteria)
    refused = pytest.raises(psycopg.errors.CheckViolation, match="no such list")
    with room.office.transaction(force_rollback=True):
        next_list(room, said)
        with refused:
            add(room, said, 1, table, columns, values)
        with refused:
            add(room, other, 1, table, columns, values)
        add(room, said, 2, table, columns, values)
        say(room, said, 2)
        with refused:
            add(room, said, 2, table, columns, values.replace("9", "8").replace("insured", "invoices"))


def test_what_changed_between_two_lists_is_not_written_over_afterwards(room: Room) -> None:
    said = opened(room)
    room.incidents.compute_scope(room.office, HELENE, said.id, room.incidents.scope(room.office, said.id).criteria)
    with pytest.raises(psycopg.errors.CheckViolation, match="no such list"):
        add(room, said, 2, "difference", "insurer, added, gone, changed", "9, 1, 0, 0")


def test_an_incident_that_is_closed_takes_no_list(room: Room) -> None:
    incident = opened(room)

    def closed_at_the_end() -> None:
        with room.office.transaction():
            next_list(room, incident)
            say(room, incident, 2)
            closing: Facts = {"why": "Fini."}
            room.clocks.register.add(room.office, HELENE, incident.id, RowKind.CLOSED, lambda _rows, _now: closing)

    with pytest.raises(psycopg.errors.CheckViolation, match="takes no list"):
        closed_at_the_end()


def test_a_list_is_the_next_of_its_incident(room: Room) -> None:
    """One of the greatest number there is was the last for ever: whoever was found later was on no list."""
    incident = opened(room)

    def skipped() -> None:
        with room.office.transaction():
            next_list(room, incident, by=32_766)
            say(room, incident, 32_767)

    with pytest.raises(psycopg.errors.CheckViolation, match="next of its incident"):
        skipped()
