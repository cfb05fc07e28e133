"""The role of the insurers' site straight on the database: its credential alone reads no insurer at all."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Process, Start, line, start
from tierce.insurers.rules import DAYS_TOLD
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import InsurerId, SessionId
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import door_of, make_doors
from tierce.storage.keys import Keyring, Purpose

__all__ = ["start"]

pytestmark = pytest.mark.integration

OWN, OTHER = sha256(b"own").digest(), sha256(b"other").digest()
OPEN = "select access.open_insurer_session(%s, %s, %s, 7, 'Camille', %s, sha256('key'))"
HOUR = timedelta(hours=1)


@pytest.fixture
def process(start: Start, connect: Connect, keyring: Keyring) -> Process:
    """The role on two insurers that have their doors, and each a count and a file."""
    with connect(SUPERUSER) as admin:
        make_doors(admin, keyring)
        for insurer in (1, 2):
            admin.execute("select registry.count_people(%s::smallint)", (insurer,))
            admin.execute("insert into registry.shown_count values (%s, gate.today() - 1, 3, 1, 50)", (insurer,))
            admin.execute(
                "insert into registry.feed (id, kind, insurer, file_sha256, state, started)"
                " values (%s, 'rights', %s, '', 'done', now())",
                (insurer, insurer),
            )
    return start("tierce_insurers")


def opened(process: Process, keyring: Keyring, amc: str, session: int, handle: bytes) -> int | None:
    door = door_of(keyring.hash(Purpose.DOOR), amc)
    ((insurer,),) = process.rows(OPEN, door, session, handle, HOUR)
    process.connection.commit()
    assert insurer is None or isinstance(insurer, int)
    return insurer


def journalled(process: Process, **changes: object) -> int:
    fields: dict[str, Any] = {
        "act": Act.INSURER_ACTIVITY, "session": SessionId(31), "insurer": InsurerId(1), "professional": 7,
    }  # fmt: skip
    (seq,) = process.append([line(EntryKind.INSURER_ACT, **(fields | changes))])
    return seq


def test_without_the_key_of_the_doors_nobody_s_session_opens(process: Process, keyring: Keyring) -> None:
    for door in (bytes(32), sha256(b"99000001").digest(), b"99000001"):
        assert process.rows(OPEN, door, 30, OWN, HOUR) == [(None,)]
    assert process.rows("select * from access.insurer_session(%s)", OWN) == []
    assert opened(process, keyring, "99000009", 30, OWN) is None
    assert opened(process, keyring, "99000001", 31, OWN) == 1


def test_a_handle_reads_its_own_insurer_and_no_other(process: Process, keyring: Keyring) -> None:
    opened(process, keyring, "99000001", 31, OWN)
    opened(process, keyring, "99000002", 32, OTHER)
    assert [row[0] for row in process.rows("select id from registry.own_feeds(%s, 50)", OWN)] == [1]
    assert [row[0] for row in process.rows("select id from registry.own_feeds(%s, 50)", OTHER)] == [2]
    for query in ("select * from registry.own_feeds(%s, 50)", "select * from registry.own_people(%s)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no live session"):
            process.rows(query, sha256(b"guessed").digest())
        process.connection.rollback()


def test_activity_is_told_only_after_a_committed_line_of_that_session_and_insurer(
    process: Process, keyring: Keyring
) -> None:
    opened(process, keyring, "99000001", 31, OWN)
    read = "select * from registry.own_shown(%s, %s, 14)"
    late = micros(SystemClock().now() - timedelta(minutes=3))
    wrong: list[dict[str, object]] = [
        {"insurer": InsurerId(2)}, {"session": SessionId(32)}, {"act": Act.INSURER_COUNTS}, {"time_us": late},
    ]  # fmt: skip
    for changes in wrong:
        seq = journalled(process, **changes)
        process.connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no committed line"):
            process.rows(read, OWN, seq)
        process.connection.rollback()
    seq = journalled(process)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no committed line"):
        process.rows(read, OWN, seq)
    process.connection.rollback()
    seq = journalled(process)
    process.connection.commit()
    assert [row[3] for row in process.rows(read, OWN, seq)] == [50, 50]


def test_a_session_that_is_over_reads_nothing(process: Process, keyring: Keyring, connect: Connect) -> None:
    opened(process, keyring, "99000001", 31, OWN)
    assert process.rows("select expires - created <= interval '1 hour' from access.insurer_session(%s)", OWN) == [
        (True,)
    ]
    process.rows("select access.end_own(%s, 'signed out')", OWN)
    process.connection.commit()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no live session"):
        process.rows("select * from registry.own_people(%s)", OWN)


def test_nobody_asks_for_more_than_an_hour(process: Process, keyring: Keyring) -> None:
    door = door_of(keyring.hash(Purpose.DOOR), "99000001")
    process.rows(OPEN, door, 33, OWN, timedelta(days=400))
    assert process.rows("select expires - created from access.insurer_session(%s)", OWN) == [(HOUR,)]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([(3, 1, 50), (4, 1, 60)], [50, 60]),
        ([(3, 1, 3), (4, 1, 50), (5, 1, 60)], [None, None, 60]),
        ([(3, 1, 4), (3, 4, 4), (4, 1, 50), (5, 1, 60)], [None, None, None, 60]),
        ([(3, 1, 1), (4, 1, 5), (5, 1, 6), (6, 1, 60)], [None, None, None, 60]),
    ],
)
def test_no_small_count_is_found_by_subtracting(
    process: Process, keyring: Keyring, connect: Connect, cells: list[tuple[int, int, int]], told: list[int | None]
) -> None:
    with connect(SUPERUSER) as admin:
        admin.execute("delete from registry.shown_count where insurer = 1")
        for domain, kind, lines in cells:
            admin.execute(
                "insert into registry.shown_count values (1, gate.today() - 1, %s, %s, %s)", (domain, kind, lines)
            )
        small = "insert into registry.shown_count values (1, gate.today() - %s, 2, 1, %s)"
        admin.execute(small, (3, 70))
        admin.execute(small, (4, 80))
    opened(process, keyring, "99000001", 31, OWN)
    seq = journalled(process)
    process.connection.commit()
    rows = process.rows("select day, domain, kind, lines from registry.own_shown(%s, %s, 14)", OWN, seq)
    assert DAYS_TOLD == 14
    for others in (None, 13, 15, -1, 92):  # one day more or less, subtracted, would tell what that day alone had
        assert process.rows("select day from registry.own_shown(%s, %s, %s)", OWN, seq, others) == []
    found = {(domain, kind): lines for day, domain, kind, lines in rows if day is None}
    assert [found[domain, kind] for domain, kind, _ in cells] == told
    assert [lines for day, _, _, lines in rows if day is not None][-1] == sum(lines for _, _, lines in cells)


def paid(connect: Connect) -> None:
    """Invoices and files of two: of the first, one paid, one come back, one left out; one refused, one waiting."""
    with connect(SUPERUSER) as admin:
        for number, insurer, state, due in ((1, 1, 6, 70), (2, 1, 7, 20), (3, 1, 2, 5), (4, 1, 3, 0), (5, 1, 1, 0),
                                            (6, 1, 4, 30), (7, 2, 6, 900)):  # fmt: skip
            admin.execute(
                "insert into care.invoice (id, establishment, professional, line, reference, engagement, person,"
                " insurer, domain, care_day, price, amo, asked, digest, entry, state, due, decided) values"
                " (%s, 101, 201, 1, %s, 1, 77, %s, 6, 1, 9999, 0, 1000, sha256('one'), 1, %s, %s,"
                " case when %s <> 1 then now() end)",
                (number, f"F-{number}", insurer, state, due, state),
            )
        admin.execute(
            "insert into bank.batch (id, insurer, state, transfers, total, filed, digest, sent, sent_total)"
            " values (11, 1, 3, 3, 95, now(), sha256('a'), 2, 90), (12, 2, 3, 1, 900, now(), sha256('b'), 1, 900);"
            "insert into bank.batch (id, insurer, state, transfers, total) values (13, 1, 1, 1, 40);"
            "insert into bank.transfer (id, batch, establishment, account, amount, invoices, state, why, ended)"
            " values (21, 11, 101, 1, 70, 1, 1, 0, null), (22, 11, 102, 2, 20, 1, 3, 2, now()),"
            " (23, 11, 103, 3, 5, 1, 4, 1, now()), (24, 12, 101, 1, 900, 1, 1, 0, null),"
            " (25, 13, 101, 1, 40, 1, 1, 0, null);"
            "insert into bank.recovery (id, invoice, reference, care_day, paid, establishment, insurer, amount,"
            " reason, said, approved, due, settled)"
            " values (31, 1, 'F-1', 1, 50, 101, 1, 50, 2, 'Droits finis.', now(), now(), 9),"
            " (32, 2, 'F-2', 1, 50, 102, 1, 50, 2, 'Droits finis.', now(), now(), -9);"
            "insert into bank.recovered values (21, 31, 7)"
        )


def test_what_was_paid_is_told_of_its_own_insurer_alone_after_a_line_and_to_no_forged_handle(
    process: Process, keyring: Keyring, connect: Connect
) -> None:
    paid(connect)
    batches = (
        "select id, state, invoices, amount, back_invoices, back, recovered from registry.own_batches(%s, %s, 13)"
    )
    decided = "select accepted, asked, due, refused, refused_asked from registry.own_decided(%s, %s, 13)"
    opened(process, keyring, "99000001", 31, OWN)
    opened(process, keyring, "99000002", 32, OTHER)
    mine, theirs = journalled(process), journalled(process, session=SessionId(32), insurer=InsurerId(2))
    process.connection.commit()
    assert process.rows(batches, OWN, mine) == [(11, 3, 2, 90, 1, 20, 7)]
    assert process.rows(decided, OWN, mine) == [(3, 3_000, 95, 1, 1_000)]
    coming = "select invoices, due, gathered, ordered, settled, given from registry.own_coming(%s, %s)"
    assert process.rows(coming, OWN, mine) == [(2, 25, 40, 90, 9, 9)], "one never hides the other"
    assert process.rows(coming, OTHER, theirs) == [(0, 0, 0, 900, 0, 0)]
    assert process.rows(batches, OTHER, theirs) == [(12, 3, 1, 900, 0, 0, 0)]
    assert process.rows(decided, OTHER, theirs) == [(1, 1_000, 900, 0, 0)]
    # Another's line, a handle that nobody was given, no line at all; and no table, whatever the handle.
    for handle, seq in ((OWN, theirs), (OTHER, mine), (sha256(b"guessed").digest(), mine), (OWN, 0)):
        for query in (batches, decided, coming):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"no live session|no committed line"):
                process.rows(query, handle, seq)
            process.connection.rollback()
    tables = ("care.invoice", "care.invoice_line", "bank.batch", "bank.transfer", "bank.paid_invoice")
    for table in (*tables, "bank.recovery", "bank.recovered", "bank.reply"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            process.rows(f"select * from {table}")
        process.connection.rollback()


def test_a_file_that_the_bank_rejected_came_back_whole_but_for_what_was_left_out_of_it(
    process: Process, keyring: Keyring, connect: Connect
) -> None:
    paid(connect)
    with connect(SUPERUSER) as admin:
        admin.execute(
            "update bank.transfer set state = 4, why = 5, ended = now() where batch = 11 and state = 1;"
            "update bank.batch set state = 5, ended = now() where id = 11"
        )
    opened(process, keyring, "99000001", 31, OWN)
    seq = journalled(process)
    process.connection.commit()
    query = "select state, invoices, amount, back_invoices, back from registry.own_batches(%s, %s, 13)"
    assert process.rows(query, OWN, seq) == [(5, 2, 90, 2, 90)]
