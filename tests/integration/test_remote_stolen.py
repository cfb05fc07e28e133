"""A stolen `api` credential and insurers that keep their people themselves: what the database refuses by itself."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.desk import fill
from tests.integration.remote_world import REMOTE, declare
from tests.integration.stolen_credential import Thief, forged
from tests.integration.world import World, ask_all, enrol, make_world, question
from tierce.gate.model import Answer, Ask, AskInsurer, Remote
from tierce.identity.model import Caller
from tierce.journal.encoding import decode, encode
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import SystemClock, micros, ordinal_of, paris_day
from tierce.kernel.ids import InsurerId, PersonId, new_id
from tierce.policy.acts import Act, Outcome
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
HER = 2**40
SETTLE = "select gate.settle_asked(%s, %s::smallint, %s, %s, %s, %s::integer, %s::integer, %s)"
MINT = "select gate.mint(%s::uuid[], %s::smallint[], %s::bigint[], %s::boolean[], %s::bytea[])"
SEEN = "select * from gate.remote_seen(%s::uuid[], %s::smallint[], %s::bigint[], %s::smallint[], %s::integer[])"
AGAIN = "select * from gate.answered_seen(%s::bigint[], %s::bigint[], %s::smallint[])"
SEALED = bytes(200)
KEY = "decode(repeat('00', 32), 'hex')"
TODAY = paris_day(SystemClock().now())
FIRST = 19_999
"""A day before the day of care of what a thief writes."""


@pytest.fixture
def world(database: Database, keyring: Keyring) -> World:
    made = make_world(database)
    fill(made, keyring)
    declare(made, keyring, "https://droits.lac.example/rights", bytes(32))
    return made


@pytest.fixture
def thief(world: World) -> Iterator[Thief]:
    with world.database.connect("tierce_api", autocommit=True) as connection:
        yield Thief(world, connection)


def asking(caller: Caller, person: int = HER, insurer: int = REMOTE) -> Entry:
    """The line of an ask of an insurer."""
    return replace(
        forged(caller, person), kind=EntryKind.ASKED, outcome=Outcome.ASKED, insurer=InsurerId(insurer), reference=0
    )


def mint(
    thief: Thief, person: int = HER, insurer: int = REMOTE, *, idx: UUID | None = None, sealed: bytes = SEALED
) -> None:
    """Give somebody a number, with a batch that is given up; with an index, one that has it already."""
    with thief.connection.transaction():
        thief.draw()
        thief.connection.execute(MINT, ([idx or uuid4()], [insurer], [person], [idx is None], [sealed]))


def settle(
    thief: Thief, seq: int, entry: Entry, *, first: int = FIRST, last: int = TODAY, sealed: bytes = SEALED
) -> int:
    """Write what came of an ask, with a signature that means nothing."""
    with thief.connection.transaction():
        block = thief.connection.execute("select journal.next_block()").fetchone()
        assert block is not None
        row = thief.connection.execute(
            SETTLE, (seq, thief.world.instance, block[0], encode(entry), bytes(64), first, last, sealed)
        ).fetchone()
    assert row is not None
    return int(row[0])


def one_asked(thief: Thief, caller: Caller) -> tuple[int, Entry]:
    """One ask of the insurer, committed; its number and its line."""
    mint(thief)
    line = asking(caller)
    thief.write(caller, [encode(line)])
    found = thief.world.scalar("select max(seq) from care.asking")
    assert isinstance(found, int)
    return found, line


def answer(line: Entry, **other: object) -> Entry:
    """The line of an answer that shows something, to an ask of that line: its mark and seats, when it is written."""
    told = replace(
        line, kind=EntryKind.DISCLOSURE, outcome=Outcome.RELEASED, reference=ordinal_of(FIRST),
        time_us=micros(SystemClock().now()),
    )  # fmt: skip
    return replace(told, **other)  # type: ignore[arg-type]  # fields of an entry, by name


def ask_and_answer_at_once(thief: Thief, caller: Caller) -> None:
    """One transaction for both: rolled back, it would leave no trace of what was learned."""
    line = asking(caller)

    def steps() -> None:
        mint(thief)
        block = thief.world.scalar("select last_value + 1 from journal.block_no")
        assert isinstance(block, int)
        thief.open(caller)
        thief.close(caller, [encode(line)])
        settle(thief, block * 256, answer(line))

    thief.batch(steps)


def until_refused(thief: Thief, caller: Caller, most: int) -> int:
    """Have an insurer asked about one person after the other, until the database refuses; how many there were."""
    n = 0
    try:
        for n in range(most):
            thief.write(caller, [encode(asking(caller, HER + n))])
    except psycopg.errors.CheckViolation:
        return n
    return most


def test_nobody_has_a_number_with_an_insurer_that_is_not_declared(thief: Thief) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        mint(thief, insurer=1)


def test_no_line_says_that_an_insurer_is_asked_about_somebody_of_the_register(world: World, thief: Thief) -> None:
    caller = enrol(world)
    for entry in (asking(caller, 1), asking(caller, 1, 1), asking(caller), asking(caller, 0)):
        with pytest.raises(psycopg.errors.CheckViolation):
            thief.write(caller, [encode(entry)])
    mint(thief)
    with pytest.raises(psycopg.errors.CheckViolation):
        thief.write(caller, [encode(asking(caller, insurer=1))])
    for wrong in (
        replace(asking(caller), kind=EntryKind.MISS), replace(asking(caller), outcome=Outcome.UNKNOWN),
        replace(asking(caller), categories=DataCategory.NONE),
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation):
            thief.write(caller, [encode(wrong)])
    assert world.scalar("select count(*) from journal.entry") == 0


def test_asks_of_an_insurer_stop_at_the_floor_of_the_line_as_if_each_was_shown(world: World, thief: Thief) -> None:
    caller = enrol(world)
    floor = world.scalar(f"select drawn from gate.floor where profession = {caller.profession.value}")
    assert isinstance(floor, int)
    for n in range(floor + 1):
        mint(thief, HER + n)
    assert until_refused(thief, caller, floor + 1) == floor
    assert world.scalar("select sum(in_day) from gate.pool where scope = 'nation'"), "under the ceilings too"


@pytest.mark.parametrize(
    "other",
    [
        {"person": PersonId(1)}, {"insurer": InsurerId(1)}, {"categories": DataCategory(0xFF)},
        {"professional": 5}, {"outcome": Outcome.ASKED}, {"outcome": Outcome.UNKNOWN},
        {"kind": EntryKind.MISS, "outcome": Outcome.ENDED, "categories": DataCategory.GUARANTEES},
        {"reference": ordinal_of(TODAY)}, {"time_us": 1}, {"seats_after": 4}, {"policy": bytes(15) + b"x"},
        {"salt": bytes(8)},
    ],
)  # fmt: skip
def test_an_answer_says_of_everything_else_what_its_ask_said(
    world: World, thief: Thief, other: dict[str, object]
) -> None:
    caller = enrol(world)
    seq, line = one_asked(thief, caller)
    with pytest.raises(psycopg.errors.CheckViolation):
        settle(thief, seq, answer(line, **other))
    assert world.scalar("select count(*) from care.asking") == 1


def test_an_ask_is_answered_once_and_never_in_its_own_transaction(world: World, thief: Thief) -> None:
    caller = enrol(world)
    with pytest.raises(psycopg.errors.NoDataFound):
        settle(thief, 5, answer(asking(caller)))
    with pytest.raises(psycopg.errors.CheckViolation):
        ask_and_answer_at_once(thief, caller)
    seq, line = one_asked(thief, caller)
    with pytest.raises(psycopg.errors.CheckViolation):
        settle(thief, seq, answer(line, reference=ordinal_of(TODAY)), first=TODAY)
    settle(thief, seq, answer(line))
    with pytest.raises(psycopg.errors.NoDataFound):
        settle(thief, seq, answer(line))
    assert world.scalar("select count(*) from care.engagement") == 1
    assert world.scalar("select count(*) from coverage.coverage where person = 1") == 1, "nobody else's cover changed"


def test_the_member_number_that_is_kept_of_somebody_is_never_another(world: World, thief: Thief) -> None:
    """What names her to her insurer after an incident: no later ask or answer replaces it."""
    caller, kept = enrol(world), "select array_agg(sealed) from coverage.coverage where insurer = 2"
    seq, line = one_asked(thief, caller)
    idx = world.scalar("select idx from person.asked")
    assert isinstance(idx, UUID)
    mint(thief, idx=idx, sealed=b"x" * 200)
    settle(thief, seq, answer(line), sealed=b"y" * 200)
    assert world.scalar(kept) == [SEALED]
    with pytest.raises(psycopg.errors.UniqueViolation):
        mint(thief)
    world.run("insert into person.record values (5, 1, 'x')")
    with pytest.raises(psycopg.errors.CheckViolation):
        mint(thief, 5)


def test_no_answer_is_opened_but_by_its_own_engagement_s_place_person_domain_and_day(
    world: World, thief: Thief
) -> None:
    caller, other = enrol(world), enrol(world)
    seq, line = one_asked(thief, caller)
    shown = settle(thief, seq, answer(line))

    def opened(of: Caller, engagement: int | None, **more: object) -> int:
        again = replace(answer(asking(of)), kind=EntryKind.REVISIT, act=Act.RIGHTS_REVISIT)
        thief.write(of, [encode(replace(again, **more))])  # type: ignore[arg-type]  # fields of an entry, by name
        query = "select count(*), count(*) filter (where sealed = %s) from gate.reveal_answered(%s::bigint[])"
        row = thief.connection.execute(query, (SEALED, [engagement])).fetchone()
        assert row is not None
        assert row[0] == row[1]
        return int(row[0])

    seen = AGAIN.replace("*", "insurers")
    look = ([shown], [caller.session], [1])
    with pytest.raises(psycopg.errors.CheckViolation):
        thief.connection.execute(
            seen.encode(), look
        )  # that block is written: the next look takes another, or leaves a gap
    thief.open(caller)
    assert thief.connection.execute(seen.encode(), look).fetchone() == ([REMOTE],)
    thief.open(caller)
    assert thief.connection.execute(seen.encode(), ([shown], [other.session], [1])).fetchone() == ([0],)
    assert opened(caller, shown) == 1
    assert opened(caller, None) == opened(caller, shown + 1) == opened(other, shown) == 0
    for wrong in (
        {"person": PersonId(HER + 1)}, {"insurer": InsurerId(1)}, {"domain": Domain.OPTI},
        {"reference": ordinal_of(TODAY)},
        {"kind": EntryKind.DISCLOSURE, "act": Act.RIGHTS_ASK},
    ):  # fmt: skip
        assert opened(caller, shown, **wrong) == 0, wrong
    world.run(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " values (1, 8, 2, 4, now(), now() + interval '1 hour', 'test', 'test')"
    )
    assert opened(caller, shown) == 0, "closed holds here too"


@pytest.mark.parametrize(
    ("query", "one"),
    [
        (SEEN, ([uuid4()], [REMOTE], [0], [1], [TODAY])),
        (AGAIN, ([5], [0], [1])),
        (MINT, ([uuid4()], [REMOTE], [HER], [True], [SEALED])),
    ],
)
def test_each_is_told_once_a_batch_and_of_its_asks_alone(
    world: World, thief: Thief, query: str, one: tuple[list[object], ...]
) -> None:
    """What is told and rolled back is told again for another block alone, so that gaps say how much."""
    caller = enrol(world)
    thief.take(caller, [1])
    refused = pytest.raises(psycopg.errors.CheckViolation, match="each is told once")
    with refused:  # that batch is written
        thief.connection.execute(query.encode(), one)
    with refused, thief.connection.transaction():
        thief.draw()
        thief.connection.execute(query.encode(), [2 * column for column in one])
    with refused, thief.connection.transaction():  # of one column alone, or of none
        thief.draw()
        thief.connection.execute(query.encode(), [one[0], *[2 * column for column in one[1:]]])
    with refused, thief.connection.transaction():
        thief.draw()
        thief.connection.execute(query.encode(), [None] * len(one))
    with refused, thief.connection.transaction():
        thief.draw()
        with thief.connection.transaction(force_rollback=True):
            thief.connection.execute(query.encode(), one)
        thief.connection.execute(query.encode(), one)
    with thief.connection.transaction():
        thief.draw()
        assert thief.connection.execute(query.encode(), one).rowcount == 1


def test_what_is_declared_and_whom_an_insurer_was_asked_about_is_not_its_to_change(thief: Thief) -> None:
    for statement in (
        "select * from person.asked", "select * from coverage.answered", "select * from care.asking",
        "delete from care.asking",
        "update registry.remote set url = 'https://thief.example/'", "select \"by\" from registry.remote",
        "select registry.declare_remote(1::smallint, 'https://thief.example/', '\\x00', 'x', 'x')",
        "select registry.end_remote(2::smallint, 'x', 'x')", "update registry.remote_state set away_until = now()",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.connection.execute(statement.encode())


def test_an_insurer_has_its_people_here_or_keeps_them_itself(world: World) -> None:
    world.run("insert into person.record values (1, 1, 'x')")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        world.run(f"select registry.declare_remote(1::smallint, 'https://a.example/', {KEY}, 'x', 'x')")
    with pytest.raises(psycopg.errors.CheckViolation):
        world.run("insert into registry.feed (id, kind, insurer, file_sha256, state, started)"
                  " values (1, 'rights', 2, 'x', 'running', now())")  # fmt: skip
    for url in ("http://elsewhere.example/", "ftp://a.example/", "http://127.0.0.1.elsewhere.example/"):
        with pytest.raises(psycopg.errors.CheckViolation):
            world.run(f"select registry.declare_remote(2::smallint, '{url}', {KEY}, 'x', 'x')")


def test_whom_it_was_asked_about_goes_with_the_contract_or_with_her_cover(world: World, thief: Thief) -> None:
    caller = enrol(world)
    seq, line = one_asked(thief, caller)
    settle(thief, seq, answer(line))
    assert world.scalar("select until_day from coverage.coverage where insurer = 2") == 40_000, "as the engagement"
    assert world.scalar("select removed from upkeep.forget_next(12, null, true)") == 0, "her cover is not deleted yet"
    world.run("delete from coverage.coverage where insurer = 2")
    assert world.scalar("select removed from upkeep.forget_next(12, null, true)") == 0, "nor what was answered of her"
    world.run("insert into registry.ending (insurer, ended_by, why, deleting) values (2, 'x', 'x', now())")
    assert world.scalar("select removed from registry.delete_ended(2::smallint, 0)") == 1
    assert world.scalar("select upto from registry.delete_ended(2::smallint, 0)") is None
    assert world.scalar("select people from registry.finish_deletion(2::smallint)") == 1
    assert world.scalar("select count(*) from coverage.answered") == 0
    assert world.scalar("select count(*) from registry.remote where ended is null") == 0
    world.run(f"insert into person.asked values (2, '{uuid4()}', 5)")
    assert world.scalar("select removed from upkeep.forget_next(12, null, true)") == 1
    assert world.scalar("select count(*) from person.asked") == 0


def test_two_processes_that_ask_about_the_same_people_at_once_find_one_number_for_each(world: World) -> None:
    people = [uuid4() for _ in range(3)]
    callers = [enrol(world) for _ in range(2)]

    def ask_about(caller: Caller, person: UUID) -> Ask:
        return replace(question(caller, person), remote=Remote(REMOTE, PersonId(new_id()), lambda _number: SEALED))

    async def run() -> list[object]:
        gates = [world.gate() for _ in callers]
        for gate in gates:
            await gate.start()
        try:
            halves = await asyncio.gather(
                *(ask_all(gate, [ask_about(caller, one) for one in people])
                  for gate, caller in zip(gates, callers, strict=True))
            )  # fmt: skip
        finally:
            for gate in gates:
                await gate.stop()
        return [one for half in halves for one in half]

    answers = asyncio.run(run())
    assert all(isinstance(one, Answer) and isinstance(one.decision, AskInsurer) for one in answers)
    numbers = [decode(one.line).person for one in answers if isinstance(one, Answer)]
    assert numbers[:3] == numbers[3:]
    assert world.scalar("select count(*) from person.asked") == len(people)
    assert world.scalar("select count(*) from care.asking") == 2 * len(people)
