"""An insurer asked on the way, and what dies in between: the journal says more than happened, never less."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.integration.desk import BIRTH, fill
from tests.integration.fresh import as_superuser
from tests.integration.remote_world import COVERED, REMOTE, TODAY, Way, card, on_the_way
from tests.integration.test_rights_answers import Wallet, present
from tests.integration.world import World, make_world
from tierce.gate.service import Gate
from tierce.kernel.clock import date_of
from tierce.kernel.ids import PersonId
from tierce.lab.standins.insurer import Mood
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level, Rung
from tierce.policy.remote import ANSWER_SECONDS, SLOT_SECONDS
from tierce.registry.records import decode_coverage
from tierce.scope.model import Criteria
from tierce.scope.store import pending
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring
from tierce.storage.roles import OWNER
from tierce.storage.version import read_sql

pytestmark = pytest.mark.integration
T = TypeVar("T")
CODES = "select array_agg(array[kind::integer, get_byte(body, 4)] order by seq) from journal.entry"
ASKED, SHOWN = [26, Outcome.ASKED.value], [1, Outcome.RELEASED.value]
KILL = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where usename = 'tierce_api' and datname = current_database()"
)
IN_TRANSACTION = (
    "select count(*) from pg_stat_activity where usename = 'tierce_api' and datname = current_database()"
    " and xact_start is not null"
)


@pytest.fixture
def world(database: Database, keyring: Keyring) -> World:
    made = make_world(database)
    fill(made, keyring)
    return made


def run(
    world: World,
    keyring: Keyring,
    use: Callable[[Way], Awaitable[T]],
    gate: Gate | None = None,
    verifiers: object = None,
) -> T:
    async def whole() -> T:
        async with on_the_way(world, keyring, gate=gate, verifiers=verifiers) as way:
            return await use(way)

    return asyncio.run(whole())


def test_killed_before_the_first_commit_nobody_is_asked(world: World, keyring: Keyring) -> None:
    async def step(step_name: str) -> None:
        if step_name == "close":
            world.run(KILL)

    async def use(way: Way) -> tuple[int, int]:
        return (await way.ask()).status_code, len(way.insurer.asked)

    assert run(world, keyring, use, world.gate(step)) == (503, 0)
    assert world.scalar("select count(*) from journal.entry") == 0
    assert world.scalar("select count(*) from person.asked") == 0


def test_the_first_line_is_on_disk_and_no_transaction_is_open_while_the_insurer_is_waited_for(
    world: World, keyring: Keyring
) -> None:
    async def use(way: Way) -> tuple[object, object, bool]:
        way.insurer.mood = Mood.SLOW
        asked = asyncio.create_task(way.desk.post("/v1/rights", card("A-1")))
        await way.insurer.heard.wait()
        before, open_ = world.scalar(CODES), world.scalar(IN_TRANSACTION)
        way.insurer.woken.set()
        await way.hand.somebody(ANSWER_SECONDS, 2)
        assert world.scalar(CODES) == [ASKED], "nothing is written before its time"
        way.hand.move(ANSWER_SECONDS)
        await way.insurers.settled()
        way.hand.move(SLOT_SECONDS)
        return before, open_, (await asked).json()["shown"]

    before, open_, shown = run(world, keyring, use)
    assert before == [ASKED]
    assert open_ == 0
    assert shown is True


def test_killed_between_the_two_it_is_written_as_shown_and_was_not(world: World, keyring: Keyring) -> None:
    """Also when another process looks, a minute later: what became of it cannot be known any more."""
    signature = "bigint, smallint, bigint, bytea, bytea, integer, integer, bytea"

    async def use(way: Way) -> list[object]:
        world.run(f"alter function gate.settle_asked({signature}) rename to taken_away")
        told = (await way.ask()).json()
        seen: list[object] = [told["shown"], world.scalar(CODES)]
        asked_by = Criteria(frozenset({way.desk.caller.professional}), frozenset(), frozenset(), 0, 2**62)
        with world.database.connect("tierce_office") as office:
            assert pending(office, [asked_by], 0) == 1, "a list that is made now says that it must be made again"
        await way.insurers.sweep()
        seen.append(world.scalar(CODES))
        world.run(f"alter function gate.taken_away({signature}) rename to settle_asked")
        world.run("update care.asking set at = at - interval '2 minutes'")
        await way.insurers.sweep()
        await way.insurers.sweep()
        return seen

    shown, first, early = run(world, keyring, use)
    assert shown is False
    assert first == early == [ASKED]
    assert world.scalar(CODES) == [ASKED, SHOWN]
    assert world.scalar("select count(*) from care.engagement") == 0, (
        "a number that nobody was told guarantees nothing"
    )
    assert world.scalar("select count(distinct person) from journal.entry") == 1


def test_whoever_goes_before_the_slot_leaves_the_line_of_what_she_would_have_been_shown(
    world: World, keyring: Keyring
) -> None:
    async def use(way: Way) -> bool:
        asked = asyncio.create_task(way.desk.post("/v1/rights", card("A-1")))
        await way.hand.somebody(ANSWER_SECONDS, 2)
        way.hand.move(ANSWER_SECONDS)
        await way.insurers.settled()
        asked.cancel()
        await asyncio.wait({asked})
        assert world.scalar(CODES) == [ASKED, SHOWN]
        shown: bool = (await way.ask()).json()["shown"]  # her place is free again
        return shown

    assert run(world, keyring, use) is True


def test_an_insurer_that_is_cut_or_closed_is_not_asked_and_nobody_can_tell(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[set[bytes], int]:
        told = {(await way.ask("nobody")).content}
        world.run(
            "insert into access.ladder (id, level, subject, rung, since, until, by, reason) values"
            f" (1, {Level.INSURER.value}, 2, {Rung.SUSPENDED.value}, now(), now() + interval '1 hour', 'x', 'x')"
        )
        told.add((await way.ask("A-1")).content)
        world.run("update access.ladder set lifted = now()")
        world.run("select registry.end_remote(2::smallint, 'test', 'test')")
        told.add((await way.ask("A-2")).content)
        return told, len(way.insurer.asked)

    told, calls = run(world, keyring, use)
    assert len(told) == 1
    assert calls == 1
    codes = world.scalar(CODES)
    assert isinstance(codes, list)
    assert [code for _, code in codes[2:]] == [Outcome.CLOSED.value, Outcome.UNKNOWN.value]


def test_once_presence_is_proved_the_reason_is_said_at_the_same_time(world: World, keyring: Keyring) -> None:
    wallet = Wallet()

    async def use(way: Way) -> list[object]:
        codes: list[object] = []
        for member, mood in (("E-1", Mood.WELL), ("N-1", Mood.WELL), ("A-1", Mood.FAILING)):
            way.insurer.mood = mood
            told = await way.told(asyncio.create_task(present(way.desk, wallet, card(member))))
            codes.append(told["reason"]["code"])
        return codes

    assert run(world, keyring, use, verifiers={"wallet": wallet}) == ["ended", "unknown", "not_answered"]
    told = world.scalar("select array_agg(journal.u16(body, 90) order by seq) from journal.entry where kind = 3")
    assert told == [16, 0, 0], "of a reason that is said, the journal keeps that it tells something of her cover"


def test_an_answer_is_opened_again_from_what_was_kept_and_a_replay_finds_it(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[bool, list[object], int, int]:
        first = (await way.ask()).json()
        calls = len(way.insurer.asked)
        again = (await way.desk.post(f"/v1/history/{first['engagement']}/revisit", {})).json()
        kept = ["covered_from", "covered_until", "guarantee", "insurer", "route", "engagement", "engagement_until"]
        return again["shown"], [again[name] == first[name] for name in kept], calls, len(way.insurer.asked)

    shown, same, calls, after = run(world, keyring, use)
    assert shown is True
    assert all(same)
    assert (calls, after) == (1, 1)
    assert world.scalar("select count(*) from gate.own_asks((select professional from access.session limit 1),"
                        " (select establishment from care.engagement limit 1), 9223372036854775807, null, null, 0,"
                        " 9223372036854775807, 50)") == 1, "one ask, one row"  # fmt: skip


def test_what_an_insurer_says_later_changes_nothing_of_what_it_said(world: World, keyring: Keyring) -> None:
    """Two answers of one period, by two products, each opened and priced as it was given."""

    async def use(way: Way) -> list[dict[str, object]]:
        first = (await way.ask()).json()
        later = {**COVERED, "product": "R2", "until": date_of(TODAY + 9).isoformat(), "convention": "C2"}
        way.insurer.covered = {("A-1", BIRTH): later}
        second = (await way.ask()).json()
        paths = [f"/v1/history/{one['engagement']}/revisit" for one in (first, second)]
        return [first, second, *[(await way.desk.post(path, {})).json() for path in paths]]

    first, second, *again = run(world, keyring, use)
    kept = ["shown", "covered_from", "covered_until", "guarantee", "route", "engagement"]
    assert first["guarantee"] != second["guarantee"]
    assert [[one[name] for name in kept] for one in again] == [
        [one[name] for name in kept] for one in (first, second)
    ]
    with as_superuser(world.database) as admin:
        for table, extra, values in (
            ("care.invoice", "", ""), ("care.agreement", ", kind", ", 2")
        ):  # fmt: skip
            admin.execute(
                f"insert into {table} (id, establishment, professional, line, reference, engagement, person, insurer,"
                f" domain, care_day, price, amo, asked, digest, entry{extra})"
                " select row_number() over (order by seq), establishment, professional, 1, 'F-' || seq, seq, person,"
                " insurer, domain, care_day, 20, 5, 9,"
                f" sha256('x'), 1{values} from care.engagement".encode()
            )
        covers = admin.execute(
            "select c.person, c.sealed from generate_series(1, 2) n, care.cover_of_waiting(n) c"
            " union all select c.person, c.sealed from generate_series(1, 2) n, care.cover_of_agreement(n) c"
            " where c.is_open"
        ).fetchall()
        sealer = load_sealer(admin, keyring, [Compartment.COVERAGE])
    priced = [
        decode_coverage(sealer.open_(Compartment.COVERAGE, REMOTE, PersonId(who), bytes(it))).product
        for who, it in covers
    ]
    assert priced == [12, 22, 12, 22]


def test_what_was_kept_by_first_day_is_moved_to_the_engagements_and_her_number_stays(
    world: World, keyring: Keyring
) -> None:
    async def use(way: Way) -> list[tuple[object, object]]:
        told = [(await way.ask("A-1")).json(), (await way.ask("A-2")).json()]
        with as_superuser(world.database) as admin:  # as it lay before; one of the two has a row of her number too
            admin.execute(
                "update coverage.coverage c set domains = 1, from_day = w.from_day, until_day = w.until_day,"
                " sealed = w.sealed from coverage.answered w where w.person = c.person and w.insurer = c.insurer"
            )
            admin.execute(
                "insert into coverage.coverage select person, insurer, 0, 0, until_day - 1, until_day - 1, 1, '',"
                " sealed from coverage.answered order by seq limit 1"
            )
            admin.execute("drop table coverage.answered")
            admin.execute(f"set local role {OWNER}".encode())
            admin.execute(read_sql("v0070.sql").encode())
        paths = [f"/v1/history/{one['engagement']}/revisit" for one in told]
        again = [(await way.desk.post(path, {})).json() for path in paths]
        return [(before[name], after[name]) for before, after in zip(told, again, strict=True) for name in kept]

    kept = ("shown", "guarantee", "route", "covered_until")
    assert all(before == after for before, after in run(world, keyring, use))
    assert world.scalar("select array_agg(domains) from coverage.coverage where insurer = 2") == [0, 0]
    assert world.scalar(
        "select bool_and(c.until_day = g.until_day) from coverage.coverage c"
        " join care.engagement g using (person, insurer) where c.insurer = 2"
    )


def test_two_who_ask_about_one_person_at_once_find_one_number(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> list[bool]:
        asks = [asyncio.create_task(way.desk.post("/v1/rights", card("A-1"))) for _ in range(4)]
        await way.hand.somebody(ANSWER_SECONDS, 8)
        way.hand.move(ANSWER_SECONDS)
        await way.insurers.settled()
        way.hand.move(SLOT_SECONDS)
        return [(await one).json()["shown"] for one in asks]

    assert run(world, keyring, use) == [True] * 4
    assert world.scalar("select count(*) from person.asked") == 1
    assert world.scalar("select count(distinct person) from journal.entry") == 1
    assert world.scalar("select count(*) from access.pair where state = 1") == 1, "one seat"
