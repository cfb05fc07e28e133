"""What a stolen credential gets by doing two things at once: a limit of a day holds over its connections together."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Start, line, start
from tests.waiting import eventually
from tierce.journal.model import EntryKind
from tierce.storage.cluster import SUPERUSER

__all__ = ["start"]

pytestmark = pytest.mark.integration


@contextmanager
def held_up(connect: Connect, table: str, second: Callable[[], object]) -> Iterator[Future[object]]:
    """Begin `second` elsewhere, wait until it stands before a locked table, and let it go on at the end."""
    watching = connect(SUPERUSER, autocommit=True)
    with connect(SUPERUSER) as admin, ThreadPoolExecutor(1) as elsewhere:
        admin.execute(f"lock table {table} in access exclusive mode".encode())
        doing = elsewhere.submit(second)

        def stands() -> bool:
            waiting = watching.execute(
                "select exists (select from pg_locks where relation = %s::regclass and not granted)", (table,)
            ).fetchone()
            return doing.done() or waiting == (True,)

        eventually(stands, f"somebody waits for {table}")
        yield doing
        admin.rollback()


def test_lines_committed_while_staff_are_shown_people_count(start: Start, connect: Connect) -> None:
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

    with held_up(connect, "person.record", shown) as reading:
        writer.connection.commit()
    assert reading.result() == 0
