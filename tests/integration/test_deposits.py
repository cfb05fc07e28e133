"""Deposits from the counter to the journal: nobody is looked up, none is lost or doubled, nothing is learned."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.depositing import Optician, Shop, card, hold, open_shop, optician, person
from tests.integration.fresh import as_superuser
from tests.integration.world import World, make_world
from tests.waiting import eventually
from tierce.deposits import store
from tierce.deposits.errors import TooManyDepositsError
from tierce.deposits.model import State
from tierce.deposits.resolution import Done
from tierce.deposits.service import Pace
from tierce.deposits.spool import segments
from tierce.identity.errors import ProofRefusedError, SessionRefusedError
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, micros, paris_day
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Outcome
from tierce.policy.deposits import GUARANTEED_A_DAY, SESSION_A_MINUTE, DepositReason, DepositState
from tierce.policy.ladder import HELD_WHOLE, Level
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose

STEPS = ("take", "commit", "forget", "resolve", "commit resolution")


class Killed(BaseException):
    """The worker is gone at this step."""


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def shop(world: World, keyring: Keyring, tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(world, keyring, tmp_path / "spool")
    yield opened
    opened.spool.close()


def resolve(shop: Shop, connect: Connect) -> None:
    """Let a worker do everything there is to do."""
    shop.counter.turn()
    resolver = shop.resolver(connect("tierce_worker"))
    while (done := resolver.turn()).taken or done.resolved:
        pass


def worth(shop: Shop, number: int) -> tuple[DepositState, DepositReason]:
    state, reason = shop.states()[number]
    return DepositState(state), DepositReason(reason)


def test_a_deposit_is_taken_resolved_and_journalled_and_names_nobody(
    shop: Shop, world: World, connect: Connect
) -> None:
    who = optician(world)
    receipt = asyncio.run(shop.leave(who, card(label="P. L.")))
    assert receipt.promised.state is DepositState.GUARANTEED
    resolve(shop, connect)
    assert worth(shop, shop.number(receipt)) == (DepositState.GUARANTEED, DepositReason.NONE)
    taken, resolved = shop.lines()
    assert (taken.outcome, resolved.outcome) == (Outcome.DEPOSITED, Outcome.GUARANTEED)
    assert taken.reference == resolved.reference == shop.number(receipt)
    assert taken.person == resolved.person == 0
    assert (resolved.professional, resolved.establishment) == (who.caller.professional, who.caller.establishment)
    assert not any(segment.records for segment in segments(shop.folder)), "the spool is empty again"


def test_a_segment_that_cannot_be_read_keeps_no_other_waiting(shop: Shop, world: World, connect: Connect) -> None:
    receipt = asyncio.run(shop.leave(optician(world), card()))
    shop.counter.turn()
    bad = shop.folder / "00" / f"{0:016x}.spool"
    bad.mkdir()
    resolver = shop.resolver(connect("tierce_worker"))
    with pytest.raises(IsADirectoryError):
        resolver.take()
    assert resolver.resolve(Done()) == 1
    assert worth(shop, shop.number(receipt))[0] is DepositState.GUARANTEED
    bad.rmdir()
    assert resolver.take() == 0


def test_what_lies_in_the_spool_and_in_the_database_names_nobody(shop: Shop, world: World, connect: Connect) -> None:
    nir = person(1)["nir"]
    asyncio.run(shop.leave(optician(world), card()))
    spooled = b"".join(path.read_bytes() for path in shop.folder.rglob("*") if path.is_file())
    assert nir.encode() not in spooled
    assert b"A1204" not in spooled
    resolve(shop, connect)
    with world.database.connect(SUPERUSER) as admin:
        row = admin.execute("select d::text, encode(sealed, 'escape') from care.deposit d").fetchone()
    assert row is not None
    assert nir not in "".join(row)
    assert "A1204" not in "".join(row)


def test_a_second_sending_gives_the_same_receipt(shop: Shop, world: World, connect: Connect) -> None:
    who, body = optician(world), card()

    async def twice() -> list[str]:
        return [receipt.number for receipt in await asyncio.gather(*(shop.leave(who, body) for _ in range(4)))]

    assert len(set(asyncio.run(twice()))) == 1
    resolve(shop, connect)
    assert len(shop.states()) == 1


def test_the_same_care_deposited_again_is_guaranteed_once(shop: Shop, world: World, connect: Connect) -> None:
    who = optician(world)
    first, second = (asyncio.run(shop.leave(who, card())) for _ in range(2))
    resolve(shop, connect)
    assert worth(shop, shop.number(first))[0] is DepositState.GUARANTEED
    assert worth(shop, shop.number(second)) == (DepositState.ON_CARD, DepositReason.REPEATED)


def test_who_signed_is_verified_from_the_sealed_bytes(shop: Shop, world: World, connect: Connect) -> None:
    """Another key, none, a made-up session, one revoked, a substitution over: recorded, and never guaranteed."""
    with_other_key, without, revoked, over = (optician(world) for _ in range(4))
    world.run(f"update access.session set revoked = now() - interval '1 minute' where id = {revoked.caller.session}")
    yesterday = paris_day(SystemClock().now()) - 1  # a substitution ends at midnight; its session goes on
    world.run(
        "insert into directory.substitution (professional, replaces, establishment, profession, from_day, until_day,"
        f" by, reason) select professional, {without.caller.professional}, establishment, profession, {yesterday},"
        f" {yesterday}, 'h', 'r' from directory.activity where id = {over.caller.activity};"
        "update directory.activity set substitution = (select id from directory.substitution)"
        f" where id = {over.caller.activity}"
    )
    stranger = Optician(with_other_key.caller)
    left = [
        asyncio.run(shop.leave(with_other_key, card(1), signer=BrowserKey())),
        asyncio.run(shop.leave(without, card(2), signed=False)),
        asyncio.run(shop.leave(stranger, card(3))),
        asyncio.run(shop.leave(revoked, card(4))),
        asyncio.run(shop.leave(over, card(5))),
    ]
    resolve(shop, connect)
    assert [worth(shop, shop.number(one)) for one in left] == [
        (DepositState.ON_CARD, DepositReason.SESSION),
        (DepositState.ON_CARD, DepositReason.UNSIGNED),
        (DepositState.ON_CARD, DepositReason.SESSION),
        (DepositState.ON_CARD, DepositReason.SESSION),
        (DepositState.ON_CARD, DepositReason.SESSION),
    ]


def test_who_was_held_is_not_guaranteed_and_who_is_held_since_is(shop: Shop, world: World, connect: Connect) -> None:
    before, after = optician(world), optician(world)
    hold(world, Level.DEVICE, before.caller.device, SystemClock().now() - timedelta(minutes=1))
    first, second = asyncio.run(shop.leave(before, card(1))), asyncio.run(shop.leave(after, card(2)))
    hold(world, Level.DEVICE, after.caller.device, SystemClock().now() + timedelta(seconds=1))
    declared = optician(world)  # from the device that is held
    world.run(
        "insert into directory.substitution (professional, replaces, establishment, profession, from_day, until_day,"
        f" by, device) select professional, {before.caller.professional}, establishment, profession, 0, 99999, 'p',"
        f" {before.caller.device} from directory.activity where id = {declared.caller.activity};"
        "update directory.activity set substitution = (select id from directory.substitution)"
        f" where id = {declared.caller.activity}"
    )
    third = asyncio.run(shop.leave(declared, card(3)))
    resolve(shop, connect)
    assert worth(shop, shop.number(third)) == (DepositState.ON_CARD, DepositReason.HELD)
    assert worth(shop, shop.number(first)) == (DepositState.ON_CARD, DepositReason.HELD)
    assert worth(shop, shop.number(second))[0] is DepositState.GUARANTEED


@pytest.mark.parametrize("level", sorted({Level.LOGIN, Level.DEVICE} | HELD_WHOLE))
def test_whatever_part_was_held_nothing_is_guaranteed(
    shop: Shop, world: World, connect: Connect, level: Level
) -> None:
    who = optician(world)
    with as_superuser(world.database) as admin:
        row = admin.execute(
            "select directory.cell_of(e.finess, %s) from directory.establishment e where e.id = %s",
            (who.caller.profession, who.caller.establishment),
        ).fetchone()
    assert row is not None
    subjects = {
        Level.LOGIN: who.caller.login, Level.DEVICE: who.caller.device, Level.ESTABLISHMENT: who.caller.establishment,
        Level.PROFESSION: who.caller.profession, Level.SOFTWARE: who.caller.software, Level.VENDOR: who.caller.vendor,
        Level.CELL: row[0],
    }  # fmt: skip
    hold(world, level, subjects[level], SystemClock().now() - timedelta(minutes=1))
    left = asyncio.run(shop.leave(who, card()))
    resolve(shop, connect)
    assert worth(shop, shop.number(left)) == (DepositState.ON_CARD, DepositReason.HELD)


def test_a_proof_for_something_else_and_a_handle_of_no_shape_are_refused_at_the_counter(
    shop: Shop, world: World
) -> None:
    who = optician(world)
    with pytest.raises(SessionRefusedError):
        asyncio.run(shop.leave(Optician(who.caller, handle="short"), card()))
    with pytest.raises(ProofRefusedError):
        asyncio.run(shop.leave(who, card(), signer=_Wrong()))
    assert not any(segment.records for segment in segments(shop.folder))


class _Wrong(BrowserKey):
    """A key whose proofs are made for another body."""

    def proof(self, method: str, url: str, *, handle: str | None, at: float, body: bytes = b"") -> bytes:
        return super().proof(method, url, handle=handle, at=at, body=body[:-1])


def test_a_session_deposits_so_many_times_a_minute(shop: Shop, world: World) -> None:
    who = optician(world)

    async def flood() -> int:
        taken = 0
        for order in range(3 * SESSION_A_MINUTE):
            try:
                await shop.leave(who, card(order))
            except TooManyDepositsError:
                continue
            taken += 1
        return taken

    assert SESSION_A_MINUTE <= asyncio.run(flood()) <= 2 * SESSION_A_MINUTE, "two minutes may meet in one test"


@pytest.mark.parametrize("killed_at", STEPS)
def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(
    shop: Shop, world: World, connect: Connect, killed_at: str
) -> None:
    receipts = [asyncio.run(shop.leave(optician(world), card(order))) for order in range(3)]
    shop.counter.turn()
    receipts.append(asyncio.run(shop.leave(optician(world), card(7))))

    def die(step: str) -> None:
        if step == killed_at:
            raise Killed

    connection = connect("tierce_worker")
    with pytest.raises(Killed):
        shop.resolver(connection, die).turn()
    connection.close()
    resolve(shop, connect)
    assert sorted(shop.states()) == sorted(shop.number(one) for one in receipts)
    assert {state for state, _ in shop.states().values()} == {DepositState.GUARANTEED}
    written = [(line.reference, line.outcome) for line in shop.lines()]
    assert sorted(written) == sorted(
        (shop.number(one), outcome) for one in receipts for outcome in (Outcome.DEPOSITED, Outcome.GUARANTEED)
    )
    assert not any(segment.records for segment in segments(shop.folder))


def test_a_thief_who_deposits_true_identities_and_waits_learns_nothing(
    shop: Shop, world: World, connect: Connect, keyring: Keyring
) -> None:
    """True identities and invented ones by turns, past every pace: each pair has one and the same end."""
    thief, turns = optician(world), GUARANTEED_A_DAY_PAIRS
    with world.database.connect(SUPERUSER) as admin:
        for order in range(0, 2 * turns, 2):
            who = person(order)
            index = keyring.index(
                Purpose.INDEX, normalise(Nir.parse(who["nir"]), BirthDate.parse(who["birth_date"]), Rank.parse(1))
            )
            admin.execute("insert into person.key values (%s, %s) on conflict do nothing", (index, 5_000 + order))
    shop.counter._paces, shop.counter._strangers = (
        _unpaced()
    )  # the paces are another test's: here even a thief who had none of them learns nothing
    receipts = [
        asyncio.run(shop.leave(thief, card(order, amount=f"{order % 140 + 1}.00"))) for order in range(2 * turns)
    ]
    told = {(one.insurer, one.promised) for one in receipts}
    assert len(told) == 1, "at the counter: the same words for everybody"
    before = world.scalar("select count(*) from journal.entry where person <> 0")
    resolve(shop, connect)
    ends = [worth(shop, shop.number(one)) for one in receipts]
    assert ends[0::2] == ends[1::2], "a true identity ends as an invented one"
    assert {end[0] for end in ends} == {DepositState.GUARANTEED, DepositState.ON_CARD}
    assert world.scalar("select count(*) from journal.entry where person <> 0") == before
    assert world.scalar("select count(*) from care.engagement") == 0


def test_two_resolvers_at_once_guarantee_no_more_than_the_day_s_limit(
    shop: Shop, world: World, connect: Connect
) -> None:
    """The second begins when the first has judged and not committed yet."""
    who, most = optician(world), GUARANTEED_A_DAY_PAIRS
    shop.counter._paces, shop.counter._strangers = _unpaced()
    for order in range(most):
        asyncio.run(shop.leave(who, card(order)))
    shop.counter.turn()
    first, second = connect("tierce_worker"), connect("tierce_worker")
    beside = shop.resolver(second)
    threads: list[Thread] = []

    def meanwhile(step: str) -> None:
        if step != "commit resolution" or threads:
            return
        asyncio.run(shop.leave(who, card(most)))
        shop.counter.turn()
        threads.append(Thread(target=beside.turn))
        threads[0].start()
        waits = f"select count(*) from pg_stat_activity where pid = {second.info.backend_pid}"
        eventually(
            lambda: not threads[0].is_alive() or world.scalar(f"{waits} and wait_event = 'advisory'"), "it waits"
        )

    resolver = shop.resolver(first, meanwhile)
    while (done := resolver.turn()).taken or done.resolved:
        pass
    threads[0].join()
    resolve(shop, connect)
    ends = [state for state, _reason in shop.states().values()]
    assert (len(ends), ends.count(DepositState.GUARANTEED)) == (most + 1, most)


GUARANTEED_A_DAY_PAIRS = GUARANTEED_A_DAY[Profession.OPTICIAN]


def _unpaced() -> tuple[tuple[Pace, Pace], Pace]:
    return (Pace(60, 10**9), Pace(60, 10**9)), Pace(60, 10**9)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from person.key",
        "select * from person.member",
        "select * from coverage.coverage",
        "select * from care.engagement",
        "select gate.reveal()",
        "delete from care.deposit",
    ],
)
def test_the_worker_cannot_look_anybody_up(connect: Connect, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect("tierce_worker").execute(statement.encode())


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("tierce_api", "select sealed from care.deposit"),
        ("tierce_api", "select twin from care.deposit"),
        ("tierce_api", "update care.deposit set state = 2"),
        ("tierce_office", "select sealed from care.deposit"),
        ("tierce_office", "select label from care.deposit"),
        ("tierce_persons", "select number from care.deposit"),
        ("tierce_insurers", "select number from care.deposit"),
    ],
)
def test_what_was_typed_is_read_by_nobody_else(connect: Connect, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(role).execute(statement.encode())


def test_a_state_is_told_to_the_establishment_that_deposited_and_to_no_other(
    shop: Shop, world: World, connect: Connect
) -> None:
    who, other = optician(world), optician(world)
    receipt = asyncio.run(shop.leave(who, card()))
    number = shop.number(receipt)
    assert shop.counter.given(receipt.number)
    resolve(shop, connect)

    async def read(establishment: int) -> State | None:
        async with await psycopg.AsyncConnection.connect(world.database.dsn("tierce_api")) as connection:
            return await store.state(connection, number, establishment, receipt.number)

    found = asyncio.run(read(who.caller.establishment))
    assert found is not None
    assert (found.state, found.amount) == (DepositState.GUARANTEED, 59_90)
    assert asyncio.run(read(other.caller.establishment)) is None


def test_what_was_typed_is_destroyed_once_no_invoice_may_quote_it(shop: Shop, world: World, connect: Connect) -> None:
    asyncio.run(shop.leave(optician(world), card(label="P. L.")))
    resolve(shop, connect)
    connection = connect("tierce_worker")
    shop.resolver(connection).tidy()
    assert world.scalar("select count(*) from care.deposit where sealed is not null") == 1
    world.run("update care.deposit set received = received - interval '91 days'")
    shop.resolver(connection).tidy()
    assert world.scalar("select count(*) from care.deposit where sealed is null and label is null") == 1


def test_bytes_that_nobody_sealed_are_refused_and_said_so(shop: Shop, world: World, connect: Connect) -> None:
    number, _ = shop.spool.append(bytes(16), micros(SystemClock().now()), lambda _number: b"not sealed", 10_000)
    resolve(shop, connect)
    assert worth(shop, number) == (DepositState.REFUSED, DepositReason.UNREADABLE)
    assert shop.lines()[-1].outcome is Outcome.DEPOSIT_REFUSED
