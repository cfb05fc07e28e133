"""Asks an application in this process with no client between: a walk makes tens of thousands of requests."""

import asyncio
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

HOST: Final = "site.tierce.test"
_SAFE: Final = "/%:=*~$@!&'()+,;?-._"
_BODIED: Final = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True)
class Told:
    """A whole answer."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes

    @property
    def location(self) -> str:
        """Where it leads to, if anywhere."""
        return next((value for name, value in self.headers if name.lower() == "location"), "")

    @cached_property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - as json.loads
        """The body, read as JSON."""
        return json.loads(self.content)


async def ask(app: Any, method: str, address: str, headers: dict[str, str], body: bytes) -> Told:  # noqa: ANN401 - any ASGI application
    """Send one request; an application that breaks answers 500, as its server would have it."""
    path, _, query = address.partition("?")
    path = quote(path, safe=_SAFE)
    sent = {"host": HOST, "accept": "*/*", **headers}
    if body or method in _BODIED:
        sent["content-length"] = str(len(body))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"), "raw_path": path.encode(), "root_path": "",
        "query_string": quote(query, safe=_SAFE).encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "server": (HOST, 80), "client": ("127.0.0.1", 123), "extensions": {},
    }  # fmt: skip
    status, told, parts = 500, list[tuple[str, str]](), list[bytes]()
    given, whole = False, asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            await whole.wait()
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, told
        if message["type"] == "http.response.start":
            status = message["status"]
            told = [(bytes(name).decode(), bytes(value).decode()) for name, value in message.get("headers", ())]
            return
        if method != "HEAD":
            parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            whole.set()

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - whatever it is, the server answers 500
        return Told(500, [], b"")
    return Told(status, told, b"".join(parts))
