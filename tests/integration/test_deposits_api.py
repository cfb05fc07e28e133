"""The API's counter over HTTP: what is taken while what is closed, by whom, and while the database is away."""

import asyncio
import json
import os
import resource
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.depositing import OAK, Optician, card, hold, optician
from tests.integration.fresh import as_superuser
from tests.integration.signin_world import free_port
from tests.integration.tickets import held_headers
from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.closings.model import Target
from tierce.closings.service import By, Closings
from tierce.deposits.rules import parse_deposit
from tierce.deposits.sealing import PUBLIC_FILE, public_of
from tierce.deposits.seen import keep_seen, read_seen
from tierce.deposits.spool import bytes_held, segments
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import EPOCH, FixedClock, SystemClock, date_of, paris_day
from tierce.kernel.ids import SessionId, StaffId
from tierce.policy.deposits import GRACE
from tierce.policy.ladder import Level
from tierce.settings import Settings, load
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database
from tierce.storage.keys import DEPOSIT_KEY, Keyring
from tierce.web.api.deposits import Front
from tierce.web.api.openness import ANSWER_SECONDS_MAX, LOOK_SECONDS
from tierce.web.wiring.api import api

HELENE = By(StaffId(900), SessionId(0), "Hélène Vasseur")
URL = "http://127.0.0.1:1"
Use = Callable[[httpx.AsyncClient, Front], Awaitable[None]]


@pytest.fixture
def world(database: Database) -> World:
    made = make_world(database)
    made.run("delete from journal.instance")  # the process registers its own key
    return made


@pytest.fixture
def close(connect: Connect, keyring: Keyring) -> Callable[[Target], None]:
    office = connect("tierce_office", autocommit=True)
    closings = Closings(Appender.enrol(office, "office", keyring.instance("office")), SystemClock(), bytes(16))

    def work(target: Target) -> None:
        closings.close(office, target, "essai de fermeture", HELENE)

    return work


def settings_of(database: Database, keys: Path, folder: Path) -> Settings:
    for name in ("none",):
        (folder / name).write_text("dev-insecure-secret")
    (keys / PUBLIC_FILE).write_text(public_of(Keyring(keys, [DEPOSIT_KEY]).raw(DEPOSIT_KEY)))
    text = settings_text(database, keys, operator="Rive Claire").replace('"none"\n', f'"{folder / "none"}"\n')
    file = folder / "tierce.toml"
    file.write_text(text)
    return load(file)


def served(settings: Settings, use: Use) -> None:
    """The API as its process builds it, and a client of it."""

    async def run() -> None:
        async with api(settings) as app:
            assert isinstance(app, Front)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http:
                await use(http, app)

    asyncio.run(run())


async def leave(
    http: httpx.AsyncClient, who: Optician, body: bytes, *, signed: bool = True, scheme: str = "DPoP"
) -> httpx.Response:
    headers = {"authorization": f"{scheme} {who.handle}", "content-type": "application/json"}
    if signed:
        at = SystemClock().now().timestamp()
        headers["dpop"] = who.key.proof("POST", f"{URL}/v1/deposits", handle=who.handle, at=at, body=body).decode()
    return await http.post("/v1/deposits", content=body, headers=headers)


async def seen(condition: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(eventually, condition, what)


def code(response: httpx.Response) -> Any:  # noqa: ANN401 - a member of a JSON document
    return response.json()["code"]


def test_a_deposit_is_taken_for_what_is_closed_and_for_nothing_else(
    world: World, close: Callable[[Target], None], key_directory: Path, tmp_path: Path
) -> None:
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        await seen(lambda: not front._openness.away, "the store answers")
        front._openness.last_away = None  # the moment before the first answer is no closing
        said = (await http.get("/v1/service")).json()
        assert (said["open"], said["since"]) == (True, None)
        refused = await leave(http, who, card(1))
        assert (refused.status_code, code(refused)) == (409, "open")
        close(Target(Level.DOMAIN, Domain.OPTI))
        await seen(lambda: bool(front._openness.closings), "the closing is seen")
        (part,) = (await http.get("/v1/service")).json()["closed"]
        assert (part["level"], part["code"]) == ("domain", "OPTI")
        body = card(2)
        first, again = await leave(http, who, body), await leave(http, who, body, scheme="dpop")
        assert first.status_code == again.status_code == 201, first.text
        assert first.json()["receipt"] == again.json()["receipt"]
        other = await leave(http, who, card(3, domain="PHAR"))
        assert (other.status_code, code(other)) == (409, "open")
        told = json.dumps(first.json())
        for typed in (json.loads(body)["nir"], "A1204", "19880229"):
            assert typed not in told

    served(settings, use)


def test_what_was_closed_a_moment_ago_is_still_taken_whatever_else_is_closed_now(
    world: World, close: Callable[[Target], None], key_directory: Path, tmp_path: Path
) -> None:
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)
    close(Target(Level.DOMAIN, Domain.OPTI))

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: bool(openness.closings), "the closing is seen")
        openness.last_away = None
        world.run("update access.ladder set lifted = now()")
        await seen(lambda: not openness.closings, "the opening is seen")
        assert (await leave(http, who, card(1))).status_code == 201
        assert code(await leave(http, who, card(2, domain="PHAR"))) == "open"
        close(Target(Level.DOMAIN, Domain.PHAR))
        await seen(lambda: bool(openness.closings), "the next closing is seen")
        for number, domain in enumerate(("OPTI", "PHAR"), 3):
            assert (await leave(http, who, card(number, domain=domain))).status_code == 201
        openness.last_closed = {at: when - GRACE for at, when in openness.last_closed.items()}
        assert code(await leave(http, who, card(5))) == "open"

    served(settings, use)


