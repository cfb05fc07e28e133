"""Who works with a line of many is counted by the worker: a draw holds the row, and all other draws wait for it."""

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.world import make_world
from tierce.gate.store import size_crowded
from tierce.kernel.care import Profession
from tierce.policy.ladder import Level
from tierce.policy.lines import COMMON
from tierce.policy.seats import SEATS
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(database: Database, connect: Connect) -> psycopg.Connection:
    """The superuser, on a small register."""
    make_world(database, people=1)
    return connect(SUPERUSER, autocommit=True)


CROWD = 2_000
"""From so many on, the worker counts who works with a line (gate.is_crowded)."""
DRAW = "select granted[1] from gate.lend(array[5]::smallint[], array[1::bigint], array[8], array[0], array[0])"


def _work_from_now_on(admin: psycopg.Connection, first: int, last: int) -> None:
    """General practitioners of a cell each, who work with one piece of software since long."""
    span = f"generate_series({first}, {last}) n"
    admin.execute(
        f"insert into directory.professional select n, n::text, null, 'A', 'B', 1 from {span};"
        f"insert into access.login select n, n, now() from {span};"
        f"insert into access.clientele select 1, n, 1, 9, n, gate.today() - 90, gate.today() from {span}".encode()
    )


def _software(admin: psycopg.Connection) -> tuple[int, int, bool]:
    row = admin.execute("select clients, a, counted >= gate.day_start() from gate.common where kind = 5").fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def test_a_line_of_many_is_counted_by_the_worker_and_not_while_it_is_drawn_from(
    connect: Connect, admin: psycopg.Connection
) -> None:
    api, worker = connect("tierce_api", autocommit=True), connect("tierce_worker")
    _work_from_now_on(admin, 1, CROWD)
    assert api.execute(DRAW).fetchone() is not None  # never counted: the draw counts
    size = COMMON[Level.SOFTWARE]
    worth = SEATS[Profession.GP].a * size.percent
    assert _software(admin) == (CROWD, CROWD * worth // 100, True)
    assert not size_crowded(worker), "counted a moment ago"
    # The next day, with twice as many at work.
    _work_from_now_on(admin, CROWD + 1, 2 * CROWD)
    admin.execute("update gate.common set counted = gate.day_start() - interval '1 second' where kind = 5")
    assert api.execute(DRAW).fetchone() is not None
    assert _software(admin) == (CROWD, CROWD * worth // 100, False)
    assert size_crowded(worker)
    assert not size_crowded(worker)
    assert _software(admin) == (2 * CROWD, 2 * CROWD * worth // 100, True)
    # Spent within the minute it waits, a minute later it is counted again, by the worker.
    admin.execute("update gate.common set today = a where kind = 5")
    assert api.execute(DRAW).fetchone() == (0,)
    assert not size_crowded(worker)
    admin.execute("update gate.common set counted = now() - interval '61 seconds' where kind = 5")
    counted_today = _software(admin)[2]  # false in the first minute of a day, when it is due for that
    assert api.execute(DRAW).fetchone() == (0,)
    assert _software(admin)[2] is counted_today
    assert size_crowded(worker)
    assert not size_crowded(worker)


def test_a_line_of_many_that_no_worker_counted_for_a_day_is_counted_by_a_draw(
    connect: Connect, admin: psycopg.Connection
) -> None:
    api = connect("tierce_api", autocommit=True)
    _work_from_now_on(admin, 1, CROWD)
    assert api.execute(DRAW).fetchone() is not None
    admin.execute("delete from access.clientele where login > 10")
    before = "update gate.common set counted = gate.day_start() - interval '1 day' - %s::interval where kind = 5"
    admin.execute(before.encode(), ("-1 second",))
    assert api.execute(DRAW).fetchone() is not None
    assert _software(admin)[0] == CROWD
    admin.execute(before.encode(), ("1 second",))
    assert api.execute(DRAW).fetchone() is not None
    assert _software(admin) == (10, COMMON[Level.SOFTWARE].base, True)
