"""A thief who walks everything that a session opens, and never asks for anybody new.

He is given no list of pages: he takes every route of every site from its routing table, every path of the published
description, and every link and form of every page, and tries each with all that he has found so far, by every method,
as HTML and as JSON, with conditional headers, in both languages; then he sends it again: of the requests that one
route answered word for word the same, the first.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import islice, product
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

from litestar import Litestar

from tests.integration.asking import Told, ask
from tests.integration.tickets import ticket_of
from tests.integration.walk_world import API_URL, KNOWN, Login, Sites, Truth
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Act
from tierce.web.api.callers import TICKET
from tierce.web.api.deposits import COUNTER_ROUTES
from tierce.web.api.hot import HOT_ACTS
from tierce.web.portal.site import form_token

REQUESTS_MAX: Final = 12_000
ENDS: Final = frozenset({Act.SESSION_REVOKE, Act.STAFF_SESSION_END, Act.PERSON_SESSION_END})
"""Acts that end sessions: walked last, and never with one's own."""
SCRIPTED: Final = ("/session/challenge", "/session/renew", "/sign-in", "/assistant/start", "/assistant/passkey/start")
"""What a script of the portal's pages asks for, as JSON."""
METHODS: Final = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
VARIANTS: Final[tuple[dict[str, str], ...]] = (
    {"accept": "application/json"},
    {"accept": "text/html", "accept-language": "en"},
    {"if-none-match": "*"},
    {"if-modified-since": "Mon, 01 Jan 2035 00:00:00 GMT", "range": "bytes=0-4000"},
    {"x-forwarded-for": "127.0.0.1", "x-http-method-override": "GET"},
)
ENGAGEMENT: Final = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-Z*~$=]")
NUMBER: Final = re.compile(r"(?<![\d.])\d{15,19}(?!\d)")
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "lang": ("fr", "en"),
    "outcome": ("shown", "not_shown", "all"),
    "domain": ("AUDI", "OPTI", "X"),
    "first": ("2001-01-01", "x"),
    "last": ("2099-12-31",),
    "sort": ("at", "-at", "domain", "label", "insurer"),
    "fill": ("paul_lenoir",),
    "format": ("csv", "json", "pdf"),
}
"""What to try for a query's name; for one that is not here, everything found so far."""
NAMED: Final = re.compile(r"(?:Quorvel|Kestrel|Ondine)(\d{3})|M-(\d{4})-Z")


@dataclass(frozen=True)
class Route:
    """One line of a routing table."""

    site: str
    method: str
    path: str
    queries: tuple[str, ...]
    ends: bool

    @property
    def names(self) -> list[str]:
        """Names of the path's parameters."""
        return re.findall(r"\{(\w+)", self.path)

    def fits(self, path: str) -> bool:
        """Whether an address is this route's."""
        return re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", self.path), path) is not None


def litestar_of(app: object, depth: int = 4) -> Litestar:
    """The framework's application inside whatever serves in front of it; a site without one fails the walk."""
    if isinstance(app, Litestar):
        return app
    held = vars(app).values() if depth and hasattr(app, "__dict__") else ()
    for inner in held:
        try:
            return litestar_of(inner, depth - 1)
        except LookupError:
            continue
    msg = f"no routing table in {type(app).__name__}"
    raise LookupError(msg)


def routes_of(sites: Sites) -> list[Route]:
    """Every route of every site, those served in front of the framework included."""
    found = [Route("api", "POST", path, (), ends=False) for path in HOT_ACTS]
    found += [Route("api", method, path, (), ends=False) for method, path in COUNTER_ROUTES]
    for site, app in sites.apps.items():
        for route in litestar_of(app).routes:
            for handler in getattr(route, "route_handlers", ()):
                names = tuple(handler.parsed_fn_signature.parameters)
                ends = handler.opt.get("act") in ENDS
                found += [Route(site, method, route.path, names, ends) for method in handler.http_methods]
    return [one for one in found if one.method != "OPTIONS"]


@dataclass(frozen=True)
class Sent:
    """One request, to be sent again as it was."""

    site: str
    method: str
    address: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Links(HTMLParser):
    """Links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what leads elsewhere, and what a form would send."""
        found = {name: value or "" for name, value in attrs}
        if tag in {"a", "link", "script", "img"}:
            self.links.append(found.get("href", found.get("src", "")))
        if tag == "form":
            self.forms.append({"to": found.get("action", ""), "by": found.get("method", "get").upper(),
                               "sign": found.get("data-url", ""), "fields": {}})  # fmt: skip
        if tag in {"input", "select", "textarea", "button"} and self.forms and found.get("name"):
            self.forms[-1]["fields"][found["name"]] = [found.get("value", "")]
            self._select = found["name"]
        if tag == "option" and self.forms and found.get("value"):
            self.forms[-1]["fields"].setdefault(self._select, []).append(found["value"])


