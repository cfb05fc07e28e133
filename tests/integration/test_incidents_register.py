"""The register and the clocks on PostgreSQL: rows are bound to the journal, and lateness is reasoned."""

from datetime import datetime, timedelta

import psycopg
import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, OAK, Room, open_room
from tests.integration.test_office_site import attack
from tierce.incidents.clocks.model import State
from tierce.incidents.clocks.rules import OPERATOR, LateWithoutReasonsError
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.errors import FormError, FreeTextError
from tierce.incidents.model import Incident
from tierce.incidents.register import store as register_rows
from tierce.incidents.register.errors import ReasonRefusedError, RegisterBrokenError, RegisterClosedError
from tierce.incidents.register.export import row_text
from tierce.incidents.register.model import RowKind
from tierce.incidents.register.rules import journal_number
from tierce.incidents.rules import account_criteria
from tierce.incidents.store import open_incidents
from tierce.journal.encoding import decode
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, ProfessionalId
from tierce.policy.acts import Act
from tierce.policy.clocks import Duty, Moment
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

REASONS = (
    "Deux personnes ont été lues par un appareil volé ; leur NIR n'en fait pas partie, mais leur "
    "mutuelle oui : elles peuvent recevoir de faux messages de remboursement, donc la CNIL est prévenue."
)
LATE = (
    "La signature de la responsable manquait pendant le week-end et son suppléant n'avait pas accès au téléservice ; "
    "le suppléant a maintenant son propre accès."
)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def opened(room: Room) -> Incident:
    """An incident established an hour after the signal, with its list of two people."""
    attack(room)
    incident = room.incidents.open(
        room.office, HELENE, title="Accès volé", signal_at=AT, aware_why="Vingt mille demandes en une minute."
    )
    criteria = account_criteria(
        ProfessionalId(501), frozenset({DeviceId(66)}), micros(AT), micros(AT + timedelta(hours=1))
    )
    room.incidents.compute_scope(room.office, HELENE, incident.id, criteria)
    return incident


def fill_register(clocks: Clocks, room: Room, incident: IncidentId) -> None:
    register = clocks.register
    register.say(room.office, HELENE, incident, RowKind.FACTS, "Un appareil volé a lu deux personnes.")
    register.say(
        room.office, HELENE, incident, RowKind.EFFECTS, "Leur mutuelle et leurs droits sont connus du voleur."
    )
    register.say(room.office, HELENE, incident, RowKind.ACTION, "L'appareil est suspendu.")
    register.say(room.office, HELENE, incident, RowKind.DECISION, REASONS)


def end_duties(room: Room, number: IncidentId) -> None:
    """Insurers told by hand, people told by word; each other duty that runs ends with its reasons."""
    office = room.office
    for clock in room.clocks.read(office, number):
        duty = clock.rule.duty
        if duty is Duty.AUTHORITY and clock.insurer != OPERATOR and clock.started is None:
            room.clocks.write_time(
                office, HELENE, number, moment=Moment.NOTICE_SENT, at=room.clock.now(), why="Par lettre.",
                insurer=clock.insurer,
            )  # fmt: skip
    for clock in room.clocks.read(office, number):
        if clock.insurer != OPERATOR or clock.state not in {State.RUNNING, State.OVERDUE}:
            continue
        if clock.rule.duty is Duty.PERSONS:
            at = room.clock.now()
            room.clocks.fulfil(office, HELENE, number, duty=clock.rule.duty, at=at, reasons="")
        elif clock.rule.duty is not Duty.PUBLIC:
            room.clocks.end(office, HELENE, number, duty=clock.rule.duty, reasons=REASONS)


def test_a_row_and_its_journal_line_are_one_and_bear_the_same_digest(room: Room) -> None:
    incident, register = opened(room), room.clocks.register
    row = register.say(room.office, HELENE, incident.id, RowKind.FACTS, "Un appareil volé a lu deux personnes.")
    again = register.say(room.office, HELENE, incident.id, RowKind.ACTION, "L'appareil est suspendu.")
    found = room.admin.execute("select body from journal.entry where seq = %s", (again.entry,)).fetchone()
    assert found is not None
    line = decode(found[0])
    assert (line.act, line.reference, line.activity) == (Act.STAFF_REGISTER, incident.id, 5)
    assert int(line.device) == journal_number(again.digest)
    assert (row.number, again.number) == (4, 5)  # after its opening, its awareness, its list
    assert [one.number for one in register.rows(room.office, incident.id)] == [1, 2, 3, 4, 5]


