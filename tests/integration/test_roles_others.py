"""What the other roles can do straight on the database: their own lines, and people only after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest

from tests.integration.conftest import Connect
from tierce.journal.beats import beat
from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import InsurerId, PersonId, SessionId
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER

KINDS = {
    "tierce_api": {9, 11, 14, 22, 23, 25},
    "tierce_office": {5, 6, 7, 9, 14, 22, 23, 25},
    "tierce_persons": {9, 13, 14},
    "tierce_insurers": {14, 16},
    "tierce_signer": {18},
    "tierce_worker": {7, 9, 10, 11, 15, 17, 19},
    "tierce_feed": {8, 9, 23},
    "tierce_upkeep": {9, 12, 17},
    "tierce_notices": {21},
    "tierce_billing": {9, 22, 23, 25},
    "tierce_peers": {24},
}
"""What each process may append beside the gate; kinds 1 to 4 are in none of them."""
HANDLE = b"h" * 32


@dataclass
class Process:
    """A role with its registered instance."""

    connection: psycopg.Connection
    instance: int

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Append one batch in the running transaction; the database does not check its signature."""
        block = _one(self.connection, "select journal.next_block()")
        self.connection.execute(
            "select journal.append(%s::smallint, %s::bigint, %s::bytea[], %s)",
            (self.instance, block, [encode(entry) for entry in entries], bytes(64)),
        )
        return [block * 256 + place for place in range(len(entries))]

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read some rows."""
        return list(self.connection.execute(query.encode(), parameters).fetchall())


def _one(connection: psycopg.Connection, query: str, *parameters: object) -> int:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def start(connect: Connect) -> "Start":
    """Start processes on a register of two people, one of whom two insurers cover."""
    with connect(SUPERUSER) as admin:
        admin.execute(
            "insert into registry.insurer (id, amc, name) values (1, '99000001', 'A'), (2, '99000002', 'B')"
        )
        admin.execute("insert into person.record values (1, 1, 'one'), (1, 2, 'one again'), (2, 1, 'two')")
    return Start(connect)


@dataclass
class Start:
    """Opens a process by the name of its role."""

    connect: Connect

    def __call__(self, role: str) -> Process:
        """Connect and register."""
        connection = self.connect(role)
        instance = _one(connection, "select journal.register(%s, session_user, %s)", role, bytes(32))
        connection.commit()
        return Process(connection, instance)


def line(kind: EntryKind, person: int = 0, **changes: object) -> Entry:
    """One line of a process."""
    fields: dict[str, object] = {"kind": kind, "act": Act.STAFF_PERSON_SHOW, "outcome": Outcome.DONE}
    fields |= {"time_us": micros(SystemClock().now()), "person": PersonId(person), **changes}
    return Entry(**fields)  # type: ignore[arg-type]  # any field, by name


@pytest.mark.parametrize("role", KINDS)
def test_each_process_appends_its_own_kinds_of_line_alone(start: Start, role: str) -> None:
    process = start(role)
    for kind in EntryKind:
        if kind in KINDS[role]:
            process.append([line(kind, professional=process.instance)])
            process.connection.commit()
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no line of that kind"):
                process.append([line(kind)])
            process.connection.rollback()


@pytest.mark.parametrize("kind", [EntryKind.INVOICE, EntryKind.ACCOUNT, EntryKind.AGREEMENT])
def test_a_line_of_an_invoice_an_account_or_an_agreement_names_nobody(start: Start, kind: EntryKind) -> None:
    process = start("tierce_api")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="names nobody"):
        process.append([line(kind, person=1)])


@pytest.mark.parametrize("role", ["tierce_api", "tierce_worker"])
def test_an_instance_says_of_itself_alone_that_it_lives(start: Start, role: str) -> None:
    process = start(role)
    process.append([beat(process.instance, micros(SystemClock().now()))])
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="of itself alone"):
        process.append([beat(process.instance + 1, micros(SystemClock().now()))])


def test_a_name_that_is_known_draws_no_number_and_a_role_has_a_thousand(start: Start, connect: Connect) -> None:
    """There are 32,767 numbers; a command a minute would have drawn them all in three weeks."""
    connection = connect("tierce_signer", autocommit=True)
    register = "select journal.register(%s, session_user, %s)"
    first = _one(connection, register, "signer", bytes(32))
    for _ in range(50):
        assert _one(connection, register, "signer", bytes(32)) == first
    assert _one(connection, register, "signer of another machine", bytes(32)) == first + 1
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(register, ("signer", bytes(31) + b"1"))
    with pytest.raises(psycopg.errors.CheckViolation, match="a thousand"):  # and it is all undone
        connection.execute(
            "select journal.register('n' || n, session_user, %s) from generate_series(1, 1000) n", (bytes(32),)
        )
    assert start("tierce_feed").instance == first + 2, "what one role wastes is its own"


def own_kind(role: str) -> EntryKind:
    """A kind that the process may write."""
    return EntryKind(min(KINDS[role]))


@pytest.mark.parametrize("role", KINDS)
def test_a_process_writes_in_its_own_name_and_its_own_block(start: Start, connect: Connect, role: str) -> None:
    process = start(role)
    own = process.instance
    other = start("tierce_worker" if role != "tierce_worker" else "tierce_office")
    process.instance = other.instance
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not an instance"):
        process.append([line(own_kind(role))])
    process.connection.rollback()
    process.instance = own
    drawn_elsewhere = _one(other.connection, "select journal.next_block()")
    process.append([line(own_kind(role))])
    with pytest.raises(psycopg.errors.CheckViolation, match="same session"):
        process.connection.execute(
            "select journal.append(%s::smallint, %s::bigint, %s::bytea[], %s)",
            (own, drawn_elsewhere, [encode(line(own_kind(role)))], bytes(64)),
        )


@pytest.mark.parametrize("role", KINDS)
def test_a_line_is_not_appended_without_durability(start: Start, role: str) -> None:
    process = start(role)
    process.connection.execute("set synchronous_commit = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="durable"):
        process.append([line(own_kind(role))])


def test_office_sees_a_person_only_after_a_committed_line_that_names_her(start: Start) -> None:
    office = start("tierce_office")
    reveal = "select person, insurer from gate.staff_reveal(%s) order by 1, 2"
    assert office.rows(reveal, [0, 1, 2, 256]) == []
    seqs = office.append([line(EntryKind.STAFF_ACT, person=1)])
    assert office.rows(reveal, seqs) == []
    office.connection.commit()
    assert office.rows(reveal, seqs) == [(1, 1), (1, 2)]
    seqs = office.append([line(EntryKind.EXPORT, person=1, insurer=InsurerId(2))])
    office.connection.rollback()
    assert office.rows(reveal, seqs) == []
    seqs = office.append(
        [line(EntryKind.EXPORT, person=1, insurer=InsurerId(2)), line(EntryKind.LADDER_MOVE, person=2)]
    )
    office.connection.commit()
    assert office.rows(reveal, seqs) == [(1, 2)]


def test_a_line_of_another_process_reveals_nobody_to_office(start: Start) -> None:
    office, persons = start("tierce_office"), start("tierce_persons")
    seqs = persons.append([line(EntryKind.PERSON_ACT, person=1)])
    persons.connection.commit()
    assert office.rows("select person from gate.staff_reveal(%s)", seqs) == []


def test_office_reveals_at_most_sixty_four_at_once(start: Start) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="64"):
        start("tierce_office").rows("select person from gate.staff_reveal(%s)", list(range(65)))


@pytest.mark.parametrize("ended", [None, "revoked", "expired"])
def test_a_person_s_session_reveals_her_alone_and_only_once_its_opening_is_journalled(
    start: Start, ended: str | None
) -> None:
    persons = start("tierce_persons")
    now = SystemClock().now()
    persons.connection.execute(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        " values (9, sha256('key'), %s, 1, %s, %s)",
        (HANDLE, now, now + timedelta(minutes=30)),
    )
    persons.connection.commit()
    mine = "select person, insurer from gate.person_self(%s) order by 2"
    history = "select seq from gate.person_history(%s, 9223372036854775807, 100)"
    assert persons.rows(mine, HANDLE) == persons.rows(history, HANDLE) == []

    # Lines of another person, or of another session, open nothing.
    persons.append([line(EntryKind.IDENTITY, person=2, session=SessionId(9))])
    persons.append([line(EntryKind.IDENTITY, person=1, session=SessionId(8))])
    persons.connection.commit()
    assert persons.rows(mine, HANDLE) == persons.rows(history, HANDLE) == []

    persons.append([line(EntryKind.IDENTITY, person=1, session=SessionId(9))])
    assert persons.rows(mine, HANDLE) == []
    persons.connection.commit()
    assert persons.rows(mine, HANDLE) == [(1, 1), (1, 2)]
    assert len(persons.rows(history, HANDLE)) == 2
    assert persons.rows(mine, b"x" * 32) == persons.rows(history, b"x" * 32) == []

    if ended:
        column = "revoked = now()" if ended == "revoked" else "expires = now()"
        with start.connect(SUPERUSER) as admin:
            admin.execute(f"update access.person_session set {column}".encode())
        persons.connection.rollback()  # her next page is a transaction of its own
        assert persons.rows(mine, HANDLE) == persons.rows(history, HANDLE) == []


def test_the_worker_writes_the_tree_and_never_twice_at_a_place(start: Start) -> None:
    worker = start("tierce_worker").connection
    worker.execute("insert into journal.placed (block, first_idx, n) values (1, 0, 1)")
    worker.commit()
    for first, block in ((0, 2), (1, 1)):
        with pytest.raises(psycopg.errors.UniqueViolation):
            worker.execute("insert into journal.placed (block, first_idx, n) values (%s, %s, 1)", (block, first))
        worker.rollback()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("update journal.placed set n = 2")


def test_the_feed_writes_and_cannot_read_the_journal_nor_a_session(start: Start) -> None:
    feed = start("tierce_feed")
    feed.append([line(EntryKind.FEED)])
    feed.connection.commit()
    for table in ("journal.entry", "journal.batch", "access.session", "care.engagement", "access.pair"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            feed.rows(f"select * from {table}")
        feed.connection.rollback()


SITES = ("tierce_api", "tierce_office", "tierce_persons", "tierce_insurers")


def test_each_site_takes_its_own_sign_ins_alone(start: Start, connect: Connect) -> None:
    put = "select access.put_pending(%s, 'binding', 'nonce', 'verifier', '/', now(), sha256('key'))"
    take = "select verifier from access.take_pending(%s)"
    sites = {role: start(role) for role in SITES}
    for role, site in sites.items():
        site.rows(put, role.encode())
        site.connection.commit()
    for role, site in sites.items():
        for other in SITES:
            if other != role:
                assert site.rows(take, other.encode()) == []
        assert site.rows(take, role.encode()) == [("verifier",)]
        assert site.rows(take, role.encode()) == []
        site.connection.commit()
    sites["tierce_api"].rows(put, b"left")
    sites["tierce_api"].connection.commit()
    worker = start("tierce_worker")
    assert worker.rows("select access.sweep_pending(now() - interval '1 hour')") == [(0,)]
    assert worker.rows("select access.sweep_pending(now() + interval '1 hour')") == [(0,)], "it is under way"
    with connect(SUPERUSER) as admin:
        admin.execute("update access.pending set created = created - interval '11 minutes'")
    assert worker.rows("select access.sweep_pending(now() - interval '10 minutes')") == [(1,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.rows(put, b"mine")


def test_reports_and_requests_are_read_and_made_through_one_s_own_open_session(
    start: Start, connect: Connect
) -> None:
    with connect(SUPERUSER) as admin:
        for who in (1, 2):
            admin.execute(
                "insert into notice.person_report (id, person, seq, at) values (%s, %s, 7, now())", (who, who)
            )
            admin.execute(
                "insert into notice.rights_request (id, person, kind, subject, insurers, made, due)"
                " values (%s, %s, 'access', 'all', '{1}', now(), now())",
                (who, who),
            )
            admin.execute(
                "insert into notice.request_reply (request, insurer, outcome, staff, name, entry)"
                " values (%s, 1, 'done', 1, 'Camille', %s)",
                (who, who),
            )
    persons = start("tierce_persons")
    persons.connection.execute(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        " values (9, sha256('key'), %s, 1, now(), now() + interval '30 minutes')",
        (HANDLE,),
    )
    reads = (
        "select seq from notice.her_reports(%s, '{7}')",
        "select id from notice.her_requests(%s)",
        "select request from notice.her_replies(%s)",
    )
    make = "select notice.make_request(%s, %s, 'access', 'everything', %s::smallint[], now(), now())"
    report = "select notice.report_own(%s, %s, %s, now())"
    assert [persons.rows(query, HANDLE) for query in reads] == [[], [], []], "no line opens this session"
    for query, rest in ((make, (30, [1])), (report, (30, 8))):
        persons.connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no open session"):
            persons.rows(query, HANDLE, *rest)
        persons.connection.rollback()
    hers, others = persons.append(
        [line(EntryKind.IDENTITY, person=1, session=SessionId(9)), line(EntryKind.PERSON_ACT, person=2)]
    )
    persons.connection.commit()
    assert [persons.rows(query, HANDLE) for query in reads] == [[(7,)], [(1,)], [(1,)]]
    persons.rows(make, HANDLE, 31, [1, 2])
    assert persons.rows(report, HANDLE, 31, hers) == [(True,)]
    assert persons.rows(report, HANDLE, 32, hers) == [(False,)]
    persons.connection.commit()
    late = make.replace("everything", "origin").replace(
        "now(), now()", "now() + interval '2 days', now() + interval '9 years'"
    )
    persons.rows(late, HANDLE, 34, [1])
    persons.connection.commit()
    ahead = "select made > now(), due > now() + interval '32 days' from notice.her_requests(%s) where id = 34"
    assert persons.rows(ahead, HANDLE) == [(False, False)], "no clock of hers is put off"
    # Nor a line that is not written yet: whoever asks next, about whomever, would be accused by her.
    for query, rest in ((make, (33, [1, 3])), (report, (33, others)), (report, (33, others + 256 * 50))):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="hers"):
            persons.rows(query, HANDLE, *rest)
        persons.connection.rollback()