@dataclass
class Walker:
    """One thief with one session; `signs` says whether he has the use of its key."""

    sites: Sites
    login: Login
    signs: bool = True
    ticket: bool = True
    """Whether he has the ticket too, which lives five minutes where the database is not made to say otherwise."""
    transcript: dict[str, set[str]] = field(default_factory=dict)
    """All that he was told, each with the paths that told it."""
    about: dict[str, set[int]] = field(default_factory=dict)
    """Whom each tells of, once it was looked for."""
    sent: list[Sent] = field(default_factory=list)
    on: str = ""
    """Path of the route that is being walked."""
    again: dict[tuple[str, str, str, tuple[str, ...], int, bytes], Sent] = field(default_factory=dict)
    """What he will send again: the first of those of one site, method, route, names of headers, and answer."""
    walked: set[tuple[str, str, str]] = field(default_factory=set)
    opened: set[tuple[str, str, str]] = field(default_factory=set)
    """Of those, the ones that answered him with anything but a refusal."""
    engagements: dict[str, None] = field(default_factory=dict)
    numbers: dict[str, None] = field(default_factory=dict)

    async def send(self, site: str, method: str, address: str, headers: dict[str, str], body: bytes = b"") -> Told:
        """Send one request as this session, and keep it and all that comes back."""
        handle = self.login.handle
        beside = ticket_of(handle) if self.ticket else ""
        mine = {"cookie": f"tierce-{site}={handle}; tierce-{site}-ticket={beside}"}
        if site == "api":
            mine = {"authorization": f"DPoP {handle}", TICKET: beside}
        one = Sent(site, method, address, tuple((mine | headers).items()), body)
        assert len(self.sent) < REQUESTS_MAX, "the walk does not end"
        self.sent.append(one)
        told = await self.repeat(one)
        place = self.on or urlsplit(address).path
        if told.status < 400:
            self.opened.add((site, method, place))
        self.again.setdefault((site, method, place, tuple(headers), told.status, told.content), one)
        return told

    async def repeat(self, one: Sent) -> Told:
        """Send a request exactly as it is."""
        response = await ask(self.sites.apps[one.site], one.method, one.address, dict(one.headers), one.body)
        head = "\n".join(f"{name}: {value}" for name, value in response.headers)
        told = f"{head}\n{response.text}"
        if told not in self.transcript:
            self.engagements |= dict.fromkeys(ENGAGEMENT.findall(told))
            self.numbers |= dict.fromkeys(NUMBER.findall(told))
        self.transcript.setdefault(told, set()).add(urlsplit(one.address).path)
        return response

    def proof(self, path: str, body: bytes) -> dict[str, str]:
        """The key's proof for an act of the API, when he has the use of it."""
        if not self.signs:
            return {}
        at = SystemClock().now().timestamp()
        made = self.login.key.proof("POST", API_URL + path, handle=self.login.handle, at=at, body=body)
        return {"dpop": made.decode()}

    async def act(self, path: str, body: bytes, **headers: str) -> Told:
        """A signed request to the API."""
        return await self.send("api", "POST", path, self.proof(path, body) | headers, body)

    async def submit(self, to: str, fields: dict[str, str], signed: str = "") -> Told:
        """Submit a form of the portal, signed for an act when it asks for that."""
        sent = {**fields, "form_token": form_token(self.login.handle)}
        if signed:
            sent |= {"body": "{}", "proof": self.proof(signed, b"{}").get("dpop", "")}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.send("portal", "POST", to, kind, urlencode(sent).encode())

    def values(self, name: str) -> list[str]:
        """What to try for a parameter of this name."""
        if name in WORDS:
            return list(WORDS[name])
        if name in {"engagement", "cursor"}:
            return [*self.engagements, "x"]
        if name == "response":  # of FHIR, whose ids say what they are of
            return [f"{kind}-{one}" for kind in ("invoice", "agreement") for one in [*islice(self.numbers, 4), 1]]
        return [
            *islice(self.numbers, 4),
            *(str(one) for one in range(1, 4)),
            *islice(self.engagements, 2),
            "tierce.css",
        ]

    def addresses(self, route: Route) -> Iterator[str]:
        """The addresses of a route, with what was found so far."""
        pools = [self.values(name) for name in route.names]
        for chosen in islice(product(*pools), KNOWN + 20):
            path = route.path
            for value in chosen:
                path = re.sub(r"\{[^}]*\}", quote(value, safe="=*~$"), path, count=1)
            yield path
            if not route.names:
                yield from (
                    f"{path}?{urlencode({name: value})}"
                    for name in {*route.queries, "lang", "sort", "format"} - {"request", "data"}
                    for value in islice(self.values(name), 6)
                )

    async def try_route(self, route: Route) -> None:
        """Walk one route in every way; where he has no session, each address, and one of them in every way.

        Of addresses that answer word for word the same, as all do behind which nothing is, one is tried in every way.
        """
        self.walked.add((route.site, route.method, route.path))
        self.on = route.path
        answers: set[tuple[int, str]] = set()
        for place, address in enumerate(self.addresses(route)):
            if route.method == "GET":
                told = await self.send(route.site, "GET", address, {})
                fresh = (told.status, told.text) not in answers
                answers.add((told.status, told.text))
                plain = fresh and "?" not in address and (route.site in {"portal", "api"} or place == 0)
                for headers in VARIANTS if plain else ():
                    await self.send(route.site, "GET", address, headers)
                for method in METHODS if plain else ():
                    await self.send(route.site, method, address, {})
            elif route.site == "portal":
                await self.submit(address, {}, f"/v1{address}")
                if route.path in SCRIPTED:
                    await self.send("portal", "POST", address, {"content-type": "application/json"}, b"{}")
            elif route.site == "api":
                for body in (b"{}", json.dumps({"name": "Accueil"}).encode())[: 1 if route.path in HOT_ACTS else 2]:
                    await self.act(address, body, **{"content-type": "application/json"})
            else:
                kind = {"content-type": "application/x-www-form-urlencoded"}
                await self.send(route.site, route.method, address, kind, b"form_token=x&purpose=2&why=x")

    async def crawl(self, site: str, last: list[Route]) -> None:
        """Follow every link and form from a site's first page."""
        waiting, known = deque(["/"]), {"/"}
        while waiting:
            response = await self.send(site, "GET", waiting.popleft(), {})
            page = _Links()
            page.feed(response.text)
            for link in [*page.links, response.location]:
                parts = urlsplit(link)
                address = parts.path + (f"?{parts.query}" if parts.query else "")
                if address.startswith("/") and not parts.netloc and address not in known:
                    known.add(address)
                    waiting.append(address)
            for form in page.forms:
                await self.use_form(site, form, last, waiting, known)

    async def use_form(
        self, site: str, form: dict[str, Any], last: list[Route], waiting: deque[str], known: set[str]
    ) -> None:
        """Send a form as the page offers it, with each of its choices."""
        to = form["to"]
        if any(route.fits(to) for route in last):
            return
        choices = [[(name, one) for one in values] for name, values in form["fields"].items() if name != "form_token"]
        for chosen in islice(product(*choices), 24):
            fields = dict(chosen)
            if form["by"] == "GET":
                address = f"{to}?{urlencode(fields)}"
                if address not in known:
                    known.add(address)
                    waiting.append(address)
            elif site == "portal" and (once := f"{to} {json.dumps(fields)}") not in known:
                known.add(once)
                await self.submit(to, fields, form["sign"].removeprefix(API_URL))

    async def walk(self) -> None:
        """Everything: routes, description, links, replays, and last what ends sessions."""
        routes = routes_of(self.sites)
        last = [route for route in routes if route.ends]
        described = (await self.send("api", "GET", "/v1/openapi.json", {})).json()["paths"]
        table = {(route.method, re.sub(r":\w+\}", "}", route.path)) for route in routes if route.site == "api"}
        for path, methods in described.items():
            for method in methods:
                assert (method.upper(), re.sub(r":\w+\}", "}", path)) in table, f"described, and in no table: {path}"
        for route in sorted(routes, key=lambda one: (one.method != "GET", one.path)):
            if not route.ends:
                await self.try_route(route)
        self.on = ""
        for site in self.sites.apps:
            await self.crawl(site, last)
        for one in list(self.again.values()):
            await self.repeat(one)
        for route in last:
            await self.try_route(route)
        assert self.walked == {(one.site, one.method, one.path) for one in routes}

    def learned(self, people: list[Truth], besides: frozenset[str] = frozenset()) -> set[int]:
        """Numbers of the people of whom anything tells that he received from other paths than `besides`."""
        marks = Marks.of(people)
        for told in self.transcript.keys() - self.about.keys():
            self.about[told] = people_in(told, marks)
        return set().union(*(self.about[told] for told, paths in self.transcript.items() if paths - besides))


