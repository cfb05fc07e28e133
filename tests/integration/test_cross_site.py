"""A page of another origin has a victim's browser send whatever a browser lets it send: nothing changes.

Every route of the portal, the office, the persons' space and the insurers' site, from their routing tables, with her
cookies and her ticket, as a form or as a script without leave sends it, and with what browsers of each age say of
where it comes from. He cannot read a page of ours, so he has no token of a form; nor set a header of his choice.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
import psycopg
import pytest
from litestar import Litestar

from tests.integration.asking import HOST, ask
from tests.integration.conftest import Connect
from tests.integration.rooms import open_room
from tests.integration.site_thief import SiteThief, site_routes
from tests.integration.sites_world import HANDLE, Site, insurers_site, office_site, persons_site
from tests.integration.stolen_world import ASKED, TYPED, StolenWorld, make_stolen_world
from tests.integration.test_sites_malformed import sound
from tests.integration.tickets import ticket_of
from tests.integration.walk_world import make_walk_world, open_sites
from tests.integration.walker import litestar_of
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.portal.app import create_app as create_portal
from tierce.web.portal.settings import PortalSettings

pytestmark = pytest.mark.integration
Opened = Callable[..., AbstractAsyncContextManager[Site]]
Headers = dict[str, str]

FROM: Final[tuple[Headers, ...]] = (
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site", "origin": "null"},
    {"sec-fetch-site": "same-site", "origin": f"https://other.{HOST}"},
    {"sec-fetch-site": "cross-site"},
    {"origin": "https://evil.example"},
    {"origin": f"http://{HOST}.evil.example"},
    {"origin": "null"},
    {},
)
"""What browsers say of where a request comes from: today's; those that say nothing of it but the origin; none."""
BOUNDARY: Final = "x"


