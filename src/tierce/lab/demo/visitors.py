"""People of the story who act over HTTP as their browsers would: professionals at the API, staff in the office."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any, Final

import httpx

from tierce.identity.sites.rules import RENEWED_AFTER
from tierce.kernel.clock import Clock, SystemClock
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.wire import Wire
from tierce.lab.standins.bound_browser import BoundBrowser, signed_start
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import answer_of, relayed_sign_in, sign_in

RIGHTS: Final = "/v1/rights"
ACTIVITY: Final = "/v1/session/activity"
CHALLENGE: Final = "/v1/session/challenge"
RENEW: Final = "/v1/session/renew"
TICKET: Final = "tierce-ticket"
_INPUT: Final = re.compile(r"<input[^>]*>")
_NAME: Final = re.compile(r'name="([^"]+)"')
_VALUE: Final = re.compile(r'value="([^"]*)"')
_NOTICE: Final = re.compile(r'href="(/incidents/\d+/insurers/\d+)"')
_PERSON: Final = re.compile(r'href="(/incidents/\d+/people/\d+/\d+)"')

Identity = tuple[str, str, str]
"""NIR of the rights holder, birth date, rank: what a list that leaked holds, and what a card shows."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to one ask: its status, and the person's cover when it was shown."""

    status: int
    shown: bool
    content: Mapping[str, Any]


class Asker:
    """A signed-in browser with its own key, at the API."""

    def __init__(self, api: str, handle: str, key: BrowserKey, clock: Clock) -> None:
        """Ask with the session `handle`, signed by `key`."""
        self._api = api
        self._handle = handle
        self._key = key
        self._clock = clock
        self._ticket, self._given = "", clock.now()

    @property
    def handle(self) -> str:
        """The session's handle: what a stolen cookie holds."""
        return self._handle

    async def ask(self, wire: Wire, who: Identity, domain: str, care_date: date) -> Said:
        """Ask whether one person is covered for a domain on a day."""
        question = {
            "nir": who[0], "birth_date": who[1], "rank": int(who[2]),
            "domain": domain, "care_date": care_date.isoformat(),
        }  # fmt: skip
        status, content = await self.send(wire, RIGHTS, json.dumps(question).encode())
        told: dict[str, Any] = json.loads(content)
        return Said(status, status == 200 and told["shown"] is True, told)

    async def send(self, wire: Wire, path: str, body: bytes) -> tuple[int, bytes]:
        """Send a body signed by this browser's key; gives the status and what was answered."""
        return await wire.post(path, body, self._headers(path, body))

    async def read(self, path: str) -> dict[str, Any]:
        """Read something of one's own: the session, an invoice, a transfer."""
        async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
            headers = {"authorization": f"DPoP {self._handle}", TICKET: await self.ticket(http)}
            return _content(await http.get(self._api + path, headers=headers), 200)

    async def ticket(self, http: httpx.AsyncClient) -> str:
        """The ticket that goes beside the handle, replaced in time as by the pages' script."""
        if self._clock.now() - self._given >= RENEWED_AFTER:
            bearer = {"authorization": f"DPoP {self._handle}"}
            drawn = await http.post(self._api + CHALLENGE, headers=bearer)
            if drawn.is_success:
                body = json.dumps({"challenge": drawn.json()["challenge"]}).encode()
                told = await http.post(self._api + RENEW, content=body, headers=self._headers(RENEW, body))
                self._ticket, self._given = str(_content(told, 200)["ticket"]), self._clock.now()
        return self._ticket

    async def session(self) -> dict[str, Any]:
        """Read one's own session: activity, device, expiry."""
        return await self.read("/v1/session")

    def proof(self, path: str, body: bytes) -> str:
        """Sign one request to the API, as the page's script does before it is sent through the portal."""
        at = self._clock.now().timestamp()
        return self._key.proof("POST", self._api + path, handle=self._handle, at=at, body=body).decode()

    def _headers(self, path: str, body: bytes) -> dict[str, str]:
        return {"authorization": f"DPoP {self._handle}", "dpop": self.proof(path, body)}

    async def choose(self, http: httpx.AsyncClient, activity: int) -> None:
        """Choose the activity."""
        body = json.dumps({"activity": activity}).encode()
        headers = {**self._headers(ACTIVITY, body), "content-type": "application/json"}
        response = await http.post(self._api + ACTIVITY, content=body, headers=headers)
        self._ticket, self._given = str(_content(response, 200)["ticket"]), self._clock.now()


