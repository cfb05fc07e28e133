"""The counter in front of the whole API: it answers while the store is away, and lets the rest be asked else.

`POST /v1/deposits` takes a deposit, `GET /v1/deposits/{receipt}` tells its state, `GET /v1/service` what is open.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from tierce.deposits.errors import (
    DepositFieldError,
    NotClosedError,
    ReceiptUnknownError,
    SpoolFullError,
    TooManyDepositsError,
)
from tierce.deposits.model import Receipt, State, why
from tierce.deposits.service import Counter, Left
from tierce.gate.service import Gate
from tierce.identity.dpop import normalised
from tierce.identity.errors import IdentityError, SessionReason, SessionRefusedError
from tierce.identity.service import Received
from tierce.identity.sites.model import Held
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.deposits import BODY_BYTES_MAX, STATE_LABELS, DepositState
from tierce.web.api import problems
from tierce.web.api.agreements import closed_at
from tierce.web.api.callers import TICKET, handle_in
from tierce.web.api.hot import BODY_SECONDS_MAX, App, Receive, Scope, Send, as_problem, header
from tierce.web.api.openness import Openness
from tierce.web.api.problems import Problem
from tierce.web.arriving import Arrivals, Arriving
from tierce.web.fhir.names import METADATA_PATH
from tierce.web.fhir.names import ROOT as FHIR
from tierce.web.fhir.outcomes import in_fhir
from tierce.web.names import SERVICE

DEPOSITS: Final = "/v1/deposits"
COUNTER_ROUTES: Final = (("POST", DEPOSITS), ("GET", DEPOSITS + "/{receipt}"), ("GET", SERVICE))
"""What the counter serves by itself, in front of every routing table."""
ACTS: Final = {DEPOSITS: Act.DEPOSIT_MAKE, DEPOSITS + "/{receipt}": Act.DEPOSIT_READ, SERVICE: Act.NONE}
"""The acts of the routes served here, for the test that enumerates every route."""
ALWAYS: Final = ("/health/", "/metrics", "/v1/openapi.json", METADATA_PATH)
"""What the rest of the API answers by itself while the store is away: of a frozen one, an ask would wait for ever.
Not `/health`: until somebody asks, the gate does not know that it could answer nobody. What lies below it is this
machine's own, and not there for whoever comes from elsewhere, then as ever."""
_log = logging.getLogger(__name__)

_HEADERS: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]

OPEN = Problem(
    409, "open",
    Phrase("Le service est ouvert : il n’y a pas lieu de déposer.", "The service is open: no need to deposit."),
    Phrase("Posez la question ; elle reçoit une réponse.", "Ask the question; it is answered."),
)  # fmt: skip
FULL = Problem(
    507, "deposits_full",
    Phrase("Il n’y a plus de place pour un dépôt.", "There is no room for one more deposit."),
    Phrase("Gardez une copie de la carte et réessayez plus tard.", "Keep a copy of the card and try again later."),
)  # fmt: skip
FAST = Problem(
    429, "deposits_fast",
    Phrase("Trop de dépôts en peu de temps.", "Too many deposits in a short time."),
    Phrase("Réessayez dans une minute, sans rien changer : un dépôt ne compte qu’une fois.",
           "Try again in a minute without changing anything: a deposit counts once."),
    retry_after=60,
)  # fmt: skip
UNKNOWN = Problem(
    404, "receipt_unknown",
    Phrase("Aucun reçu de votre établissement n’a ce numéro.", "No receipt of your establishment has this number."),
    Phrase("Relisez le numéro, lettre après lettre.", "Read the number again, letter by letter."),
)  # fmt: skip
_TOO_LARGE = replace(
    problems.TOO_LARGE,
    remedy=Phrase("Un dépôt tient en deux kilo-octets.", "A deposit fits in two kilobytes."),
)

FindState = Callable[[Held, Received, int, str], Awaitable[State | None]]
"""From a handle with its ticket, its request, a receipt's number and printed form, to its state for that place."""


