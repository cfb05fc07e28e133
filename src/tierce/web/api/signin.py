"""Sign-in and sessions of professionals, for the portal and for vendor software.

The browser's key signs before it leaves for its provider (`start`), and the session that `complete` opens is that
key's, for good: an activity is chosen by it alone. The session's handle is answered once; the site keeps it in an
HttpOnly cookie. What is read or done with it and signed by no key wants a ticket of five minutes too, where the
session is the portal's and has a key (web/api/guard.py). A sign-in that nothing signed opens a session without one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from tierce.billing.bank.store import under_way
from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.assistants.service import Assistants
from tierce.identity.dpop import normalised
from tierce.identity.ending import ProviderEnds
from tierce.identity.errors import (
    ColleagueRefusedError,
    ContinuingRefusedError,
    IdentityError,
    LinkRefusedError,
    NotHersError,
    SessionReason,
    SessionRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.leaving import leave
from tierce.identity.model import Activity, OpenedSession, SessionState
from tierce.identity.oidc import Answer
from tierce.identity.service import Received, Sessions, SignInDoor
from tierce.identity.sites.errors import TicketReason, TicketRefusedError
from tierce.identity.sites.model import Held
from tierce.identity.sites.service import RENEW, Tickets
from tierce.kernel.care import PROFESSION_LABELS
from tierce.kernel.ids import ActivityId, SessionId, SoftwareId
from tierce.policy.acts import Act, Site
from tierce.web.answers import LeaveAnswer, SessionLine, SessionsAnswer
from tierce.web.api.callers import TICKET, handle_in
from tierce.web.api.problems import Problem, headers_of
from tierce.web.back_channel import BACK_CHANNEL, told_over
from tierce.web.signin_words import code_of, told

STATE_KEY = "sign_in"
NO_TICKET = {"no_ticket": True}
"""Of a route that verifies the key's own proof by itself, or tells whoever holds a handle nothing."""
AnyRequest = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class SignInWiring:
    """What these routes need; the process puts it in its state under STATE_KEY.

    `url` is the API's public address; `proxies` are the peers whose `X-Forwarded-For` is believed.
    """

    door: SignInDoor
    sessions: Sessions
    tickets: Tickets
    url: str
    software: SoftwareId
    site: Site = Site.PORTAL
    proxies: frozenset[str] = frozenset({"127.0.0.1", "::1"})


class StartBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which site asks, and the path of it to go back to."""

    site: str
    return_to: str


class StartAnswer(msgspec.Struct):
    """Where to send the browser; the site keeps state and binding in a cookie."""

    authorize_url: str
    state: str
    binding: str


class CompleteBody(msgspec.Struct, forbid_unknown_fields=True):
    """The parameters with which the browser came back, and the binding of its cookie."""

    state: str
    binding: str
    code: str | None = None
    iss: str | None = None
    error: str | None = None


class ActivityAnswer(msgspec.Struct):
    """One activity to choose."""

    id: int
    profession: str
    profession_fr: str
    profession_en: str
    establishment_name: str
    town: str
    label_fr: str
    label_en: str


class CompleteAnswer(msgspec.Struct):
    """The session's handle, told this once, and the activities to choose from."""

    handle: str
    expires_at: datetime
    return_to: str
    activities: list[ActivityAnswer]
    ticket: str | None
    """What goes beside it for five minutes: null where no key signed as the sign-in began."""


class BindBody(msgspec.Struct, forbid_unknown_fields=True):
    """The activity chosen; `jwk`, if it is sent, is the key with which the sign-in began."""

    activity: int
    jwk: dict[str, str] | None = None


class SessionAnswer(msgspec.Struct):
    """One's own session; `offered` are the activities to choose from until one is chosen."""

    id: str
    professional_name: str
    activity: ActivityAnswer | None
    offered: list[ActivityAnswer]
    device: str | None
    signs: bool
    level: int
    created_at: datetime
    expires_at: datetime
    account_asked: str | None
    """Another bank account that is asked for at this establishment, masked: everybody who works there is told."""
    assistant_name: str | None
    """Who holds the session in the professional's name; null: the professional in person."""
    ticket: str | None
    """What goes beside the handle for five minutes: told as the activity is chosen, and null ever after."""


