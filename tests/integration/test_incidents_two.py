"""What is opened once, and what one alone may not do: two posts in one instant, a list that people are on no more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import ARMAND, HELENE, Room, open_room
from tests.waiting import eventually
from tierce.identity.model import StaffCaller
from tierce.incidents import store
from tierce.incidents.duplicates.service import Duplicates
from tierce.incidents.errors import (
    AlreadyOpenedError,
    DismissedAloneError,
    FormError,
    FreeTextError,
    ListShrinksError,
    SmallerRefusedError,
)
from tierce.incidents.model import ENTERED, Incident, OpenedOn, SmallerAsk
from tierce.incidents.register.errors import ReasonRefusedError, RegisterClosedError
from tierce.incidents.register.model import RowKind
from tierce.incidents.rules import account_criteria, incident_reference
from tierce.incidents.states.model import Stage
from tierce.incidents.states.service import States
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, IncidentId, ProfessionalId
from tierce.policy.clocks import Duty
from tierce.scope.model import Criteria
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

DOCTOR = ProfessionalId(501)
THIEF, OWNER = DeviceId(66), DeviceId(67)
WINDOW = (micros(AT) - 1, micros(AT) + 3_600_000_000)
WHOLE = account_criteria(DOCTOR, frozenset(), *WINDOW)
NARROW = account_criteria(DOCTOR, frozenset({OWNER}), *WINDOW)
NONE = (
    "La propriétaire du compte a fait elle-même ces demandes pour une campagne de dépistage de sa commune, le "
    "registre du cabinet les porte toutes, et personne d'autre n'a eu l'appareil."
)
WHY = "L'appareil 66 était celui de la propriétaire du compte."


SAME = (
    "Les deux officiers parlent de la même clé : même numéro d'inventaire, même étagère des archives, même heure, et "
    "une seule clé manque au registre du service."
)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    made = open_room(connect, keyring)
    write_asks(made.admin, keyring, [ask(1), ask(2), ask(1, 2), ask(3, device=OWNER)])
    sequence(made.worker, keyring)
    return made


def incident_of(room: Room, *, aware: bool = True) -> Incident:
    why = "Vingt mille demandes en une minute." if aware else None
    found = room.incidents.open(room.office, HELENE, title="Accès volé", signal_at=AT, aware_why=why)
    room.incidents.compute_scope(room.office, HELENE, found.id, WHOLE)
    return found


def asked(room: Room, number: IncidentId) -> SmallerAsk:
    found = store.smaller_asked(room.office, number)
    assert found is not None
    return found


def refused(room: Room, number: IncidentId, work: Callable[[], object], error: type[Exception]) -> None:
    """It is refused, and the first list stands as it was."""
    with pytest.raises(error):
        work()
    assert (room.incidents.scope(room.office, number).revision, len(people(room, number))) == (1, 4)


def people(room: Room, number: IncidentId) -> list[int]:
    return [int(one.person) for one in store.exposures(room.office, room.incidents.scope(room.office, number))]


def test_of_two_who_open_on_the_same_in_one_instant_the_database_lets_one(room: Room, connect: Connect) -> None:
    other = connect("tierce_office", autocommit=True)
    on = OpenedOn(DOCTOR, seen=0)

    def waits() -> bool:
        row = room.admin.execute(
            "select count(*) from pg_stat_activity where pid = %s and wait_event_type = 'Lock'", (pid,)
        ).fetchone()
        room.admin.rollback()
        return row == (1,)

    pid = other.info.backend_pid
    with ThreadPoolExecutor(1) as thread:
        with room.office.transaction():
            first = room.incidents.open(room.office, HELENE, title="Le premier", signal_at=AT, on=on)
            second = thread.submit(room.incidents.open, other, ARMAND, title="Le second", signal_at=AT, on=on)
            eventually(waits, "the second waits for the first")
        with pytest.raises(AlreadyOpenedError) as met:
            second.result()
    assert met.value.incident == first.id, "and is led to it"
    assert [one.title for one in store.incidents(other)] == ["Le premier"]
    again = room.incidents.open(other, ARMAND, title="Un autre vol", signal_at=AT, on=replace(on, seen=1))
    assert again.id != first.id, "whoever saw the first opens another"
    with pytest.raises(psycopg.errors.CheckViolation), other.transaction():  # no opening, no incident
        other.execute("insert into incident.incident (id, title, signal_at) values (9, 'x', 'epoch')")


def test_a_list_that_takes_people_away_is_kept_by_two_and_the_one_before_stands(room: Room) -> None:
    number, office, incidents = incident_of(room).id, room.office, room.incidents

    def compute(who: StaffCaller, criteria: Criteria) -> Callable[[], object]:
        return lambda: incidents.compute_scope(office, who, number, criteria)

    refused(room, number, compute(HELENE, NARROW), ListShrinksError)
    refused(room, number, lambda: incidents.ask_smaller(office, HELENE, number, NARROW, " "), FreeTextError)
    incidents.ask_smaller(office, HELENE, number, NARROW, WHY)
    found = asked(room, number)
    assert (found.gone, found.why, found.name) == (3, WHY, HELENE.name)
    refused(room, number, compute(HELENE, NARROW), ListShrinksError)  # she asked: the database wants another
    wider = replace(NARROW, until_us=NARROW.until_us - 1)
    refused(room, number, compute(ARMAND, wider), ListShrinksError)  # another list than the one asked for
    refused(room, number, lambda: incidents.confirm_smaller(office, HELENE, number, found.at), SmallerRefusedError)
    refused(room, number, lambda: incidents.confirm_smaller(office, ARMAND, number, AT), SmallerRefusedError)
    refused(room, number, lambda: incidents.ask_smaller(office, ARMAND, number, wider, WHY), SmallerRefusedError)
    incidents.confirm_smaller(office, ARMAND, number, found.at)
    assert people(room, number) == [3]
    assert store.smaller_asked(office, number) is None, "it serves once"
    move = room.clocks.register.rows(office, number)[-1]
    assert (move.by, move.facts["asked_by"], move.facts["why"]) == (ARMAND.name, HELENE.name, WHY)


def test_what_was_asked_ends_with_the_day_and_with_any_other_list(room: Room) -> None:
    number, office, incidents = incident_of(room).id, room.office, room.incidents
    incidents.ask_smaller(office, HELENE, number, NARROW, WHY)
    found = asked(room, number)
    room.admin.execute("update incident.smaller_ask set at = at - interval '25 hours'")
    room.admin.commit()
    assert store.smaller_asked(office, number) is None
    refused(room, number, lambda: incidents.compute_scope(office, ARMAND, number, NARROW), ListShrinksError)
    incidents.ask_smaller(office, ARMAND, number, NARROW, WHY)
    assert asked(room, number).at > found.at
    write_asks(room.admin, room.keyring, [ask(2, 2)])
    sequence(room.worker, room.keyring)
    incidents.compute_scope(office, HELENE, number, WHOLE)
    assert store.smaller_asked(office, number) is None, "what it would take away was counted beside the list before"
    with pytest.raises(psycopg.errors.CheckViolation), office.transaction():
        office.execute("select incident.ask_smaller(%s, '{}', 1, 'x', 910, 'Armand', 1)", (number,))


def test_before_the_breach_is_established_nobody_was_told_and_one_is_enough(room: Room) -> None:
    number = incident_of(room, aware=False).id
    room.incidents.compute_scope(room.office, HELENE, number, NARROW)
    assert people(room, number) == [3]


def test_the_same_people_with_less_of_what_was_read_take_two(room: Room) -> None:
    seen = ask(3, device=OWNER, at=AT + timedelta(seconds=30))
    write_asks(room.admin, room.keyring, [replace(seen, categories=seen.categories | DataCategory.MEDICAL)])
    sequence(room.worker, room.keyring)
    number = incident_of(room).id
    earlier = replace(WHOLE, until_us=micros(AT) + 10_000_000)
    compute = room.incidents.compute_scope
    with pytest.raises(ListShrinksError) as shrinks:
        compute(room.office, HELENE, number, earlier)
    assert shrinks.value.gone == 1


def test_that_an_established_breach_was_none_is_written_by_two_and_of_nobody_by_one(room: Room) -> None:
    number, office, states = incident_of(room).id, room.office, States(room.clocks.register)
    dismiss = partial(states.move, office, number=number, stage=Stage.NOT_A_BREACH, why=NONE)
    states.move(office, HELENE, number, stage=Stage.CHECK)
    for _ in range(2):
        with pytest.raises(DismissedAloneError) as met:
            dismiss(HELENE)
        assert met.value.gone == 5, "four pairs and an account"
        room.incidents.ask_dismissal(office, HELENE, number, met.value.gone, NONE)
    assert (store.smaller_asked(office, number), asked_of(room, number)) == (None, HELENE.name)
    assert room.incidents.incident(office, number).dismissed_at is None
    with pytest.raises(SmallerRefusedError):
        room.incidents.ask_dismissal(office, ARMAND, number, 5, NONE)
    row = dismiss(ARMAND)
    assert (row.by, row.facts["asked_by"]) == (ARMAND.name, HELENE.name)
    assert room.incidents.incident(office, number).dismissed_at is not None
    assert asked_of(room, number) is None, "it serves once"


def test_a_list_that_is_kept_meanwhile_ends_the_request_that_it_was_no_breach(room: Room) -> None:
    number, office, states = incident_of(room).id, room.office, States(room.clocks.register)
    states.move(office, HELENE, number, stage=Stage.CHECK)
    room.incidents.ask_dismissal(office, HELENE, number, 5, NONE)
    write_asks(room.admin, room.keyring, [ask(2, 2)])
    sequence(room.worker, room.keyring)
    room.incidents.compute_scope(office, HELENE, number, WHOLE)
    with pytest.raises(DismissedAloneError) as met:
        states.move(office, ARMAND, number, stage=Stage.NOT_A_BREACH, why=NONE)
    assert met.value.gone == 6


def asked_of(room: Room, number: IncidentId) -> str | None:
    found = store.dismissal_asked(room.office, number)
    return found.name if found else None


def test_two_who_enter_the_same_event_have_each_seen_what_the_other_entered(room: Room) -> None:
    def enter(title: str) -> Incident:
        return room.incidents.open(room.office, HELENE, title=title, signal_at=AT, on=OpenedOn(ENTERED, seen))

    seen = store.entered(room.office)
    first = enter("Clé perdue")
    with pytest.raises(AlreadyOpenedError) as other:
        enter("Une clé manque")
    assert (other.value.incident, store.entered(room.office)) == (first.id, 1)


def test_a_duplicate_ends_as_the_first_whose_clocks_run_from_the_earlier_awareness(room: Room) -> None:
    office, duplicates = room.office, Duplicates(room.clocks.register)
    earlier = room.clock.now()
    known = room.incidents.open(office, ARMAND, title="Clé perdue", signal_at=AT, aware_why="La clé a été lue.")
    room.clock.advance(timedelta(hours=3))
    first = room.incidents.open(
        office, HELENE, title="Une clé manque", signal_at=AT + timedelta(minutes=30), aware_why="Elle est en clair."
    )
    duplicates.close(office, HELENE, known.id, first.id, SAME)

    goes_on = room.incidents.incident(office, first.id)
    assert (goes_on.signal_at, goes_on.aware_at, goes_on.day) == (AT, earlier, first.day)
    assert goes_on.aware_why == f"La clé a été lue. ({incident_reference(known.id, known.day)}, le même événement)"
    due = next(one.due for one in room.clocks.read(office, first.id) if one.rule.duty is Duty.AUTHORITY)
    assert due == earlier + timedelta(hours=72)
    assert States(room.clocks.register).read(office, known.id).stage is Stage.CLOSED
    rows = room.clocks.register.rows(office, first.id)
    assert [row.kind for row in rows[-3:]] == [RowKind.TIME, RowKind.TIME, RowKind.JOINED]
    # Nothing follows a duplicate of a duplicate, nor an event that is over; and it may prove to be another after all.
    with pytest.raises(FormError, match="closed"):
        duplicates.close(office, HELENE, first.id, known.id, SAME)
    with pytest.raises(RegisterClosedError):
        duplicates.close(office, HELENE, known.id, first.id, SAME)
    room.clocks.register.reopen(office, HELENE, known.id, "La seconde clé est une autre.")
    assert room.incidents.incident(office, known.id).aware_at == earlier


def test_an_incident_whose_list_tells_people_ends_as_no_other(room: Room) -> None:
    listed, other = incident_of(room), room.incidents.open(room.office, HELENE, title="Clé perdue", signal_at=AT)
    duplicates = Duplicates(room.clocks.register)
    with pytest.raises(FormError, match="People are on this event"):
        duplicates.close(room.office, HELENE, listed.id, other.id, SAME)
    with pytest.raises(FormError, match="this very event"):
        duplicates.close(room.office, HELENE, other.id, other.id, SAME)
    with pytest.raises(ReasonRefusedError):
        duplicates.close(room.office, HELENE, other.id, listed.id, "Le même.")
    assert (
        len(room.clocks.register.rows(room.office, listed.id))
        == len(room.clocks.register.rows(room.office, other.id)) + 2
    )
    duplicates.close(room.office, HELENE, other.id, listed.id, SAME)
    assert room.incidents.incident(room.office, listed.id).aware_at == listed.aware_at, "what is later moves nothing"
