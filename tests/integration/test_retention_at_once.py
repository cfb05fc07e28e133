"""Whoever comes back in a file that begins while the night removes those without cover is there afterwards."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.at_once import before_table
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.waiting import eventually
from tierce.policy.kept import Kept
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.retention.store import forget_next

pytestmark = pytest.mark.integration
BEGIN = (
    "insert into registry.feed (id, kind, insurer, file_sha256, state, started)"
    " values (7, 'rights', 1, sha256('one'), %s, now())"
)
GOES_ON = "update registry.feed set state = 'running' where id = 7"
FOUND = "select exists (select from person.record where person = 2 and insurer = 1)"
COVER = (
    "insert into coverage.coverage"
    " (person, insurer, contract, domains, from_day, until_day, priority, digest, sealed)"
    " values (2, 1, 0, 1, 20000, 40000, 1, '', 'sealed')"
)
WAITS = "select exists (select from pg_stat_activity where datname = current_database() and wait_event = 'advisory')"
MAKE = "insert into person.record values (2, 1, 'sealed')"


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


@pytest.mark.parametrize("begins", ["anew", "again"])
def test_who_comes_back_as_she_would_be_removed_is_there(
    room: Room, database: Database, connect: Connect, begins: str
) -> None:
    """The removal found her without cover, and has not ended; her insurer's file of the day brings it."""
    with connect(SUPERUSER) as admin:
        admin.execute("delete from coverage.coverage where person = 2 and insurer = 1")
        if begins == "again":
            admin.execute(BEGIN, ("held",))
    upkeep, feed = connect("tierce_upkeep"), connect("tierce_feed")

    def removal() -> int:
        rows, _ = forget_next(upkeep, Kept.PERSONS, None, really=True)
        upkeep.commit()
        return rows

    def her_file() -> None:
        feed.execute(GOES_ON) if begins == "again" else feed.execute(BEGIN, ("running",))
        feed.commit()
        if feed.execute(FOUND).fetchone() == (False,):
            feed.execute(MAKE)
        feed.execute(COVER)
        feed.commit()

    with (
        ThreadPoolExecutor(1) as elsewhere,
        connect(SUPERUSER, autocommit=True) as watching,
        before_table(database, "person.family", removal) as removing,
    ):
        coming = elsewhere.submit(her_file)
        eventually(
            lambda: coming.done() or watching.execute(WAITS).fetchone() == (True,), "her file waits, or has ended"
        )
    assert removing.result() == 6, "with those of whom the world has no cover"
    coming.result()
    found = feed.execute(FOUND).fetchone()
    assert found == (True,), "whom a file covers is found"
