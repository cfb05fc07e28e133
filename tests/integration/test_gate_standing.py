"""Which insurer's period answers: several periods, two insurers, a card, contracts; no other period leaks."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.integration.world import World, again, enrol, make_world, question
from tierce.gate.model import Answer, Ask, Release
from tierce.identity.model import Caller
from tierce.kernel.clock import SystemClock, paris_day
from tierce.policy.acts import Act
from tierce.storage.database import Database

TODAY = paris_day(SystemClock().now())
EVERYTHING = 0xFFF


@pytest.fixture
def world(database: Database) -> World:
    made = make_world(database)
    made.run("insert into registry.insurer (id, amc, name) values (2, '99000002', 'Prévoyance du Test')")
    made.run("delete from coverage.coverage where person = 1")
    return made


def cover(
    world: World, insurer: int, since: int, until: int, *, domains: int = EVERYTHING, priority: int = 1
) -> None:
    """One more period of the first person of the world; what it holds names it."""
    world.run(
        "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority, digest,"
        f" sealed) values (1, {insurer}, 7, {domains}, {since}, {until}, {priority}, 'd', '{insurer}:{since}')"
    )


def answers(world: World, asks: Sequence[Ask]) -> list[Answer]:
    """Ask one after the other at one gate."""

    async def run() -> list[Answer]:
        gate = world.gate()
        await gate.start()
        try:
            return [await gate.ask(ask) for ask in asks]
        finally:
            await gate.stop()

    return asyncio.run(run())


def shown(answer: Answer) -> str | None:
    """The record that an answer holds, by the name of its period."""
    return answer.revealed.sealed.decode() if answer.revealed else None


def asked(caller: Caller, world: World, *, day: int = TODAY, card: int | None = None, payer: int = 1) -> Ask:
    """One question about the first person."""
    return replace(
        question(caller, world.covered[0]), care_day=day, card=f"9900000{card}" if card else None, payer=payer
    )


def test_the_period_that_holds_the_day_of_care_is_shown_and_no_other(world: World) -> None:
    cover(world, 1, TODAY - 400, TODAY - 36)
    cover(world, 1, TODAY - 35, TODAY + 10)
    cover(world, 1, TODAY + 11, TODAY + 300)
    caller = enrol(world)
    days = (TODAY, TODAY - 36, TODAY - 35, TODAY + 11, TODAY - 401, TODAY + 301)
    told = answers(world, [asked(caller, world, day=day) for day in days])
    assert [shown(one) for one in told] == [
        f"1:{TODAY - 35}", f"1:{TODAY - 400}", f"1:{TODAY - 35}", f"1:{TODAY + 11}", None, None,
    ]  # fmt: skip
    # The journal names the period: its first day, counted from 0001-01-01.
    assert world.scalar("select array_agg(journal.u64(body, 112) - 719163 order by seq) from journal.entry") == [
        TODAY - 35, TODAY - 400, TODAY - 35, TODAY + 11, -719163, -719163,
    ]  # fmt: skip


def test_an_answer_opened_again_is_the_same_insurer_s_for_the_same_day(world: World) -> None:
    cover(world, 1, TODAY - 400, TODAY - 36)
    cover(world, 1, TODAY - 35, TODAY + 10)
    cover(world, 2, TODAY - 400, TODAY + 400, priority=2)
    caller = enrol(world)
    past, second = answers(
        world, [asked(caller, world, day=TODAY - 40), asked(caller, world, day=TODAY - 40, payer=2)]
    )
    reopened = answers(world, [again(caller, past.seq), again(caller, second.seq)])
    assert [shown(one) for one in reopened] == [f"1:{TODAY - 400}", f"2:{TODAY - 400}"]


@pytest.mark.parametrize(
    ("card", "payer", "expected"), [(None, 1, "1:0"), (None, 2, "2:0"), (2, 1, "2:0"), (2, 2, "1:0"), (1, 2, "2:0")]
)
def test_one_ask_shows_one_insurer_the_card_s_or_the_first_by_priority(
    world: World, card: int | None, payer: int, expected: str
) -> None:
    cover(world, 1, 0, 40_000)
    cover(world, 2, 0, 40_000, priority=2)
    answer = answers(world, [asked(enrol(world), world, card=card, payer=payer)])[0]
    assert shown(answer) == expected
    assert world.scalar("select journal.u16(body, 60) from journal.entry") == int(expected[0])


def test_a_second_insurer_is_not_made_of_a_second_period_nor_of_another_card(world: World) -> None:
    cover(world, 1, TODAY - 400, TODAY - 1)
    cover(world, 1, TODAY, TODAY + 10)
    caller = enrol(world)
    told = answers(world, [asked(caller, world), asked(caller, world, payer=2), asked(caller, world, card=2)])
    assert [isinstance(one.decision, Release) for one in told] == [True, False, False]


def test_a_professional_who_is_not_listed_for_the_domain_is_not_shown(world: World) -> None:
    cover(world, 1, 0, 40_000)
    caller, other = enrol(world), enrol(world)
    world.run("update registry.insurer set listed_domains = 1 where id = 1")
    parties = [(1, int(caller.profession)), (2, caller.establishment), (3, caller.professional)]
    assert shown(answers(world, [asked(caller, world)])[0]) is None
    for party, subject in parties:
        world.run(f"insert into registry.convention values (1, {party}, {subject}, 1, {TODAY - 5}, {TODAY})")
        told = answers(world, [asked(caller, world), asked(caller, world, day=TODAY - 6), asked(other, world)])
        assert [shown(one) for one in told] == ["1:0", None, "1:0" if party == 1 else None]
        world.run("delete from registry.convention")
    # A domain that is not listed is open to everybody who may ask about it.
    world.run("update registry.insurer set listed_domains = 2 where id = 1")
    assert shown(answers(world, [asked(caller, world)])[0]) == "1:0"


def test_a_revisit_is_an_act_of_its_own_in_the_journal(world: World) -> None:
    cover(world, 1, 0, 40_000)
    caller = enrol(world)
    first = answers(world, [asked(caller, world)])[0]
    answers(world, [again(caller, first.seq)])
    assert world.scalar("select array_agg(get_byte(body, 2)::integer order by seq) from journal.entry") == [
        Act.RIGHTS_ASK.value, Act.RIGHTS_REVISIT.value,
    ]  # fmt: skip