def test_an_insurers_closing_takes_its_own_cards_alone(
    world: World, close: Callable[[Target], None], key_directory: Path, tmp_path: Path
) -> None:
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)
    close(Target(Level.INSURER, 1))

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        await seen(lambda: bool(front._openness.closings) and bool(front._counter.insurers), "the closing is seen")
        front._openness.last_away = None
        assert (await leave(http, who, card(1))).status_code == 201
        other = await leave(http, who, card(2, amc="99000009"))
        assert (other.status_code, code(other)) == (409, "open")

    served(settings, use)


def test_an_insurer_that_does_not_answer_has_deposits_taken_for_its_own_cards(
    world: World, key_directory: Path, tmp_path: Path
) -> None:
    """One that keeps its people itself (docs/adr/0108); whichever worker of the service was told."""
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: not openness.away and bool(front._counter.insurers), "the store answers")
        beside = replace(openness, last_away=None, insurers_said={})
        openness.last_away = None
        assert (await leave(http, who, card(1))).status_code == 409
        assert (await http.get("/v1/service")).json()["insurers_away"] == []
        front.say_away(1)
        said = (await http.get("/v1/service")).json()
        assert ([one["amc"] for one in said["insurers_away"]], said["open"]) == (["99000001"], True)
        assert (await leave(http, who, card(1))).status_code == 201
        other = await leave(http, who, card(2, amc="99000009"))
        assert (other.status_code, code(other)) == (409, "open")
        typed = parse_deposit(card(3), date_of(paris_day(SystemClock().now())))
        assert beside.takes(typed), "another worker of the same service"
        assert len(beside.body()["insurers_away"]) == 1
        beside.clock = FixedClock(SystemClock().now() + GRACE + timedelta(seconds=2))
        assert not beside.takes(typed)
        assert beside.body()["insurers_away"] == []

    served(settings, use)


def test_what_is_not_a_deposit_is_refused_with_its_reason(
    world: World, close: Callable[[Target], None], key_directory: Path, tmp_path: Path
) -> None:
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)
    close(Target(Level.NATION, 0))

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        await seen(lambda: bool(front._openness.closings), "the closing is seen")
        wrong = await leave(http, who, card(1, amount="-1"))
        assert (wrong.status_code, wrong.json()["field"]) == (422, "amount")
        for named in ("Mme L. 12/03/1950", "1 84 05 2A 950 012"):
            wrong = await leave(http, who, card(1, label=named))
            assert (wrong.status_code, wrong.json()["field"]) == (422, "label"), "it would be kept in clear"
        assert (await http.post("/v1/deposits", content=card(1))).status_code == 401
        assert (await leave(http, Optician(who.caller, "short"), card(1))).status_code == 401
        assert (await leave(http, who, card(1, label="x" * 3_000))).status_code == 413
        assert (await http.get("/v1/deposits")).status_code == 405
        assert (await http.delete("/v1/deposits/D-0000-0000-00000-0")).status_code == 405
        assert (await http.get("/v1/depositsx")).status_code == 404
        unknown = await http.get("/v1/deposits/D-0000-0000-00000-0", headers=held_headers(who.handle))
        assert (unknown.status_code, code(unknown)) == (404, "receipt_unknown")
        taken = await leave(http, who, card(1))
        waiting = await http.get(f"/v1/deposits/{taken.json()['receipt']}", headers=held_headers(who.handle))
        assert (waiting.status_code, waiting.json()["state"]) == (200, "received")

    served(settings, use)


