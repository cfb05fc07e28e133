"""What a body of an agreement holds, by hand: the framework does not read it, so that every fault names its line."""

from typing import Any, Final

from tierce.policy.agreements import LINES_MAX
from tierce.policy.documents import DocumentKind
from tierce.policy.invoices import REFERENCE_MAX
from tierce.web.api.agreements import AGREEMENTS
from tierce.web.api.openapi_invoices import takes
from tierce.web.api.openapi_schemas import problem, ref

AGREEMENT: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "Nothing says who is to be cared for.",
    "required": ["reference", "engagement", "kind", "lines"],
    "properties": {
        "engagement": {"type": "string", "description": "Engagement number of an answer to your establishment."},
        "reference": {
            "type": "string",
            "minLength": 1,
            "maxLength": REFERENCE_MAX,
            "description": "Your own number of this agreement, once for each: no name, no NIR.",
        },
        "kind": {
            "type": "string",
            "enum": ["quote", "request"],
            "description": "A quote promises and reserves nothing; a request that is granted does.",
        },
        "lines": {"type": "array", "minItems": 1, "maxItems": LINES_MAX, "items": ref("InvoiceLine")},
    },
}


DOCUMENT: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "The document stays with whoever declares it.",
    "required": ["kind", "dated", "sha256"],
    "properties": {
        "kind": {"type": "string", "enum": [kind.code for kind in DocumentKind]},
        "dated": {"type": "string", "format": "date", "description": "The day that the document bears."},
        "prescriber": {
            "type": "string",
            "pattern": "^[0-9]{11}$",
            "description": "RPPS number of whoever signed it; of a prescription alone.",
        },
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
            "description": "SHA-256 of the file that you keep, in hexadecimal.",
        },
    },
}


def with_agreements(schema: dict[str, Any]) -> dict[str, Any]:
    """Complete the routes of agreements in a description."""
    ask = schema["paths"][AGREEMENTS]["post"]
    ask["requestBody"] = takes("Agreement")
    ask["parameters"] = [ref("DPoP", "parameters")]
    ask["responses"] |= {
        "403": problem("This account, device or establishment is suspended.", 403),
        "409": problem("This reference is another agreement's.", 409),
        "413": problem("More than sixteen kilobytes.", 413),
        "429": problem("The agreements of the day, or the numbers tried, are used up; or too many at once.", 429),
        "503": problem("Closed, or the store is away: nothing was taken.", 503),
    }
    declare = schema["paths"][AGREEMENTS + "/{agreement}/documents"]["post"]
    declare["requestBody"] = takes("AgreementDocument")
    declare["responses"] |= {
        "403": problem("This account, device or establishment, or that of whoever asked, is suspended.", 403),
        "409": problem("It awaits no document.", 409),
        "429": problem("The declarations of the day, or of this agreement, are used up; or too many at once.", 429),
    }
    cancel = schema["paths"][AGREEMENTS + "/{agreement}/cancel"]["post"]
    cancel["requestBody"] = takes("InvoiceCancelling")
    cancel["responses"] |= {"409": problem("It is settled: it is not taken back any more.", 409)}
    schema["components"]["schemas"] |= {"Agreement": AGREEMENT, "AgreementDocument": DOCUMENT}
    return schema
