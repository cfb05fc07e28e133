"""Stages on PostgreSQL: each move is a row and a line, with its own time, author and reason."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, Room, dismiss, open_room
from tests.integration.test_incidents_register import REASONS, end_duties, fill_register, opened
from tierce.incidents import store as incident_rows
from tierce.incidents.cohorts.model import Cohort
from tierce.incidents.errors import FormError, FreeTextError
from tierce.incidents.register.errors import ReasonRefusedError, RegisterClosedError
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.register.rules import canonical, journal_number, row_digest
from tierce.incidents.rules import incident_reference
from tierce.incidents.statements.model import Privileges, ProofKind
from tierce.incidents.statements.rules import ProofMissingError
from tierce.incidents.statements.service import Statements, standing_in
from tierce.incidents.states.model import Stage
from tierce.incidents.states.service import States
from tierce.journal.encoding import decode
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.policy.acts import Act
from tierce.policy.clocks import Duty, Moment
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


@pytest.fixture
def states(room: Room) -> States:
    return States(room.clocks.register)


def test_n1_each_stage_has_its_own_time_author_row_and_line(room: Room, states: States) -> None:
    incident, office = opened(room), room.office
    room.clock.advance(timedelta(hours=6))
    states.move(
        office, HELENE, incident.id, stage=Stage.CONTAINED, why="L'appareil est arrêté.",
        happened=AT + timedelta(minutes=2),
    )  # fmt: skip
    row = states.move(office, HELENE, incident.id, stage=Stage.COHORTS)

    found = states.read(office, incident.id)

    assert [(move.stage, move.late) for move in found.moves] == [
        (Stage.SIGNAL, False), (Stage.AWARE, False), (Stage.SCOPED, False), (Stage.CONTAINED, True),
        (Stage.COHORTS, False),
    ]  # fmt: skip
    contained = found.reached(Stage.CONTAINED)
    assert contained is not None
    assert (contained.happened, contained.written, contained.by) == (
        AT + timedelta(minutes=2), AT + timedelta(hours=7), HELENE.name
    )  # fmt: skip
    assert (found.stage, found.held) == (Stage.COHORTS, True)
    body = room.admin.execute("select body from journal.entry where seq = %s", (row.entry,)).fetchone()
    assert body is not None
    line = decode(body[0])
    assert (line.act, line.professional, line.reference) == (Act.STAFF_INCIDENT_MOVE, HELENE.staff, incident.id)
    assert int(line.device) == journal_number(row.digest)


def test_n1_a_corrected_awareness_moves_the_clocks_and_both_rows_stay(room: Room, states: States) -> None:
    incident, office = opened(room), room.office
    earlier = AT + timedelta(minutes=20)
    states.move(office, HELENE, incident.id, stage=Stage.AWARE, why="Vue par l'astreinte.", happened=earlier)

    clock = next(one for one in room.clocks.read(office, incident.id) if one.rule.duty is Duty.AUTHORITY)

    assert clock.started == earlier
    assert room.incidents.incident(office, incident.id).aware_at == earlier
    assert sum(row.kind is RowKind.MOVE for row in room.clocks.register.rows(office, incident.id)) == 4


def test_n3_no_notice_is_written_before_awareness(room: Room, states: States) -> None:
    incident = room.incidents.open(room.office, HELENE, title="Accès volé", signal_at=AT)
    with pytest.raises(FormError, match="awareness"):
        states.move(room.office, HELENE, incident.id, stage=Stage.NOTICES)
    with pytest.raises(FormError, match="became aware"):
        room.clocks.write_time(
            room.office,
            HELENE,
            incident.id,
            moment=Moment.NOTICE_SENT,
            at=AT + timedelta(minutes=30),
            why="Courriel.",
        )
    with pytest.raises(FormError):
        room.clocks.fulfil(
            room.office, HELENE, incident.id, duty=Duty.NOTICE, at=AT + timedelta(minutes=30), reasons=""
        )
    assert states.read(room.office, incident.id).stage is Stage.SIGNAL


def test_n8_what_proved_not_to_be_a_breach_is_reasoned_closed_and_stays_in_the_register(
    room: Room, states: States
) -> None:
    office = room.office
    incident = room.incidents.open(office, HELENE, title="Clé perdue", signal_at=AT)
    with pytest.raises(FormError):  # nobody checked anything yet
        states.move(office, HELENE, incident.id, stage=Stage.NOT_A_BREACH, why=REASONS)
    states.move(office, HELENE, incident.id, stage=Stage.CHECK)
    for text in (
        "",
        "Fausse alerte.",
        "Rien à signaler dans cette affaire, comme toujours, pour aucune des personnes.",
    ):
        with pytest.raises((ReasonRefusedError, FreeTextError)):
            states.move(office, HELENE, incident.id, stage=Stage.NOT_A_BREACH, why=text)
    states.move(office, HELENE, incident.id, stage=Stage.NOT_A_BREACH, why=REASONS)
    with pytest.raises(FormError, match="facts"):
        room.clocks.close(office, HELENE, incident.id, REASONS)
    room.clocks.register.say(office, HELENE, incident.id, RowKind.FACTS, "La clé est retrouvée, scellée.")
    room.clocks.close(office, HELENE, incident.id, REASONS)

    assert states.read(office, incident.id).stage is Stage.CLOSED
    assert room.incidents.incident(office, incident.id).dismissed_at is not None
    assert len(room.clocks.register.rows(office, incident.id)) == 5


def test_n8_awareness_written_in_any_way_makes_it_a_breach_again(room: Room, states: States) -> None:
    incident, office = opened(room), room.office
    said = "Le patient a confirmé."

    def moved() -> Row:
        return states.move(office, HELENE, incident.id, stage=Stage.AWARE, why=said)

    def timed() -> Row:
        at = room.clock.now()
        return room.clocks.write_time(office, HELENE, incident.id, moment=Moment.AWARE, at=at, why=said)

    for again in (moved, timed):
        room.clock.advance(timedelta(minutes=1))
        if Stage.CHECK in states.read(office, incident.id).next:
            states.move(office, HELENE, incident.id, stage=Stage.CHECK, happened=AT)
        dismiss(room, incident.id, REASONS)
        assert states.read(office, incident.id).stage is Stage.NOT_A_BREACH
        room.clock.advance(timedelta(minutes=1))
        again()
        assert states.read(office, incident.id).stage is not Stage.NOT_A_BREACH
        assert room.incidents.incident(office, incident.id).dismissed_at is None
        with pytest.raises(FormError):
            room.clocks.close(office, HELENE, incident.id, REASONS)


def test_n8_closing_without_reasoning_or_awareness_is_refused(room: Room, states: States) -> None:
    incident = room.incidents.open(room.office, HELENE, title="Clé perdue", signal_at=AT)
    fill_register(room.clocks, room, incident.id)
    with pytest.raises(FormError, match="became aware"):
        room.clocks.close(room.office, HELENE, incident.id, REASONS)
    states.move(room.office, HELENE, incident.id, stage=Stage.AWARE, why="La clé a été lue.")
    with pytest.raises(ReasonRefusedError):
        room.clocks.close(room.office, HELENE, incident.id, "Tout va bien.")
    end_duties(room, incident.id)
    room.clocks.close(room.office, HELENE, incident.id, REASONS)


def test_l3_the_legal_hold_is_released_by_closing_and_a_reason_alone(room: Room, states: States) -> None:
    incident, office = opened(room), room.office

    def held() -> bool:
        row = room.admin.execute("select upkeep.hold_lasts(%s), upkeep.is_held(1)", (incident.id,)).fetchone()
        room.admin.rollback()
        assert row is not None
        assert row[0] == row[1] == states.read(office, incident.id).held
        return bool(row[0])

    assert held()
    with pytest.raises(RegisterClosedError):
        states.release_hold(office, HELENE, incident.id, REASONS)
    fill_register(room.clocks, room, incident.id)
    end_duties(room, incident.id)
    room.clocks.close(office, HELENE, incident.id, REASONS)
    assert held()
    with pytest.raises(ReasonRefusedError):
        states.release_hold(office, HELENE, incident.id, "Plus besoin.")
    states.release_hold(office, HELENE, incident.id, REASONS)
    assert not held()
    with pytest.raises(FormError):
        states.release_hold(office, HELENE, incident.id, REASONS)
    room.clocks.register.reopen(office, HELENE, incident.id, "Un troisième appareil est trouvé.")
    assert held()


def test_a_closed_incident_takes_no_new_list(room: Room) -> None:
    incident = opened(room)
    fill_register(room.clocks, room, incident.id)
    end_duties(room, incident.id)
    room.clocks.close(room.office, HELENE, incident.id, REASONS)
    scope = room.incidents.scope(room.office, incident.id)
    with pytest.raises(RegisterClosedError):
        room.incidents.compute_scope(room.office, HELENE, incident.id, scope.criteria)
    assert room.incidents.scope(room.office, incident.id).revision == scope.revision


def test_s4_not_concerned_is_kept_with_its_proof_and_falls_with_the_list(room: Room) -> None:
    incident, office = opened(room), room.office
    statements = Statements(room.clocks.register)

    def say(category: DataCategory, cohort: Cohort, kind: ProofKind | None) -> None:
        statements.say(office, HELENE, incident.id, category=category, cohort=cohort, kind=kind)

    def stand() -> list[DataCategory]:
        rows = room.clocks.register.rows(office, incident.id)
        return [one.category for one in standing_in(office, incident.id, rows)]

    for kind in (None, *ProofKind):
        with pytest.raises(ProofMissingError):
            say(DataCategory.GUARANTEES, Cohort.INSURED, kind)
    with pytest.raises(ProofMissingError):  # the list was made at the end of its window: a line may still come
        say(DataCategory.MEDICAL, Cohort.INSURED, ProofKind.JOURNAL)
    room.clock.advance(timedelta(minutes=2))
    made = room.incidents.scope(office, incident.id)
    room.incidents.compute_scope(office, HELENE, incident.id, made.criteria)
    say(DataCategory.MEDICAL, Cohort.INSURED, ProofKind.JOURNAL)
    with pytest.raises(ProofMissingError, match="reaches"):  # it asks there for another account, and reads it masked
        say(DataCategory.BANK, Cohort.PROFESSIONALS, ProofKind.PRIVILEGES)
    say(DataCategory.EMAIL, Cohort.PROFESSIONALS, ProofKind.PRIVILEGES)
    row = room.clocks.register.rows(office, incident.id)[-1]
    kept = row.facts["privileges"]
    assert isinstance(kept, list)
    assert Privileges(tuple(kept)).digest.hex() == row.facts["digest"]
    assert not [line for line in kept if line.startswith("tierce_api contact ")]
    assert stand() == [DataCategory.MEDICAL, DataCategory.EMAIL]

    scope = room.incidents.scope(office, incident.id)
    room.incidents.compute_scope(
        office, HELENE, incident.id, replace(scope.criteria, until_us=scope.criteria.until_us + 1)
    )
    assert stand() == [DataCategory.EMAIL]
    room.admin.execute("grant usage on schema contact to tierce_api")
    room.admin.commit()
    with pytest.raises(ProofMissingError, match="reaches"):
        say(DataCategory.EMAIL, Cohort.INSURED, ProofKind.PRIVILEGES)


def test_the_role_of_the_office_moves_an_incident_by_a_row_and_its_line_alone(room: Room) -> None:
    """A stolen credential of tierce_office takes no breach away from persons and insurers without saying so."""
    incident, office = opened(room), room.office
    own = room.incidents.incident(office, incident.id)
    for name, value in (("dismissed_at", "now()"), ("aware_at", "null"), ("signal_at", "now()"), ("title", "''")):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            office.execute(f"update incident.incident set {name} = {value} where id = %s", (incident.id,))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.execute("insert into incident.incident (id, title, signal_at, aware_at) values (9, 'x', now(), now())")
    before = room.clocks.register.rows(office, incident.id)
    facts = canonical({"stage": "not_a_breach", "happened": micros(AT), "why": REASONS})
    number = len(before) + 1
    digest, other = (
        row_digest(last, incident.id, number, RowKind.MOVE, at=AT, by=HELENE.name, facts=facts)
        for last in (before[-1].digest, b"")
    )
    earlier = before[-1].entry  # a line, but of another row and of another transaction
    for at, of_digest in ((number, digest), (number, other), (number + 1, digest)):
        with pytest.raises(psycopg.errors.CheckViolation):
            office.execute(
                'insert into incident.register (incident, number, kind, at, "by", staff, facts, digest, entry)'
                " values (%s, %s, 13, %s, %s, %s, %s, %s, %s)",
                (incident.id, at, AT, HELENE.name, HELENE.staff, facts, of_digest, earlier),
            )
    with pytest.raises(psycopg.errors.CheckViolation):
        office.execute("insert into incident.incident (id, title, signal_at) values (9, 'x', 'epoch')")
    with pytest.raises(psycopg.errors.CheckViolation):  # an empty list in the place of hers
        office.execute(
            "insert into incident.scope (incident, revision, criteria, digest, persons, entries, tree_size, gaps,"
            " unattributed, pending, at) select incident, 2, criteria, digest, 0, 0, tree_size, gaps, 0, 0, at"
            " from incident.scope where incident = %s",
            (incident.id,),
        )
    for table in ("exposed", "possible", "exposed_professional", "insurer_count"):  # whom no list says
        with pytest.raises(psycopg.errors.CheckViolation):
            office.execute(f"insert into incident.{table} select * from incident.{table}")
    assert room.clocks.register.rows(office, incident.id) == before
    assert room.incidents.incident(office, incident.id) == own
    assert room.incidents.scope(office, incident.id).revision == 1


def test_a_corrected_signal_leaves_the_reference_that_was_quoted(room: Room, states: States) -> None:
    incident, office = opened(room), room.office
    quoted = incident_reference(incident.id, incident.day)
    earlier = AT - timedelta(days=3)
    room.clocks.write_time(
        office, HELENE, incident.id, moment=Moment.SIGNAL, at=earlier, why="Un premier courriel, retrouvé depuis."
    )
    found = room.incidents.incident(office, incident.id)
    assert found.signal_at == earlier
    assert incident_reference(found.id, found.day) == quoted
    assert f"{AT:%Y%m%d}" in quoted
    assert incident_rows.named(office, quoted) == incident.id