def test_an_api_started_while_the_database_is_away_takes_deposits_and_shows_nothing(
    world: World, key_directory: Path, tmp_path: Path
) -> None:
    who = optician(world)
    away = Database("127.0.0.1", free_port(), world.database.name, world.database.secrets)
    settings = settings_of(away, key_directory, tmp_path)
    with pytest.raises(psycopg.OperationalError):
        away.connect("tierce_api")

    settings.spool_directory().mkdir(exist_ok=True)
    keep_seen(settings.spool_directory(), [sha256(who.handle.encode()).digest()])

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        assert (await http.get("/v1/service")).json()["store"] is False
        for path in ("/v1/session", "/v1/seats", "/v1/history"):
            closed = await http.get(path, headers={"authorization": f"DPoP {who.handle}"})
            assert (closed.status_code, code(closed), closed.json()["deposit"]) == (503, "closed", True)
        asked = await http.post("/v1/rights", content=b"{}", headers={"authorization": f"DPoP {who.handle}"})
        assert (asked.status_code, code(asked)) == (503, "closed")
        taken = await leave(http, who, card(1))
        assert taken.status_code == 201, taken.text
        assert taken.json()["promise"] == {
            "guaranteed": False, "reason": "insurer_unknown", "detail": taken.json()["promise"]["detail"],
        }, "an API that never saw the insurers promises nothing"  # fmt: skip
        now = int(SystemClock().now().timestamp())
        for at in (now, now + 60):  # one address sends as many as all strangers may
            while front._counter._strangers.count(b"", at):
                pass
        assert code(await leave(http, Optician(who.caller), card(2))) == "deposits_fast"
        assert (await leave(http, who, card(3))).status_code == 201, (
            "whom an earlier process saw alive is no stranger"
        )

    served(settings, use)
    assert OAK.amc


@contextmanager
def no_room(spool: Path) -> Iterator[None]:
    """Have this process write a part of one more record in its segment, as a disk does that is full there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_held(spool) + 20, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_deposit_that_finds_no_room_is_told_plainly_and_the_others_are_kept(
    world: World, close: Callable[[Target], None], key_directory: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)
    spool = settings.spool_directory()

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        close(Target(Level.DOMAIN, Domain.OPTI))
        await seen(lambda: bool(front._openness.closings), "the closing is seen")
        assert (await leave(http, who, card(1))).status_code == 201
        with no_room(spool):
            full = await leave(http, who, card(2))
        assert (full.status_code, code(full)) == (507, "deposits_full")
        assert "Gardez une copie de la carte" in full.text
        again = await leave(http, who, card(2))
        assert again.status_code == 201, "the same deposit, once there is room"

    served(settings, use)
    assert len([record for segment in segments(spool) for record in segment.records]) == 2
    assert "the spool fails: EFBIG" in caplog.text


def test_a_deposit_sent_at_once_after_a_closing_is_taken(
    world: World, close: Callable[[Target], None], key_directory: Path, tmp_path: Path
) -> None:
    """The gate refuses asks at its next batch; the counter looks twice a second, in each worker by itself."""
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        await seen(lambda: not front._openness.away, "the store answers")
        front._openness.last_away = None  # the moment before the first answer is no closing
        assert (await leave(http, who, card(1))).status_code == 409
        close(Target(Level.DOMAIN, Domain.OPTI))
        taken = await leave(http, who, card(2))
        assert taken.status_code == 201, taken.text

    served(settings, use)


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """The store hangs as behind a disk or a network that does: every process of it, none of them ended."""
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    hung = [postmaster, *map(int, children)]
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in hung:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_a_store_that_hangs_is_soon_away_and_asks_are_told_to_deposit(
    world: World, cluster: Cluster, key_directory: Path, tmp_path: Path
) -> None:
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: not openness.away, "the store answers")
        assert (await http.get("/health")).json()["gate"] == "open"
        with frozen(cluster):
            began = time.monotonic()
            await seen(lambda: openness.away, "the store is missed")
            assert time.monotonic() - began < 2 * (ANSWER_SECONDS_MAX + LOOK_SECONDS), (
                "the driver takes twelve seconds"
            )
            assert (await http.get("/v1/service")).json()["store"] is False
            assert (await http.get("/health")).status_code == 503, "before the gate learns it from an ask"
            asked = await http.post("/v1/rights", content=b"{}", headers={"authorization": f"DPoP {who.handle}"})
            assert (asked.status_code, code(asked), asked.json()["deposit"]) == (503, "closed", True)
            assert (await leave(http, who, card(1))).status_code == 201
        await seen(lambda: not openness.away, "the store is back")

    served(settings, use)


def test_a_connection_is_closed_once_the_look_that_hangs_on_it_has_ended(
    world: World, cluster: Cluster, key_directory: Path, tmp_path: Path
) -> None:
    """Closed before, its socket may be another's when the driver lets go of it: for that a loop ended its process."""
    settings = settings_of(world.database, key_directory, tmp_path)
    opened: list[psycopg.AsyncConnection[Any]] = []

    async def use(_http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: not openness.away, "the store answers")
        connect = openness.connect

        async def connecting() -> psycopg.AsyncConnection[Any]:
            opened.append(await connect())
            return opened[-1]

        openness.connect = connecting
        world.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'")
        await seen(lambda: bool(opened) and not openness.away, "a new connection is looked on")
        looked_on = opened[-1]
        with frozen(cluster):
            await seen(lambda: openness.away, "the store is missed")
            assert not looked_on.closed
        await seen(lambda: looked_on.closed, "it is closed in the end")
        await seen(lambda: not openness.away, "the store is back")

    served(settings, use)


