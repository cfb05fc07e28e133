"""The API as an application: the hot routes in front, sign-in and the caller's own pages behind."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec
import psycopg
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders, State
from litestar.exceptions import HTTPException, InternalServerException, NotFoundException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromQuery
from litestar.types import Message, Scope

from tierce import __version__
from tierce.billing.agreements.service import Agreements
from tierce.billing.bank.service import OwnAccounts
from tierce.billing.errors import PlaceBusyError
from tierce.billing.invoices.service import Invoices
from tierce.billing.settlement.own import OwnTransfers
from tierce.gate.service import Gate
from tierce.identity.assistants.service import AssistantDoor
from tierce.identity.dpop import ProofVerifier
from tierce.kernel.bodies import given_twice
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.rights.history import History, Seats
from tierce.rights.service import Rights
from tierce.web.answers import HistoryAnswer, HistoryLine
from tierce.web.api import problems
from tierce.web.api.accounts import ACCOUNT_HANDLERS, ACCOUNT_ROUTES, ACCOUNTS_KEY
from tierce.web.api.agreements import AGREEMENT_HANDLERS, AGREEMENT_ROUTES, AGREEMENTS_KEY, closed_at
from tierce.web.api.appeals import APPEAL_ROUTES
from tierce.web.api.assistants import ASSISTANT_ROUTES, ASSISTANTS_KEY
from tierce.web.api.callers import Callers
from tierce.web.api.claims import FHIR_ROUTES
from tierce.web.api.colleagues import COLLEAGUE_ROUTES
from tierce.web.api.devices import DEVICE_ROUTES
from tierce.web.api.filters import read_filter
from tierce.web.api.guard import only_open_acts
from tierce.web.api.hot import App, HotRoutes
from tierce.web.api.invoices import INVOICE_HANDLERS, INVOICE_ROUTES, INVOICES_KEY
from tierce.web.api.metrics import render
from tierce.web.api.openapi import describe, everywhere
from tierce.web.api.openapi_agreements import with_agreements
from tierce.web.api.openapi_deposits import with_deposits
from tierce.web.api.openapi_fhir import with_fhir
from tierce.web.api.openapi_invoices import with_invoices
from tierce.web.api.place import PLACE_KEY, place
from tierce.web.api.problems import Problem
from tierce.web.api.signin import EXCEPTION_HANDLERS, NO_TICKET, ROUTES, STATE_KEY, AnyRequest, SignInWiring
from tierce.web.api.token import VENDOR_KEY, VendorWiring, token
from tierce.web.api.transfers import TRANSFER_HANDLERS, TRANSFER_ROUTES, TRANSFERS_KEY
from tierce.web.fhir.eligibility import Eligibility
from tierce.web.fhir.names import CLAIM_PATH
from tierce.web.forgetting import keep_no_request
from tierce.web.routes import Routes

WIRING_KEY = "rights"
SAY_CLOSED_KEY = "say_closed"
_CLAIM_BYTES = Phrase("Trente-deux kilo-octets au plus.", "Thirty-two kilobytes at most.")
NO_STORE = {"Cache-Control": "no-store"}
BODY_BYTES_MAX = 16_384
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
"""A request that carries one of these came through a proxy, from elsewhere."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RightsWiring:
    """What the routes below need."""

    gate: Gate
    rights: Rights
    history: History
    callers: Callers
    sign_in: SignInWiring
    vendor: VendorWiring
    invoices: Invoices
    agreements: Agreements
    accounts: OwnAccounts
    transfers: OwnTransfers
    assistants: AssistantDoor | None
    """None where the portal's address is no name: no browser makes a passkey there."""


class HealthAnswer(msgspec.Struct):
    """Whether the gate can answer."""

    gate: Literal["open", "closed"]
    version: str


def _wiring(request: Request[Any, Any, State]) -> RightsWiring:
    found: RightsWiring = request.app.state[WIRING_KEY]
    return found


@get("/v1/seats", opt={"act": Act.SESSION_READ})
async def seats(request: AnyRequest) -> Response[Seats]:
    """The places of the session's device; says nothing of anybody.

    `RateLimit` tells the day's asks that are left, and the seconds until Paris's midnight gives them back. No other
    answer carries it: what an ask costs must not depend on whom it was about.
    """
    wiring = _wiring(request)
    bound = await wiring.callers.find(request.headers.get("authorization", "").encode(), fresh=True)
    found = await wiring.history.seats(bound.caller)
    left = {
        "RateLimit-Policy": f'"asks";q={found.attempts_limit};w=86400',
        "RateLimit": f'"asks";r={found.attempts_left};t={found.renewed_in_seconds}',
    }
    return Response(found, headers=NO_STORE | left)


