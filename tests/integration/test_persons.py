"""A person's space: her own lines, their proofs, and "it was not me"."""

from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest

from tests.integration.asks import AT, ORIGIN, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import PAUL, PAUL_HANDLE, Room, open_room
from tierce.journal.encoding import decode
from tierce.journal.errors import NotSequencedError
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import verifier_key
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.clock import micros
from tierce.kernel.ids import ActivityId, EntrySeq, InsurerId, PersonId
from tierce.kernel.traits import may_be_hers
from tierce.persons.discretion import AUTHORITY
from tierce.persons.errors import NotHerLineError, NotReportableError, RecordMissingError
from tierce.persons.model import LineKind
from tierce.persons.service import PAGE_LINES
from tierce.persons.store import Records
from tierce.policy.acts import Act, Outcome
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def test_she_reads_her_own_lines_and_nobody_elses(room: Room) -> None:
    write_asks(
        room.admin,
        room.keyring,
        [
            ask(1, professional=502, establishment=602),
            ask(2),
            ask(1, at=AT + timedelta(minutes=2), outcome=Outcome.OUT_OF_SEATS),
        ],
    )
    history = room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    assert history.name.full == "Paul Lenoir"
    assert [line.kind for line in history.lines] == [LineKind.NOT_SHOWN, LineKind.SHOWN]
    assert history.lines[1].sentence.fr.replace("\u00a0", " ").replace("’", "'") == (
        "Le 3 mars 2026 à 10 h 12, l'opticien Optique des Remparts (Port-Sérac) a vérifié vos droits en optique."
    )
    assert history.lines[1].insurer_name == "Mutuelle du Grand Chêne"
    assert history.own_acts == 2, "her sign-in and this opening"
    assert room.persons.history(room.persons_site, PAUL, PAUL_HANDLE).own_acts == 3


def test_a_copy_that_does_not_open_says_nothing_of_her_given_names(room: Room) -> None:
    records = Records(room.sealer)
    for insurer, person, sealed in room.persons_site.execute(
        "select insurer, person, sealed from gate.person_self(%s)", (PAUL_HANDLE,)
    ):
        told = [records.given_names(InsurerId(insurer), PersonId(person), one) for one in (sealed, sealed[:-1])]
        assert told == ["Paul Marie", ""]
        assert may_be_hers("Paul", told)


def test_every_opening_is_in_the_journal_before_it_shows(room: Room) -> None:
    room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    (row,) = room.admin.execute("select body from journal.entry where kind = 13").fetchall()
    entry = decode(row[0])
    assert (entry.act, entry.person, entry.session) == (Act.PERSON_HISTORY, 1, 951)


def test_a_proof_of_her_line_holds_with_the_logs_key_alone(room: Room) -> None:
    mine, other = write_asks(room.admin, room.keyring, [ask(1), ask(2)])
    with pytest.raises(NotSequencedError):
        room.persons.proof(room.persons_site, PAUL, PAUL_HANDLE, mine)
    sequence(room.worker, room.keyring)
    log_key = verifier_key(ORIGIN, room.keyring.instance("worker").public_key())
    proved = check_proof(room.persons.proof(room.persons_site, PAUL, PAUL_HANDLE, mine).to_json(), log_key)
    assert (proved.seq, proved.size) == (mine, 4), "the proof that was asked for too early has its line too"
    for seq in (other, EntrySeq(7), EntrySeq(2**63 - 1), EntrySeq(-3)):
        with pytest.raises(NotHerLineError):
            room.persons.proof(room.persons_site, PAUL, PAUL_HANDLE, seq)


def test_it_was_not_me_is_kept_once_with_its_line(room: Room) -> None:
    mine, other = write_asks(room.admin, room.keyring, [ask(1), ask(2)])
    report = room.persons.report(room.persons_site, PAUL, PAUL_HANDLE, mine)
    assert report.first
    room.clock.advance(timedelta(hours=3))
    again = room.persons.report(room.persons_site, PAUL, PAUL_HANDLE, mine)
    assert (again.first, again.at) == (False, report.at)
    rows = room.admin.execute("select body from journal.entry where kind = 13").fetchall()
    entries = [decode(body) for (body,) in rows]
    assert [(entry.act, entry.reference, entry.person) for entry in entries] == [(Act.PERSON_REPORT, mine, 1)]
    assert room.persons.line(room.persons_site, PAUL, PAUL_HANDLE, mine).reported_at == report.at
    with pytest.raises(NotHerLineError):
        room.persons.report(room.persons_site, PAUL, PAUL_HANDLE, other)


def test_only_a_professionals_ask_can_be_reported(room: Room) -> None:
    room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    (row,) = room.admin.execute("select seq from journal.entry where kind = 13").fetchall()
    with pytest.raises(NotReportableError):
        room.persons.report(room.persons_site, PAUL, PAUL_HANDLE, EntrySeq(row[0]))


def test_an_ended_session_shows_nothing(room: Room) -> None:
    (mine,) = write_asks(room.admin, room.keyring, [ask(1)])
    room.admin.execute("update access.person_session set revoked = now()")
    room.admin.commit()
    with pytest.raises(RecordMissingError):
        room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    with pytest.raises(NotHerLineError):
        room.persons.line(room.persons_site, PAUL, PAUL_HANDLE, mine)
    with pytest.raises(NotHerLineError):
        room.persons.line(room.persons_site, PAUL, sha256(b"another handle").digest(), mine)


@pytest.mark.parametrize("table", ["journal.entry", "person.record", "person.key", "coverage.coverage"])
def test_the_site_itself_cannot_look_around(room: Room, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        room.persons_site.execute(f"select * from {table} limit 1".encode())


def test_long_histories_come_in_pages(room: Room) -> None:
    for minute in range(3):
        write_asks(room.admin, room.keyring, [ask(1, at=AT + timedelta(minutes=minute))] * 20)
    first = room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    assert first.before is not None
    second = room.persons.history(room.persons_site, PAUL, PAUL_HANDLE, first.before)
    seen = [line.seq for line in (*first.lines, *second.lines)]
    assert len(set(seen)) == len(seen) == 60
    assert second.before is None


def test_a_reading_that_waits_leaves_no_place_empty_on_a_full_page(room: Room) -> None:
    secret = Entry(
        kind=EntryKind.STAFF_ACT, act=Act.STAFF_PERSON_SHOW, time_us=micros(room.clock.now()), person=PAUL.person,
        activity=ActivityId(AUTHORITY),
    )  # fmt: skip
    write_asks(room.admin, room.keyring, [ask(1)] * PAGE_LINES)
    write_asks(room.admin, room.keyring, [secret])
    history = room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    assert len(history.lines) + history.own_acts == PAGE_LINES
    assert history.before is not None
    older = room.persons.history(room.persons_site, PAUL, PAUL_HANDLE, history.before)
    every = [line.seq for line in (*history.lines, *older.lines)]
    assert len(every) == len(set(every)) == PAGE_LINES, "and none is told twice or lost at the cut"
    assert len(room.persons.export(room.persons_site, PAUL, PAUL_HANDLE).lines) == PAGE_LINES + 4
