"""The published description of the API (OpenAPI 3.1), the hot routes and every refusal included.

The framework describes its own routes, without the refusals that our handlers word; they are added here, from what a
route takes and from a table of what only some may answer. A test sends requests made from the description to a
running installation, so an answer that stands nowhere here is found.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from tierce.web.api.openapi_schemas import HEADERS, PARAMETERS, SCHEMAS, problem, ref
from tierce.web.api.token import DESCRIPTION as TOKEN
from tierce.web.api.token import SCHEMAS as TOKEN_SCHEMAS
from tierce.web.api.token import TOKEN_PATH

SESSION: Final = "session"
VENDOR, PORTAL, OPERATOR = "vendor", "portal", "operator"
_RESPONSES = {
    "200": {
        "description": "The answer, always 2,048 bytes long.",
        "content": {"application/json": {"schema": ref("RightsAnswer")}},
    },
    **{
        str(status): problem(why, status)
        for status, why in {
            401: "No session, or the key's proof does not fit.",
            403: "Not open to this profession or session, or the proof of presence does not stand.",
            405: "Not a POST.",
            408: "The question did not arrive whole within ten seconds.",
            413: "More than 2,048 bytes.",
            422: "A field cannot be accepted; `field` names it.",
            429: "The day's attempts are used up; or too many at once, from the proxy in front.",
            503: "Busy or closed: nothing was shown.",
        }.items()
    },
}
_ASKING = [ref("DPoP", "parameters"), ref("Idempotency-Key", "parameters")]

HOT_PATHS: dict[str, Any] = {
    "/v1/rights": {
        "post": {
            "operationId": "askRights",
            "summary": "Is this person covered for this domain on this day?",
            "parameters": _ASKING,
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref("Question")}}},
            "responses": _RESPONSES,
        }
    },
    "/v1/history/{engagement}/revisit": {
        "post": {
            "operationId": "revisitRights",
            "summary": "Open again an answer of one's own establishment; counts among the people of the day.",
            "parameters": [
                {"name": "engagement", "in": "path", "required": True, "schema": {"type": "string"},
                 "description": "Percent-encoded: its last sign may be `*`, `~`, `$` or `=`."},
                *_ASKING,
            ],
            "responses": _RESPONSES,
        }
    },
}  # fmt: skip
"""The routes that are served before the framework, described by hand."""

_SECURITY = {
    SESSION: {
        "type": "http",
        "scheme": "DPoP",
        "description": "The session's handle, `Authorization: DPoP <handle>`. Each request of software's also "
        "takes the proof of RFC 9449, in the header `DPoP`. What a session of the operator's portal "
        "reads or does without that proof takes a ticket of five minutes, in the header `Tierce-Ticket`.",
    }
}
_INFO: Final = """\
Rights of a person under tiers payant, for the software of health professionals. How to connect: \
docs/reference/vendors.md; every refusal: docs/reference/errors.md.

