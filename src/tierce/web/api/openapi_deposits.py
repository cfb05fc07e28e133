"""The description of deposits, which are served in front of the framework, by hand."""

from typing import Any, Final

from tierce.policy.deposits import DepositReason, DepositState
from tierce.web.api.openapi import SESSION, VENDOR
from tierce.web.api.openapi_schemas import DAY, DOMAIN, WORDS, problem, ref

_REASON = {
    "type": "string",
    "description": "One of " + ", ".join(f"`{reason.name.lower()}`" for reason in DepositReason) + ".",
}
_INSTANT = {"type": "string", "format": "date-time"}
DEPOSIT: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["nir", "birth_date", "amc", "member", "valid_until", "domain", "care_date", "amount", "request"],
    "properties": {
        "nir": {"type": "string", "description": "NIR of the rights holder, 15 characters."},
        "birth_date": {"type": "string", "pattern": "^[0-9]{8}$", "description": "YYYYMMDD, as on the card."},
        "rank": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
        "amc": {"type": "string", "pattern": "^[0-9]{8,10}$", "description": "AMC number of the card."},
        "csr": {"type": "string", "maxLength": 20, "description": "CSR of the card, where it bears one."},
        "member": {"type": "string", "maxLength": 20, "description": "Member number of the card."},
        "valid_until": DAY,
        "domain": DOMAIN,
        "care_date": DAY,
        "amount": {
            "type": "string",
            "pattern": "^[0-9]{1,6}([.,][0-9]{2})?$",
            "description": "In euros.",
        },
        "request": {
            "type": "string",
            "pattern": "^[0-9A-Za-z_-]{8,64}$",
            "description": "Drawn for each deposit; the same body of the same session gives the same receipt.",
        },
        "label": {"type": ["string", "null"], "maxLength": 40, "description": "Your own mark: no name, no NIR."},
    },
}
PROMISE: Final = {
    "type": "object",
    "description": "What the deposit is worth if the session that signed it stands.",
    "required": ["guaranteed", "reason", "detail"],
    "properties": {"guaranteed": {"type": "boolean"}, "reason": _REASON, "detail": WORDS},
}
RECEIPT: Final = {
    "type": "object",
    "required": ["receipt", "received_at", "state", "domain", "care_date", "amount", "insurer", "label", "promise"],
    "properties": {
        "receipt": {"type": "string"},
        "received_at": _INSTANT,
        "state": {"type": "string", "description": "`received`."},
        "domain": {"type": "string"},
        "care_date": DAY,
        "amount": {"type": "string"},
        "insurer": {
            "type": ["string", "null"],
            "description": "Public name of this AMC number.",
        },
        "label": {"type": ["string", "null"]},
        "promise": ref("Promise"),
    },
}
STATE: Final = {
    "type": "object",
    "required": ["receipt", "received_at", "state", "label", "reason", "detail", "domain", "care_date", "amount",
                 "resolved_at"],
    "properties": {
        "receipt": {"type": "string"},
        "received_at": {"type": ["string", "null"], "format": "date-time"},
        "state": {
            "type": "string",
            "description": "One of " + ", ".join(f"`{state.name.lower()}`" for state in DepositState) + ".",
        },
        "label": WORDS,
        "reason": _REASON,
        "detail": WORDS,
        "domain": {"type": ["string", "null"]},
        "care_date": {"type": ["string", "null"], "format": "date"},
        "amount": {"type": ["string", "null"]},
        "resolved_at": {"type": ["string", "null"], "format": "date-time"},
    },
}  # fmt: skip
CLOSED_PART: Final = {
    "type": "object",
    "required": ["level", "subject", "code", "name", "since", "until"],
    "properties": {
        "level": {"type": "string", "description": "`nation`, `portal`, `act`, `domain` or `insurer`."},
        "subject": {"type": "integer"},
        "code": {
            "type": ["string", "null"],
            "description": "A domain's code, `portal` or `api` (software), `ask`, `revisit`, `invoice`, `agreement`, "
            "an AMC number; null for the nation.",
        },
        "name": WORDS,
        "since": _INSTANT,
        "until": _INSTANT,
    },
}
INSURER_AWAY: Final = {
    "type": "object",
    "required": ["amc", "name"],
    "properties": {"amc": {"type": "string"}, "name": {"type": "string"}},
}
SERVICE: Final = {
    "type": "object",
    "required": ["open", "store", "closed", "since", "insurers_away"],
    "properties": {
        "open": {
            "type": "boolean",
            "description": "Nothing at all is closed. When false, `closed` says what: the rest is asked as ever.",
        },
        "store": {
            "type": "boolean",
            "description": "Whether the store answers; false too for ten seconds after somebody was told to deposit.",
        },
        "closed": {"type": "array", "items": ref("ClosedPart")},
        "since": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Since when the store is away; null otherwise.",
        },
        "insurers_away": {
            "type": "array",
            "description": "Insurers that keep their people themselves, of which somebody was told in the last "
            "thirty seconds that they do not answer. Their people's cards are deposited; `open` says nothing of it.",
            "items": ref("InsurerAway"),
        },
    },
}


def _answer(why: str, name: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": ref(name)}}}


_SESSION: Final = {"tags": [VENDOR], "security": [{SESSION: []}]}
PATHS: Final[dict[str, Any]] = {
    "/v1/deposits": {
        "post": {
            "operationId": "makeDeposit",
            "summary": "Leave what a card says while the service is closed; nobody is looked up, a receipt is given.",
            **_SESSION,
            "parameters": [ref("DPoP", "parameters")],
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref("Deposit")}}},
            "responses": {
                "201": _answer("Taken, and on disk.", "Receipt"),
                "401": problem("No handle, or the key's proof does not fit.", 401),
                "408": problem("The deposit did not arrive whole.", 408),
                "409": problem("What it is about is open: ask the question.", 409),
                "413": problem("More than 2,048 bytes.", 413),
                "422": problem("A field cannot be accepted; `field` names it.", 422),
                "429": problem("Too many deposits in a short time.", 429),
                "507": problem("There is no room for one more deposit.", 507),
            },
        }
    },
    "/v1/deposits/{receipt}": {
        "get": {
            "operationId": "readDeposit",
            "summary": "Where a receipt of one's establishment stands; nobody is named.",
            **_SESSION,
            "parameters": [
                {"name": "receipt", "in": "path", "required": True, "schema": {"type": "string"},
                 "description": "Percent-encoded: its last sign may be `*`, `~`, `$` or `=`."},
                ref("DPoP", "parameters"),
            ],
            "responses": {
                "200": _answer("Its state.", "DepositStanding"),
                "401": problem("No session, or an ended one.", 401),
                "404": problem("No receipt of the establishment has this number.", 404),
                "429": problem("Too many at once: the proxy in front let nothing through.", 429),
            },
        }
    },
    "/v1/service": {
        "get": {
            "operationId": "readService",
            "summary": "What is open and what is closed; says nothing of anybody.",
            "tags": [VENDOR],
            "security": [],
            "responses": {
                "200": _answer("What is open.", "Service"),
                "429": problem("Too many at once: the proxy in front let nothing through.", 429),
            },
        }
    },
}  # fmt: skip


def with_deposits(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the routes of deposits to a description."""
    schema["paths"] |= PATHS
    schema["components"]["schemas"] |= {
        "Deposit": DEPOSIT, "Receipt": RECEIPT, "Promise": PROMISE, "DepositStanding": STATE, "Service": SERVICE,
        "ClosedPart": CLOSED_PART, "InsurerAway": INSURER_AWAY,
    }  # fmt: skip
    return schema
