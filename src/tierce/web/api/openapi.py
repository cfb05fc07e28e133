"""The published description of the API (OpenAPI 3.1), the hot routes and every refusal included.

The framework describes its own routes, without the refusals that our handlers word; they are added here, from what a
route takes and from a table of what only some may answer. A test sends requests made from the description to a
running installation, so an answer that stands nowhere here is found.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from tierce.kernel.care import Domain
from tierce.rights.reasons import REASONS
from tierce.web.api.token import DESCRIPTION as TOKEN
from tierce.web.api.token import TOKEN_PATH

LANGUAGES = {
    "type": "object",
    "required": ["fr", "en"],
    "properties": {"fr": {"type": "string"}, "en": {"type": "string"}},
}
PROBLEM = {
    "type": "object",
    "description": "Problem document, RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "remedy"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": LANGUAGES,
        "code": {"type": "string"},
        "remedy": LANGUAGES,
        "field": {"type": "string"},
        "retry_date": {"type": "string", "format": "date"},
    },
}
QUESTION = {
    "type": "object",
    "additionalProperties": False,
    "description": "The person is named by `nir` (and `rank`), or by `amc` and `member_number`; never by both.",
    "required": ["birth_date", "domain", "care_date"],
    "oneOf": [{"required": ["nir"]}, {"required": ["amc", "member_number"]}],
    "properties": {
        "nir": {"type": "string", "description": "NIR of the rights holder, 15 characters."},
        "birth_date": {"type": "string", "pattern": "^[0-9]{8}$", "description": "YYYYMMDD, as on the card."},
        "rank": {
            "type": "integer",
            "minimum": 1,
            "maximum": 9,
            "description": "With `nir`; 1 when left out.",
        },
        "amc": {
            "type": "string",
            "description": "AMC number of the card: 8 to 10 digits; compared without leading zeros.",
        },
        "csr": {
            "type": "string",
            "description": "With `amc`: CSR of the card; needed where several insurers print the number (422 `csr`).",
        },
        "member_number": {"type": "string", "description": "Member number of the card."},
        "payer": {
            "type": "integer",
            "enum": [1, 2],
            "default": 1,
            "description": "1: the card's insurer, else the first to pay; 2: the other, if `other_payer` was true.",
        },
        "presence": {
            "type": "object",
            "additionalProperties": False,
            "description": "A proof that the person is there. It names no grade: that is ours to say.",
            "required": ["means"],
            "properties": {
                "means": {
                    "type": "string",
                    "description": "`card`, `confirmation`, `reading`, or a verifier's.",
                },
                "proof": {"type": "string", "description": "A card's text or eight digits; a verifier's own form."},
            },
        },
        "domain": {"type": "string", "enum": list(Domain.__members__)},
        "care_date": {"type": "string", "format": "date"},
        "label": {"type": ["string", "null"], "maxLength": 40, "description": "Your own mark: no name, no NIR."},
    },
}
REASON = {
    "type": "object",
    "description": "Why nothing is shown; present only once the person's presence is proved.",
    "required": ["code", "detail", "remedy"],
    "properties": {
        "code": {"enum": sorted(reason.code for reason in REASONS.values())},
        "detail": LANGUAGES,
        "remedy": LANGUAGES,
    },
}
TOLD = {
    "oneOf": [
        {
            "type": "object",
            "description": "Covered.",
            "required": [
                "shown",
                "domain",
                "covered_from",
                "covered_until",
                "guarantee",
                "insurer",
                "engagement",
                "responsible",
                "priority",
                "other_payer",
                "engagement_until",
                "route",
            ],
            "properties": {
                "shown": {"const": True},
                "domain": {"type": "string"},
                "covered_from": {"type": "string", "format": "date"},
                "covered_until": {"type": "string", "format": "date"},
                "guarantee": LANGUAGES,
                "responsible": {"type": "boolean", "description": "A « contrat responsable »."},
                "insurer": {"type": "string"},
                "priority": {
                    "type": "integer",
                    "enum": [1, 2],
                    "description": "1: this insurer pays first; 2: it pays what the first leaves.",
                },
                "other_payer": {"type": "boolean", "description": "Another insurer covers too: ask with `payer` 2."},
                "engagement": {"type": "string", "description": "To be quoted on the invoice."},
                "engagement_until": {
                    "type": "string",
                    "format": "date",
                    "description": "The last day on which it may be quoted.",
                },
                "route": {
                    "type": "object",
                    "description": "Where the invoice goes, as the card prints it; empty where it bears none.",
                    "required": ["amc", "convention", "csr"],
                    "properties": {name: {"type": "string"} for name in ("amc", "convention", "csr")},
                },
            },
        },
        {
            "type": "object",
            "description": "Unknown, not covered or not shown: one answer for all three until presence is proved.",
            "required": ["shown", "ways"],
            "properties": {
                "shown": {"const": False},
                "ways": {"type": "array", "items": {"enum": ["card", "app", "person", "call"]}},
                "reason": REASON,
                "replayed": False,
            },
        },
        {
            "type": "object",
            "description": "The same ask was answered before. When something was shown, open it by a revisit of "
            "`engagement`, which is counted; what it says is not repeated here.",
            "required": ["shown", "replayed", "outcome", "ways"],
            "properties": {
                "shown": {"const": False},
                "replayed": {"const": True},
                "outcome": {"enum": ["shown", "not_shown"]},
                "engagement": {"type": "string"},
                "ways": {"type": "array", "items": {"enum": ["card", "app", "person", "call"]}},
            },
        },
    ]
}


def problem(why: str) -> dict[str, Any]:
    """A response that is a problem document."""
    return {"description": why, "content": {"application/problem+json": {"schema": PROBLEM}}}


_RESPONSES = {
    "200": {
        "description": "The answer, always 2,048 bytes long.",
        "content": {"application/json": {"schema": TOLD}},
    },
    "401": problem("No session, or the browser's proof does not fit."),
    "403": problem("Not open to this profession or session, or the proof of presence does not stand."),
    "405": problem("Not a POST."),
    "408": problem("The question did not arrive whole within ten seconds."),
    "413": problem("More than 2,048 bytes."),
    "422": problem("A field cannot be accepted; `field` names it."),
    "429": problem("The day's attempts are used up."),
    "503": problem("Busy or closed: nothing was shown."),
}
_HEADERS = [
    {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"},
     "description": "`DPoP <session handle>`"},
    {"name": "DPoP", "in": "header", "required": False, "schema": {"type": "string"},
     "description": "Proof by the bound key (RFC 9449) with `bd`, the digest of the body (docs/adr/0003)."},
    {"name": "Idempotency-Key", "in": "header", "required": False,
     "schema": {"type": "string", "minLength": 1, "maxLength": 66},
     "description": "The same key and body within 24 hours get `replayed`: where the answer is, never what it says "
                    "(docs/adr/0023)."},
]  # fmt: skip

HOT_PATHS: dict[str, Any] = {
    "/v1/rights": {
        "post": {
            "operationId": "askRights",
            "summary": "Is this person covered for this domain on this day?",
            "parameters": _HEADERS,
            "requestBody": {"required": True, "content": {"application/json": {"schema": QUESTION}}},
            "responses": _RESPONSES,
        }
    },
    "/v1/history/{engagement}/revisit": {
        "post": {
            "operationId": "revisitRights",
            "summary": "Open again an answer of one's own establishment; counts among the people of the day.",
            "parameters": [
                {"name": "engagement", "in": "path", "required": True, "schema": {"type": "string"}},
                *_HEADERS,
            ],
            "responses": _RESPONSES,
        }
    },
}
"""The routes that are served before the framework, described by hand."""

SESSION: Final = "session"
_SECURITY = {
    SESSION: {
        "type": "http",
        "scheme": "DPoP",
        "description": "The session's handle, `Authorization: DPoP <handle>`. What tells of a person or binds a key "
        "also takes the proof of RFC 9449, in the header `DPoP`.",
    }
}
_OPEN: Final = frozenset({"/v1/sign-in/start", "/v1/sign-in/complete", "/health", "/metrics"})
"""Routes that nobody need be signed in for."""
_WHY: Final[Mapping[int, str]] = {
    400: "Not in the expected form.",
    401: "No session, an ended one, or the browser's proof does not fit.",
    403: "Refused: the detail says why, the remedy what to do.",
    404: "There is no such address, or nothing of this caller's has this number.",
    409: "The session's activity and key are chosen already, this activity was not offered, or a device may not.",
    413: "More than sixteen kilobytes.",
    422: "A field cannot be accepted; `field` names it.",
    503: "Closed, busy, the store is away or the identity provider out of reach: nothing was shown.",
}
_ALSO: Final[Mapping[str, tuple[int, ...]]] = {
    "/v1/sign-in/start": (403,),
    "/v1/sign-in/complete": (403,),
    "/v1/session/activity": (403, 409),
    "/v1/history": (422,),
    "/v1/devices/{device}/name": (422,),
    "/v1/devices/code": (409,),
    "/v1/devices/confirm": (409,),
    "/v1/devices/{device}/separate": (409,),
    "/v1/holds/appeal": (422,),
    "/v1/substitutions": (403,),
    "/v1/substitutions/{number}/end": (403,),
    "/v1/enrolments": (403,),
    "/metrics": (404,),
}
"""Refusals that follow from what a route does, beside those that follow from what it takes."""


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Complete the framework's description: refusals, the session as a security scheme, the hot routes."""
    for path, item in schema["paths"].items():
        for operation in item.values():
            for status in _refusals(path, operation):
                operation["responses"][str(status)] = problem(_WHY[status])
            if path not in _OPEN:
                operation["security"] = [{SESSION: []}]
    health = schema["paths"]["/health"]["get"]["responses"]
    health["503"] = {
        "description": "The gate cannot answer; the body says so. A problem document before the store ever answered.",
        "content": health["200"]["content"] | health["503"]["content"],
    }
    token = deepcopy(TOKEN)
    token["post"]["responses"]["503"]["content"] |= problem(_WHY[503])["content"]
    schema["paths"] |= HOT_PATHS | {TOKEN_PATH: token}
    schema.setdefault("components", {})["securitySchemes"] = _SECURITY
    return schema


def _refusals(path: str, operation: Mapping[str, Any]) -> Iterator[int]:
    yield 503  # whatever needs the store is refused in front while it is away
    yield from _ALSO.get(path, ())
    if path not in _OPEN:
        yield 401
    if "requestBody" in operation:
        yield from (400, 413)
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "query" in places:
        yield 400
    if "path" in places:
        yield 404
