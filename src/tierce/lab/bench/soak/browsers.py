"""A professional's browser at the portal: signs in, opens the form, asks, looks at her list, again and again."""

import csv
import json
import re
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from random import Random
from urllib.parse import urlencode

import httpx

from tierce.kernel.clock import Clock
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.visitors import RIGHTS, Asker, Identity, enter
from tierce.lab.demo.wire import Wire

COOKIE = "tierce-portal"
KNOWN = 12
"""People whom a professional asks about most of the time."""
KNOWN_SHARE, NOBODY_SHARE = 0.7, 0.05
LIST_SHARE, PLACES_SHARE = 0.3, 0.1
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_DOMAIN = re.compile(r'<option value="(\w+)" selected>')
_DAY = re.compile(r'name="care_date"[^>]* value="([0-9-]+)"')
_SHOWN = b'<dd class="engagement">'


@dataclass(slots=True)
class Told:
    """What all the browsers of a run were answered."""

    pages: "array[float]" = field(default_factory=lambda: array("f"))
    """Seconds of each page that was read."""
    asks: "array[float]" = field(default_factory=lambda: array("f"))
    """Seconds of each question."""
    shown: int = 0
    sign_ins: int = 0
    answers: Counter[str] = field(default_factory=Counter)


class Browser:
    """One professional, her key and her session."""

    def __init__(self, stage: Stage, national_id: str, people: Sequence[Identity], draws: Random, told: Told) -> None:
        """Nobody is signed in yet; `people` are those of the country."""
        self._stage = stage
        self._national_id = national_id
        self._people = people
        self._known = draws.sample(people, min(KNOWN, len(people)))
        self._draws = draws
        self._told = told
        self._asker: Asker | None = None

    async def sign_in(self, clock: Clock) -> None:
        """Sign in through the stand-in and choose the first activity.

        Raises:
            DemoError: the portal or the provider refused.
        """
        self._asker = await enter(self._stage.url("api"), self._national_id, None, clock)
        self._told.sign_ins += 1

    async def visit(self, clock: Clock) -> None:
        """Open the form and ask about one person; then perhaps look at the list or at the places."""
        async with Wire(self._stage.url("portal")) as wire:
            status, page = await self._page(wire, "/ask")
            if status == 401:
                await self.sign_in(clock)
                status, page = await self._page(wire, "/ask")
            if status == 200:
                await self._ask(wire, page)
            if self._draws.random() < LIST_SHARE:
                await self._page(wire, "/history")
            if self._draws.random() < PLACES_SHARE:
                await self._page(wire, "/places")

    async def _page(self, wire: Wire, path: str) -> tuple[int, str]:
        begun = time.perf_counter()
        status, content = await wire.send("GET", path, b"", await self._cookies())
        self._told.pages.append(time.perf_counter() - begun)
        self._told.answers[f"{path} {status}"] += 1
        return status, content.decode()

    async def _ask(self, wire: Wire, page: str) -> None:
        token, domain, day = (found.search(page) for found in (_TOKEN, _DOMAIN, _DAY))
        if self._asker is None or token is None or domain is None or day is None:
            msg = "the portal's form has no token, care or day"
            raise DemoError(msg)
        nir, birth_date, rank = self._somebody()
        question = {
            "nir": nir, "birth_date": birth_date, "rank": int(rank), "domain": domain[1], "care_date": day[1],
        }  # fmt: skip
        body = json.dumps(question).encode()
        form = {"form_token": unescape(token[1]), "body": body, "proof": self._asker.proof(RIGHTS, body)}
        headers = await self._cookies() | {"content-type": "application/x-www-form-urlencoded"}
        begun = time.perf_counter()
        status, content = await wire.send("POST", "/ask", urlencode(form).encode(), headers)
        self._told.asks.append(time.perf_counter() - begun)
        self._told.answers[f"ask {status}"] += 1
        self._told.shown += _SHOWN in content

    def _somebody(self) -> Identity:
        drawn = self._draws.random()
        if drawn < KNOWN_SHARE:
            return self._draws.choice(self._known)
        nir, birth_date, rank = self._draws.choice(self._people)
        return nir, birth_date, "9" if drawn > 1 - NOBODY_SHARE else rank

    async def _cookies(self) -> dict[str, str]:
        """Those of a page that stays open: her session's, and a ticket that serves."""
        if self._asker is None:
            return {}
        async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
            ticket = await self._asker.ticket(http)
        return {"cookie": f"{COOKIE}={self._asker.handle}; {COOKIE}-ticket={ticket}"}


def professionals(stage: Stage) -> Iterator[str]:
    """National identifiers of the country's professionals, each once."""
    with (stage.country / "directory.csv").open(encoding="utf-8", newline="") as file:
        yield from dict.fromkeys(row["Identification nationale PP"] for row in csv.DictReader(file, delimiter="|"))