class ChallengeAnswer(msgspec.Struct):
    """What the session's key is to sign within the minute, once, for `url`; the clock here, in seconds."""

    challenge: str
    url: str
    now: int


class RenewBody(msgspec.Struct, forbid_unknown_fields=True):
    """What was drawn for the session's key to sign."""

    challenge: str


class TicketAnswer(msgspec.Struct):
    """Another ticket, for five minutes."""

    ticket: str


def wiring_of(request: AnyRequest) -> SignInWiring:
    """What the process put in its state for these routes."""
    found: SignInWiring = request.app.state[STATE_KEY]
    return found


def handle_of(request: AnyRequest) -> str:
    """The handle of `Authorization: DPoP <handle>`; SessionRefusedError when there is none."""
    handle = held_in(request).handle
    if not handle:
        raise SessionRefusedError(SessionReason.UNKNOWN)
    return handle


def held_in(request: ASGIConnection[Any, Any, Any, Any]) -> Held:
    """The handle and the ticket of a request; each is empty when there is none."""
    handle = handle_in(request.headers.get("authorization", "").encode("latin-1")) or b""
    return Held(handle.decode("latin-1"), request.headers.get(TICKET, ""))


def client_address(request: AnyRequest, proxies: frozenset[str]) -> str:
    """The browser's address: the peer's, or what a trusted peer says last of whom it speaks for."""
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getall("x-forwarded-for", []))  # a proxy may add a line of its own
    return forwarded.rsplit(",", 1)[-1].strip() if peer in proxies and forwarded else peer


async def received(request: AnyRequest, url: str) -> Received:
    """What the browser's proof must fit: this request, at its public address."""
    proof = ", ".join(request.headers.getall("dpop", [])) or None
    return Received(
        method=request.method,
        url=normalised(url.rstrip("/") + request.url.path),
        body=await request.body(),
        proof=None if proof is None else proof.encode("latin-1", "replace"),
    )


def activity_answer(activity: Activity) -> ActivityAnswer:
    """One activity as it is told to its owner."""
    label = PROFESSION_LABELS[activity.profession]
    place = f"{activity.establishment_name}, {activity.town}"
    return ActivityAnswer(
        id=activity.id,
        profession=activity.profession.name,
        profession_fr=label.fr,
        profession_en=label.en,
        establishment_name=activity.establishment_name,
        town=activity.town,
        label_fr=f"{place} ({label.fr})",
        label_en=f"{place} ({label.en})",
    )


async def _session(sessions: Sessions, handle: str, state: SessionState, ticket: str | None = None) -> SessionAnswer:
    offered = await sessions.offered(handle) if state.activity is None else []
    return SessionAnswer(
        id=str(state.id),
        professional_name=await sessions.name_of(state),
        activity=activity_answer(state.activity) if state.activity else None,
        offered=[activity_answer(one) for one in offered],
        device=str(state.device) if state.device else None,
        signs=state.signs,
        level=state.level,
        created_at=state.created,
        expires_at=state.expires,
        account_asked=await _account_asked(sessions, state),
        assistant_name=await Assistants(sessions).name_of(state),
        ticket=ticket,
    )


async def _account_asked(sessions: Sessions, state: SessionState) -> str | None:
    if state.activity is None:
        return None
    async with sessions.pool.connection() as connection:
        return await under_way(connection, state.id)


@post("/v1/sign-in/start", status_code=200, opt={"act": Act.SESSION_OPEN})
async def start(request: AnyRequest, data: JSONBody[StartBody]) -> StartAnswer:
    """Begin a sign-in at the professionals' provider; signed by the browser's key, the session is that key's."""
    wiring = wiring_of(request)
    if data.site != wiring.site.name.lower():
        raise SignInRefusedError(SignInReason.RETURN_ADDRESS)
    started = await wiring.door.start(data.return_to, wiring.sessions.key_of(await received(request, wiring.url)))
    return StartAnswer(started.authorize_url, started.state, started.binding)


