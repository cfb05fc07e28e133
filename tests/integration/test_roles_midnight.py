"""The ceilings of a day against a stolen `tierce_office` or `tierce_persons` that hoards lines, waits, or holds on.

What a thief may wait for is played as the owner of the database would see it: midnight passed a minute ago, or while
his transaction was open.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Process, Start, line, start
from tierce.identity.rules import PROFESSIONAL_LIFETIME, expiry
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SessionId
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.roles import ROLES

__all__ = ["start"]

pytestmark = pytest.mark.integration

STAFF = "select person from gate.staff_reveal(%s)"
SELF = "select person from gate.person_self(%s)"
PEOPLE = range(3, 13)
MIDNIGHT = """
    update gate.shown set day = day - 1;
    update journal.batch set at = now() - interval '2 minutes';
    create or replace function gate.day_start() returns timestamptz language sql stable as
    $$ select now() - interval '1 minute' $$"""
"""The day's counts and lines are yesterday's, and today began a minute ago."""
OVERTAKEN = "update gate.shown set day = day + 1"
"""Others wrote lines since midnight, and a transaction that is still open began before."""


@pytest.fixture(autouse=True)
def low(start: Start, connect: Connect) -> None:
    """Ceilings that a test goes past: five people for the office, two spaces."""
    with connect(SUPERUSER) as admin:
        admin.execute("update gate.shown_ceiling set per_day = case scope when 'persons' then 2 else 5 end")
        for person in PEOPLE:
            admin.execute("insert into person.record values (%s, 1, 'sealed')", (person,))


def staff_lines(office: Process) -> list[int]:
    """Commit a line for each person, each by another member of staff."""
    lines = [line(EntryKind.STAFF_ACT, person=one, professional=70 + one) for one in PEOPLE]
    seqs = office.append(lines)
    office.connection.commit()
    return seqs


def handle_of(person: int) -> bytes:
    return bytes([person] * 32)


def openings(persons: Process, people: Sequence[int] = PEOPLE) -> None:
    """Make up a session for each person, and commit the line that opens it."""
    now = SystemClock().now()
    for one in people:
        persons.connection.execute(
            "insert into access.person_session (id, bound, handle, person, created, expires)"
            " values (%s, sha256('key'), %s, %s, %s, %s)",
            (one, handle_of(one), one, now, now + timedelta(days=400)),
        )
        opening = line(EntryKind.IDENTITY, act=Act.PERSON_SESSION_OPEN, person=one, session=SessionId(one))
        persons.append([opening])
    persons.connection.commit()


def run(connect: Connect, sql: str) -> None:
    with connect(SUPERUSER) as admin:
        admin.execute(sql.encode())


def shown(process: Process, query: str, *parameters: object) -> int:
    """How many rows the role is shown; none past a ceiling."""
    try:
        return len(process.rows(query, *parameters))
    except psycopg.errors.ProgramLimitExceeded:
        return 0
    finally:
        process.connection.rollback()


def test_lines_that_staff_wrote_before_midnight_show_nobody_after(start: Start, connect: Connect) -> None:
    office = start("tierce_office")
    seqs = staff_lines(office)
    assert shown(office, STAFF, seqs) == 0, "ten people were written, and five are shown in a day"
    run(connect, MIDNIGHT)
    assert shown(office, STAFF, seqs) == 0


def test_a_transaction_of_staff_that_began_before_midnight_counts_after_it(start: Start, connect: Connect) -> None:
    office = start("tierce_office")
    seqs = staff_lines(office)
    run(connect, OVERTAKEN)
    assert shown(office, STAFF, seqs) == 0


def test_openings_hoarded_on_a_day_open_nothing_on_the_next(start: Start, connect: Connect) -> None:
    persons = start("tierce_persons")
    openings(persons)
    assert [shown(persons, SELF, handle_of(one)) for one in PEOPLE] == [0] * len(PEOPLE)
    run(connect, MIDNIGHT)
    assert [shown(persons, SELF, handle_of(one)) for one in PEOPLE] == [0] * len(PEOPLE)
    run(connect, OVERTAKEN)
    assert [shown(persons, SELF, handle_of(one)) for one in PEOPLE] == [0] * len(PEOPLE)


def test_an_opening_is_worth_a_session_and_no_longer(start: Start, connect: Connect) -> None:
    persons = start("tierce_persons")
    openings(persons, [3])
    assert shown(persons, SELF, handle_of(3)) == 1
    run(
        connect,
        "update journal.batch set at = at - interval '40 minutes';"
        " create or replace function gate.day_start() returns timestamptz language sql stable as"
        " $$ select now() - interval '2 hours' $$",
    )
    history = "select seq from gate.person_history(%s, 9999999999, 9)"
    for query in (SELF, history, "select * from notice.her_requests(%s)"):
        assert shown(persons, query, handle_of(3)) == 0


def test_a_session_of_somebody_who_came_cannot_be_taken_over(start: Start) -> None:
    """Her own sign-in left the line; a thief of the role would read her, and whoever came before her, by it."""
    persons = start("tierce_persons")
    openings(persons, [3])
    for change in (
        "handle = 'mine'",
        "expires = now() + interval '1 year'",
        "person = 4",
        "id = 4",
        "revoked = null",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            persons.connection.execute(f"update access.person_session set {change} where id = 3".encode())
        persons.connection.rollback()
    ended = "select count(*) from access.person_session where id = 3 and revoked is not null"
    persons.connection.execute("select access.end_own(%s, null)", (handle_of(3),))
    assert persons.rows(ended) == [(1,)]


@pytest.mark.parametrize(
    "query",
    [
        "select id from notice.own_wishes(%s)",
        "select notice.make_request(%s, 1, 'access', 'everything', '{1}', now(), now())",
        "select notice.report_own(%s, 1, 1, now())",
        "select * from notice.report_billed(%s, 1, '00000000-0000-0000-0000-000000000001')",
        "select seq from presence.asked(%s)",
    ],
)
def test_past_the_day_s_ceiling_no_door_of_the_space_opens(start: Start, query: str) -> None:
    persons = start("tierce_persons")
    openings(persons)
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="shown in a day"):
        persons.rows(query, handle_of(3))


def test_hours_are_real_ones_where_the_server_keeps_the_time_of_paris(database: Database, connect: Connect) -> None:
    """The night in which it is two o'clock twice: a session of four hours, begun before, would have lasted five."""
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute(sql.SQL("alter database {} set timezone = 'Europe/Paris'").format(sql.Identifier(database.name)))
    begun = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for role in ROLES:
        row = connect(role).execute("select %s::timestamptz", (begun,)).fetchone()
        assert row is not None
        ends = expiry(begun + timedelta(hours=4), row[0], PROFESSIONAL_LIFETIME)
        assert (role, ends - begun) == (role, timedelta(hours=4))