def test_a_row_changed_or_removed_behind_our_back_is_found_and_nothing_more_is_written(room: Room) -> None:
    incident = opened(room)
    fill_register(room.clocks, room, incident.id)
    room.admin.execute("""update incident.register set facts = '{"text":"Rien."}' where number = 2""")
    room.admin.commit()
    with pytest.raises(RegisterBrokenError, match="row 2"):
        room.clocks.register.rows(room.office, incident.id)
    with pytest.raises(RegisterBrokenError):
        room.clocks.register.say(room.office, HELENE, incident.id, RowKind.ACTION, "Une mesure de plus.")
    assert room.admin.execute("select count(*) from incident.register").fetchone() == (7,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Risque faible.",
        "Toutes les mesures nécessaires ont été prises par nos équipes dans cette affaire, comme toujours.",
        "non " * 40,
    ],
)
def test_closing_without_reasoning_is_refused(room: Room, text: str) -> None:
    incident = opened(room)
    fill_register(room.clocks, room, incident.id)
    with pytest.raises((ReasonRefusedError, FreeTextError)):
        room.clocks.close(room.office, HELENE, incident.id, text)


def test_closing_names_what_the_register_lacks_and_a_closed_event_takes_no_row(room: Room) -> None:
    incident, register = opened(room), room.clocks.register
    with pytest.raises(FormError, match="facts, effects, action taken, decision"):
        room.clocks.close(room.office, HELENE, incident.id, REASONS)
    fill_register(room.clocks, room, incident.id)
    end_duties(room, incident.id)
    room.clocks.close(room.office, HELENE, incident.id, REASONS)
    with pytest.raises(RegisterClosedError):
        register.say(room.office, HELENE, incident.id, RowKind.ACTION, "Une mesure de plus.")
    register.reopen(room.office, HELENE, incident.id, "Un troisième appareil est trouvé.")
    register.say(room.office, HELENE, incident.id, RowKind.ACTION, "Une mesure de plus.")


def test_n8_each_duty_is_done_or_ends_with_its_reasons_before_closing(room: Room) -> None:
    incident, clocks, office = opened(room), room.clocks, room.office
    fill_register(clocks, room, incident.id)

    def ends(duty: Duty) -> None:
        clocks.end(office, HELENE, incident.id, duty=duty, reasons=REASONS)

    def refused(why: str) -> None:
        with pytest.raises(FormError, match=why):
            clocks.close(office, HELENE, incident.id, REASONS)

    refused("Still running: Tell each insurer, Notify the CNIL, Tell the people, File a complaint")
    with pytest.raises(FormError, match="Insurers are on the list"):
        ends(Duty.NOTICE)
    with pytest.raises(ReasonRefusedError):
        clocks.end(office, HELENE, incident.id, duty=Duty.AUTHORITY, reasons="Sans objet.")
    with pytest.raises(FormError, match="has not begun"):
        ends(Duty.COMPLEMENT)
    end_duties(room, incident.id)
    with pytest.raises(FormError, match="fulfilled"):
        ends(Duty.PERSONS)
    found = {one.rule.duty: one.state for one in clocks.read(office, incident.id) if one.insurer == OPERATOR}
    assert (found[Duty.NOTICE], found[Duty.AUTHORITY], found[Duty.COMPLEMENT]) == (
        State.DONE, State.ENDED, State.WAITING,
    )  # fmt: skip
    room.clock.advance(timedelta(minutes=1))
    room.incidents.compute_scope(office, HELENE, incident.id, room.incidents.scope(office, incident.id).criteria)
    refused("Still running: Notify the CNIL, File a complaint")
    end_duties(room, incident.id)
    clocks.close(office, HELENE, incident.id, REASONS)
    ended = [row for row in clocks.register.rows(office, incident.id) if row.facts.get("ended")]
    assert "Notifier la CNIL : prend fin sans être fait. Deux personnes" in row_text(ended[0]).fr
    assert {one.id for one in open_incidents(office)} == set()
    clocks.register.reopen(office, HELENE, incident.id, "Un troisième appareil est trouvé.")
    assert {one.id for one in open_incidents(office)} == {incident.id}


