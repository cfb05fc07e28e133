"""What a stolen credential gets by doing two things at once: a limit of a day holds over its connections together."""

import psycopg
import pytest

from tests.integration.at_once import before_table, while_open
from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Start, line, start
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock
from tierce.persons.requests import store as requests
from tierce.persons.requests.model import RequestOutcome
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

__all__ = ["start"]

pytestmark = pytest.mark.integration


def test_lines_committed_while_staff_are_shown_people_count(
    start: Start, connect: Connect, database: Database
) -> None:
    """The second connection commits five people's lines between the count and the reading of the first."""
    with connect(SUPERUSER) as admin:
        admin.execute("update gate.shown_ceiling set per_day = 3")
        for person in range(3, 8):
            admin.execute("insert into person.record values (%s, 1, 'sealed')", (person,))
    reader, writer = start("tierce_office"), start("tierce_office")
    seqs = writer.append([line(EntryKind.STAFF_ACT, person=one, professional=70) for one in range(3, 8)])

    def shown() -> int:
        try:
            return len(reader.rows("select person from gate.staff_reveal(%s)", seqs))
        except psycopg.errors.ProgramLimitExceeded:
            return 0

    with before_table(database, "person.record", shown) as reading:
        writer.connection.commit()
    assert reading.result() == 0


def test_two_of_the_staff_at_once_give_a_request_one_answer(
    start: Start, connect: Connect, database: Database
) -> None:
    with connect(SUPERUSER) as admin:
        admin.execute(
            "insert into notice.rights_request (id, person, kind, subject, insurers, made, due)"
            " select n, 1, 'access', 'everything', '{1}', now(), now() from generate_series(1, 2) n"
        )
    now, kept = SystemClock().now(), next(iter(RequestOutcome))
    office, other = start("tierce_office"), connect("tierce_office", autocommit=True)
    one = office.connection
    office.append([line(EntryKind.STAFF_ACT, act=Act.STAFF_REQUEST_ANSWER, reference=1)])
    assert requests.answer(one, 1, kept, now, "Hélène")
    assert while_open(database, one, lambda: requests.answer(other, 1, kept, now, "Inès")).result() is False
    office.append([line(EntryKind.STAFF_ACT, act=Act.STAFF_REQUEST_ANSWER, reference=2)])
    assert requests.forward(one, 2, now, "Hélène")
    assert while_open(database, one, lambda: requests.forward(other, 2, now, "Inès")).result() is False
    found = other.execute(
        "select array_agg(coalesce(answered_by, forwarded_by)) from notice.rights_request"
    ).fetchone()
    assert found == (["Hélène", "Hélène"],)
