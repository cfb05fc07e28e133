"""A signed-in thief who never asks for anybody new learns no more than a day's limit, and each of it is journalled.

The walk finds its own way: a new route, page, link or form is in it the day it exists.
The walk on a new device finds a view that leaks, which was added to it: `test_a_leaking_view_is_caught`.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from tests.integration.fresh import fresh_database
from tests.integration.walk_world import (
    A_DAY,
    KNOWN,
    PROFESSION,
    Login,
    Sites,
    WalkWorld,
    make_walk_world,
    open_sites,
    question,
)
from tests.integration.walker import Walker, litestar_of
from tierce.policy.acts import Act
from tierce.policy.seats import DAY_LIMITS, PROBATION_DAYS, PROBATION_KNOWN
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database

OLD = PROBATION_DAYS + 40
OPEN = frozenset(
    {
        *(
            ("portal", "GET", path)
            for path in ("/", "/health", "/look/{name:str}", "/static/{name:str}", "/signed-out")
        ),
        *(("portal", "GET", path) for path in ("/sign-in", "/sign-in/callback", "/assistant", "/assistant/passkey")),
        ("portal", "GET", "/sign-in/without-key"),
        *(("portal", "POST", path) for path in ("/sign-in", "/assistant/start")),
        *(
            ("api", "GET", path)
            for path in ("/health", "/metrics", "/v1/openapi.json", "/v1/service", "/fhir/metadata")
        ),
    }
)
"""What anybody may read: looks, ways in, what is open."""
OF_THE_KEY = frozenset({("portal", "POST", "/session/challenge"), ("api", "POST", "/v1/session/challenge")})
"""What the session's key is to sign: drawn for whoever holds the handle, and worth nothing without the key."""
LEAVES = frozenset(("api", "POST", f"/v1/session/{path}") for path in ("end", "leave")) | {
    ("portal", "POST", "/sign-out")
}
"""Whoever lost her key leaves all the same."""
LEAK = "/history/print"


@pytest.fixture
def world(database: Database, tmp_path: Path) -> WalkWorld:
    """Every site, and a professional who asked about many people on her own device."""
    return make_walk_world(database, tmp_path)


async def past(world: WalkWorld, sites: Sites, owner: Login) -> Walker:
    """What the owner asked about, on earlier days; gives the requests that a listener may have kept."""
    desk = Walker(sites, owner)
    for place, one in enumerate(world.people[:KNOWN]):
        if place % A_DAY == A_DAY - 1:
            world.another_day(owner)
        answer = await desk.act("/v1/rights", question(one), **{"idempotency-key": f"key-{one.number}"})
        assert one.formula in answer.text
    world.another_day(owner)
    return desk


async def replay(thief: Walker, desk: Walker) -> None:
    """Send again what the owner sent: as it was, then signed anew under the same keys."""
    for one in desk.sent:
        await thief.repeat(one)
        key = dict(one.headers)["idempotency-key"]
        await thief.act(one.address, one.body, **{"idempotency-key": key})


def leak_of(world: WalkWorld) -> HTTPRouteHandler:
    """A view that prints every insurer, as a careless export would."""
    rows = "".join(f"<li>{one.insurer}</li>" for one in world.people)

    @get(LEAK, opt={"act": Act.NONE})
    async def printed() -> Response[str]:
        """Print them."""
        return Response(f"<html><body><ul>{rows}</ul></body></html>", media_type="text/html")

    return printed


async def rob(
    world: WalkWorld, *, since_days: int | None, signs: bool = True, leaks: bool = False, ticket: bool = True
) -> Walker:
    """The owner's past, then the walk: on her device, or on one first seen `since_days` ago."""
    async with open_sites(world) as sites:
        owner = world.open_session(since_days=OLD)
        desk = await past(world, sites, owner)
        if leaks:
            litestar_of(sites.apps["portal"]).register(leak_of(world))
        login = owner if since_days is None else world.open_session(since_days=since_days)
        thief = Walker(sites, login, signs, ticket)
        if since_days is None and signs:
            await replay(thief, desk)
        await thief.walk()
        return thief


def check_bounded(
    world: WalkWorld, thief: Walker, limit: int, after: int, besides: frozenset[str] = frozenset()
) -> set[int]:
    """He learned at most `limit` people, each of them journalled, and nobody whom the owner never asked about.

    What only the paths of `besides` told him is left out.
    """
    learned = thief.learned(world.people, besides)
    assert len(learned) <= limit, f"learned about {len(learned)} people; the limit of the day is {limit}"
    assert learned <= world.journalled(after), f"no journal line for {len(learned - world.journalled(after))} people"
    assert learned <= {one.number for one in world.people[:KNOWN]}
    return learned


def test_on_the_owner_s_own_device_a_day_s_known_people_and_no_more(world: WalkWorld) -> None:
    limit = DAY_LIMITS[PROFESSION].known
    assert limit < KNOWN
    thief = asyncio.run(rob(world, since_days=None))
    learned = check_bounded(world, thief, limit, 0)
    assert len(learned) == limit, "the walk opens all that may be opened: else it proves nothing"


def test_with_the_cookies_and_no_key_nobody(world: WalkWorld) -> None:
    thief = asyncio.run(rob(world, since_days=None, signs=False))
    assert check_bounded(world, thief, 0, 0) == set()
    assert len(thief.engagements) == KNOWN, "the list itself is read for the minutes of a ticket, and names nobody"


def test_with_the_session_s_cookie_alone_nothing_at_any_address(world: WalkWorld) -> None:
    """Neither at the portal nor past it, at the API; and nothing is done in her name, but that her session ends."""
    thief = asyncio.run(rob(world, since_days=None, signs=False, ticket=False))
    assert check_bounded(world, thief, 0, 0) == set()
    assert thief.engagements == {}
    hers = {one for one in thief.opened if one[0] in {"portal", "api"} and one[1] in {"GET", "POST"}}
    assert {one for one in thief.walked if one in hers} - OPEN - OF_THE_KEY - LEAVES == set()
    told = "\n".join(thief.transcript)
    for known in ("Ferrand", "990000601", "Valbrume", "dossier 1"):
        assert known not in told, known
    assert world.run("select count(*) from access.device_name")[0] == (0,)
    assert world.run("select revoked_why from access.session where revoked is not null") == [("signed out",)]


@pytest.fixture(scope="module")
def on_a_new_device(
    cluster: Cluster, template: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[WalkWorld, Walker]]:
    """One walk, with a leaking view among all the others."""
    with fresh_database(cluster, template) as database:
        world = make_walk_world(database, tmp_path_factory.mktemp("new-device"))
        yield world, asyncio.run(rob(world, since_days=0, leaks=True))


def test_on_a_new_device_few_known_people(on_a_new_device: tuple[WalkWorld, Walker]) -> None:
    learned = check_bounded(*on_a_new_device, PROBATION_KNOWN, 0, besides=frozenset({LEAK}))
    assert len(learned) == PROBATION_KNOWN


def test_a_leaking_view_is_caught(on_a_new_device: tuple[WalkWorld, Walker]) -> None:
    """Two controls at once: more people than the limit, and people of whom there is no line."""
    world, thief = on_a_new_device
    with pytest.raises(AssertionError, match="learned about"):
        check_bounded(world, thief, PROBATION_KNOWN, 0)
    with pytest.raises(AssertionError, match="no journal line"):
        check_bounded(world, thief, len(world.people), 0)