@post("/v1/sign-in/complete", status_code=200, opt={"act": Act.SESSION_OPEN})
async def complete(request: AnyRequest, data: JSONBody[CompleteBody]) -> CompleteAnswer:
    """End a sign-in: the session opens, and serves once an activity is chosen."""
    wiring = wiring_of(request)
    answer = Answer(state=data.state, code=data.code, iss=data.iss, error=data.error)
    vouched, pending = await wiring.door.complete(answer, data.binding)
    opened, offered = await wiring.sessions.open_session(
        vouched,
        site=wiring.site,
        software=wiring.software,
        address=client_address(request, wiring.proxies),
        thumbprint=pending.thumbprint,
    )
    return await completed(wiring, opened, pending.return_to, offered)


async def completed(
    wiring: SignInWiring, opened: OpenedSession, return_to: str, offered: list[Activity]
) -> CompleteAnswer:
    """What is told, once, of a session that just opened: its key signed as the sign-in began."""
    ticket = await _ticket(wiring, opened.handle, await wiring.sessions.read(opened.handle))
    return CompleteAnswer(opened.handle, opened.expires, return_to, [activity_answer(one) for one in offered], ticket)


async def _ticket(wiring: SignInWiring, handle: str, state: SessionState) -> str | None:
    """A ticket for the session whose key just signed something else; None for one that has no tickets."""
    if not state.signs or state.thumbprint is None or state.site is not Site.PORTAL:
        return None
    return await wiring.tickets.signed(handle, await wiring.tickets.challenge(handle), state.thumbprint)


@post("/v1/session/activity", status_code=200, opt={"act": Act.DEVICE_ENROL, **NO_TICKET})
async def choose_activity(request: AnyRequest, data: JSONBody[BindBody]) -> SessionAnswer:
    """Choose the activity, once for the session, by the key that it was opened for."""
    wiring = wiring_of(request)
    handle = handle_of(request)
    state = await wiring.sessions.choose(
        handle, ActivityId(data.activity), data.jwk, await received(request, wiring.url)
    )
    return await _session(wiring.sessions, handle, state, await _ticket(wiring, handle, state))


@post("/v1/session/challenge", status_code=200, opt={"act": Act.SESSION_READ, **NO_TICKET})
async def draw_challenge(request: AnyRequest) -> ChallengeAnswer:
    """Draw what the key of a portal's session is to sign for another ticket."""
    wiring = wiring_of(request)
    drawn = await wiring.tickets.challenge(handle_of(request))
    return ChallengeAnswer(drawn, wiring.tickets.url, int(wiring.sessions.clock.now().timestamp()))


@post(f"/v1{RENEW}", status_code=200, opt={"act": Act.SESSION_READ, **NO_TICKET})
async def renew_ticket(request: AnyRequest, data: JSONBody[RenewBody]) -> TicketAnswer:
    """Give another ticket for the challenge that the session's key signed; another key's signature ends it."""
    wiring = wiring_of(request)
    signed = await received(request, wiring.url)
    return TicketAnswer(await wiring.tickets.renew(handle_of(request), data.challenge, signed.body, signed.proof))


@get("/v1/session", opt={"act": Act.SESSION_READ})
async def read_session(request: AnyRequest) -> SessionAnswer:
    """Read one's own session."""
    sessions, handle = wiring_of(request).sessions, handle_of(request)
    return await _session(sessions, handle, await sessions.read(handle))


@get("/v1/sessions", opt={"act": Act.SESSION_READ})
async def list_sessions(request: AnyRequest) -> SessionsAnswer:
    """List one's own live sessions."""
    rows = await wiring_of(request).sessions.list_(handle_of(request))
    return SessionsAnswer(
        [
            SessionLine(
                id=str(row.id),
                device=None if row.device is None else str(row.device),
                device_name=row.device_name,
                establishment_name=row.establishment_name,
                created_at=row.created,
                used_at=row.used,
                expires_at=row.expires,
                current=row.current,
                assistant_name=row.assistant_name,
            )
            for row in rows
        ]
    )


