"""A worker that has nothing to do asks the database one thing a turn, and writes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.asks import ORIGIN, appender
from tests.integration.conftest import Connect
from tests.integration.depositing import Shop, open_shop
from tests.integration.logs import log_of
from tests.integration.world import POLICY, World
from tierce.journal.sequencer import Sequencer
from tierce.kernel.clock import SystemClock
from tierce.presence.settling import Settler
from tierce.storage import heartbeat
from tierce.storage.keys import Keyring
from tierce.watch.service import Watcher

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(world: World, keyring: Keyring, tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(world, keyring, tmp_path / "spool")
    yield opened
    opened.spool.close()


def test_a_turn_that_finds_nothing_writes_nothing_so_that_the_next_sees_the_same(
    connect: Connect, keyring: Keyring, shop: Shop
) -> None:
    """Its own writing would tell it to look again, for ever."""
    log, watched, counter = (connect("tierce_worker") for _ in range(3))
    lines = appender(watched, keyring, "worker")
    duties: tuple[Callable[[], object], ...] = (
        Sequencer(log, ORIGIN, keyring.instance("worker"), log_of(log)).step,
        Watcher(watched, lines, SystemClock(), POLICY).step,
        shop.resolver(counter).turn,
        Settler(counter, lines, SystemClock(), POLICY).step,
    )
    for duty in 2 * duties:
        duty()
    before = heartbeat.visible(counter)
    for duty in duties:
        duty()
        assert heartbeat.visible(counter) == before, duty


def test_what_is_committed_is_seen_whenever_it_was_begun(connect: Connect) -> None:
    looking, writing, other = (connect("tierce_worker") for _ in range(3))
    write = "select pg_current_xact_id()"  # what the first row that a transaction writes has it do
    seen = [heartbeat.visible(looking)]
    assert heartbeat.visible(looking) == seen[0]
    writing.execute(write)
    seen.append(heartbeat.visible(looking))
    other.execute(write)
    other.commit()
    seen.append(heartbeat.visible(looking))
    writing.commit()
    seen.append(heartbeat.visible(looking))
    quiet, begun, between, after = seen
    assert begun == quiet
    assert len({quiet, between, after}) == 3
