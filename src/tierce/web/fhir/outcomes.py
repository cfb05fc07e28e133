"""Everything under `/fhir/` refuses in FHIR's words: a problem document becomes an OperationOutcome on its way out.

One place, in front of everything, so that the status, the headers, the code and the sentences of a refusal are those
of `/v1`, whoever refuses: the counter, the gate, the framework.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import msgspec

from tierce.kernel.language import Phrase
from tierce.web.fhir import names
from tierce.web.fhir.eligibility import worded

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

_PROBLEM: Final = b"application/problem+json"
_CODES: Final[Mapping[str, str]] = {
    "session_expired": "expired",
    "session_idle": "expired",
    "session_revoked": "expired",
    "not_answered": "transient",
    "closed": "transient",
    "busy": "throttled",
    "field": "value",
}
"""FHIR's kind of fault, by our code."""
_STATUSES: Final[Mapping[int, str]] = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    409: "conflict",
    413: "too-long",
    422: "value",
    429: "throttled",
    503: "transient",
}
"""And by status where the code says nothing more."""


def outcome_of(problem: Mapping[str, Any]) -> bytes:
    """The OperationOutcome of a problem document's members."""
    code, status = str(problem["code"]), int(problem["status"])
    kind = problem.get("issue") or _CODES.get(code) or _STATUSES.get(status, "exception")
    reason, remedy = (Phrase(problem[name]["fr"], problem[name]["en"]) for name in ("reason", "remedy"))
    more = [
        {"url": url, member: problem[name]}
        for name, url, member in (
            ("deposit", names.DEPOSIT, "valueBoolean"),
            ("retry_date", names.RETRY_DATE, "valueDate"),
        )
        if name in problem
    ]
    issue = {
        **({"extension": more} if more else {}),
        "severity": "error",
        "code": kind,
        "details": {"coding": [{"system": names.REFUSAL, "code": code}], **worded("text", reason)},
        **worded("diagnostics", remedy),
        **({"expression": [_place(str(problem["field"]))]} if "field" in problem else {}),
    }
    return msgspec.json.encode({"resourceType": "OperationOutcome", "language": "fr", "issue": [issue]})


def _place(field: str) -> str:
    """A header is named as FHIR names those; an element by its path."""
    return f"http.{field}" if "-" in field else field


def in_fhir(send: Send) -> Send:
    """A `send` that words problem documents as OperationOutcome, and lets everything else pass as it is."""
    held: Message | None = None
    parts: list[bytes] = []

    async def told(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            held = message if _is_problem(message) else None
            if held is None:
                await send(message)
            return
        if held is None:
            await send(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        body = b"".join(parts)
        if body:
            body = outcome_of(msgspec.json.decode(body))
            kept = [(name, value) for name, value in held["headers"] if name.lower() not in _REPLACED]
            length = (b"content-length", str(len(body)).encode())
            held = {**held, "headers": [(b"content-type", names.MEDIA_TYPE.encode()), *kept, length]}
        await send(held)
        await send({"type": "http.response.body", "body": body})

    return told


_REPLACED: Final = frozenset({b"content-type", b"content-length"})


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and bytes(value).startswith(_PROBLEM) for name, value in message["headers"]
    )