async def enter(api: str, national_id: str, place: str | None, clock: Clock, *, relayed: bool = False) -> Asker:
    """Sign in as a professional of the stand-in provider, at the establishment named `place`; None, the first.

    `relayed` is the attack: the sign-in page is opened by somebody else, and the professional accepts on her phone.
    """
    way = relayed_sign_in if relayed else sign_in
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS, timeout=15) as http:
        key = BrowserKey()
        begins = signed_start(api, key, clock.now().timestamp())
        started = _content(await http.post(api + "/v1/sign-in/start", **begins), 200)
        answer = answer_of(await way(http, started["authorize_url"], national_id))
        body = {name: answer[name] for name in ("state", "code", "iss")} | {"binding": started["binding"]}
        opened = _content(await http.post(api + "/v1/sign-in/complete", json=body), 200)
        found = [one["id"] for one in opened["activities"] if place in (None, one["establishment_name"])]
        if not found:
            msg = (
                f"l’annuaire ne propose aucune activité ({place or 'partout'}) / "
                f"the directory offers no activity ({place or 'anywhere'})"
            )
            raise DemoError(msg)
        asker = Asker(api, opened["handle"], key, clock)
        await asker.choose(http, found[0])
    return asker


@dataclass(frozen=True, slots=True)
class Opened:
    """Addresses of an incident, of the notice of an insurer, and of the letter of one person of its list."""

    incident: str
    notice: str
    letter: str


async def enter_office(http: httpx.AsyncClient, office: str, staff: str) -> None:
    """Sign one of the staff in; `http` keeps her cookies, which serve for the five minutes of a ticket."""
    started = answered(await http.post(**BoundBrowser(office, SystemClock()).start()), 200)
    answered(await http.get(await sign_in(http, started.headers["location"], staff)), 200)


async def open_incident(office: str, staff: str, professional: int, device: int, why: str, language: str) -> Opened:
    """As a member of staff, open the incident of one device of an account, with its list."""
    headers = {"accept-language": language}
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS, timeout=15, headers=headers) as http:
        await enter_office(http, office, staff)
        form = f"{office}/accounts/{professional}/incident"
        page = answered(await http.get(form), 200).text
        opened = answered(await http.post(form, data=_filled(page, device) | {"why": why}), 303)
        incident = office + opened.headers["location"]
        listed = answered(await http.get(incident), 200).text
        notice, person = _NOTICE.search(listed), _PERSON.search(listed)
        if notice is None or person is None:
            msg = "la page de l’incident ne nomme personne / the incident's page lists nobody"
            raise DemoError(msg)
        return Opened(incident, office + notice[1], office + person[1].replace("/people/", "/letters/"))


def _filled(page: str, device: int) -> dict[str, str]:
    """The fields of the incident's form as the office proposes them, with one device ticked."""
    fields = {}
    for tag in _INPUT.findall(page):
        name, value = _NAME.search(tag), _VALUE.search(tag)
        if name and value and 'type="checkbox"' not in tag:
            fields[name[1]] = unescape(value[1])
    return fields | {"device": str(device)}


def _content(response: httpx.Response, status: int) -> dict[str, Any]:
    """The JSON of an answer that has this status; DemoError when it has another."""
    found: dict[str, Any] = answered(response, status).json()
    return found


def answered(response: httpx.Response, status: int) -> httpx.Response:
    """The answer, which has this status; DemoError when it has another."""
    if response.status_code != status:
        asked, answered = f"{response.request.method} {response.url.path}", response.status_code
        msg = f"{asked} répond {answered}, et non {status} / {asked} answered {answered}, not {status}"
        raise DemoError(msg)
    return response
