"""The routes that ask the gate, as raw ASGI in front of the rest of the API.

They are the hot path (docs/adr/0001): a framework's routing would cost a fifth of it. Order: size, queue room,
token, proof, question, gate. Every told answer of a route has the same status, headers and length.

A question in FHIR is the same question in other words: it is put into ours once its proof is verified, and only its
answer and its refusals are worded otherwise (docs/adr/0104).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg

from tierce.gate.errors import GateBusyError, GateClosedError, GateError
from tierce.gate.service import Gate
from tierce.identity.dpop import Proof, ProofVerifier
from tierce.identity.errors import IdentityError, ProofReason, ProofRefusedError
from tierce.journal.errors import EngagementFormatError
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.rights.history import History
from tierce.rights.model import Refused, RightsAnswer
from tierce.rights.remote.errors import InsurerAwayError
from tierce.rights.replays import Mark, read_key
from tierce.rights.rules import ANSWER_BYTES, QUESTION_BYTES_MAX, answer_bytes
from tierce.rights.service import Rights
from tierce.web.api import problems
from tierce.web.api.callers import Bound, Callers
from tierce.web.api.problems import Problem
from tierce.web.api.signin import identity_problem
from tierce.web.arriving import Arrivals
from tierce.web.fhir import eligibility, reading
from tierce.web.fhir.eligibility import Asked, Eligibility
from tierce.web.fhir.names import ELIGIBILITY_PATH, MEDIA_TYPE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_SECONDS_MAX = 10.0
BODY_SECONDS_AWAITED = 0.05
"""For so long a batch may wait for an ask that is arriving; for whoever sends byte by byte, none does."""
_log = logging.getLogger(__name__)

RIGHTS_PATH = "/v1/rights"
HISTORY_PREFIX = "/v1/history/"
REVISIT_SUFFIX = "/revisit"
HOT_ACTS = {
    RIGHTS_PATH: Act.RIGHTS_ASK,
    ELIGIBILITY_PATH: Act.RIGHTS_ASK,
    HISTORY_PREFIX + "{engagement}" + REVISIT_SUFFIX: Act.RIGHTS_REVISIT,
}
"""The acts of the routes served here, for the test that enumerates every route."""

_TOLD_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
_TOLD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [*_TOLD_HEADERS, (b"content-length", str(ANSWER_BYTES).encode())],
}
"""The head of every told answer: one object, for its length never changes either."""
_TOLD_IN_FHIR = {
    **_TOLD,
    "headers": [
        (b"content-type", MEDIA_TYPE.encode()),
        *_TOLD_HEADERS[1:],
        (b"content-length", str(eligibility.ANSWER_BYTES).encode()),
    ],
}
_QUESTIONS = frozenset({RIGHTS_PATH, ELIGIBILITY_PATH})
_BYTES_MAX = {ELIGIBILITY_PATH: reading.BYTES_MAX}
_READ = frozenset({b"authorization", b"dpop", b"idempotency-key"})
_ALLOW = (b"allow", b"POST")
_PROBLEM_HEADERS = [(b"content-type", b"application/problem+json"), *_TOLD_HEADERS[1:]]


class HotRoutes:
    """ASGI application: serves the asks itself and hands everything else to the rest of the API."""

    def __init__(
        self,
        rest: App,
        *,
        gate: Gate,
        rights: Rights,
        callers: Callers,
        history: History,
        proofs: ProofVerifier,
        fhir: Eligibility,
        url: str,
        say_closed: Callable[[], None],
    ) -> None:
        """Serve at `url`, the API's public address, in front of `rest`; `say_closed` hears who is told to deposit."""
        self._fhir = fhir
        self._rest = rest
        self._gate = gate
        self._rights = rights
        self._callers = callers
        self._history = history
        self._proofs = proofs
        self._url = url.rstrip("/")
        self._say_closed = say_closed
        self._lingering = Arrivals()

    @property
    def gate(self) -> Gate:
        """The gate, for the metrics and the readiness of the process."""
        return self._gate

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        path = scope.get("path", "")
        revisit = path.startswith(HISTORY_PREFIX) and path.endswith(REVISIT_SUFFIX)
        if scope["type"] != "http" or not (path in _QUESTIONS or revisit):
            return self._rest(scope, receive, send)
        return self._serve(scope, path, receive, send)

    async def _serve(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        coming, asked = self._gate.coming, None
        coming.enter()
        try:
            self._gate.shed()
            with _Within(BODY_SECONDS_MAX, BODY_SECONDS_AWAITED, coming.leave, coming.enter, self._lingering):
                body = await _read(scope, receive, _BYTES_MAX.get(path, QUESTION_BYTES_MAX))
            if isinstance(body, Problem):
                await _problem(send, body)
                return
            given = _given(scope)
            bound, proof = await self._authenticate(given, path, body)  # 1. authenticate
            if path == ELIGIBILITY_PATH:
                asked = self._fhir.read(body)
            answer = await self._answer_once(path, bound, body, proof, given, asked)
            if isinstance(answer, Refused) and answer.code == "not_allowed":
                # The session may have ended since it was remembered: read again, it is said to have.
                await self._callers.find(given.get(b"authorization"), fresh=True)
        except (GateError, IdentityError, FieldError, EngagementFormatError) as error:
            await self._refuse(send, as_problem(error))
            return
        except TimeoutError:
            await _problem(send, problems.TOO_SLOW)
            return
        except Exception as error:  # noqa: BLE001 - the server would log the error's text, which may hold the question
            _log.error("an ask failed in an unforeseen way: %s", type(error).__name__)
            away = isinstance(error, psycopg.OperationalError)
            await self._refuse(send, problems.CLOSED if away else problems.NOT_ANSWERED)
            return
        finally:
            coming.leave()
        if isinstance(answer, Refused):
            told = problems.REFUSED[answer.code]
            if answer.retry_date is not None:
                told = replace(told, extra={"retry_date": answer.retry_date}, retry_after=answer.retry_seconds)
            await _problem(send, told)
            return
        content = answer_bytes(answer) if asked is None else asked.answer_bytes(answer)
        await send(_TOLD if asked is None else _TOLD_IN_FHIR)
        await send({"type": "http.response.body", "body": content})

    async def _refuse(self, send: Send, problem: Problem) -> None:
        if problem is problems.CLOSED:
            self._say_closed()
        await _problem(send, problem)

    async def _authenticate(self, given: dict[bytes, bytes], path: str, body: bytes) -> tuple[Bound, Proof | None]:
        """Find the caller by the handle, and check the proof of the browser's key when there is one."""
        handle = given.get(b"authorization")
        bound = self._callers.remembered(handle) or await self._callers.find(handle)
        self._gate.shed(bound.caller.lane)
        proof = given.get(b"dpop")
        if proof is None:
            return bound.unsigned(), None
        if bound.thumbprint is None:
            raise ProofRefusedError(ProofReason.NOT_BOUND)
        return bound, self._proofs.verify(
            proof, method="POST", url=self._url + path, ath=bound.ath, body=body, bound_to=bound.thumbprint
        )

    async def _answer_once(
        self,
        path: str,
        bound: Bound,
        body: bytes,
        proof: Proof | None,
        given: dict[bytes, bytes],
        asked: Asked | None,
    ) -> RightsAnswer:
        """Answer, and answer the same ask a second time by saying where its answer is (docs/adr/0023)."""
        replays, caller = self._history.replays, bound.caller
        key = given.get(b"idempotency-key")
        if key is not None:
            mark = replays.mark(caller, read_key(key), path, body)
            async with replays.alone(mark):
                earlier = await self._earlier(path, bound, mark, given)
                return earlier or await self._answer(path, bound, body, proof, mark.salt, asked)
        if proof is None:
            return await self._answer(path, bound, body, None, b"", asked)
        mark = replays.mark_of_proof(caller, proof.once)
        answer = await self._answer(path, bound, body, proof, mark.salt, asked)
        if isinstance(answer, Refused) and answer.code == "not_allowed":
            return await self._earlier(path, bound, mark, given) or answer
        return answer

    async def _earlier(self, path: str, bound: Bound, mark: Mark, given: dict[bytes, bytes]) -> RightsAnswer | None:
        """What became of the ask of this mark, told to a session that lives: no gate looks at it here."""
        revisited = path[len(HISTORY_PREFIX) : -len(REVISIT_SUFFIX)] if path.startswith(HISTORY_PREFIX) else None
        found = await self._history.replays.earlier(bound.caller, mark, revisited)
        if found is not None:
            await self._callers.find(given.get(b"authorization"), fresh=True)
        return found

    async def _answer(
        self, path: str, bound: Bound, body: bytes, proof: Proof | None, mark: bytes, asked: Asked | None
    ) -> RightsAnswer:
        once, issued = (UUID(bytes=proof.once), proof.issued_at) if proof else (None, 0)
        if path == RIGHTS_PATH:
            return await self._rights.ask(bound.caller, body, once, issued, mark=mark)
        if asked is not None:
            try:
                return await self._rights.ask(bound.caller, asked.question, once, issued, mark=mark)
            except FieldError as error:
                raise asked.placed(error) from None
        engagement = path[len(HISTORY_PREFIX) : -len(REVISIT_SUFFIX)]
        domain = await self._history.domain_of(bound.caller, engagement)
        return await self._rights.revisit(bound.caller, engagement, domain, once, issued, mark)


def _given(scope: Scope) -> dict[bytes, bytes]:
    """The headers that an ask may have, in one pass; a repeated one as `header` gives it."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            found[name] = bytes(value) if name not in found else found[name] + b", " + bytes(value)
    return found


class _Within:
    """`asyncio.timeout`, for a wait inside one task: of the time of an ask, that took a twentieth.

    When it is long, `paused` is called meanwhile, and `resumed` at its end, however it ends.
    """

    def __init__(
        self,
        seconds: float,
        soon: float,
        paused: Callable[[], None],
        resumed: Callable[[], None],
        lingering: Arrivals,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._left = seconds - soon
        self._late = self._long = False
        self._paused, self._resumed, self._lingering = paused, resumed, lingering
        self._alarm = self._loop.call_later(soon, self._linger)

    def _linger(self) -> None:
        self._long = True
        self._paused()
        self._alarm = self._loop.call_later(self._left, self.give_up)
        self._lingering.begin(self)

    def give_up(self) -> None:
        """Wait no more: it is late, or too many linger."""
        if self._task is not None and not self._late:
            self._late = True
            self._task.cancel()

    def __enter__(self) -> None:
        """The alarm is set."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        self._alarm.cancel()
        if self._long:
            self._lingering.end(self)
            self._resumed()
        if self._late and self._task is not None and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return a header's value, or None; a repeated one is no valid value (RFC 9449 §4.3), so they are joined."""
    found = [bytes(value) for key, value in scope["headers"] if key == name]
    return b", ".join(found) if found else None


def as_problem(error: Exception) -> Problem:
    """Word an error of the inner layers as a problem document."""
    if isinstance(error, FieldError):
        return problems.of_field(error)
    if isinstance(error, EngagementFormatError):
        remedy = Phrase("Recopiez le numéro d’engagement en entier.", "Copy the whole engagement number.")
        reason = Phrase("Ce numéro d’engagement n’est pas valable.", "This engagement number is not valid.")
        return problems.field_problem("engagement", reason, remedy)
    if isinstance(error, IdentityError):
        return identity_problem(error)
    if isinstance(error, GateBusyError):
        return problems.BUSY
    if isinstance(error, InsurerAwayError):
        return problems.INSURER_AWAY
    if isinstance(error, GateClosedError):
        return problems.CLOSED
    return problems.NOT_ANSWERED


async def _read(scope: Scope, receive: Receive, most: int = QUESTION_BYTES_MAX) -> bytes | Problem:
    if scope["method"] != "POST":
        return problems.METHOD
    parts = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return problems.TOO_SLOW
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return problems.TOO_LARGE if most == QUESTION_BYTES_MAX else problems.of_status(413)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _problem(send: Send, problem: Problem) -> None:
    more = [(name.encode(), value.encode()) for name, value in problems.headers_of(problem).items()]
    if problem is problems.METHOD:
        more.append(_ALLOW)
    await _send(send, problem.status, [*_PROBLEM_HEADERS, *more], problem.body())


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