@post("/v1/sessions/{session:int}/revoke", status_code=204, opt={"act": Act.SESSION_REVOKE})
async def revoke_session(request: AnyRequest, session: FromPath[int]) -> None:
    """End one of one's own sessions: its next ask is refused."""
    await wiring_of(request).sessions.revoke(handle_of(request), SessionId(session), "revoked by its owner")


@post("/v1/session/end", status_code=204, opt={"act": Act.SESSION_REVOKE, **NO_TICKET})
async def end_session(request: AnyRequest) -> None:
    """Sign out."""
    await wiring_of(request).sessions.end(handle_of(request))


@post("/v1/session/leave", status_code=200, opt={"act": Act.SESSION_REVOKE, **NO_TICKET})
async def leave_session(request: AnyRequest) -> LeaveAnswer:
    """Sign out, and learn where the browser signs out of the provider."""
    wiring, handle, lapsed = wiring_of(request), handle_of(request), False
    state = await wiring.sessions.read(handle)
    try:
        await wiring.sessions.reader.insist_ticket(held_in(request))
    except TicketRefusedError:
        lapsed = True  # whoever lost her key leaves all the same
    await wiring.sessions.revoke(handle, state.id, "signed out")
    if state.assistant is not None or state.site is not wiring.site:
        return LeaveAnswer(None, None, by_provider=False)
    # Leaving the provider tells it who leaves: not in the name of a handle alone, which may be stolen.
    leaving = None if lapsed else await leave(wiring.door, handle)
    if leaving is None:
        return LeaveAnswer(None, None, by_provider=True)
    return LeaveAnswer(leaving.url, leaving.state, by_provider=True)


@post(f"/v1{BACK_CHANNEL}", status_code=200, include_in_schema=False, opt={"act": Act.SESSION_REVOKE})
async def over(request: AnyRequest) -> Response[Any]:
    """The professionals' provider says that a session is over."""
    wiring = wiring_of(request)
    return await told_over(request, wiring.door.provider, ProviderEnds(wiring.sessions).end)


ROUTES: list[HTTPRouteHandler] = [
    start,
    complete,
    choose_activity,
    draw_challenge,
    renew_ticket,
    read_session,
    list_sessions,
    revoke_session,
    end_session,
    leave_session,
    over,
]


def identity_problem(error: IdentityError) -> Problem:
    """Word a refusal of identity as a problem document."""
    reason, remedy = told(error)
    status = 401
    if isinstance(error, LinkRefusedError | ColleagueRefusedError):
        status = 403
    elif isinstance(error, NotHersError):
        status = 404
    elif isinstance(error, ContinuingRefusedError):
        status = 409
    elif isinstance(error, AssistantRefusedError):
        status = 404 if error.reason is AssistantReason.NOT_FOUND else 403
    elif isinstance(error, SignInRefusedError):
        status = 503 if error.reason in {SignInReason.PROVIDER_DOWN, SignInReason.BUSY} else 403
    elif isinstance(error, TicketRefusedError) and error.reason is TicketReason.STALE:
        status = 409
    elif isinstance(error, SessionRefusedError) and error.reason is SessionReason.SUSPENDED:
        status = 403
    elif isinstance(error, SessionRefusedError) and error.reason in {
        SessionReason.ALREADY_BOUND,
        SessionReason.OTHER_ACTIVITY,
    }:
        status = 409
    return Problem(status, code_of(error), reason, remedy)


def _answer(_request: AnyRequest, error: IdentityError) -> Response[bytes]:
    problem = identity_problem(error)
    headers = {"Cache-Control": "no-store", **headers_of(problem)}
    return Response(
        problem.body(), status_code=problem.status, media_type="application/problem+json", headers=headers
    )


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {IdentityError: _answer}
"""For the application that mounts ROUTES."""