@get("/v1/history", opt={"act": Act.RIGHTS_REVISIT})
async def history(
    request: AnyRequest,
    cursor: FromQuery[str | None] = None,
    domain: FromQuery[str | None] = None,
    outcome: FromQuery[str | None] = None,
    first: FromQuery[str | None] = None,
    last: FromQuery[str | None] = None,
) -> Response[HistoryAnswer]:
    """What was asked in the caller's name, newest first, without identity; opening a line is the act `revisit`.

    `domain` is a domain's code, `outcome` `shown` or `not_shown`, `first` and `last` days, both included.
    """
    wiring = _wiring(request)
    bound = await wiring.callers.find(request.headers.get("authorization", "").encode(), fresh=True)
    only = read_filter(domain, outcome, first, last)
    rows, following = await wiring.history.page(bound.caller, cursor or None, only)
    lines = [
        HistoryLine(r.engagement, r.until, r.at, r.domain.name, "shown" if r.engagement else "not_shown", r.label)
        for r in rows
    ]
    return Response(HistoryAnswer(lines, following), headers=NO_STORE)


@get("/health", opt={"act": Act.NONE, **NO_TICKET})
async def health(request: AnyRequest) -> Response[HealthAnswer]:
    """Whether the gate can answer: 200 when it can, 503 when its connection is lost, or an ask just was in vain.

    It is told of the one process that answers, and of its last ask: a full disk is found by an ask alone.
    """
    is_open = _wiring(request).gate.open
    body = HealthAnswer("open" if is_open else "closed", __version__)
    return Response(body, status_code=200 if is_open else 503, headers=NO_STORE)


@get("/metrics", media_type=MediaType.TEXT, opt={"act": Act.NONE, **NO_TICKET})
async def metrics(request: AnyRequest) -> str:
    """Counters of the gate in Prometheus' text form, for this machine alone; no label names anybody."""
    peer = request.client.host if request.client else ""
    if peer not in _wiring(request).sign_in.proxies or any(name in request.headers for name in FORWARDED):
        raise NotFoundException
    return render(_wiring(request).gate)


@get("/v1/openapi.json", include_in_schema=False, opt={"act": Act.NONE, **NO_TICKET})
async def openapi(request: AnyRequest) -> Response[bytes]:
    """The description of every route, the hot ones included.

    Written once in the life of a process: anybody may ask for it, and writing it holds up whoever asks meanwhile.
    """
    state = request.app.state
    if "description" not in state:
        schema = describe(request.app.openapi_schema.to_schema(), _wiring(request).sign_in.url.rstrip("/"))
        state.description = msgspec.json.encode(
            everywhere(with_fhir(with_agreements(with_invoices(with_deposits(schema)))))
        )
    return Response(state.description, media_type="application/json")


class _Asked(Request[Any, Any, State]):
    """A request in whose JSON no object gives a name twice, as in the bodies that our own rules read."""

    async def json(self) -> Any:  # noqa: ANN401 - whatever was sent
        """Read the body, or refuse it by the name."""
        found = await super().json()
        twice = given_twice(await self.body()) if found is not None else None
        if twice is not None:
            raise ValidationException(extra=[{"key": twice}])
        return found


async def _headers(message: Message, scope: Scope) -> None:
    """Let nothing of an answer be kept by a cache, nor guessed to be another kind of file."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        headers["cache-control"], headers["x-content-type-options"] = "no-store", "nosniff"


def _told(problem: Problem) -> Response[bytes]:
    return Response(
        problem.body(), status_code=problem.status, media_type="application/problem+json",
        headers=problems.headers_of(problem),
    )  # fmt: skip


def field_refused(_request: AnyRequest, error: FieldError) -> Response[bytes]:
    """Say which field cannot be accepted, and what to do."""
    return _told(problems.of_field(error))


def _http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """The framework's own refusals, without its words: they quote what was sent."""
    problem, field = problems.of_status(error.status_code), _field_of(error)
    if isinstance(error, InternalServerException) and error.detail == _GONE:
        return _told(problems.TOO_SLOW)
    if error.status_code == 413 and request.url.path == CLAIM_PATH:
        problem = replace(problem, remedy=_CLAIM_BYTES)
    answer = _told(problem if field is None else replace(problem, extra={"field": field}))
    if error.status_code == 405 and error.headers:
        answer.headers |= error.headers  # `allow`, without which a 405 is none (RFC 9110 §15.5.6)
    return answer


_GONE: Final = "client disconnected prematurely"
"""What the framework says of a body that did not arrive whole, and takes for a fault of ours."""
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
"""What the decoder says of a field of ours that is not there."""


