"""From outside, unknown, not covered and not shown are one answer, to the byte: the API's own bytes, real gate."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.desk import LATER, PAUL, STRANGER, UNCOVERED, counter
from tests.integration.world import World
from tierce.gate.rules import PAIR_BLANK, PAIR_MISSED, PAIR_OPEN
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.policy.kept import Kept
from tierce.policy.seats import PROBATION_LIMIT, cap_of
from tierce.rights.rules import ANSWER_BYTES
from tierce.storage.keys import Keyring
from tierce.upkeep.retention.service import Retention


def told(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], int]:
    """All that a listener sees of an answer but its bytes."""
    return response.status_code, list(response.headers.raw), len(response.content)


def remembered(world: World) -> object:
    """The states of all pairs."""
    return world.scalar("select array_agg(state::integer order by state) from access.pair")


def test_unknown_not_covered_and_out_of_seats_are_one_answer(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            return [await desk.ask(nir) for nir in (PAUL, STRANGER, UNCOVERED, LATER, LATER, STRANGER)]

    shown, unknown, not_covered, out_of_seats, again, known_miss = asyncio.run(run())
    assert cap_of(PROBATION_LIMIT) == 3
    assert shown.json()["shown"] is True
    hidden = [unknown, not_covered, out_of_seats, again, known_miss]
    assert len({response.content for response in hidden}) == 1
    assert unknown.json() == {"shown": False, "ways": ["card", "app", "person", "call"]}
    # An answer that shows differs in its bytes alone.
    assert {json.dumps([str(part) for part in told(response)]) for response in [shown, *hidden]} == {
        json.dumps([str(part) for part in told(shown)])
    }
    assert len(shown.content) == ANSWER_BYTES
    # The journal knows the difference.
    assert world.scalar("select array_agg(get_byte(body, 4) order by seq) from journal.entry") == [1, 2, 13, 4, 4, 2]
    # Each answer that looks like a miss cost the row of one: those without a seat wrote two, of nobody.
    assert remembered(world) == [PAIR_OPEN, PAIR_MISSED, PAIR_MISSED, PAIR_BLANK, PAIR_BLANK]


@pytest.mark.parametrize("rung", [2, 3])
def test_held_is_the_same_answer_too(world: World, keyring: Keyring, rung: int) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            before = await desk.ask(STRANGER)
            world.run(
                "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
                f" values (1, 9, 0, {rung}, now(), now() + interval '1 hour', 'test', 'test')"
            )
            return [before, await desk.ask(PAUL), await desk.ask(UNCOVERED), await desk.ask(STRANGER)]

    answers = asyncio.run(run())
    assert len({response.content for response in answers}) == 1
    assert len({str(told(response)) for response in answers}) == 1
    # The first ask was a miss, before the hold.
    assert remembered(world) == [PAIR_MISSED] + [PAIR_BLANK] * 3


def test_an_answer_that_does_not_look_like_a_miss_leaves_no_blank(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            return [await desk.ask(nir, "OPTI") for nir in (PAUL, STRANGER)]

    assert {response.status_code for response in asyncio.run(run())} == {403}
    assert remembered(world) is None


def test_a_blank_is_gone_the_next_night(world: World, keyring: Keyring, connect: Connect, tmp_path: Path) -> None:
    async def run() -> None:
        async with counter(world, keyring) as desk:
            for nir in (PAUL, STRANGER, UNCOVERED, LATER):
                await desk.ask(nir)

    asyncio.run(run())
    upkeep = connect("tierce_upkeep")
    appender = Appender.enrol(upkeep, "upkeep", keyring.instance("upkeep"))
    removed = Retention(upkeep, appender, SystemClock(), bytes(16), tmp_path).run()
    assert removed[Kept.OPEN_PAIRS] == 1
    assert remembered(world) == [PAIR_OPEN, PAIR_MISSED, PAIR_MISSED]


def test_a_domain_that_is_not_the_profession_s_is_refused_whoever_is_asked_for(
    world: World, keyring: Keyring
) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            await desk.ask(PAUL)
            return [await desk.ask(nir, "OPTI") for nir in (PAUL, STRANGER, UNCOVERED)]

    answers = asyncio.run(run())
    assert {response.status_code for response in answers} == {403}
    assert len({response.content for response in answers}) == 1
    assert len({str(told(response)) for response in answers}) == 1


def test_another_establishment_s_engagement_is_like_a_mistyped_number(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            mine = (await desk.ask(PAUL)).json()["engagement"]
            world.run("update care.engagement set establishment = 1")
            broken = mine[:-1] + ("0" if mine[-1] != "0" else "1")
            return [await desk.post(f"/v1/history/{number}/revisit", {}) for number in (mine, broken, "nothing")]

    answers = asyncio.run(run())
    assert {response.status_code for response in answers} == {422}
    assert len({response.content for response in answers}) == 1
