"""The portal's only source: the API, over one bounded pool of connections.

The portal adds nothing to what it relays: the session's handle from the cookie, the browser's proof and the very
bytes that the browser signed. Whatever is not a told answer becomes `ApiRefusedError` or `ApiUnreachableError`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from tierce.identity.sites.model import Held
from tierce.kernel.language import Phrase
from tierce.kernel.loopback import NO_TLS
from tierce.web.answers import (
    CodeAnswer,
    DevicesAnswer,
    EndedAnswer,
    HistoryAnswer,
    HoldLine,
    HoldsAnswer,
    LeaveAnswer,
    PlaceAnswer,
    Said,
    SessionLine,
    SessionsAnswer,
    SubstituteLine,
    SubstitutesAnswer,
    WhyAnswer,
)
from tierce.web.portal.errors import ApiRefusedError, ApiUnreachableError
from tierce.web.upstream import Upstream

RIGHTS: Final = "/v1/rights"
DEPOSITS: Final = "/v1/deposits"
TICKET: Final = "tierce-ticket"
APPEAL: Final = "/v1/holds/appeal"
DEVICE_CODE: Final = "/v1/devices/code"
DEVICE_CONFIRM: Final = "/v1/devices/confirm"
ANSWER_BYTES_MAX: Final = 262_144
_TIMEOUT: Final = httpx.Timeout(10.0, connect=2.0)

Body = TypeVar("Body")


class Started(msgspec.Struct):
    """Where to send the browser to sign in, and what its cookie must keep."""

    authorize_url: str
    state: str
    binding: str


class Activity(msgspec.Struct):
    """One activity of the professional: a profession at an establishment."""

    id: int
    profession: str
    profession_fr: str
    profession_en: str
    establishment_name: str
    town: str

    @property
    def place(self) -> str:
        """The establishment, with its town unless the name already says it."""
        known = not self.town or self.town in self.establishment_name
        return self.establishment_name if known else f"{self.establishment_name}, {self.town}"


class Opened(msgspec.Struct):
    """A session just opened."""

    handle: str
    ticket: str | None = None
    """What goes beside it for five minutes, where the browser's key signed as the sign-in began."""


class Session(msgspec.Struct):
    """One's own session; `offered` are the activities to choose from until one is chosen."""

    id: str
    signs: bool
    created_at: datetime
    expires_at: datetime
    activity: Activity | None = None
    offered: list[Activity] = []
    professional_name: str = ""
    account_asked: str | None = None
    """Another bank account asked for at this establishment, masked."""
    assistant_name: str | None = None
    """Who holds the session in the professional's name; None: she herself."""


class Seats(msgspec.Struct):
    """The places of one's line, and what is left of the day; `ages` in days, one for each open place."""

    limit: int
    open: int
    cap_today: int
    today: int
    attempts_left: int
    known_left: int
    ages: list[int]
    new_device: bool = False


class RouteBody(msgspec.Struct, frozen=True):
    """Where the invoice goes, as the card prints it; empty where it bears none."""

    amc: str = ""
    convention: str = ""
    csr: str = ""


class RightsBody(msgspec.Struct):
    """The answer to a question: shown with everything, or not shown with the ways to prove presence."""

    shown: bool
    domain: str = ""
    covered_from: date | None = None
    covered_until: date | None = None
    guarantee: Said | None = None
    insurer: str = ""
    engagement: str = ""
    engagement_until: date | None = None
    responsible: bool = False
    priority: int = 1
    other_payer: bool = False
    route: RouteBody = RouteBody()
    ways: list[str] = []
    reason: WhyAnswer | None = None
    replayed: bool = False
    outcome: str = ""


class ClosedPart(msgspec.Struct):
    """One part of the service that is closed, in words."""

    level: str
    name: Said
    until: datetime


class Service(msgspec.Struct):
    """What is open: whether the store answers, and since when it does not, and the parts that are closed."""

    open: bool
    store: bool
    closed: list[ClosedPart] = []
    since: datetime | None = None


class Promise(msgspec.Struct):
    """What a deposit is worth if the session that signed it stands."""

    guaranteed: bool
    reason: str
    detail: Said


