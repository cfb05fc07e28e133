"""A thief with a stolen session of the office, the persons' space or an insurer's site: he has its cookies, whole.

He takes every route of the site from its routing table, with every number that he may have come by, his own and
others'; submits every form with all that it may want; and keeps, beside each answer, the journal's lines that were
written for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice, product
from typing import Final
from urllib.parse import urlencode
from zipfile import ZipFile

import psycopg

from tests.integration.asking import Told, ask
from tests.integration.sites_world import HANDLE, Site
from tests.integration.walker import ENDS, _Links, litestar_of
from tierce.journal.encoding import decode
from tierce.journal.model import Entry
from tierce.policy.acts import Act
from tierce.web.visit import act_of

FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
SCRIPT: Final = {"content-type": "application/json"}
ADDRESSES_MAX: Final = 90
QUERIES: Final = (
    ("lang", "en"),
    ("insurer", "2"),
    ("person", "2"),
    ("amc", "99100002"),
    ("format", "csv"),
    ("id", "2"),
)
PUBLIC: Final = ("/look/", "/static/", "/sign-in", "/session/", "/signed-out")
"""What anybody may have: looks, the way in, what the session's key is to sign, and what the way out says."""


@dataclass(frozen=True)
class SiteRoute:
    """One line of a site's routing table."""

    method: str
    path: str
    act: Act | None
    queries: tuple[str, ...]

    @property
    def public(self) -> bool:
        """Whether it asks for no session."""
        return self.path.startswith(PUBLIC)


@dataclass(frozen=True)
class Heard:
    """One answer, and the lines that the journal had more after it."""

    route: SiteRoute
    address: str
    told: Told
    lines: tuple[Entry, ...]

    @property
    def text(self) -> str:
        """Headers and body; of an archive, all that is in it."""
        head = "\n".join(f"{name}: {value}" for name, value in self.told.headers)
        if not self.told.content.startswith(b"PK"):
            return f"{head}\n{self.told.text}"
        with ZipFile(BytesIO(self.told.content)) as archive:
            return "\n".join([head, *(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())])

    @property
    def digits(self) -> str:
        """The same without what may stand between digits."""
        return re.sub(r"[\s\u00a0\u202f.\-]", "", self.text)


def site_routes(site: Site) -> list[SiteRoute]:
    """Every route of the site."""
    return sorted(
        (
            SiteRoute(method, route.path, act_of(handler), tuple(handler.parsed_fn_signature.parameters))
            for route in litestar_of(site.app).routes
            for handler in getattr(route, "route_handlers", ())
            for method in handler.http_methods - {"OPTIONS"}
        ),
        key=lambda one: (one.method, one.path),
    )


@dataclass
class SiteThief:
    """`known` are the values to try for a part of a path, by the path's first folder and the part's name, or by name.

    `typed` is what he types in a field of a form, whichever form it is; `asked` the query that a route's path wants.
    """

    site: Site
    admin: psycopg.Connection
    known: Mapping[str, Sequence[str]]
    typed: Mapping[str, str]
    asked: Mapping[str, str] = field(default_factory=dict)
    most: int = ADDRESSES_MAX
    """Addresses of one route."""
    language: str = "fr"
    offers: dict[str, dict[str, str]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def values(self, path: str, name: str) -> Sequence[str]:
        """What to try for one part of a path; a route whose parts nobody thought of fails the walk."""
        folder = path.split("/")[1]
        return self.known.get(f"{folder}/{name}") or self.known[name]

    def addresses(self, route: SiteRoute) -> Iterator[str]:
        """A route's addresses."""
        names = re.findall(r"\{(\w+)", route.path)
        for chosen in islice(product(*(self.values(route.path, name) for name in names)), self.most):
            path = route.path
            for value in chosen:
                path = re.sub(r"\{[^}]*\}", value, path, count=1)
            yield path + self.asked.get(route.path, "")
        if not names and route.method == "GET" and self.most == ADDRESSES_MAX:
            yield from (f"{route.path}?{urlencode({name: value})}" for name, value in QUERIES)
            yield from (
                f"{route.path}?{urlencode({name: value})}"
                for name in set(route.queries) - {"request", "data"}
                for value in ("2", "9223372036854775807", "Quorvel")
            )

    async def send(self, route: SiteRoute, address: str, body: bytes = b"", *, cookie: bool = True) -> Told:
        """Send one request, and keep its answer with the lines that were written."""
        held = f"{self.site.cookie}={HANDLE}; {self.site.ticket_cookie}={self.site.ticket}"
        headers = {"accept-language": self.language} | ({"cookie": held} if cookie else {})
        last = self._last()
        told = await ask(
            self.site.app, route.method, address, headers | (SCRIPT if route.public else FORM if body else {}), body
        )
        rows = self.admin.execute("select body from journal.entry where seq > %s order by seq", (last,)).fetchall()
        self.admin.rollback()
        self.heard.append(Heard(route, address, told, tuple(decode(bytes(row[0])) for row in rows)))
        return told

    def _last(self) -> int:
        row = self.admin.execute("select coalesce(max(seq), 0) from journal.entry").fetchone()
        self.admin.rollback()
        return int(row[0]) if row else 0

    def body(self, fields: Mapping[str, str]) -> bytes:
        """A form as the session's own page would send it."""
        return urlencode({"form_token": self.site.csrf, **fields}).encode()

    async def offered(self, page: str) -> Mapping[str, dict[str, str]]:
        """The forms of a page, each with the first of its choices: digests and hidden numbers that a form wants."""
        links = _Links()
        links.feed(page)
        return {
            one["to"]: {
                name: values[0] for name, values in one["fields"].items() if values[0] and name != "form_token"
            }
            for one in links.forms
            if one["by"] == "POST"
        }

    @property
    def last(self) -> list[SiteRoute]:
        """The routes that end the session."""
        found = (one for one in site_routes(self.site) if not one.public)
        return [one for one in found if one.act in ENDS or one.path == "/sign-out"]

    async def see(self) -> None:
        """Every page, and what its forms offer."""
        for route in (one for one in site_routes(self.site) if one.method == "GET" and not one.public):
            for address in self.addresses(route):
                self.offers |= await self.offered((await self.send(route, address)).text)

    async def fill(self) -> None:
        """Every form, with what its page offers and what he types."""
        for route in (one for one in site_routes(self.site) if one.method == "POST" and one not in self.last):
            for address in self.addresses(route):
                await self.send(route, address, self.body({**self.typed, **self.offers.get(address, {})}))

    async def walk(self) -> None:
        """Every page, every form, every page again; then what ends the session, and nothing opens any more."""
        await self.see()
        await self.fill()
        await self.see()
        whole = list(self.heard)
        for route in self.last:
            await self.send(route, route.path, self.body({}))
        for one in {(one.route, one.address): one for one in whole}.values():
            await self.send(one.route, one.address, self.body(self.typed) if one.route.method == "POST" else b"")

    def before_the_end(self) -> list[Heard]:
        """What he was told while the session lived."""
        ended = next(place for place, one in enumerate(self.heard) if one.route.path == "/sign-out")
        return self.heard[:ended]

    def after_the_end(self) -> list[Heard]:
        """What he was told when it had ended."""
        return self.heard[len(self.before_the_end()) + 1 :]
