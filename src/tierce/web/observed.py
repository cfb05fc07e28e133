"""What every site has in front of its application: request ids, health, metrics, and a last word on errors.

Health and metrics answer this machine alone: a request that came through a proxy is handed to the application, which
knows no such page. Which site this is answers anybody, with one word: so the doctor finds a public name led astray.
Nothing here depends on a person: no label names anybody, and what an answer hides is not counted.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import msgspec
from prometheus_client import generate_latest

from tierce import __version__
from tierce.web import logs
from tierce.web.api import problems
from tierce.web.api.metrics import render as render_gate
from tierce.web.arriving import Arrivals, Arriving
from tierce.web.fhir.names import ELIGIBILITY_PATH
from tierce.web.figures import Figures
from tierce.web.names import LIVE, NAME, READY
from tierce.web.readiness import Readiness

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FORWARDED: Final = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})
HERE: Final = frozenset({"127.0.0.1", "::1"})
METRICS: Final = "/metrics"
FIGURES: Final = "figures"
"""Where an application keeps, in its state, what tells figures of its own in Prometheus' text form."""
ONCE: Final = frozenset(
    {
        b"authorization", b"dpop", b"tierce-ticket", b"idempotency-key", b"content-type", b"content-length",
        b"transfer-encoding", b"host", b"origin", b"sec-fetch-site", b"x-form-token",
    }
)  # fmt: skip
"""Headers on which something is decided: of two, whoever stands in front may read one and we the other."""
OWN_PAGES: Final = frozenset({LIVE, READY, METRICS, NAME})
ASKS: Final = ("/v1/rights", "/v1/history/", ELIGIBILITY_PATH)
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_OF_A_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})
SLOW_SECONDS = 1.0
"""A request that takes longer has a line in the log, like one that failed."""
BODY_SECONDS: Final = 30.0
"""By when what is sent has arrived whole: a proxy bounds the time between two pieces, however small each is."""
_WORD: Final = re.compile(r"[a-z_.-]{1,24}")


def _said_twice(said: list[bytes]) -> problems.Problem:
    """The refusal that names the header, as the description writes it; its name is one of ONCE."""
    name = next(name for place, name in enumerate(said) if name in said[:place])
    field = {b"dpop": "DPoP"}.get(name, name.decode().title())
    return replace(problems.HEADER_TWICE, extra={"field": field})


class Observed:
    """One site's application, watched."""

    def __init__(
        self, name: str, app: App, readiness: Readiness, shared: Path | None, body_seconds: float = BODY_SECONDS
    ) -> None:
        """Watch `app`; `name` is the process's, and the workers of one service count together in `shared`."""
        self._arrivals, self._body_seconds = Arrivals(), body_seconds
        self._name = name
        self._app = app
        self._readiness = readiness
        self._figures = Figures(name, shared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or hand anything else to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in OWN_PAGES and (scope["path"] == NAME or is_local(scope)):
            await self._own_page(scope["path"], send)
            return
        said = [name for name, _value in scope["headers"] if name in ONCE]
        if len(said) > len(frozenset(said)):
            await _answer(send, 400, _said_twice(said).body(), b"application/problem+json")
            return
        started, status = perf_counter(), 0

        def watched(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                if arriving is not None and arriving.late:  # a framework calls it a fault of ours
                    message = {**message, "status": 408, "headers": [*message["headers"], (b"connection", b"close")]}
                status = message["status"]
            return send(message)

        arriving = (
            None
            if is_timed(scope["path"]) or (scope["method"] in _WITHOUT_BODY and not _OF_A_BODY.intersection(said))
            else Arriving(receive, self._body_seconds, self._arrivals)
        )
        self._figures.begin()
        fault: Exception | None = None
        described = logs.REQUEST.set(scope)
        try:
            await self._app(scope, receive if arriving is None else arriving, watched)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the server would log the error's text, which may hold what was sent
            if arriving is not None and arriving.late and status == 0:
                await _answer(watched, 408, b"", b"text/plain")
                return
            fault = error
            if status == 0:
                await _answer(watched, 500, b"{}", b"application/json")
        finally:
            if arriving is not None:
                arriving.end()
            seconds = perf_counter() - started
            self._figures.end(status, seconds, ask=scope["path"].startswith(ASKS))
            if fault is not None or status >= 500 or seconds > SLOW_SECONDS:
                self._tell(scope, status, seconds, fault)
            logs.REQUEST.reset(described)

    def _tell(self, scope: Scope, status: int, seconds: float, fault: Exception | None) -> None:
        failed = fault is not None or status >= 500
        logs.say(
            "a request failed" if failed else "a request was slow",
            level="error" if failed else "warning",
            method=scope["method"] if _WORD.fullmatch(scope["method"].lower()) else "?",
            route=route_of(scope["path"], status),
            status=status,
            ms=round(seconds * 1000),
            **({} if fault is None else {"kind": type(fault).__name__, "where": logs.where(fault)}),
        )

    async def _own_page(self, path: str, send: Send) -> None:
        if path == NAME:
            await _answer(send, 200, self._name.encode(), b"text/plain; charset=utf-8")
        elif path == LIVE:
            await _answer(send, 200, msgspec.json.encode({"live": True, "version": __version__}), b"application/json")
        elif path == READY:
            checks = await self._checks()
            status = 200 if all(checks.values()) else 503
            body = msgspec.json.encode({"ready": status == 200, "checks": checks})
            await _answer(send, status, body, b"application/json")
        else:
            text = generate_latest(self._figures)
            gate = getattr(self._app, "gate", None)
            if gate is not None:
                text += render_gate(gate).encode()
            told = getattr(getattr(self._app, "state", None), FIGURES, None)
            if told is not None:
                text += told().encode()
            text += _checked(await self._checks()).encode()
            await _answer(send, 200, text, b"text/plain; version=0.0.4; charset=utf-8")

    async def _checks(self) -> dict[str, bool]:
        spool = getattr(self._app, "takes_deposits", True)
        return await self._readiness.look(getattr(self._app, "gate", None), spool=spool)


def is_local(scope: Scope) -> bool:
    """Whether a request was made on this machine and came through no proxy."""
    client = scope.get("client")
    forwarded = any(name in FORWARDED for name, _value in scope["headers"])
    return client is not None and client[0] in HERE and not forwarded


def is_timed(path: str) -> bool:
    """Whether a route has a deadline of its own for its body: an ask has no time to wait twice."""
    asked = path in {ASKS[0], ELIGIBILITY_PATH} or (path.startswith(ASKS[1]) and path.endswith("/revisit"))
    return asked or path.startswith("/v1/deposits")


def route_of(path: str, status: int) -> str:
    """The path with everything but plain words withheld; a path that no route knows is not ours to repeat."""
    if status in (404, 405):
        return "?"
    return "/".join(part if not part or _WORD.fullmatch(part) else "…" for part in path.split("/"))


def _checked(checks: dict[str, bool]) -> str:
    """The checks of readiness as figures: a collector learns that a site serves nobody before somebody calls."""
    rows = (f'tierce_ready{{check="{name}"}} {int(holds)}\n' for name, holds in checks.items())
    return "# TYPE tierce_ready gauge\n" + "".join(rows)


async def _answer(send: Send, status: int, body: bytes, kind: bytes) -> None:
    headers = [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