class ReceiptBody(msgspec.Struct):
    """The receipt of a deposit: a number, and what was typed that names nobody."""

    receipt: str
    received_at: datetime
    domain: str
    care_date: date
    amount: str
    promise: Promise
    insurer: str | None = None
    label: str | None = None


class DepositStateBody(msgspec.Struct):
    """Where a receipt stands: nobody is named."""

    receipt: str
    state: str
    label: Said
    detail: Said
    received_at: datetime | None = None
    domain: str | None = None
    amount: str | None = None
    resolved_at: datetime | None = None


class _Problem(msgspec.Struct):
    status: int
    code: str
    reason: Said
    remedy: Said
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What the browser signed: the exact bytes and the proof; no proof from a browser without a key."""

    body: bytes
    proof: str | None


class Api:
    """The API as the portal sees it."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None) -> None:
        """Speak to the API at `url`; `transport` lets a test bring its own wire."""
        trust = NO_TLS if url.startswith("http:") else httpx.create_ssl_context(trust_env=False)
        self._client = Upstream(base_url=url, timeout=_TIMEOUT, transport=transport, verify=trust, trust_env=False)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def complete(self, answer: dict[str, str], address: str) -> Opened:
        """End a sign-in with what the browser brought back, for the browser at `address`."""
        return await self.post("/v1/sign-in/complete", Opened, answer, {"x-forwarded-for": address})

    async def session(self, held: Held) -> Session:
        """Read one's own session."""
        return await self.read("/v1/session", held, Session)

    async def sessions(self, held: Held) -> list[SessionLine]:
        """List one's own live sessions."""
        return (await self.read("/v1/sessions", held, SessionsAnswer)).sessions

    async def revoke(self, held: Held, session: str) -> None:
        """End one of one's own sessions."""
        await self._send("POST", f"/v1/sessions/{quote(session, safe='')}/revoke", headers=_bearer(held))

    async def leave(self, held: Held) -> LeaveAnswer:
        """Sign out, and learn where the browser signs out of its provider."""
        return decode(await self._send("POST", "/v1/session/leave", headers=_bearer(held)), LeaveAnswer)

    async def seats(self, held: Held) -> Seats:
        """Read one's own places."""
        return await self.read("/v1/seats", held, Seats)

    async def place_code(self, held: Held) -> str:
        """Read the code of one's own place, to give to whoever shows a dynamic card; empty where there is none."""
        return (await self.read("/v1/place", held, PlaceAnswer)).code or ""

    async def devices(self, held: Held) -> DevicesAnswer:
        """List one's own devices."""
        return await self.read("/v1/devices", held, DevicesAnswer)

    async def name_device(self, held: Held, device: str, name: str) -> None:
        """Name one of one's own devices."""
        path = f"/v1/devices/{quote(device, safe='')}/name"
        headers = {**_bearer(held), "content-type": "application/json"}
        await self._send("POST", path, headers=headers, content=msgspec.json.encode({"name": name}))

    async def device_code(self, held: Held, signed: Signed) -> CodeAnswer:
        """Relay a new device's wish for a code."""
        return decode(await self.relay(DEVICE_CODE, held, signed), CodeAnswer)

    async def confirm_device(self, held: Held, signed: Signed) -> None:
        """Relay an older device's word for the one that shows a code."""
        await self.relay(DEVICE_CONFIRM, held, signed)

    async def separate_device(self, held: Held, device: str, signed: Signed) -> None:
        """Relay that a device shares places no longer."""
        await self.relay(separate_path(device), held, signed)

    async def revoke_others(self, held: Held) -> int:
        """End every session of one's own but this one; returns how many."""
        found = await self._send("POST", "/v1/sessions/revoke-others", headers=_bearer(held))
        return decode(found, EndedAnswer).ended

    async def substitutes(self, held: Held) -> list[SubstituteLine]:
        """List who may work in one's place, now or soon."""
        return (await self.read("/v1/substitutes", held, SubstitutesAnswer)).substitutes

    async def end_substitute(self, held: Held, number: int, signed: Signed) -> None:
        """Relay the end of a substitution."""
        await self.relay(end_substitute_path(number), held, signed)

    async def holds(self, held: Held) -> list[HoldLine]:
        """List what holds oneself, now or lately."""
        return (await self.read("/v1/holds", held, HoldsAnswer)).holds

    async def appeal(self, held: Held, signed: Signed) -> None:
        """Relay the appeal of a hold."""
        await self.relay(APPEAL, held, signed)

    async def history(self, held: Held, query: dict[str, str]) -> HistoryAnswer:
        """Read one page of what was asked in one's name; `query` holds a cursor and filters."""
        return await self.read("/v1/history", held, HistoryAnswer, query or None)

    async def ask(self, held: Held, signed: Signed) -> RightsBody:
        """Relay a question about one person's rights."""
        return decode(await self.relay(RIGHTS, held, signed), RightsBody)

    async def revisit(self, held: Held, engagement: str, signed: Signed) -> RightsBody:
        """Relay the opening of one line of the history."""
        return decode(await self.relay(revisit_path(engagement), held, signed), RightsBody)

    async def service(self) -> Service:
        """Read what is open; known to the API while its store is away."""
        return decode(await self._send("GET", "/v1/service", headers={}), Service)

    async def deposit(self, held: Held, signed: Signed) -> ReceiptBody:
        """Relay a deposit."""
        return decode(await self.relay(DEPOSITS, held, signed), ReceiptBody)

    async def receipt(self, held: Held, number: str) -> DepositStateBody:
        """Read the state of one receipt of the establishment."""
        return await self.read(f"{DEPOSITS}/{quote(number, safe='')}", held, DepositStateBody)

    async def relay(self, path: str, held: Held | None, signed: Signed) -> bytes:
        """Relay the very bytes that the browser signed, with its proof; before a sign-in there is no handle."""
        headers = {**(_bearer(held) if held else {}), "content-type": "application/json"}
        if signed.proof is not None:
            headers["dpop"] = signed.proof
        return await self._send("POST", path, content=signed.body, headers=headers)

    async def post(
        self, path: str, kind: type[Body], data: Mapping[str, object], headers: dict[str, str] | None = None
    ) -> Body:
        """Ask for what needs no session."""
        content = msgspec.json.encode(data)
        sent = {"content-type": "application/json", **(headers or {})}
        return decode(await self._send("POST", path, content=content, headers=sent), kind)

    async def read(self, path: str, held: Held, kind: type[Body], params: dict[str, str] | None = None) -> Body:
        """Read what is one's own."""
        return decode(await self._send("GET", path, headers=_bearer(held), params=params), kind)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        content: bytes | None = None,
        params: dict[str, str] | None = None,
    ) -> bytes:
        try:
            response = await self._client.request(method, path, headers=headers, content=content, params=params)
        except httpx.HTTPError as error:
            # The error's own text may hold the request: only its kind is kept.
            msg = f"the API did not answer ({type(error).__name__})"
            raise ApiUnreachableError(msg) from None
        content = response.content
        if len(content) > ANSWER_BYTES_MAX:
            msg = "the API's answer is too long"
            raise ApiUnreachableError(msg)
        if response.is_success:
            return content
        raise _refused(response.status_code, content)


def end_substitute_path(number: int) -> str:
    """The path of the act that ends a substitution."""
    return f"/v1/substitutions/{number}/end"


def separate_path(device: str) -> str:
    """The path of the act that takes a device off shared places."""
    return f"/v1/devices/{quote(device, safe='')}/separate"


def revisit_path(engagement: str) -> str:
    """The path of the act that opens one line of the history again."""
    return f"/v1/history/{quote(engagement, safe='')}/revisit"


def _bearer(held: Held) -> dict[str, str]:
    return {"authorization": f"DPoP {held.handle}"} | ({TICKET: held.ticket} if held.ticket else {})


def decode(content: bytes, kind: type[Body]) -> Body:
    """Read an answer of the API's."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        msg = "the API's answer has another form than expected"
        raise ApiUnreachableError(msg) from None


def _refused(status: int, content: bytes) -> ApiRefusedError | ApiUnreachableError:
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except msgspec.DecodeError:
        return ApiUnreachableError(
            f"l’API a répondu {status} sans motif / the API answered {status} without a reason"
        )
    reason, remedy = problem.reason, problem.remedy
    return ApiRefusedError(
        status, problem.code, Phrase(reason.fr, reason.en), Phrase(remedy.fr, remedy.en), problem.field
    )