def sent(fields: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """The bodies of the three types that need no leave, JSON in the clothes of one, and no type at all."""
    form = urlencode(fields).encode()
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    yield "application/x-www-form-urlencoded", form
    yield f"multipart/form-data; boundary={BOUNDARY}", f"{parts}--{BOUNDARY}--\r\n".encode()
    yield "text/plain", b'{"return_to":"/","challenge":"x","site":"portal"}'
    yield "text/plain; application/json", b'{"site":"portal","return_to":"/activity"}'
    yield "", b"{}"


def told_apart(admin: psycopg.Connection) -> str:
    """All that the database holds, as one text for each table: whatever changes is in one of them."""
    tables = admin.execute(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname !~ '^pg_|^information_schema' order by 1"
    ).fetchall()
    one = "select '{0}' || count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) from {0} t"
    rows = admin.execute(" union all ".join(one.format(name) for (name,) in tables)).fetchall()
    admin.rollback()
    return "\n".join(sorted(row[0] for row in rows))


async def forge(thief: SiteThief) -> tuple[int, list[str]]:
    """Send everything to every route of a site; how many, and the addresses that changed something."""
    count, changed = 0, list[str]()
    held = {"cookie": f"{thief.site.cookie}={HANDLE}; {thief.site.ticket_cookie}={thief.site.ticket}"}
    before = told_apart(thief.admin)
    for route in site_routes(thief.site):
        if route.path.startswith(("/look/", "/static/")):
            continue
        address = next(iter(thief.addresses(route)))
        for origin in FROM:
            if route.method == "GET" and not {"cross-site", "same-site"} & {*origin.values()}:
                continue  # a page that is opened: silence is believed, and SameSite=Strict keeps the cookies back
            bodies = sent(dict(TYPED)) if route.method == "POST" else [("", b"")]
            for kind, body in bodies:
                headers = held | origin | ({"content-type": kind} if kind else {})
                told = await ask(thief.site.app, route.method, address, headers, body)
                assert told.status < 500, address
                count += 1
        after = told_apart(thief.admin)
        if after != before:
            changed.append(f"{route.method} {route.path}: {set(after.splitlines()) - set(before.splitlines())}")
            before = after
    return count, changed


@pytest.mark.parametrize(
    ("name", "opened"), [("office", office_site), ("persons", persons_site), ("insurers", insurers_site)]
)
def test_a_page_of_another_origin_changes_nothing(
    database: Database, connect: Connect, keyring: Keyring, name: str, opened: Opened
) -> None:
    world: StolenWorld = make_stolen_world(database, connect, keyring, posted=name == "persons")

    async def scene() -> tuple[int, list[str]]:
        async with opened(world.room, database) as site:
            return await forge(SiteThief(site, world.room.admin, world.known(name), TYPED, ASKED))

    count, changed = asyncio.run(scene())
    assert changed == []
    assert count > 500


class Relayed(httpx.AsyncBaseTransport):
    """The way from the portal to the API, which notes what is relayed."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note it, and hand it on."""
        self.sent.append(f"{request.method} {request.url.path}")
        return await self._inner.handle_async_request(request)


def portal_headers(handle: str, turn: str) -> Headers:
    """All that the victim's browser holds of the portal, a turn to sign in included."""
    return {
        "cookie": f"tierce-portal={handle}; tierce-portal-ticket={ticket_of(handle)}; tierce-portal-turn={turn};"
        " tierce-portal-pending=state.binding"
    }


async def forge_portal(app: Litestar, relayed: Relayed, handle: str) -> int:
    """Send everything to every route of the portal: nothing but readings is relayed to the API."""
    count = 0
    for route in litestar_of(app).routes:
        for method in {"GET", "POST"} & {*getattr(route, "methods", ())}:
            for origin in FROM:
                entered = await ask(app, "GET", "/sign-in", {}, b"")
                turn = next(v for n, v in entered.headers if v.startswith("tierce-portal-turn=")).split(";")[0]
                held = portal_headers(handle, turn.partition("=")[2])
                for kind, body in sent(dict(TYPED)) if method == "POST" else [("", b"")]:
                    headers = held | origin | ({"content-type": kind} if kind else {})
                    told = await ask(app, method, sound(route.path, {}), headers, body)
                    assert told.status < 500, route.path
                    count += 1
            done = [one for one in relayed.sent if not one.startswith("GET ")]
            assert done == [], f"{method} {route.path}"
    return count


def test_a_page_of_another_origin_has_the_portal_relay_nothing_but_readings(
    database: Database, tmp_path: Path
) -> None:
    world = make_walk_world(database, tmp_path)

    async def scene() -> tuple[int, list[str]]:
        async with open_sites(world) as sites:
            relayed = Relayed(httpx.ASGITransport(app=sites.apps["api"], raise_app_exceptions=False))
            settings = PortalSettings.of(world.settings)
            app = create_portal(settings, transport=relayed, ticks=lambda: 0.0)
            her = world.open_session(since_days=400)
            return await forge_portal(app, relayed, her.handle), relayed.sent

    count, relayed = asyncio.run(scene())
    assert count > 500
    assert relayed, "pages that are opened ask the API: else this proves nothing"


@pytest.mark.parametrize(
    ("opened", "path"), [(office_site, "/ladder"), (persons_site, "/help"), (insurers_site, "/feeds")]
)
def test_a_cookie_that_another_host_of_the_domain_set_is_none_of_ours(
    connect: Connect, keyring: Keyring, database: Database, opened: Opened, path: str
) -> None:
    """Chromium sends what another host set under our name with the byte A0 or 85 in front, after ours."""
    room = open_room(connect, keyring)

    async def scene() -> list[int]:
        async with opened(room, database) as site:
            hers = f"{site.cookie}={HANDLE}; {site.ticket_cookie}={site.ticket}".encode()
            told = []
            for space in (b"\xa0", b"\x85", b"\x1f"):
                forged = hers.replace(b"tierce-", space + b"tierce-")
                other = forged.replace(HANDLE.encode(), b"o" * 43)
                for cookies in (forged, hers + b"; " + other, other + b"; " + hers):
                    sent_by = httpx.ASGITransport(app=site.app)  # type: ignore[arg-type]  # as in sites_world
                    async with httpx.AsyncClient(transport=sent_by, base_url="http://127.0.0.1:9") as web:
                        told.append((await web.get(path, headers=[(b"cookie", cookies)])).status_code)
            return told

    assert asyncio.run(scene()) == [401, 200, 200] * 3
