"""A thief at the real sites over HTTP: signs in, keeps cookies, signs proofs right or wrong."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tierce.identity.dpop import digest_of
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import Stage
from tierce.lab.standins.bound_browser import BoundBrowser, signed_start
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import answer_of, sign_in
from tierce.storage.cluster import SUPERUSER
from tierce.web.api.callers import TICKET

RIGHTS, ACTIVITY = "/v1/rights", "/v1/session/activity"


@dataclass
class Thief:
    """One session at the API, with the key that it is bound to."""

    api: str
    handle: str
    key: BrowserKey
    activity: dict[str, Any]
    ticket: str = ""
    """What goes beside the handle for five minutes."""

    def proof(self, path: str, body: bytes = b"", **over: object) -> str:
        """A proof of this browser for one request; `over` replaces claims."""
        claims = {
            "htm": "POST",
            "htu": self.api + path,
            "iat": int(SystemClock().now().timestamp()),
            "jti": secrets.token_urlsafe(16),
            "ath": digest_of(self.handle.encode()),
            "bd": digest_of(body),
        }
        return self.key.sign(self.key.header(), claims | over).decode()

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"DPoP {self.handle}", TICKET: self.ticket}

    def post(self, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
        """Send signed, unless `headers` says otherwise."""
        sent = {"dpop": self.proof(path, body)} if headers is None else headers
        headers = self.bearer | sent
        return httpx.post(self.api + path, content=body, headers=headers, trust_env=False, verify=NO_TLS, timeout=20)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.api + path, headers=self.bearer | headers, trust_env=False, verify=NO_TLS)

    def ask(self, who: dict[str, Any], domain: str) -> httpx.Response:
        return self.post(RIGHTS, question(who, domain))


def question(who: dict[str, Any], domain: str) -> bytes:
    """The body of an ask about one person, for care today."""
    asked = {
        "nir": who["nir"],
        "birth_date": who["birth_date"],
        "rank": who["rank"],
        "domain": domain,
        "care_date": date_of(paris_day(SystemClock().now())).isoformat(),
    }
    return json.dumps(asked).encode()


async def _enter(stage: Stage, role: str, place: int) -> Thief:
    api, key = stage.url("api"), BrowserKey()
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS, base_url=api, timeout=15) as http:
        begins = signed_start(api, key, SystemClock().now().timestamp())
        started = (await http.post("/v1/sign-in/start", **begins)).json()
        answer = answer_of(await sign_in(http, started["authorize_url"], stage.national_id(role)))
        brought = {name: answer[name] for name in ("state", "code", "iss")} | {"binding": started["binding"]}
        opened = (await http.post("/v1/sign-in/complete", json=brought)).json()
        thief = Thief(api, opened["handle"], key, opened["activities"][place])
        body = json.dumps({"activity": thief.activity["id"]}).encode()
        headers = thief.bearer | {"dpop": thief.proof(ACTIVITY, body), "content-type": "application/json"}
        bound = await http.post(ACTIVITY, content=body, headers=headers)
        assert bound.status_code == 200
        thief.ticket = bound.json()["ticket"]
    return thief


def enter(stage: Stage, role: str, place: int = 0) -> Thief:
    """Sign in at the API as a professional of the story, on a device never seen; her ticket lasts as if renewed."""
    thief = asyncio.run(_enter(stage, role, place))
    with stage.database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute("update access.ticket set until = now() + interval '3 hours' where realm = 'psc'")
    return thief


def begin(web: httpx.Client, stage: Stage, site: str) -> httpx.Response:
    """What a site answers to a browser that begins to sign in: its `location` is the provider's page."""
    if site == "portal":
        web.get(stage.url(site) + "/sign-in")  # her turn
        begins = signed_start(stage.url("api"), BrowserKey(), SystemClock().now().timestamp())
        return web.post(stage.url(site) + "/sign-in", **begins)
    return web.post(**BoundBrowser(stage.url(site), SystemClock()).start())


@contextmanager
def visit(stage: Stage, site: str, subject: str) -> Iterator[httpx.Client]:
    """A browser with its cookies, signed in at a site."""
    with httpx.Client(base_url=stage.url(site), trust_env=False, verify=NO_TLS, timeout=15) as web:
        leads_to = begin(web, stage, site).headers["location"]

        async def at_provider() -> str:
            async with httpx.AsyncClient(trust_env=False, verify=NO_TLS, timeout=15) as http:
                return await sign_in(http, leads_to, subject)

        back = httpx.URL(asyncio.run(at_provider()))
        assert web.get("/sign-in/callback", params=back.params).status_code in {200, 303}
        yield web
