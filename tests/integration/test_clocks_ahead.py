"""A worker whose clock runs a year ahead forgets nothing that is young by the database's clock."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.conftest import Connect
from tests.integration.depositing import Shop, card, optician
from tests.integration.test_deposits import shop, world
from tests.integration.world import World
from tierce.deposits.resolution import Resolver
from tierce.deposits.sealing import Opener
from tierce.deposits.store import Pairs
from tierce.journal.service import Appender
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.storage.keys import DEPOSIT_KEY, Keyring
from tierce.watch.service import Watcher

__all__ = ["shop", "world"]
pytestmark = pytest.mark.integration
AHEAD = FixedClock(SystemClock().now() + timedelta(days=365))
YOUNG = {
    "access.pending": "(state, realm, binding, nonce, verifier, return_to, created, thumbprint) values"
    " ('s', 'staff', 'b', 'n', 'v', '/', now(), sha256('key'))",
    "access.told_over": "(realm, jti, sid) values ('staff', 'j', 's')",
    "access.vouched": "(realm, session, sub) values ('staff', 7, 'sub')",
    "access.trace": "(seq, hint) select b.block * 256, 5 from journal.batch b limit 1",
    "access.unexplained": "(seq, professional, establishment, line, at)"
    " select 7, l.professional, 1, l.id, now() from access.line l where l.professional is not null limit 1",
}


def test_a_worker_that_is_ahead_ends_no_sign_in_and_no_session_s_name_at_its_provider(
    shop: Shop, world: World, connect: Connect
) -> None:
    optician(world)
    worker = connect("tierce_worker")
    appender = Appender.enrol(worker, "worker", shop.keyring.instance("worker"))
    worker.commit()
    asyncio.run(shop.leave(optician(world), card()))
    shop.resolver(worker).turn()
    for table, row in YOUNG.items():
        world.run(f"insert into {table} {row}")
    Watcher(worker, appender, AHEAD, bytes(16)).tidy()
    worker.execute("select access.sweep_pending('infinity'), access.sweep_pending(null)")
    worker.commit()
    left = {table: world.scalar(f"select count(*) from {table}") for table in YOUNG}
    assert left == dict.fromkeys(YOUNG, 1)


def test_a_worker_that_is_ahead_destroys_nothing_that_was_typed(
    shop: Shop, world: World, connect: Connect, tmp_path: Path, keyring: Keyring
) -> None:
    asyncio.run(shop.leave(optician(world), card(label="P. L.")))
    worker = connect("tierce_worker")
    shop.resolver(worker).take()
    appender = Appender.enrol(worker, "worker", shop.keyring.instance("worker"))
    opener = Opener(shop.keyring.raw(DEPOSIT_KEY))
    ahead = Resolver(worker, appender, opener, Pairs(keyring), AHEAD, bytes(16), folder=tmp_path)
    ahead.tidy()
    assert world.scalar("select count(*) from care.deposit where sealed is not null") == 1
