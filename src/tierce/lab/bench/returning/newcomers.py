"""A professional who comes back: opens the sign-in page, waits for her turn as her browser would, signs in."""

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

from tierce.kernel.clock import Clock
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.visitors import ACTIVITY, Asker
from tierce.lab.standins.bound_browser import signed_start
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.provider import ProviderError
from tierce.lab.standins.visitor import sign_in

COOKIE = "tierce-portal"
ANSWER_SECONDS_MAX = 60.0
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_CHOICE = re.compile(r'name="activity" value="(\d+)"')


@dataclass(slots=True)
class Return:
    """What all who came back met."""

    in_after: list[float] = field(default_factory=list)
    """Seconds from the moment at which all came, for each who is in."""
    signing_in: list[float] = field(default_factory=list)
    """Seconds from being let in to being in."""
    given_a_turn: int = 0
    wrong: Counter[str] = field(default_factory=Counter)


async def come_back(stage: Stage, national_id: str, clock: Clock, begun: float, met: Return) -> None:
    """Sign in through the portal and choose the first activity; what goes wrong is counted, not raised."""
    portal = stage.url("portal")
    try:
        async with httpx.AsyncClient(
            base_url=portal, trust_env=False, verify=NO_TLS, timeout=ANSWER_SECONDS_MAX
        ) as http:
            key = BrowserKey()
            begins = signed_start(stage.url("api"), key, clock.now().timestamp())
            provider = await _let_in(http, begins, met)
            entered = time.monotonic()
            _expected(await http.get(await sign_in(http, provider, national_id)), 303)
            await _choose(http, stage, key, clock)
    except (httpx.HTTPError, DemoError, ProviderError) as error:
        met.wrong[f"{type(error).__name__}: {error}"] += 1
        return
    now = time.monotonic()
    met.in_after.append(now - begun)
    met.signing_in.append(now - entered)


async def _let_in(http: httpx.AsyncClient, begins: dict[str, Any], met: Return) -> str:
    """Come as often as the page says, begin, and return the provider's address."""
    response = await http.get("/sign-in")
    met.given_a_turn += "refresh" in response.headers
    while (again := response.headers.get("refresh")) is not None:
        await asyncio.sleep(int(again))
        response = await http.get("/sign-in")
    _expected(response, 200)
    told: dict[str, str] = _expected(await http.post("/sign-in", **begins), 200).json()
    return told["location"]


async def _choose(http: httpx.AsyncClient, stage: Stage, key: BrowserKey, clock: Clock) -> None:
    page = _expected(await http.get("/activity"), 200).text
    token, choice = _TOKEN.search(page), _CHOICE.search(page)
    if token is None or choice is None:
        msg = "the portal offers no activity"
        raise DemoError(msg)
    asker = Asker(stage.url("api"), http.cookies[COOKIE], key, clock)
    body = json.dumps({"activity": int(choice[1])})
    form = {"form_token": unescape(token[1]), "body": body, "proof": asker.proof(ACTIVITY, body.encode())}
    _expected(await http.post("/activity", data=form), 303)


def _expected(response: httpx.Response, status: int) -> httpx.Response:
    if response.status_code != status:
        msg = f"{response.request.url.path} {response.status_code}"
        raise DemoError(msg)
    return response
