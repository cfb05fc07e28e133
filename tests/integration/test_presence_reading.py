"""A reading declared by certified software: told apart, and worth no more than an ask without it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.integration.desk import PAUL, Counter, counter
from tests.integration.world import World, certify
from tierce.policy.acts import Outcome, Presence
from tierce.presence import store
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
READ = {"means": "reading"}


def play(world: World, keyring: Keyring, scene: Callable[[Counter], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with counter(world, keyring) as desk:
            await scene(desk)

    asyncio.run(whole())


def test_only_certified_software_declares_and_the_portal_never(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter) -> None:
        assert (await desk.ask(PAUL, presence=READ)).json()["code"] == "not_certified"
        with world.database.connect("tierce_upkeep") as connection:
            store.certify(connection, 1)
        told = await desk.ask(PAUL, presence=READ)
        assert told.json()["code"] == "not_certified", "the portal is no registered client"
        certify(world)
        assert (await desk.ask(PAUL, presence=READ)).json()["shown"]
        with world.database.connect("tierce_upkeep") as connection:
            assert store.end_certificate(connection, 1)
        assert (await desk.ask(PAUL, presence=READ)).json()["code"] == "not_certified"

    play(world, keyring, scene)
    told = "select array_agg(array[get_byte(body, 4), get_byte(body, 5)] order by seq) from journal.entry"
    no = [Outcome.NOT_CERTIFIED, Presence.NONE]
    assert world.scalar(f"{told} where kind < 4") == [no, no, [Outcome.RELEASED, Presence.DECLARED], no]


def test_a_declared_reading_gives_nothing_back_and_tells_no_reason(world: World, keyring: Keyring) -> None:
    certify(world)

    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        await desk.ask(PAUL, presence=READ)
        world.run("update coverage.coverage set domains = 2 where person = 1")
        told = (await desk.ask(PAUL, presence=READ)).json()
        assert told["shown"] is False
        assert "reason" not in told

    play(world, keyring, scene)
    assert world.scalar("select array_agg(state::integer) from access.pair") == [1]
    assert world.scalar("select count(*) from presence.proof") == 0