class Front:
    """ASGI application: serves deposits itself and hands everything else to the rest, when the store is there."""

    def __init__(self, counter: Counter, openness: Openness, url: str) -> None:
        """Serve at `url`, the API's public address; the rest comes once its database answers."""
        self._counter = counter
        self._openness = openness
        self._url = url.rstrip("/")
        self._arrivals = Arrivals()
        self.rest: App | None = None
        self.find_state: FindState | None = None

    @property
    def gate(self) -> Gate | None:
        """The gate of the rest, for the metrics and the readiness of the process; None until it is built."""
        return getattr(self.rest, "gate", None)

    @property
    def takes_deposits(self) -> bool:
        """Whether the counter finds its folder, for the readiness of the process."""
        return self._counter.works

    def know(self, knows: Callable[[bytes], bool], find_state: FindState, back: Callable[[], None]) -> None:
        """Be told, once the store is there, who was seen alive, how a state is found, who hears that it is back."""
        self._counter.knows, self.find_state, self._openness.back = knows, find_state, back

    def say_closed(self) -> None:
        """Hear from the rest that it told somebody to deposit: she is taken at her word."""
        self._openness.say_closed()

    def say_away(self, insurer: int) -> None:
        """Hear from the rest that it told somebody that an insurer does not answer, and to deposit."""
        self._openness.say_away(insurer)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request, or hand it on, without a coroutine of its own: an ask passes here."""
        path = scope.get("path", "")
        if self.rest is not None and path == "/v1/rights" and not self._openness.away:
            return self.rest(scope, receive, send)
        if self.rest is None:
            self.say_closed()  # a store that answers the look may be one whose gate could not be built
        if path.startswith(FHIR):
            send = in_fhir(send)
        if scope["type"] == "http" and (path == SERVICE or path.startswith(DEPOSITS)):
            return self._serve(scope, path, receive, send)
        if self.rest is not None and (not self._openness.away or path.startswith(ALWAYS)):
            return self.rest(scope, receive, send)
        return self._closed(scope, send)

    async def _closed(self, scope: Scope, send: Send) -> None:
        if scope["type"] == "http":
            await _problem(send, closed_at(scope.get("path", "")))

    async def _serve(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        method = scope["method"]
        try:
            if path == SERVICE and method == "GET":
                await _json(send, 200, self._openness.body())
            elif path == DEPOSITS and method == "POST":
                await _json(send, 201, receipt_body(await self._take(scope, receive)))
            elif path.startswith(DEPOSITS + "/") and method == "GET":
                await _json(send, 200, state_body(await self._state(scope, path.removeprefix(DEPOSITS + "/"))))
            else:
                known = path in {SERVICE, DEPOSITS} or path.startswith(DEPOSITS + "/")
                allowed = [(b"allow", b"POST" if path == DEPOSITS else b"GET")] if known else []
                await _problem(send, problems.of_status(405 if known else 404), allowed)
        except (DepositFieldError, NotClosedError, SpoolFullError, TooManyDepositsError, ReceiptUnknownError,
                IdentityError, _TooLargeError, TimeoutError) as error:  # fmt: skip
            await _problem(send, _as_problem(error))
        except Exception as error:  # noqa: BLE001 - the server would log the error's text, which may hold what was sent
            _log.error("a deposit failed in an unforeseen way: %s", type(error).__name__)
            await _problem(send, problems.FAULT)

    async def _take(self, scope: Scope, receive: Receive) -> Receipt:
        arriving = Arriving(receive, BODY_SECONDS_MAX, self._arrivals)
        try:
            body = await _read(arriving)
        finally:
            arriving.end()
        left = Left(_handle(scope), body, header(scope, b"dpop"), self._url + DEPOSITS)
        try:
            return await self._counter.take(left, self._openness.takes)
        except NotClosedError:
            # Whoever was told "closed" a moment ago, by the gate or another worker, is not told "open" by this one.
            await self._openness.look_again()
            return await self._counter.take(left, self._openness.takes)

    async def _state(self, scope: Scope, text: str) -> State:
        number = self._counter.number(text)
        held = Held(_handle(scope).decode("latin-1"), (header(scope, TICKET.encode()) or b"").decode("latin-1"))
        found = None
        if self.find_state is not None and not self._openness.away:
            request = Received("GET", normalised(self._url + scope["path"]), b"", header(scope, b"dpop"))
            found = await self.find_state(held, request, number, self._counter.printed(number))
        if found is None and self._counter.given(text):
            return self._counter.waiting(number)
        if found is None:
            raise ReceiptUnknownError
        return found


class _TooLargeError(Exception):
    """More than a deposit can be."""


def receipt_body(receipt: Receipt) -> dict[str, Any]:
    """What `POST /v1/deposits` answers: a number, and nothing that was not sent."""
    guaranteed = receipt.promised.state is DepositState.GUARANTEED
    said = why(receipt.promised)
    return {
        "receipt": receipt.number,
        "received_at": receipt.received,
        "state": "received",
        "domain": receipt.domain.name,
        "care_date": receipt.care_date,
        "amount": euros(receipt.amount),
        "insurer": receipt.insurer,
        "label": receipt.label,
        "promise": {
            "guaranteed": guaranteed,
            "reason": receipt.promised.reason.name.lower(),
            "detail": {"fr": said.fr, "en": said.en},
        },
    }


def state_body(state: State) -> dict[str, Any]:
    """What `GET /v1/deposits/{receipt}` answers: nobody is named."""
    label, said = STATE_LABELS[state.state], why(state)
    return {
        "receipt": state.number,
        "received_at": state.received,
        "state": state.state.name.lower(),
        "label": {"fr": label.fr, "en": label.en},
        "reason": state.reason.name.lower(),
        "detail": {"fr": said.fr, "en": said.en},
        "domain": state.domain.name if state.domain else None,
        "care_date": state.care_date,
        "amount": None if state.amount is None else euros(state.amount),
        "resolved_at": state.resolved,
    }


def euros(cents: int) -> str:
    """Cents as euros with two decimals."""
    return f"{cents // 100}.{cents % 100:02d}"


def _handle(scope: Scope) -> bytes:
    handle = handle_in(header(scope, b"authorization"))
    if handle is None:
        raise SessionRefusedError(SessionReason.UNKNOWN)
    return handle


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, DepositFieldError):
        return problems.field_problem(error.field, error.reason, error.remedy)
    if isinstance(error, TimeoutError):
        return problems.TOO_SLOW
    if isinstance(error, _TooLargeError):
        return _TOO_LARGE
    told: dict[type[Exception], Problem] = {
        NotClosedError: OPEN,
        SpoolFullError: FULL,
        TooManyDepositsError: FAST,
        ReceiptUnknownError: UNKNOWN,
    }
    return told.get(type(error)) or as_problem(error)


async def _read(receive: Receive) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise TimeoutError
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _TooLargeError
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _json(send: Send, status: int, body: dict[str, Any]) -> None:
    await _send(send, status, b"application/json", msgspec.json.encode(body))


async def _problem(send: Send, problem: Problem, also: Sequence[tuple[bytes, bytes]] = ()) -> None:
    more = [(name.encode(), value.encode()) for name, value in problems.headers_of(problem).items()]
    await _send(send, problem.status, b"application/problem+json", problem.body(), [*more, *also])


async def _send(send: Send, status: int, media: bytes, body: bytes, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    headers = [(b"content-type", media), *_HEADERS, *more, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