Within `/v1` nothing that is described here is taken away or changes its meaning: routes, members, codes and \
optional parameters may be added, so pass over what you do not know."""
_TAGS: Final = {
    VENDOR: "What the software of a vendor calls.",
    PORTAL: "What the operator's own portal calls as well; a vendor exchanges its user's sign-in instead.",
    OPERATOR: "For the operator's own machines.",
}
_NAMES: Final[Mapping[str, str]] = {
    "POST /v1/sign-in/start": "startSignIn",
    "POST /v1/sign-in/complete": "completeSignIn",
    "POST /v1/session/activity": "chooseActivity",
    "POST /v1/session/challenge": "drawChallenge",
    "POST /v1/session/renew": "renewTicket",
    "GET /v1/session": "readSession",
    "GET /v1/sessions": "listSessions",
    "POST /v1/sessions/{session}/revoke": "revokeSession",
    "POST /v1/sessions/revoke-others": "revokeOtherSessions",
    "POST /v1/session/end": "endSession",
    "POST /v1/session/leave": "leaveSession",
    "POST /v1/substitutions": "declareSubstitute",
    "POST /v1/substitutions/{number}/end": "endSubstitute",
    "POST /v1/enrolments": "enrolColleague",
    "GET /v1/devices": "listDevices",
    "POST /v1/devices/{device}/name": "nameDevice",
    "POST /v1/devices/code": "askDeviceCode",
    "POST /v1/devices/confirm": "confirmDevice",
    "POST /v1/devices/{device}/separate": "separateDevice",
    "GET /v1/substitutes": "listSubstitutes",
    "GET /v1/holds": "listHolds",
    "POST /v1/holds/appeal": "appealHold",
    "POST /v1/agreements": "askAgreement",
    "GET /v1/agreements": "listAgreements",
    "GET /v1/agreements/{agreement}": "readAgreement",
    "POST /v1/agreements/{agreement}/documents": "declareDocument",
    "POST /v1/agreements/{agreement}/cancel": "cancelAgreement",
    "POST /v1/invoices": "sendInvoice",
    "GET /v1/invoices": "listInvoices",
    "GET /v1/invoices/{invoice}": "readInvoice",
    "POST /v1/invoices/{invoice}/cancel": "cancelInvoice",
    "GET /v1/recoveries": "listRecoveries",
    "GET /v1/transfers": "listTransfers",
    "GET /v1/transfers/{transfer}": "readTransfer",
    "GET /v1/account": "readAccount",
    "POST /v1/account": "askAccount",
    "POST /v1/account/stop": "stopAccount",
    "POST /v1/assistants": "nameAssistant",
    "GET /v1/assistants": "listAssistants",
    "POST /v1/assistants/{number}/code": "renewAssistantCode",
    "POST /v1/assistants/{number}/end": "endAssistant",
    "POST /v1/assistants/passkey/start": "startPasskey",
    "POST /v1/assistants/passkey/finish": "finishPasskey",
    "POST /v1/assistants/sign-in/start": "startAssistantSignIn",
    "POST /v1/assistants/sign-in/finish": "finishAssistantSignIn",
    "GET /v1/place": "readPlace",
    "GET /v1/seats": "readSeats",
    "GET /v1/history": "listHistory",
    "GET /health": "readHealth",
    "GET /metrics": "readMetrics",
}
"""What a generated client calls each operation; stable, unlike the names of our own functions."""
_BEGUN: Final = frozenset({"/v1/sign-in/start", "/v1/assistants/sign-in/start"})
"""Routes that a browser's key signs before there is a session."""
_OPEN: Final[Mapping[str, str]] = {
    "/v1/sign-in/start": PORTAL,
    "/v1/sign-in/complete": PORTAL,
    "/v1/assistants/passkey/start": PORTAL,
    "/v1/assistants/passkey/finish": PORTAL,
    "/v1/assistants/sign-in/start": PORTAL,
    "/v1/assistants/sign-in/finish": PORTAL,
    "/health": OPERATOR,
    "/metrics": OPERATOR,
}
"""Routes that nobody need be signed in for, and whose they are."""
_WHY: Final[Mapping[int, str]] = {
    400: "Not in the expected form.",
    401: "No session, an ended one, or the key's proof does not fit.",
    403: "Refused: the reason says why, the remedy what to do.",
    404: "There is no such address, or nothing of this caller's has this number.",
    409: "The session's activity is chosen already, this activity was not offered, or a device may not.",
    413: "More than sixteen kilobytes.",
    422: "A field cannot be accepted; `field` names it.",
    429: "Too many at once: the proxy in front let nothing through.",
    503: "Closed, busy, the store is away or the identity provider out of reach: nothing was shown.",
}
_OWN: Final = frozenset(
    {
        "/v1/session/activity",
        "/v1/session/challenge",
        "/v1/session/renew",
        "/v1/session/leave",
        "/v1/assistants",
        "/v1/assistants/{number}/code",
    }
)
"""Routes of the portal's that need a session: assistants sign in there alone, and tickets are its sessions' own."""
_ALSO: Final[Mapping[str, tuple[int, ...]]] = {
    "/v1/sign-in/start": (401, 403),
    "/v1/sign-in/complete": (403,),
    "/v1/session/activity": (409,),
    "/v1/session/renew": (409,),
    "/v1/history": (422,),
    "/v1/devices/{device}/name": (422,),
    "/v1/devices/code": (409,),
    "/v1/devices/confirm": (409,),
    "/v1/devices/{device}/separate": (409,),
    "/v1/holds/appeal": (422,),
    "/v1/invoices": (422,),
    "/v1/transfers": (422,),
    "/v1/agreements": (422,),
    "/v1/agreements/{agreement}/documents": (409, 413, 422),
    "/v1/agreements/{agreement}/cancel": (409, 413, 422),
    "/v1/invoices/{invoice}/cancel": (409, 413, 422),
    "/v1/account": (409, 422),
    "/v1/account/stop": (409,),
    "/v1/assistants": (422,),
    "/v1/assistants/passkey/start": (403,),
    "/v1/assistants/passkey/finish": (403,),
    "/v1/assistants/sign-in/start": (401, 403),
    "/v1/assistants/sign-in/finish": (403,),
    "/metrics": (404,),
}
"""Refusals that follow from what a route does, beside those that follow from what it takes."""