def test_whoever_is_told_to_deposit_may_though_the_store_answers_the_look(
    world: World, key_directory: Path, tmp_path: Path
) -> None:
    """Somebody at the database holds a table: the look reads others, and says that all is open."""
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)
    world.run(f"alter role tierce_api in database \"{world.database.name}\" set lock_timeout = '50ms'")

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: not openness.away, "the store answers")
        beside = replace(openness, last_away=None)
        openness.last_away = None  # the moment before the first answer is no closing
        assert (await leave(http, who, card(1))).status_code == 409
        with as_superuser(world.database) as admin:
            admin.execute("lock table access.session in access exclusive mode")
            unlearned = {"authorization": f"DPoP {'z' * 43}"}  # her session is looked up, and that waits
            asked = await http.post("/v1/rights", content=b"{}", headers=unlearned)
            assert (asked.status_code, code(asked), asked.json()["deposit"]) == (503, "closed", True)
        assert not openness.away
        said = (await http.get("/v1/service")).json()
        assert (said["open"], said["store"], said["since"]) == (False, False, None), "the status page says so"
        assert (await leave(http, who, card(2))).status_code == 201
        typed = parse_deposit(card(3), date_of(paris_day(SystemClock().now())))
        assert beside.takes(typed), "another worker of the same service"
        beside.clock = FixedClock(SystemClock().now() + GRACE + timedelta(seconds=2))
        assert not beside.takes(typed), "for as long as after any closing"
        assert beside.body()["store"]

    served(settings, use)


def test_whoever_is_signed_in_is_no_stranger_to_an_api_that_she_never_asked(
    world: World, cluster: Cluster, key_directory: Path, tmp_path: Path
) -> None:
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        handle = sha256(who.handle.encode()).digest()
        await seen(lambda: front._counter.knows(handle), "her session is learned")
        with frozen(cluster):
            await seen(lambda: front._openness.away, "the store is missed")
            assert front._counter.knows(handle)
            assert (await leave(http, who, card(1))).status_code == 201
        await seen(lambda: handle in read_seen(settings.spool_directory(), EPOCH), "and kept for the next process")

    served(settings, use)


def test_a_look_that_fails_in_an_unforeseen_way_is_a_store_away_and_the_next_one_is_made(
    world: World, key_directory: Path, tmp_path: Path
) -> None:
    """A rung that this release does not know: what is closed cannot be read, and deposits are taken."""
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: not openness.away, "the store answers")
        hold(world, Level.NATION, 0, SystemClock().now())
        world.run("update access.ladder set rung = 9")
        await seen(lambda: openness.away, "the look fails")
        assert (await leave(http, who, card(1))).status_code == 201
        world.run("update access.ladder set lifted = now()")
        await seen(lambda: not openness.away, "the next look is made")

    served(settings, use)


def test_insurers_that_cannot_be_kept_are_no_store_away(world: World, key_directory: Path, tmp_path: Path) -> None:
    settings = settings_of(world.database, key_directory, tmp_path)

    async def use(_http: httpx.AsyncClient, front: Front) -> None:
        openness = front._openness
        await seen(lambda: not openness.away, "the store answers")
        openness.folder, openness.kept = tmp_path / "nowhere", None
        openness._keep(dict(openness.counter.insurers))
        assert (openness.away, openness.kept) == (False, None), "and it is tried again"
        openness.folder = tmp_path
        openness._keep(dict(openness.counter.insurers))
        assert (tmp_path / "insurers.json").exists()

    served(settings, use)
