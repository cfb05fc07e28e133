"""Whatever is sent to a page is answered: every route of every site with malformed addresses, queries and forms.

The API has its description for that (test_api_contract.py). The sites have none: their routes come from their routing
tables, the names of fields from their templates, and each is sent by somebody signed in and by nobody.
"""

import asyncio
import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.asking import ask
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import HANDLE, Site, insurers_site, office_site, persons_site
from tests.integration.test_office_site import attack, opened
from tests.integration.tickets import cookie_of
from tests.integration.walk_world import make_walk_world, open_sites
from tests.integration.walker import litestar_of
from tierce.identity.sites.forms import form_token
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

WEB = Path(__file__).parents[2] / "src" / "tierce" / "web"
ENDS = {Act.SESSION_REVOKE, Act.STAFF_SESSION_END, Act.PERSON_SESSION_END}
ODD = (
    "1", "-1", "9" * 30, "9223372036854775808", "32768", "\ud800", "\x00", "²", "1.²", "2026-02-30", "0000-01-01",
    "é☂", "nan", "%", "../../etc/passwd", "a" * 3000,
)  # fmt: skip
"""Numbers past every width, digits that are not, days that never were, what SQL, paths and encodings trip on."""
FORM = "application/x-www-form-urlencoded"
SLOW = {"/incidents/{number:int}/pack"}
"""Routes that work for seconds, and read nothing of a form but its token: sent one."""
Told = tuple[str, str, int]


def text_of(value: str) -> str:
    """A value as it goes in an address or a form; a lone surrogate goes as the bytes that no text has."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def routes_of(app: object, site: str) -> Iterator[tuple[str, str, list[str]]]:
    """Method, path and names of queries of every route that ends nobody's session; pages have those read by hand."""
    by_hand = {
        name
        for file in (WEB / site).rglob("*.py")
        for name in re.findall(r'(?:query_params\.get\(|\(request, )"(\w+)"', file.read_text("utf-8"))
    }
    for route in litestar_of(app).routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("act") not in ENDS:
                apart = {"request", "data", *re.findall(r"\{(\w+)", route.path)}
                queries = [one for one in handler.parsed_fn_signature.parameters if one not in apart]
                for method in handler.http_methods - {"OPTIONS"}:
                    yield method, route.path, sorted({*queries, *(by_hand if method == "GET" else ())})


def fields_of(site: str) -> list[str]:
    """The names that forms of a site send."""
    found = {
        name
        for file in (WEB / site / "templates").rglob("*.html")
        for name in re.findall(r'name="([\w-]+)"', file.read_text("utf-8"))
    }
    read = {
        name
        for file in (WEB / site).rglob("*.py")
        for name in re.findall(r'(?:form|fields|typed|told)(?:\.get\(|\[)"([\w-]+)"', file.read_text("utf-8"))
    }
    return sorted(found | read)


def sound(path: str, found: dict[str, str]) -> str:
    """An address whose parts are what was found, or 1."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda part: found.get(part[1], "1"), path)


def addresses(path: str, queries: list[str], found: dict[str, str]) -> Iterator[str]:
    """An address with each odd value in the place of each of its parts, the others as they were found to be."""
    names = re.findall(r"\{(\w+)[^}]*\}", path)
    good = {name: found.get(name, "1") for name in names}
    for name in names or [""]:
        for value in ODD if name else [""]:
            yield "/".join(
                text_of(value if part == name else good[part])
                if (part := "".join(re.findall(r"^\{(\w+)", piece)))
                else piece
                for piece in path.split("/")
            )
    for value in ODD if queries else ():
        yield f"{sound(path, found)}?" + "&".join(f"{name}={text_of(value)}" for name in queries)


def bodies(fields: list[str], token: str) -> Iterator[tuple[str, bytes]]:
    """Forms whose every field is odd, each in another way, and bodies that are no forms."""
    signed = f"form_token={quote(token)}"
    yield FORM, signed.encode()
    for start in range(0, len(ODD), 4):
        odd = zip(fields, islice(cycle(ODD), start, None), strict=False)
        yield FORM, "&".join([signed, *(f"{name}={text_of(value)}" for name, value in odd)]).encode()
    yield FORM, f"{signed}&{signed}&={signed}&&%zz=%".encode()
    yield FORM, b"\xff\xfe=\x00&form_token"
    yield "multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n'
    yield "multipart/form-data", b"--"
    yield "application/json", b'{"form_token": ['
    yield "text/plain; charset=nonesuch", b"x"


async def send_all(app: Any, site: str, cookie: dict[str, str], handle: str, found: dict[str, str]) -> list[Told]:  # noqa: ANN401 - any ASGI application
    """Send everything to every route; the requests that were answered by a fault of ours."""
    faults: dict[Told, None] = {}
    fields, token = [*fields_of(site), "x"], form_token(handle)
    signed = f"form_token={quote(token)}".encode()
    for method, path, queries in routes_of(app, site):
        sent = [(address, "", b"") for address in addresses(path, queries, found)]
        if method != "GET":
            whole = sound(path, found)
            sent = [(address, FORM, signed) for address, _, _ in sent]
            sent += [(whole, kind, body) for kind, body in islice(bodies(fields, token), 1 if path in SLOW else None)]
        for address, kind, body in sent if handle else sent[::6]:  # nobody is turned away before most is read
            told = await ask(app, method, address, cookie | ({"content-type": kind} if kind else {}), body)
            if told.status >= 500 and told.status != 503:
                faults[method, path, told.status] = None
    return list(faults)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    made = open_room(connect, keyring)
    attack(made)
    return made


def test_no_page_of_the_office_the_persons_or_the_insurers_breaks(room: Room, database: Database) -> None:
    faults: dict[str, list[Told]] = {}

    async def scene(name: str, site: Site, found: dict[str, str]) -> None:
        cookie = {"cookie": f"{site.cookie}={HANDLE}; {site.ticket_cookie}={site.ticket}"}
        faults[name] = await send_all(site.app, name, cookie, HANDLE, found)
        faults[f"{name}, nobody"] = await send_all(site.app, name, {}, "", found)

    async def every() -> None:
        async with office_site(room, database) as site:
            incident = (await opened(site)).rsplit("/", 1)[1]
            await scene("office", site, {"number": incident, "incident": incident, "professional": "501"})
        async with persons_site(room, database) as site:
            await scene("persons", site, {})
        async with insurers_site(room, database) as site:
            await scene("insurers", site, {"number": incident, "incident": incident})

    asyncio.run(every())
    assert faults == {name: [] for name in faults}
    assert len(faults) == 6


def test_no_page_of_the_portal_breaks(database: Database, tmp_path: Path) -> None:
    world = make_walk_world(database, tmp_path)
    faults: list[Told] = []

    async def scene() -> None:
        async with open_sites(world) as sites:
            login, portal = world.open_session(since_days=40), sites.apps["portal"]
            cookie = {"cookie": cookie_of(login.handle)}
            faults.extend(await send_all(portal, "portal", cookie, login.handle, {}))
            faults.extend(await send_all(portal, "portal", {}, "", {}))

    asyncio.run(scene())
    assert faults == []
