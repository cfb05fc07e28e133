"""A lock of ours that another program holds is found, and named: whoever waits for it says nothing."""

import psycopg
import pytest

from tests.integration.conftest import Connect
from tierce.storage.cluster import SUPERUSER
from tierce.upkeep.health import locks
from tierce.upkeep.health.service import figures

pytestmark = pytest.mark.integration
TAKE = {
    **{name: ("select pg_advisory_lock(%s)", number) for name, number in locks.OURS.items()},
    **{name: ("select pg_advisory_lock(hashtextextended(%s, 0))", text) for name, text in locks.NAMED.items()},
    "writing": ("select pg_advisory_lock_shared(%s, 1)", locks.WRITING),
}


@pytest.fixture
def stranger(connect: Connect) -> psycopg.Connection:
    """Another program's session: no role of ours."""
    return connect(SUPERUSER, autocommit=True)


@pytest.mark.parametrize("name", sorted(TAKE))
def test_a_lock_of_ours_that_a_stranger_holds_is_named_until_it_is_let_go(
    connect: Connect, stranger: psycopg.Connection, name: str
) -> None:
    upkeep = connect("tierce_upkeep")
    assert locks.foreign(upkeep) == []
    query, given = TAKE[name]
    stranger.execute(query.encode(), (given,))
    assert locks.foreign(upkeep) == [locks.Foreign(name, stranger.info.backend_pid, SUPERUSER)]
    assert figures(upkeep).get_sample_value("tierce_locks_foreign") == 1
    stranger.execute("select pg_advisory_unlock_all()")
    assert locks.foreign(upkeep) == []
    assert figures(upkeep).get_sample_value("tierce_locks_foreign") == 0


def test_our_own_processes_and_other_numbers_are_nobody_s_business(
    connect: Connect, stranger: psycopg.Connection
) -> None:
    worker = connect("tierce_worker", autocommit=True)
    worker.execute("select pg_advisory_lock(%s)", (locks.OURS["sequencer"],))
    stranger.execute("select pg_advisory_lock(1), pg_advisory_lock(1, 2), pg_advisory_lock_shared(7)")
    assert locks.foreign(connect("tierce_upkeep")) == []
