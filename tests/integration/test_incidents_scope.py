"""The exact list, from a real journal: everybody read is on it, and nobody sees a name without a committed line."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tests.integration.rooms import smaller
from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents import store
from tierce.incidents.errors import FreeTextError, IncidentMissingError, PersonNotExposedError, ScopeMissingError
from tierce.incidents.model import Incident, Purpose, ScopeSummary
from tierce.incidents.rules import account_criteria
from tierce.incidents.service import Incidents
from tierce.journal.encoding import decode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import FixedClock, micros
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, PersonId, ProfessionalId, SessionId, StaffId
from tierce.notices.messages.service import ON_LETTERS
from tierce.notices.model import MeasureKind
from tierce.notices.service import facts_of
from tierce.policy.acts import Act, Outcome
from tierce.registry.records import CivilRecord, encode_record
from tierce.scope import store as scope_rows
from tierce.scope.errors import CriteriaError, JournalBehindError
from tierce.scope.model import GapKind, JournalLine, Rule
from tierce.scope.rules import compute_scope
from tierce.scope.service import computed
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring

pytestmark = pytest.mark.integration

HELENE = StaffCaller(StaffId(900), SessionId(901), "Hélène Vasseur", frozenset({"rssi"}))
THIEF, OWNER = DeviceId(66), DeviceId(11)
DOCTOR = ProfessionalId(501)
OAK = InsurerId(1)
CIVIL = CivilRecord(
    version=1,
    family_name="LENOIR",
    used_name="",
    given_names="Paul Marie",
    sex="1",
    birth_date="19800514",
    birth_place="99999",
    right_holder_nir="x" * 15,
    rank=1,
    own_nir=None,
    ins_oid="",
)


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    connection = connect(SUPERUSER)
    connection.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle du Grand Chêne')"
    )
    connection.execute(
        "insert into registry.insurer (id, amc, name) values (2, '99100002', 'Prévoyance des Deux Caps')"
    )
    connection.commit()
    return connection


@pytest.fixture
def office(connect: Connect) -> psycopg.Connection:
    return connect("tierce_office", autocommit=True)


@pytest.fixture
def worker(connect: Connect) -> psycopg.Connection:
    return connect("tierce_worker")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(AT + timedelta(hours=1))


@pytest.fixture
def slice_(
    admin: psycopg.Connection, office: psycopg.Connection, keyring: Keyring, clock: FixedClock, connect: Connect
) -> Incidents:
    make_insurer_keys(admin, keyring, [OAK, InsurerId(2)])
    admin.commit()
    sealer = load_sealer(admin, keyring, [Compartment.PERSON])
    sealed = sealer.seal(Compartment.PERSON, OAK, PersonId(1), encode_record(CIVIL))
    admin.execute("insert into person.record (person, insurer, sealed) values (1, 1, %s)", (sealed,))
    admin.commit()
    appender = Appender.enrol(connect("tierce_office"), "office", keyring.instance("office"))
    return Incidents(appender, store.Records(sealer), clock, segments_folder(admin))


def opened(slice_: Incidents, office: psycopg.Connection) -> Incident:
    return slice_.open(office, HELENE, title="Accès volé d'un cabinet", signal_at=AT, aware_why="Rafale de demandes.")


WINDOW = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(hours=1)))


def test_everybody_the_thief_read_is_on_the_list_and_nobody_else(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
) -> None:
    thief = [ask(person, 1 + person % 2, at=AT + timedelta(seconds=person)) for person in range(1, 41)]
    thief += [ask(person, at=AT, outcome=Outcome.OUT_OF_SEATS) for person in range(41, 60)]
    others = [ask(70, device=OWNER), ask(71, professional=502, device=22), ask(72, at=AT - timedelta(hours=2))]
    write_asks(admin, keyring, thief)
    write_asks(admin, keyring, others)
    assert sequence(worker, keyring) == 62
    incident = opened(slice_, office)
    summary = slice_.compute_scope(office, HELENE, incident.id, account_criteria(DOCTOR, frozenset({THIEF}), *WINDOW))

    exposures = store.exposures(office, summary)
    assert {(one.person, one.insurer) for one in exposures} == {(p, 1 + p % 2) for p in range(1, 41)}
    assert (summary.persons, summary.entries, summary.unattributed, summary.pending, summary.gaps) == (
        40,
        40,
        0,
        0,
        (),
    )
    assert sum(count.persons for count in store.insurer_counts(office, summary)) == 40
    assert len(store.exposures(office, summary, insurer=OAK)) == 20
    assert [one.person for one in store.exposure_page(office, summary, 2, 2)] == [3, 4]
    again = slice_.compute_scope(office, HELENE, incident.id, summary.criteria)
    assert again.revision == 2
    assert again.digest == summary.digest

    whole = account_criteria(DOCTOR, frozenset(), *WINDOW)
    assert slice_.compute_scope(office, HELENE, incident.id, whole).persons == 41


def test_the_database_filter_keeps_every_line_the_rule_keeps(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
) -> None:
    numbers = write_asks(
        admin,
        keyring,
        [ask(p, professional=500 + p % 3, device=60 + p % 5, session=70 + p % 7) for p in range(1, 60)],
    )
    sequence(worker, keyring)
    criteria = account_criteria(DOCTOR, frozenset({DeviceId(62)}), *WINDOW)
    criteria = type(criteria)(
        frozenset({DOCTOR}), criteria.devices, frozenset({SessionId(73)}), criteria.from_us, criteria.until_us
    )
    rows = admin.execute("select seq, body from journal.entry").fetchall()
    every = [JournalLine(seq, decode(body)) for seq, body in rows]
    settled = AT + timedelta(hours=1)
    with office.transaction(), computed(office, segments_folder(admin), [criteria], settled) as engine:
        assert engine.digest() == compute_scope([criteria], every, engine.head.tree).digest
        kept = scope_rows.hot(office, [criteria], len(numbers), settled)
    assert 0 < sum(len(one) for one in kept.rows) < len(every)


def test_holes_and_late_lines_are_said(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
) -> None:
    write_asks(admin, keyring, [ask(1)])
    admin.execute("select nextval('journal.block_no')")
    admin.execute("select nextval('journal.block_no')")
    write_asks(admin, keyring, [ask(2)], at=AT + timedelta(seconds=1))
    sequence(worker, keyring)
    write_asks(admin, keyring, [ask(3)], at=AT + timedelta(seconds=2))
    incident = opened(slice_, office)
    criteria = account_criteria(DOCTOR, frozenset(), *WINDOW)
    summary = slice_.compute_scope(office, HELENE, incident.id, criteria)
    assert [(gap.kind, gap.last_block - gap.first_block + 1) for gap in summary.gaps] == [
        (GapKind.NEVER_COMMITTED, 2)
    ]
    assert (summary.persons, summary.pending) == (2, 1)
    sequence(worker, keyring)
    assert slice_.compute_scope(office, HELENE, incident.id, criteria).persons == 3


def test_what_is_no_longer_kept_and_what_is_left_out_are_said(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
    clock: FixedClock,
) -> None:
    clock.advance(timedelta(minutes=3))
    write_asks(admin, keyring, [ask(1)])
    sequence(worker, keyring)
    write_asks(admin, keyring, [ask(2)], at=AT + timedelta(minutes=5))
    sequence(worker, keyring)
    admin.execute("delete from journal.entry where person = 1")
    admin.execute("delete from journal.batch where at < %s", (AT + timedelta(minutes=1),))
    admin.execute("insert into journal.ended (first_idx, end_idx, line) values (0, 1, 0)")
    admin.commit()
    incident = opened(slice_, office)
    criteria = account_criteria(DOCTOR, frozenset(), *WINDOW)
    summary = slice_.compute_scope(office, HELENE, incident.id, criteria)
    assert [gap.kind for gap in summary.gaps] == [GapKind.ENDED]
    assert not slice_.preview(office, criteria).whole
    later = replace(criteria, from_us=micros(AT + timedelta(minutes=5)))
    assert slice_.preview(office, later).whole
    assert not slice_.preview(office, replace(later, until_us=micros(clock.now()))).whole, "its window goes on"
    narrowed = smaller(slice_, office, incident.id, replace(later, categories=DataCategory.GUARANTEES))
    assert ([gap.kind for gap in narrowed.gaps], [gap.kind for gap in narrowed.untold]) == ([], [GapKind.NARROWED])


def test_removed_lines_are_said(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
) -> None:
    numbers = write_asks(admin, keyring, [ask(1), ask(2), ask(3)])
    sequence(worker, keyring)
    admin.execute("delete from journal.entry where seq = %s", (numbers[1],))
    admin.commit()
    incident = opened(slice_, office)
    summary = slice_.compute_scope(office, HELENE, incident.id, account_criteria(DOCTOR, frozenset(), *WINDOW))
    assert [(gap.kind, gap.lines) for gap in summary.gaps] == [(GapKind.LINES_MISSING, 1)]


def staff_lines(admin: psycopg.Connection) -> list[Entry]:
    rows = admin.execute("select body from journal.entry where kind = 5 order by seq").fetchall()
    admin.commit()
    return [decode(body) for (body,) in rows]


def test_each_act_is_in_the_journal_before_it_answers(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
) -> None:
    write_asks(admin, keyring, [ask(1)])
    sequence(worker, keyring)
    incident = opened(slice_, office)
    slice_.compute_scope(office, HELENE, incident.id, account_criteria(DOCTOR, frozenset(), *WINDOW))
    civil = slice_.show_person(
        office, HELENE, incident.id, person=PersonId(1), insurer=OAK, purpose=Purpose.MATCH_IDENTITY
    )
    assert civil.full_name == "Paul Lenoir"
    assert "LENOIR" not in repr(civil).upper()
    lines = staff_lines(admin)
    assert [line.act for line in lines] == [
        Act.STAFF_INCIDENT_OPEN, Act.STAFF_INCIDENT_MOVE, Act.STAFF_SCOPE, Act.STAFF_PERSON_SHOW
    ]  # fmt: skip
    assert all(line.kind is EntryKind.STAFF_ACT and line.professional == 900 for line in lines)
    assert all(line.reference == incident.id for line in lines)
    assert (lines[3].person, lines[3].insurer) == (1, 1)
    assert int(lines[3].activity) == Purpose.MATCH_IDENTITY


def test_whoever_was_read_with_a_stolen_access_of_staff_is_on_a_list_too(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
    clock: FixedClock,
) -> None:
    """By name, or as letters taken away, which name nobody: then nothing else can be ruled out."""
    write_asks(admin, keyring, [ask(1), ask(2)])
    sequence(worker, keyring)
    first = opened(slice_, office)
    by_account = account_criteria(DOCTOR, frozenset(), *WINDOW)
    before = slice_.compute_scope(office, HELENE, first.id, by_account)
    slice_.show_person(office, HELENE, first.id, person=PersonId(1), insurer=OAK, purpose=Purpose.MATCH_IDENTITY)
    sequence(worker, keyring)

    assert scope_rows.staff(office, ["900", "901", "personne"], SealedLog(Path())) == {"900": StaffId(900)}
    clock.advance(timedelta(minutes=3))
    nobody = account_criteria(ProfessionalId(0), frozenset(), *WINDOW)
    by_staff = replace(nobody, professionals=frozenset(), until_us=WINDOW[1] + 1, staff=frozenset({StaffId(900)}))
    second = slice_.open(office, HELENE, title="Accès d'une officière", signal_at=AT, aware_why="Elle l'a dit.")
    found = slice_.compute_scope(office, HELENE, second.id, by_staff)
    (one,) = store.exposures(office, found)
    assert (one.person, one.insurer, one.entries, one.rules) == (1, 1, 1, frozenset({Rule.STAFF}))
    assert one.categories == DataCategory.CIVIL_STATUS | DataCategory.BIRTH_DATE | DataCategory.INSURER
    assert (found.criteria, found.untold) == (by_staff, ())
    assert [kind for kind, _ in measures(office, second, found, clock)] == [MeasureKind.LIST_COMPUTED]

    admin.execute(
        "insert into access.staff_session (id, bound, handle, staff, subject, name, roles, created, expires, revoked)"
        " values (1, sha256('key'), 'h', 900, 'helene', 'H', '{}', %s, %s, %s)",
        (AT, AT + timedelta(hours=9), AT + timedelta(minutes=5)),
    )
    admin.commit()
    assert scope_rows.staff_names(office, [StaffId(900), StaffId(901)]) == ["helene", "901"]
    assert measures(office, second, found, clock)[0] == (MeasureKind.ACCESS_ENDED, AT + timedelta(minutes=5))

    appender = Appender.enrol(office, "office", keyring.instance("office"))
    then = AT + timedelta(hours=1)
    taken = staff_line(HELENE, Act.STAFF_LETTERS_TAKE, then, reference=first.id, categories=ON_LETTERS)
    with office.transaction():
        appender.write(office, [taken])
    sequence(worker, keyring)
    found = slice_.compute_scope(office, HELENE, second.id, by_staff)
    assert (found.persons, found.unattributed) == (1, 1)
    again = slice_.compute_scope(office, HELENE, first.id, by_account)
    assert (again.persons, again.entries) == (before.persons, before.entries), "an account's list has none of it"
    with pytest.raises(CriteriaError, match="staff"):
        slice_.compute_scope(office, HELENE, first.id, replace(by_account, staff=by_staff.staff))


def measures(
    office: psycopg.Connection, incident: Incident, found: ScopeSummary, clock: FixedClock
) -> list[tuple[MeasureKind, datetime]]:
    facts = facts_of(office, incident, found, clock.now())
    assert facts.by_staff
    return [(one.kind, one.at) for one in facts.measures]


def test_nobody_off_the_list_is_shown(
    slice_: Incidents,
    office: psycopg.Connection,
    admin: psycopg.Connection,
    worker: psycopg.Connection,
    keyring: Keyring,
) -> None:
    write_asks(admin, keyring, [ask(1, 2)])
    sequence(worker, keyring)
    incident = opened(slice_, office)
    with pytest.raises(ScopeMissingError):
        slice_.show_person(
            office, HELENE, incident.id, person=PersonId(1), insurer=OAK, purpose=Purpose.ANSWER_PERSON
        )
    slice_.compute_scope(office, HELENE, incident.id, account_criteria(DOCTOR, frozenset(), *WINDOW))
    for insurer in (OAK, InsurerId(2)):  # not on the list there; on the list here, but no record to show
        with pytest.raises(PersonNotExposedError):
            slice_.show_person(
                office, HELENE, incident.id, person=PersonId(1), insurer=insurer, purpose=Purpose.ANSWER_PERSON
            )


def test_what_cannot_be_answered_is_refused_and_leaves_nothing(
    slice_: Incidents, office: psycopg.Connection, admin: psycopg.Connection
) -> None:
    with pytest.raises(FreeTextError, match="social security"):
        slice_.open(office, HELENE, title="1 80 05 99 999 999 12", signal_at=AT)
    criteria = account_criteria(DOCTOR, frozenset(), *WINDOW)
    with pytest.raises(IncidentMissingError):
        slice_.compute_scope(office, HELENE, IncidentId(5), criteria)
    incident = slice_.open(office, HELENE, title="Accès volé", signal_at=AT)
    with pytest.raises(JournalBehindError):
        slice_.compute_scope(office, HELENE, incident.id, criteria)
    assert len(store.incidents(office)) == 1
    assert [line.act for line in staff_lines(admin)] == [Act.STAFF_INCIDENT_OPEN]


def test_devices_are_told_apart_by_what_they_did(
    office: psycopg.Connection, admin: psycopg.Connection, keyring: Keyring
) -> None:
    write_asks(admin, keyring, [ask(1, device=OWNER), ask(2), ask(2, at=AT + timedelta(minutes=3))])
    write_asks(admin, keyring, [ask(4, outcome=Outcome.OUT_OF_SEATS)])
    uses = store.device_uses(office, DOCTOR)
    assert {(use.device, use.asks, use.released, use.persons) for use in uses} == {(OWNER, 1, 1, 1), (THIEF, 3, 2, 1)}
