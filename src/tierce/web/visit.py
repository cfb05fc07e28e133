"""What every page of the office and of the persons' space starts from: who reads, in which language, which rows.

Handlers of these two sites are asynchronous and hand their rows to `Rows.read`, which runs in a thread with a
connection of the site's own pool: a slow statement never holds up the others.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from litestar import Request
from litestar.datastructures import MutableScopeHeaders, State
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope
from psycopg import Connection
from psycopg_pool import ConnectionPool

from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.web.cookies import cookie_in
from tierce.web.look import Frame, choose_language, language_cookie
from tierce.web.look.choice import COOKIE

AnyRequest = Request[Any, Any, State]
Pool = ConnectionPool[Connection]
Found = TypeVar("Found")
_FRAME: Final = "frame"
ONCE: Final = {"once": True}
"""Of a route's `opt`: its address serves once, such as that to which a provider answers."""
ELSEWHERE: Final = frozenset({"same-site", "cross-site"})
"""What a browser says (`Sec-Fetch-Site`) of a request that a page of another origin makes."""


def language_of(request: AnyRequest) -> Language:
    """The reader's language: asked for in the address, remembered, or preferred by the browser."""
    return choose_language(
        request.query_params.get("lang"), cookie_in(request, COOKIE), request.headers.get("accept-language")
    )


def kept_around(request: AnyRequest, frame: Frame) -> Frame:
    """Hold what stands around a visit's page for one that says what went wrong instead; gives it back."""
    request.scope["state"][_FRAME] = frame
    return frame


def around(request: AnyRequest) -> Frame:
    """What stands around a page that says what went wrong: of the visit, where it got as far as one."""
    found: Frame | None = request.scope["state"].get(_FRAME)
    return found or Frame(language=language_of(request), path=request.url.path, again=can_be_asked_again(request))


def can_be_asked_again(request: AnyRequest) -> bool:
    """Whether a link can lead to this very address: it answers no form alone, nor what serves `ONCE`."""
    if request.method != "POST":
        found: Mapping[str, object] = getattr(request.scope.get("route_handler"), "opt", {})  # none, of no page
        return not found.get("once")
    template = request.scope.get("path_template")
    routes = (route for route in request.app.routes if isinstance(route, HTTPRoute))
    return any(route.path_format == template and "GET" in route.methods for route in routes)


def is_from_elsewhere(request: AnyRequest) -> bool:
    """Whether the browser says that a page of another origin makes this request.

    One that does not say where it comes from tells the origin of what it sends; what it only opens, it may do in
    silence, and then is believed. "null" is what our own forms tell, since no address of ours reaches another site.
    """
    where = request.headers.get("sec-fetch-site")
    if where is not None:
        return where in ELSEWHERE
    origin, host = urlsplit(request.headers.get("origin", "null")), request.headers.get("host", "")
    return bool(origin.netloc) and host not in {origin.netloc, origin.hostname}


def is_from_our_script(request: AnyRequest) -> bool:
    """Whether a script of this site's own pages sends this, as JSON.

    No form has that type; another site's script would have to ask first, and is told no.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" and not is_from_elsewhere(request)


class RememberLanguage:
    """A hook for ``before_send`` that keeps a language asked for in the address."""

    def __init__(self, *, secure: bool) -> None:
        """Mark the cookie Secure when the site has https."""
        self._secure = secure

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Add the cookie when the answer starts."""
        if message["type"] != "http.response.start":
            return
        wish = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
        if wish in set(Language):
            MutableScopeHeaders.from_message(message).add(
                "set-cookie", language_cookie(Language(wish), secure=self._secure)
            )


@dataclass(frozen=True, slots=True)
class Rows:
    """The site's rows, read in a thread; connections of the pool are in autocommit mode."""

    pool: Pool

    async def read(self, work: Callable[[Connection], Found]) -> Found:
        """Run `work` with a connection, outside the event loop."""
        return await asyncio.to_thread(self._run, work)

    def _run(self, work: Callable[[Connection], Found]) -> Found:
        with self.pool.connection() as connection:
            return work(connection)


def act_of(handler: BaseRouteHandler) -> Act | None:
    """The act that a route declares, or None: a test refuses a route that declares none."""
    found = handler.opt.get("act")
    return found if isinstance(found, Act) else None
