"""The named parts of the published description: what a generator of clients makes one class of, each.

An answer is one object, never a choice between several: generators that read `oneOf` without a discriminator find
three classes for each answer, and refuse them all. What holds between its members is said by `if`, which validators
read and generators pass over.
"""

from typing import Any, Final

from tierce.kernel.care import Domain
from tierce.rights.reasons import REASONS

Json = dict[str, Any]


def ref(name: str, kind: str = "schemas") -> Json:
    """A named part, by its name."""
    return {"$ref": f"#/components/{kind}/{name}"}


WORDS: Final = ref("Words")
DAY: Final = {"type": "string", "format": "date"}
DOMAIN: Final = {"type": "string", "enum": list(Domain.__members__)}
_WAYS: Final = {
    "type": "array",
    "items": {"type": "string"},
    "description": "How presence can be proved: `card`, `app`, `person`, `call`; empty where nothing would change.",
}
_PROBLEM: Final = {
    "type": "object",
    "description": "Problem document, RFC 9457. Decide by `code` (docs/reference/errors.md has all); show `reason` "
    "and `remedy`. More members and more codes may come.",
    "required": ["type", "title", "status", "detail", "code", "reason", "remedy"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "A name, made of `code`; not a page."},
        "title": {"type": "string", "description": "In French; one for one `type`."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "`reason` in French, for readers of plain RFC 9457."},
        "code": {"type": "string"},
        "reason": WORDS,
        "remedy": WORDS,
        "field": {"type": "string", "description": "The field, parameter or header at fault; `body` when none is."},
        "deposit": {"type": "boolean", "description": "With `closed`: a deposit is taken meanwhile."},
        "retry_date": {**DAY, "description": "With `out_of_attempts`: the day on which asks are given back."},
    },
}
_PRESENCE: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "A proof that the person is there. It names no grade: that is ours to say.",
    "required": ["means"],
    "properties": {
        "means": {"type": "string", "description": "`card`, `confirmation`, `reading`, or a verifier's."},
        "proof": {"type": "string", "description": "A card's text or eight digits; a verifier's own form."},
    },
}
_QUESTION: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "The person is named by `nir` (and `rank`), or by `amc` and `member_number`; never by both.",
    "required": ["birth_date", "domain", "care_date"],
    "oneOf": [{"required": ["nir"]}, {"required": ["amc", "member_number"]}],
    "properties": {
        "nir": {"type": "string", "description": "NIR of the rights holder, 15 characters."},
        "birth_date": {
            "type": "string",
            "description": "YYYYMMDD, as on the card: some hold a month 00 or 20, so it is no date. YYYY-MM-DD is "
            "read too.",
        },
        "rank": {"type": "integer", "minimum": 1, "maximum": 9, "description": "With `nir`; 1 when left out."},
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
            "minimum": 1,
            "maximum": 2,
            "default": 1,
            "description": "1: the card's insurer, else the first to pay; 2: the other, if `other_payer` was true.",
        },
        "presence": ref("Presence"),
        "domain": DOMAIN,
        "care_date": {**DAY, "description": "The day of care, in Paris."},
        "label": {"type": ["string", "null"], "maxLength": 40, "description": "Your own mark: no name, no NIR."},
    },
}
_REASON: Final = {
    "type": "object",
    "description": "Why nothing is shown; present only once the person's presence is proved.",
    "required": ["code", "detail", "remedy"],
    "properties": {
        "code": {
            "type": "string",
            "description": "One of "
            + ", ".join(f"`{code}`" for code in sorted(r.code for r in REASONS.values()))
            + ".",
        },
        "detail": WORDS,
        "remedy": WORDS,
    },
}
_ROUTE: Final = {
    "type": "object",
    "description": "Where the invoice goes, as the card prints it; empty where it bears none.",
    "required": ["amc", "convention", "csr"],
    "properties": {name: {"type": "string"} for name in ("amc", "convention", "csr")},
}
_COVERED: Final = {
    "domain": {"type": "string"},
    "covered_from": DAY,
    "covered_until": DAY,
    "guarantee": WORDS,
    "responsible": {"type": "boolean", "description": "A « contrat responsable »."},
    "insurer": {"type": "string"},
    "priority": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2,
        "description": "1: this insurer pays first; 2: it pays what the first leaves.",
    },
    "other_payer": {"type": "boolean", "description": "Another insurer covers too: ask with `payer` 2."},
    "engagement": {
        "type": "string",
        "description": "To be quoted on the invoice; with `replayed`, to be opened by a revisit.",
    },
    "engagement_until": {**DAY, "description": "The last day on which it may be quoted."},
    "route": ref("Route"),
}
_ANSWER: Final = {
    "type": "object",
    "description": "Covered (`shown`); unknown, not covered or not shown, one answer for all three until presence is "
    "proved, then with `reason`; or `replayed`: the same ask was answered before, which `outcome` sums up and whose "
    "content is not repeated.",
    "required": ["shown"],
    "properties": {
        "shown": {"type": "boolean"},
        **_COVERED,
        "ways": _WAYS,
        "reason": ref("Reason"),
        "replayed": {"type": "boolean"},
        "outcome": {"type": "string", "description": "With `replayed`: `shown` or `not_shown`."},
    },
    "if": {"properties": {"shown": {"const": True}}},
    "then": {"required": list(_COVERED), "not": {"anyOf": [{"required": ["reason"]}, {"required": ["replayed"]}]}},
    "else": {
        "required": ["ways"],
        "if": {"required": ["replayed"]},
        "then": {"required": ["outcome"], "properties": {"outcome": {"enum": ["shown", "not_shown"]}}},
        "else": {"not": {"anyOf": [{"required": ["outcome"]}, {"required": ["engagement"]}]}},
    },
}
SCHEMAS: Final[dict[str, Json]] = {
    "Words": {
        "type": "object",
        "description": "One sentence, in French and in English.",
        "required": ["fr", "en"],
        "properties": {"fr": {"type": "string"}, "en": {"type": "string"}},
    },
    "Problem": _PROBLEM,
    "Question": _QUESTION,
    "Presence": _PRESENCE,
    "RightsAnswer": _ANSWER,
    "Reason": _REASON,
    "Route": _ROUTE,
}