def _field_of(error: HTTPException) -> str | None:
    """The field that is not of the expected type, by the name that the description gives it: never one of theirs."""
    extra = error.extra if isinstance(error, ValidationException) else None
    if not isinstance(extra, list) or not extra or not isinstance(extra[0], dict):
        return None
    if missing := _MISSING.match(str(extra[0].get("message", ""))):
        return missing[1]
    key, _, _ = str(extra[0].get("key", "")).partition("[")
    return key if key not in {"", "data"} else None  # "data": the body as a whole


def _unreadable(_request: AnyRequest, _error: UnicodeDecodeError | RecursionError) -> Response[bytes]:
    """A body that is no UTF-8, or nested too deep, which the framework takes for a fault of ours."""
    return _told(problems.of_status(400))


def _away(request: AnyRequest, error: psycopg.OperationalError) -> Response[bytes]:
    """The store went away a moment ago: closed, as for whoever comes after."""
    _log.error("the store is away: %s", type(error).__name__)
    request.app.state[SAY_CLOSED_KEY]()
    return _told(closed_at(request.url.path))


def _waited(_request: AnyRequest, error: psycopg.OperationalError | PlaceBusyError) -> Response[bytes]:
    """Another transaction was in the way: nothing was done, and the same a moment later passes; nothing is closed."""
    _log.warning("a request gave way: %s", type(error).__name__)
    return _told(problems.BUSY)


STORE_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    psycopg.OperationalError: _away,
    PlaceBusyError: _waited,
    psycopg.errors.LockNotAvailable: _waited,
    psycopg.errors.DeadlockDetected: _waited,
    psycopg.errors.SerializationFailure: _waited,
}
"""What whoever asks is told when the store did not do it; a kind's own answer goes before that of all."""


def _anything(_request: AnyRequest, error: Exception) -> Response[bytes]:
    """A fault of ours: its kind is kept, never its text, which may hold what was sent."""
    _log.error("request failed: %s", type(error).__name__)
    return _told(problems.of_status(500))


def _nobody(_connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Answer as an address that is not here."""
    raise NotFoundException


_ROUTES: Final = [
    *ROUTES,
    *COLLEAGUE_ROUTES,
    *DEVICE_ROUTES,
    *APPEAL_ROUTES,
    *ASSISTANT_ROUTES,
    *INVOICE_ROUTES,
    *AGREEMENT_ROUTES,
    *ACCOUNT_ROUTES,
    *TRANSFER_ROUTES,
    *FHIR_ROUTES,
    place,
    token,
    seats,
    history,
    health,
    metrics,
    openapi,
]


def create_api(wiring: RightsWiring, proofs: ProofVerifier, fhir: Eligibility, say_closed: Callable[[], None]) -> App:
    """Assemble the application; the gate must be started. `say_closed` hears that somebody is told to deposit."""
    keep_no_request()
    rest = Litestar(
        [Routes("/", route_handlers=_ROUTES)],
        exception_handlers={
            **EXCEPTION_HANDLERS,
            **INVOICE_HANDLERS,
            **AGREEMENT_HANDLERS,
            **ACCOUNT_HANDLERS,
            **TRANSFER_HANDLERS,
            FieldError: field_refused,
            HTTPException: _http,
            UnicodeDecodeError: _unreadable,
            RecursionError: _unreadable,
            **STORE_HANDLERS,
            Exception: _anything,
        },
        before_send=[_headers],
        guards=[only_open_acts],
        request_class=_Asked,
        request_max_body_size=BODY_BYTES_MAX,
        state=State(
            {
                STATE_KEY: wiring.sign_in,
                VENDOR_KEY: wiring.vendor,
                WIRING_KEY: wiring,
                INVOICES_KEY: wiring.invoices,
                AGREEMENTS_KEY: wiring.agreements,
                ACCOUNTS_KEY: wiring.accounts,
                TRANSFERS_KEY: wiring.transfers,
                ASSISTANTS_KEY: wiring.assistants,
                SAY_CLOSED_KEY: say_closed,
                PLACE_KEY: (wiring.rights.proofs, wiring.callers),
            }
        ),
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Tierce",
            version=__version__,
            # What the framework makes is completed at /v1/openapi.json; its own address answers nobody.
            openapi_router=Router("/v1/framework", route_handlers=[], include_in_schema=False, guards=[_nobody]),
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin()],
        ),
    )
    return HotRoutes(
        rest,  # type: ignore[arg-type]  # Litestar's own names for the ASGI callables
        gate=wiring.gate,
        rights=wiring.rights,
        callers=wiring.callers,
        history=wiring.history,
        proofs=proofs,
        fhir=fhir,
        url=wiring.sign_in.url,
        say_closed=say_closed,
    )
