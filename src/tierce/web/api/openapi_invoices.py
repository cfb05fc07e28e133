"""What a body of an invoice holds, by hand: the framework does not read it, so that every fault names its line."""

from typing import Any, Final

from tierce.policy.invoices import LINE_MAX, LINES_MAX, QUANTITY_MAX, REFERENCE_MAX, WHY_MAX
from tierce.web.api.invoices import INVOICES
from tierce.web.api.openapi_schemas import DAY, problem, ref

_CENTS: Final = {"type": "integer", "minimum": 0, "maximum": LINE_MAX}
LINE: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "Amounts in cents, of the whole line: `amo` and `asked` together do not exceed `price`.",
    "required": ["item", "price", "amo", "asked"],
    "properties": {
        "item": {"type": "string", "pattern": "^[A-Z0-9]{2,12}$", "description": "Code of the act or product."},
        "quantity": {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX, "default": 1},
        "price": {**_CENTS, "minimum": 1, "description": "What the line cost."},
        "amo": {**_CENTS, "description": "What the compulsory scheme pays of it."},
        "asked": {**_CENTS, "description": "What is asked of the insurer; of one line at least, not 0."},
    },
}
INVOICE: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "One of `engagement`, `receipt` and `agreement`. Nothing says who was cared for.",
    "required": ["reference", "care_date", "lines"],
    "oneOf": [{"required": ["engagement"]}, {"required": ["receipt"]}, {"required": ["agreement"]}],
    "properties": {
        "engagement": {"type": "string", "description": "Engagement number of an answer to your establishment."},
        "receipt": {"type": "string", "description": "Receipt of a deposit of your establishment, guaranteed."},
        "agreement": {"type": "string", "description": "Number of a prior agreement of your establishment, granted."},
        "reference": {
            "type": "string",
            "minLength": 1,
            "maxLength": REFERENCE_MAX,
            "description": "Your own number of this invoice, once for each: no name, no NIR.",
        },
        "care_date": {**DAY, "description": "A day that the number guarantees, today at the latest."},
        "lines": {"type": "array", "minItems": 1, "maxItems": LINES_MAX, "items": ref("InvoiceLine")},
    },
}
CANCEL: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["why"],
    "properties": {
        "why": {
            "type": "string",
            "minLength": 1,
            "maxLength": WHY_MAX,
            "description": "Why it is taken back: no name, no NIR.",
        }
    },
}


def takes(name: str) -> dict[str, Any]:
    """A body of this schema, in JSON."""
    return {"required": True, "content": {"application/json": {"schema": ref(name)}}}


def with_invoices(schema: dict[str, Any]) -> dict[str, Any]:
    """Complete the routes of invoices in a description."""
    send = schema["paths"][INVOICES]["post"]
    send["requestBody"] = takes("Invoice")
    send["parameters"] = [ref("DPoP", "parameters")]
    send["responses"] |= {
        "403": problem("This account, device or establishment is suspended.", 403),
        "409": problem("This reference is another invoice's.", 409),
        "413": problem("More than sixteen kilobytes.", 413),
        "429": problem("The invoices of the day, or the numbers tried, are used up; or too many at once.", 429),
        "503": problem("Closed, or the store is away: nothing was taken; an invoice waits.", 503),
    }
    cancel = schema["paths"][INVOICES + "/{invoice}/cancel"]["post"]
    cancel["requestBody"] = takes("InvoiceCancelling")
    cancel["responses"] |= {"409": problem("It is settled: it is not taken back any more.", 409)}
    schema["components"]["schemas"] |= {"Invoice": INVOICE, "InvoiceLine": LINE, "InvoiceCancelling": CANCEL}
    return schema