def test_n8_a_breach_of_professionals_alone_has_no_insurer_to_tell_and_says_so(room: Room) -> None:
    incident = room.incidents.open(room.office, HELENE, title="Clé", signal_at=AT, aware_why="La clé a été lue.")
    fill_register(room.clocks, room, incident.id)
    end_duties(room, incident.id)
    room.clocks.close(room.office, HELENE, incident.id, REASONS)
    duties = [one for one in room.clocks.read(room.office, incident.id) if one.rule.duty is Duty.NOTICE]
    assert [(one.state, one.done and one.done.reasons) for one in duties] == [(State.ENDED, REASONS)]


def test_a_notification_past_its_time_is_not_closed_without_reasons(room: Room) -> None:
    incident = opened(room)
    assert incident.aware_at is not None
    fill_register(room.clocks, room, incident.id)
    clock = next(one for one in room.clocks.read(room.office, incident.id) if one.rule.duty is Duty.AUTHORITY)
    assert (clock.insurer, clock.due, clock.state) == (
        OPERATOR,
        incident.aware_at + timedelta(hours=72),
        State.RUNNING,
    )
    room.clock.advance(timedelta(hours=80))
    with pytest.raises(FormError, match="A delay has passed"):
        room.clocks.close(room.office, HELENE, incident.id, REASONS)
    at = incident.aware_at + timedelta(hours=79)
    for reasons in ("", "   "):
        with pytest.raises(LateWithoutReasonsError):
            room.clocks.fulfil(room.office, HELENE, incident.id, duty=Duty.AUTHORITY, at=at, reasons=reasons)
    with pytest.raises(ReasonRefusedError):
        room.clocks.fulfil(room.office, HELENE, incident.id, duty=Duty.AUTHORITY, at=at, reasons="Week-end.")
    room.clocks.fulfil(room.office, HELENE, incident.id, duty=Duty.AUTHORITY, at=at, reasons=LATE)
    found = {one.rule.duty: one for one in room.clocks.read(room.office, incident.id) if one.insurer == OPERATOR}
    assert found[Duty.AUTHORITY].state is State.DONE_LATE
    assert found[Duty.COMPLEMENT].due == at + timedelta(hours=72)


def test_times_are_written_apart_in_order_and_start_each_insurer_s_clock(room: Room) -> None:
    incident = opened(room)
    assert incident.aware_at is not None
    office, number = room.office, incident.id

    def write(moment: Moment, at: datetime, insurer: InsurerId = OPERATOR) -> None:
        room.clocks.write_time(
            office, HELENE, number, moment=moment, at=at, why="Relevé au journal.", insurer=insurer
        )

    write(Moment.CHECK, AT + timedelta(minutes=5))
    with pytest.raises(FormError, match="out of order"):
        write(Moment.AWARE, AT + timedelta(minutes=4))
    with pytest.raises(FormError, match="in the future"):
        write(Moment.NOTICE_SENT, room.clock.now() + timedelta(minutes=1), OAK)
    write(Moment.AWARE, AT + timedelta(minutes=40))
    assert room.incidents.incident(office, number).aware_at == AT + timedelta(minutes=40)
    write(Moment.NOTICE_SENT, AT + timedelta(minutes=50), OAK)
    with pytest.raises(FormError, match="out of order"):
        write(Moment.NOTICE_RECEIVED, AT + timedelta(minutes=49), OAK)
    write(Moment.NOTICE_RECEIVED, AT + timedelta(minutes=55), OAK)
    clock = next(
        one for one in room.clocks.read(office, number) if (one.rule.duty, one.insurer) == (Duty.AUTHORITY, OAK)
    )
    assert clock.due == AT + timedelta(hours=72, minutes=55)
    others = [one for one in room.clocks.read(office, number) if one.rule.duty is Duty.AUTHORITY and one.insurer == 2]
    assert [one.state for one in others] == [State.WAITING]


def test_no_row_holds_a_social_security_number(room: Room) -> None:
    incident = opened(room)
    with pytest.raises(FreeTextError):
        room.clocks.register.say(room.office, HELENE, incident.id, RowKind.FACTS, "Lue : 1 80 05 99 999 001 23.")


def test_two_writers_at_once_keep_one_chain(room: Room, connect: Connect) -> None:
    incident = opened(room)
    waiting = connect("tierce_office")
    register_rows.lock(waiting, incident.id)
    room.office.execute("set lock_timeout = '100ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        room.clocks.register.say(room.office, HELENE, incident.id, RowKind.ACTION, "Une mesure.")
    waiting.rollback()
    room.clocks.register.say(room.office, HELENE, incident.id, RowKind.ACTION, "Une mesure.")
    assert len(room.clocks.register.rows(room.office, incident.id)) == 4