def describe(schema: dict[str, Any], url: str) -> dict[str, Any]:
    """Complete the framework's description: names, refusals, the session as a security scheme, the hot routes."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            operation["operationId"] = _NAMES[f"{method.upper()} {path}"]
            operation["summary"], _, more = operation.pop("description").partition("\n")
            if more.strip():
                operation["description"] = more.strip()
            operation["responses"].pop("400", None)  # the framework's form, which no handler of ours sends
            for status in _refusals(path, operation):
                operation["responses"][str(status)] = problem(_WHY[status], status)
            operation["tags"] = [_OPEN.get(path, PORTAL if path in _OWN else VENDOR)]
            operation["security"] = [] if path in _OPEN else [{SESSION: []}]
            if path in _BEGUN or path not in _OPEN:
                operation["parameters"] = [*operation.get("parameters", ()), ref("DPoP", "parameters")]
    seats = schema["paths"]["/v1/seats"]["get"]["responses"]["200"]
    seats["headers"] = {name: ref(name, "headers") for name in ("RateLimit", "RateLimit-Policy")}
    health = schema["paths"]["/health"]["get"]["responses"]
    health["503"] = {
        "description": "The gate cannot answer; the body says so. A problem document while the store is away.",
        "headers": health["503"]["headers"],
        "content": health["200"]["content"] | health["503"]["content"],
    }
    hot = deepcopy(HOT_PATHS)
    for item in hot.values():
        item["post"] |= {"tags": [VENDOR], "security": [{SESSION: []}]}
    schema["paths"] |= hot | {TOKEN_PATH: deepcopy(TOKEN)}
    schema["info"] |= {"description": _INFO, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    schema["servers"] = [{"url": url, "description": "The address that the operator gives: `htu` begins with it."}]
    schema["tags"] = [{"name": name, "description": said} for name, said in _TAGS.items()]
    parts = schema.setdefault("components", {})
    parts["schemas"] |= SCHEMAS | TOKEN_SCHEMAS
    parts |= {"headers": HEADERS, "parameters": PARAMETERS, "securitySchemes": _SECURITY}
    return schema


def everywhere(schema: dict[str, Any]) -> dict[str, Any]:
    """Add what the front of the site answers on any route: to a header said twice, to a body that stays away."""
    for item in schema["paths"].values():
        for operation in item.values():
            told = operation["responses"]
            twice = problem("A header on which something is decided is given twice; `field` names it.", 400)
            told["400"] = told.get("400", twice) | {"content": twice["content"] | told.get("400", twice)["content"]}
            if "requestBody" in operation:
                told.setdefault("408", problem("The request did not arrive whole.", 408))
    return schema


def _refusals(path: str, operation: Mapping[str, Any]) -> Iterator[int]:
    yield 503  # whatever needs the store is refused in front while it is away
    yield from _ALSO.get(path, ())
    if path.startswith("/v1/"):
        yield 429
    if path not in _OPEN:
        yield from (401, 403)  # to an assistant's session, an act that is her professional's alone
    if "requestBody" in operation:
        yield from (400, 413)
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "query" in places:
        yield 400
    if "path" in places:
        yield 404
