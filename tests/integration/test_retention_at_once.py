"""Whoever comes back in a file that begins while the night removes those without cover is there afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.at_once import before_table
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, rows_of
from tests.waiting import eventually
from tierce.policy.kept import Kept
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.upkeep.retention.store import forget_next

pytestmark = pytest.mark.integration
Row = dict[str, str]
Send = Callable[[Row], int]
WAITS = (
    "select exists (select from pg_stat_activity where datname = current_database() and usename = 'tierce_feed'"
    " and wait_event_type = 'Lock')"
)
NOWHERE = (
    "select count(*) from coverage.coverage c where not exists (select from person.record r where r.person = c.person"
    " and r.insurer = c.insurer) or not exists (select from person.key k where k.person = c.person)"
)


def test_who_comes_back_as_she_would_be_removed_is_found(
    send: Send, country: Path, connect: Connect, database: Database
) -> None:
    """The removal found her without cover, and has not ended; her insurer's file of the day brings it."""
    every = rows_of(country / "rights" / f"{FIRST}.csv")
    her, other = [row for row in every if row["relationship"] == "holder" and row["status"] == "active"][:2]
    admin, upkeep = connect(SUPERUSER, autocommit=True), connect("tierce_upkeep")
    assert send(her) == send(other) == 1
    admin.execute("delete from coverage.coverage c using person.record r where r.person = c.person")

    def removal() -> int:
        rows, _ = forget_next(upkeep, Kept.PERSONS, None, really=True)
        upkeep.commit()
        return rows

    with ThreadPoolExecutor(1) as elsewhere, before_table(database, "person.family", removal) as removing:
        coming = elsewhere.submit(lambda: send(her))
        eventually(
            lambda: coming.done() or admin.execute(WAITS).fetchone() == (True,), "her file waits, or has ended"
        )
    assert removing.result() == 2
    assert coming.result() == 1
    assert admin.execute("select count(*) from coverage.coverage").fetchone() == (1,)
    assert admin.execute(NOWHERE).fetchone() == (0,), "whom a file covers is found"
