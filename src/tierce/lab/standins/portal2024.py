"""A portal without a gate, to compare with: a password opens a session, and the session asks as often as it likes.

It is a re-enactment of the kind of look-up that a stolen account could empty, not a copy of anybody's software. It
answers the same question as ours, from the same files, held in memory: is this person covered for this care on
this day. It answers it to whoever holds the session's cookie, without a limit and without a journal.
"""

import csv
import json
import os
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from granian import Granian
from granian.constants import Interfaces

app = typer.Typer(add_completion=False)
COUNTRY_VARIABLE: Final = "TIERCE_PORTAL2024_COUNTRY"
COOKIE: Final = "session"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Right = tuple[str, str, frozenset[str], str]
"""Covered from, covered until, domains, insurer."""


class Portal2024:
    """The application: `/login`, `/rights` and `/health`."""

    def __init__(self, rights: dict[tuple[str, str, str], list[Right]]) -> None:
        """Answer from `rights`, by NIR of the rights holder, birth date and rank."""
        self._rights = rights
        self._sessions: set[str] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        status, answer, cookie = self._answer(scope, body)
        content = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        headers += [(b"set-cookie", f"{COOKIE}={cookie}; HttpOnly".encode())] if cookie else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Message, body: bytes) -> tuple[int, dict[str, Any], str | None]:
        if scope["path"] == "/health":
            return 200, {}, None
        asked: dict[str, Any] = json.loads(body)
        if scope["path"] == "/login":
            # Any password: in the story it is stolen, and nothing else is asked for.
            cookie = secrets.token_urlsafe(16)
            self._sessions.add(cookie)
            return 200, {"user": asked["user"]}, cookie
        sent = dict(scope["headers"]).get(b"cookie", b"").decode().removeprefix(f"{COOKIE}=")
        if sent not in self._sessions:
            return 401, {}, None
        found = self._rights.get((asked["nir"], asked["birth_date"], str(asked["rank"])), [])
        for covered_from, covered_until, domains, insurer in found:
            if asked["domain"] in domains and covered_from <= asked["care_date"] <= covered_until:
                return 200, {"shown": True, "insurer": insurer, "covered_until": covered_until}, None
        return 200, {"shown": False}, None


def load(country: Path) -> Portal2024:
    """Read the rights and the insurers' names of an invented country."""
    with (country / "insurers.csv").open(encoding="utf-8", newline="") as file:
        names = {row["amc"]: row["name"] for row in csv.DictReader(file)}
    rights: dict[tuple[str, str, str], list[Right]] = {}
    for path in sorted((country / "rights").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                who = (row["right_holder_nir"], row["birth_date"], row["birth_rank"])
                domains = frozenset(row["domains"].split())
                right = (row["covered_from"], row["covered_until"], domains, names[row["amc"]])
                rights.setdefault(who, []).append(right)
    return Portal2024(rights)


def from_environment() -> Portal2024:
    """Make the application of the server process, from the variable that the command sets."""
    return load(Path(os.environ[COUNTRY_VARIABLE]))


@app.command("portal2024", epilog="Exemple / example:  tierce lab portal2024 --country /tmp/country --port 8024")
def portal2024(
    country: Annotated[Path, typer.Option(help="Dossier du pays inventé. / Folder of the country.", exists=True)],
    port: Annotated[int, typer.Option(help="Port, 127.0.0.1.", min=1, max=65535)] = 8024,
) -> None:
    """Un portail sans garde, pour comparer. / A portal without a gate, to compare with."""
    os.environ[COUNTRY_VARIABLE] = str(country.resolve())
    Granian(
        f"{__name__}:from_environment",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        log_enabled=False,
    ).serve()