@dataclass(frozen=True)
class Marks:
    """What tells of a person, each with his number."""

    nirs: dict[str, int]
    births: dict[str, int]

    @classmethod
    def of(cls, people: Sequence[Truth]) -> "Marks":
        """Those of some people."""
        births = {f"{one.birth:{form}}": one.number for one in people for form in ("%Y%m%d", "%d%m%Y")}
        return cls({one.nir[:13]: one.number for one in people}, births)


def people_in(told: str, marks: Marks) -> set[int]:
    """Numbers of the people of whom a text holds a mark, in whichever form it is written."""
    nirs, births = marks.nirs, marks.births
    text = unquote(unescape(told))
    found = {int(one or other) for one, other in NAMED.findall(text)}
    days = re.findall(r"(?<!\d)(\d{2,4})[-/. ](\d\d)[-/. ](\d{2,4})(?!\d)", text)
    runs = {"".join(day) for day in days} | set(re.findall(r"(?<!\d)\d{8}(?!\d)", text))
    found |= {births[run] for run in runs & births.keys()}
    digits = re.sub(r"[\s\u00a0\u202f.\-]", "", text)
    for run in re.findall(r"\d{13,}", digits):
        found |= {nirs[run[at : at + 13]] for at in range(len(run) - 12) if run[at : at + 13] in nirs}
    return found