HEADERS: Final[dict[str, Json]] = {
    "Retry-After": {
        "description": "Seconds to wait before the same bytes are sent again, with a new proof.",
        "schema": {"type": "integer"},
    },
    "WWW-Authenticate": {
        "description": "RFC 9449 §7.1: `DPoP`, the algorithms taken, and `error` where it says more.",
        "schema": {"type": "string"},
    },
    "RateLimit": {"description": "Asks left of the day's, and seconds until they are renewed.",
                  "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "Asks of a day.", "schema": {"type": "string"}},
}  # fmt: skip
PARAMETERS: Final[dict[str, Json]] = {
    "DPoP": {
        "name": "DPoP", "in": "header", "required": False, "schema": {"type": "string"},
        "description": "Proof by the bound key (RFC 9449) with `ath`, and with `bd`, the digest of the body "
        "(docs/reference/sign-in.md#the-proof). Required of every session that is bound to a key: of software's for "
        "each request, of the portal's where no ticket stands for it. What begins a sign-in is signed without `ath`: "
        "there is no handle yet.",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key", "in": "header", "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 66},
        "description": "1 to 64 visible characters, with or without double quotes around them. The same key and body "
        "within 24 hours get `replayed`: where the answer is, never what it says.",
    },
}  # fmt: skip


def problem(why: str, status: int) -> Json:
    """A response that is a problem document, with the headers that its status has."""
    headers = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(status, [])
    found: Json = {"description": why, "content": {"application/problem+json": {"schema": ref("Problem")}}}
    return found | ({"headers": {name: ref(name, "headers") for name in headers}} if headers else {})
