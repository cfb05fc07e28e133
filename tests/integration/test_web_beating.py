"""A process that answers says in the journal that it lives, and goes on when the database was away for a moment."""

import asyncio

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg_pool import AsyncConnectionPool

from tests.integration.conftest import Connect
from tests.waiting import eventually
from tierce.journal.beats import BEAT_SECONDS
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.web.repeating import beating, repeating

pytestmark = pytest.mark.integration

_ENOUGH = "select count(*) from journal.entry where kind = 11"


async def _until(admin: psycopg.Connection, count: int) -> None:
    await asyncio.to_thread(eventually, lambda: admin.execute(_ENOUGH).fetchall() >= [(count,)], "signs of life")


async def _live(database: Database, admin: psycopg.Connection) -> int:
    """Beat twice, lose every connection, beat again; gives the number of the instance."""
    dsn = database.dsn("tierce_api")
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        async with pool.connection() as connection:
            appender = await Appender.enrol_async(connection, "api", Ed25519PrivateKey.generate())
        async with beating(pool, appender, SystemClock(), every=0.05):
            await _until(admin, 2)
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'")
            ((before,),) = admin.execute(_ENOUGH).fetchall()
            await _until(admin, before + 2)
    return appender.instance


def test_an_instance_says_that_it_lives_and_goes_on_after_a_fault(database: Database, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)
    instance = asyncio.run(_live(database, admin))
    bodies = [decode(row[0]) for row in admin.execute("select body from journal.entry order by seq")]
    assert len(bodies) >= 4
    assert {(one.kind, one.professional, one.reference) for one in bodies} == {
        (EntryKind.HEARTBEAT, instance, BEAT_SECONDS)
    }
    ((after,),) = admin.execute(_ENOUGH).fetchall()
    assert after == len(bodies)


def test_whatever_goes_wrong_once_the_work_goes_on() -> None:
    async def run() -> int:
        turns, done = 0, asyncio.Event()

        async def work() -> None:
            nonlocal turns
            turns += 1
            if turns == 1:
                raise RuntimeError
            done.set()

        async with repeating(work, 0.01, "one turn was lost"), asyncio.timeout(30):
            await done.wait()
        return turns

    assert asyncio.run(run()) > 1
