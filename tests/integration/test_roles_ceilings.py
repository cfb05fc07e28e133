"""How many people a stolen `tierce_office` or `tierce_persons` credential is shown in a day, tried as the role."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Process, Start, line, start
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SessionId
from tierce.policy.acts import Act
from tierce.policy.floors import OFFICE_SHOWN_SOON
from tierce.storage.cluster import SUPERUSER

__all__ = ["start"]

pytestmark = pytest.mark.integration

STAFF = "select person from gate.staff_reveal(%s)"


@pytest.fixture(autouse=True)
def low(start: Start, connect: Connect) -> None:
    """Ceilings that a test reaches: three a member of staff, five for the office, two spaces."""
    with connect(SUPERUSER) as admin:
        admin.execute(
            "update gate.shown_ceiling set per_day = case scope when 'staff' then 3 when 'office' then 5 else 2 end"
        )
        for person in range(3, 20):
            admin.execute("insert into person.record values (%s, 1, 'sealed')", (person,))


def show(office: Process, person: int, staff: int) -> bool:
    """Write the line that names a person and ask for her; tells whether she was shown."""
    seqs = office.append([line(EntryKind.STAFF_ACT, person=person, professional=staff)])
    office.connection.commit()
    try:
        found = office.rows(STAFF, seqs)
    except psycopg.errors.ProgramLimitExceeded:
        office.connection.rollback()
        return False
    # A reading that is rolled back counts all the same: its line was committed before.
    office.connection.rollback()
    return bool(found)


def test_one_member_of_staff_is_shown_so_many_people_and_the_office_so_many(start: Start) -> None:
    office = start("tierce_office")
    assert [show(office, person, 70) for person in (3, 4, 5, 6)] == [True, True, True, False]
    assert show(office, 7, 71)
    assert [show(office, person, 72 + person) for person in (8, 9)] == [False, False]


def test_yesterday_s_people_do_not_count(start: Start, connect: Connect) -> None:
    office = start("tierce_office")
    assert [show(office, person, 70) for person in (3, 4, 5, 6)] == [True, True, True, False]
    with connect(SUPERUSER) as admin:
        admin.execute("update journal.batch set at = at - interval '1 day'")
    assert show(office, 7, 70)


def test_a_line_that_is_old_shows_nobody_again(start: Start, connect: Connect) -> None:
    office = start("tierce_office")
    seqs = office.append([line(EntryKind.STAFF_ACT, person=3, professional=70)])
    office.connection.commit()
    assert office.rows(STAFF, seqs) == [(3,)]
    with connect(SUPERUSER) as admin:
        admin.execute("update journal.batch set at = at - interval '11 minutes'")
    assert office.rows(STAFF, seqs) == []


def test_of_a_day_s_people_the_office_is_shown_a_part_in_ten_minutes_whenever_their_lines_were_written(
    start: Start, connect: Connect
) -> None:
    with connect(SUPERUSER) as admin:
        admin.execute("update gate.shown_ceiling set per_day = 2000")
    office = start("tierce_office")

    def write(count: int) -> list[int]:
        seqs = office.append([line(EntryKind.STAFF_ACT, person=3, professional=70 + n) for n in range(count)])
        office.connection.commit()
        return seqs

    def shown(seqs: list[int]) -> int:
        try:
            found = len(office.rows(STAFF, seqs))
        except psycopg.errors.ConfigurationLimitExceeded:
            found = 0
        office.connection.rollback()
        return found

    hoarded = [write(50) for _ in range(OFFICE_SHOWN_SOON // 50)]
    assert shown(hoarded[0]) == 50
    one_more = write(1)
    assert [shown(seqs) for seqs in (*hoarded, one_more)] == [0] * (len(hoarded) + 1)
    for ago, told in ((1, 0), (2, 1)):
        with connect(SUPERUSER) as admin:
            admin.execute("update gate.shown set day = gate.this_stretch() - %s where slot >= 16", (ago,))
        assert shown(one_more) == told, "of the stretch before this one, they count; of an older one no more"
    with connect(SUPERUSER) as admin:
        admin.execute("update gate.shown_ceiling set per_day = 400 where scope = 'office'")
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="in a day"):
        office.rows(STAFF, one_more)
    office.connection.rollback()


def test_the_persons_space_opens_so_many_people(start: Start) -> None:
    persons = start("tierce_persons")
    now = SystemClock().now()
    told = []
    for person in (3, 4, 5):
        handle = bytes([person] * 32)
        persons.connection.execute(
            "insert into access.person_session (id, bound, handle, person, created, expires)"
            " values (%s, sha256('key'), %s, %s, %s, %s)",
            (person, handle, person, now, now + timedelta(minutes=30)),
        )
        opening = line(EntryKind.IDENTITY, act=Act.PERSON_SESSION_OPEN, person=person, session=SessionId(person))
        persons.append([opening])
        persons.connection.commit()
        for query in ("select person from gate.person_self(%s)", "select 1 from gate.person_history(%s, 99999, 9)"):
            try:
                told.append(len(persons.rows(query, handle)) > 0)
            except psycopg.errors.ProgramLimitExceeded:
                persons.connection.rollback()
                told.append(False)
    assert told == [True, True, True, True, False, False]


def test_so_many_people_are_looked_for_by_their_traits_rolled_back_or_not(start: Start, connect: Connect) -> None:
    idx = uuid4()
    with connect(SUPERUSER) as admin:
        admin.execute("insert into person.trait values (%s, 3)", (idx,))
    persons = start("tierce_persons")
    for _ in range(4):  # twice the spaces
        assert persons.rows("select gate.person_by_traits(%s)", idx) == [(3,)]
        persons.connection.rollback()
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="looked for"):
        persons.rows("select gate.person_by_traits(%s)", idx)
    persons.connection.rollback()
    with connect(SUPERUSER) as admin:
        admin.execute("select setval('gate.linked', (gate.today() - 1)::bigint * 10000000 + 99999)")
    assert persons.rows("select gate.person_by_traits(%s)", idx) == [(3,)], "the next day begins anew"


def test_what_is_refused_of_a_day_takes_nothing_of_the_days_after(start: Start, connect: Connect) -> None:
    """Twenty million calls are a quarter of an hour's: the numbers of tomorrow are not drawn by them."""
    idx = uuid4()
    with connect(SUPERUSER) as admin:
        admin.execute("insert into person.trait values (%s, 3)", (idx,))
        admin.execute("select setval('gate.linked', gate.today()::bigint * 10000000 + 9999998)")
    persons = start("tierce_persons")
    for _ in range(9):
        with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="looked for"):
            persons.rows("select gate.person_by_traits(%s)", idx)
        persons.connection.rollback()
    with connect(SUPERUSER) as admin:
        admin.execute(
            "create or replace function gate.today() returns integer language sql stable as"
            " $$ select (now() at time zone 'Europe/Paris')::date - date '1970-01-01' + 1 $$"
        )
    found = [persons.rows("select gate.person_by_traits(%s)", idx) for _ in range(4)]
    assert found == [[(3,)]] * 4, "tomorrow is whole"


def test_nobody_else_uses_the_persons_space_up(start: Start) -> None:
    for role in ("tierce_api", "tierce_office", "tierce_insurers"):
        process = start(role)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only the persons' space"):
            process.append([line(EntryKind.IDENTITY, act=Act.PERSON_SESSION_OPEN, person=3, session=SessionId(3))])
        process.connection.rollback()
        process.append([line(EntryKind.IDENTITY, act=Act.SESSION_OPEN, session=SessionId(3))])


def test_a_line_that_opens_no_session_opens_no_space(start: Start) -> None:
    persons = start("tierce_persons")
    now = SystemClock().now()
    persons.connection.execute(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        " values (9, sha256('key'), 'h', 3, %s, %s)",
        (now, now + timedelta(minutes=30)),
    )
    persons.append([line(EntryKind.PERSON_ACT, person=3, session=SessionId(9))])
    persons.connection.commit()
    assert persons.rows("select person from gate.person_self('h')") == []
