"""Every route of every site by other methods, and under other spellings: nothing is kept, shared or opened by it."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.integration.asking import Told, ask
from tests.integration.conftest import Connect
from tests.integration.rooms import open_room
from tests.integration.sites_world import HANDLE, Site, insurers_site, office_site, persons_site
from tests.integration.test_sites_malformed import sound
from tests.integration.tickets import cookie_of
from tests.integration.walk_world import make_walk_world, open_sites
from tests.integration.walker import litestar_of
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

METHODS = ("HEAD", "OPTIONS", "TRACE", "PUT", "PROPFIND")
ELSEWHERE = {"origin": "https://evil.example", "access-control-request-method": "POST"}
STATIC = ("/look/", "/static/", "/favicon")


def paths_of(app: object) -> set[str]:
    """Every address of an application, its parts filled in."""
    return {sound(route.path, {}) for route in litestar_of(app).routes if hasattr(route, "route_handlers")}


def spellings(path: str) -> Iterator[str]:
    """Ways to write an address that something in front may take for another one, or for this one."""
    yield from (f"{path}/", f"/{path}", f"{path}/.", f"{path};x=1", f"{path}%00", path.upper())
    yield from (f"/look/..{path}", f"/static/..%2f{path[1:]}")


def wrong(path: str, told: Told) -> Iterator[str]:
    """What an answer must not have."""
    headers = {name.lower(): value for name, value in told.headers}
    yield from (name for name in headers if name.startswith("access-control-"))
    if told.status >= 500 and told.status != 503:
        yield f"a fault, {told.status}"
    if not re.sub("/+", "/", path).startswith(STATIC):  # the framework takes several slashes for one
        yield from (name for name in ("etag", "last-modified", "expires") if name in headers)
        if headers.get("cache-control") != "no-store":
            yield f"cache-control {headers.get('cache-control')}"
    if headers.get("x-content-type-options") != "nosniff":
        yield "no nosniff"
    if (to := headers.get("location", "/")) and not re.match(r"/(?![/\\])|http://127\.0\.0\.1", to):
        yield f"it leads to {to}"


async def walk(app: Any, cookie: dict[str, str]) -> list[tuple[str, str, str]]:  # noqa: ANN401 - any ASGI application
    """What is wrong with an answer: to other methods with a session, to other spellings without one."""
    found: dict[tuple[str, str, str], None] = {}
    for path in sorted(paths_of(app)):
        exact = await ask(app, "GET", path, cookie | ELSEWHERE, b"")
        asked = METHODS if cookie else ()
        answers = [("GET", path, exact)]
        answers += [(method, path, await ask(app, method, path, cookie | ELSEWHERE, b"")) for method in asked]
        for other in () if cookie else spellings(path):
            told = await ask(app, "GET", other, {}, b"")
            answers.append(("GET", other, told))
            if told.status == 200 and exact.status != 200:
                found["GET", other, "it opens what the address itself does not"] = None
        for method, other, told in answers:
            found |= {(method, other, what): None for what in wrong(other, told)}
    return list(found)


def test_other_methods_and_spellings_of_the_office_the_persons_and_the_insurers(
    connect: Connect, keyring: Keyring, database: Database
) -> None:
    room, found = open_room(connect, keyring), dict[str, list[tuple[str, str, str]]]()

    async def scene(name: str, site: Site) -> None:
        found[f"{name}, nobody"] = await walk(site.app, {})
        found[name] = await walk(site.app, {"cookie": f"{site.cookie}={HANDLE}; {site.ticket_cookie}={site.ticket}"})

    async def every() -> None:
        async with office_site(room, database) as site:
            await scene("office", site)
        async with persons_site(room, database) as site:
            await scene("persons", site)
        async with insurers_site(room, database) as site:
            await scene("insurers", site)

    asyncio.run(every())
    assert [(name, *one) for name, some in found.items() for one in some] == []
    assert len(found) == 6


def test_other_methods_and_spellings_of_the_portal_and_the_api(database: Database, tmp_path: Path) -> None:
    world, found = make_walk_world(database, tmp_path), dict[str, list[tuple[str, str, str]]]()

    async def scene() -> None:
        async with open_sites(world) as sites:
            for name in ("portal", "api"):
                app = sites.apps[name]
                login = world.open_session(since_days=40)
                found[f"{name}, nobody"] = await walk(app, {})
                found[name] = await walk(app, {"cookie": cookie_of(login.handle)})

    asyncio.run(scene())
    assert [(name, *one) for name, some in found.items() for one in some] == []
