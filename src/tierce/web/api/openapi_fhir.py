"""The FHIR routes in the published description, by hand: their resources are HL7's, described by HL7."""

from collections.abc import Mapping
from typing import Any, Final

from tierce.web.api.openapi import SESSION, VENDOR
from tierce.web.api.openapi_schemas import problem, ref
from tierce.web.fhir.names import CLAIM_PATH, CLAIM_RESPONSE_PATH, ELIGIBILITY_PATH, MEDIA_TYPE, METADATA_PATH

RESOURCE: Final = {
    "type": "object",
    "description": "A resource of FHIR R4 (4.0.1): docs/reference/fhir.md.",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
}


def _content() -> dict[str, Any]:
    return {MEDIA_TYPE: {"schema": ref("FhirResource")}}


def _refused(why: str, status: int) -> dict[str, Any]:
    """As a problem document's, with an OperationOutcome for its body."""
    return problem(why, status) | {"content": _content()}


_REFUSALS: Final = {
    401: "No session, an ended one, or the key's proof does not fit.",
    403: "Not open to this profession or session, or the proof of presence does not stand.",
    405: "Not a POST.",
    408: "The request did not arrive whole within ten seconds.",
    413: "More than sixteen kilobytes.",
    422: "An element cannot be accepted; `expression` names it.",
    429: "The day's attempts are used up; or too many at once, from the proxy in front.",
    503: "Busy or closed: nothing was shown.",
}
_CLAIM_REFUSALS: Final = {
    400: "Not in the expected form.",
    401: _REFUSALS[401],
    403: "This account, device or establishment is suspended.",
    408: "The claim did not arrive whole.",
    409: "This reference is another one's.",
    413: "More than thirty-two kilobytes.",
    422: _REFUSALS[422],
    429: "The day's invoices, agreements or numbers tried are used up; or too many at once.",
    503: "Closed, or the store is away: nothing was taken.",
}
_READ_REFUSALS: Final = {
    401: _REFUSALS[401],
    404: "Nothing of this establishment has this id.",
    429: "Too many at once: the proxy in front let nothing through.",
    503: "The store is away.",
}


def _answers(what: str, refusals: Mapping[int, str]) -> dict[str, Any]:
    told = {"200": {"description": what, "content": _content()}}
    return told | {str(status): _refused(why, status) for status, why in refusals.items()}


_PATHS: Final[dict[str, Any]] = {
    CLAIM_PATH: {
        "post": {
            "operationId": "submitClaim",
            "summary": "An invoice, a prior agreement or a quote as a Claim, bare or in Parameters.",
            "parameters": [ref("DPoP", "parameters")],
            "requestBody": {"required": True, "content": _content()},
            "responses": _answers("A ClaimResponse: what was taken, as it stands.", _CLAIM_REFUSALS),
            "tags": [VENDOR],
            "security": [{SESSION: []}],
        }
    },
    CLAIM_RESPONSE_PATH + "/{response}": {
        "get": {
            "operationId": "readClaimResponse",
            "summary": "An invoice or an agreement of one's own establishment, as it stands.",
            "parameters": [
                {"name": "response", "in": "path", "required": True, "schema": {"type": "string"}},
                ref("DPoP", "parameters"),
            ],
            "responses": _answers("A ClaimResponse.", _READ_REFUSALS),
            "tags": [VENDOR],
            "security": [{SESSION: []}],
        }
    },
    ELIGIBILITY_PATH: {
        "post": {
            "operationId": "submitEligibility",
            "summary": "The question of `/v1/rights` as a CoverageEligibilityRequest, bare or in Parameters.",
            "parameters": [ref("DPoP", "parameters"), ref("Idempotency-Key", "parameters")],
            "requestBody": {"required": True, "content": _content()},
            "responses": _answers("A CoverageEligibilityResponse, always 6,144 bytes long.", _REFUSALS),
            "tags": [VENDOR],
            "security": [{SESSION: []}],
        }
    },
    METADATA_PATH: {
        "get": {
            "operationId": "readCapabilities",
            "summary": "What this server can do, as a CapabilityStatement.",
            "responses": _answers(
                "A CapabilityStatement.",
                {
                    429: "Too many at once: the proxy in front let nothing through.",
                    503: "The store was never there yet.",
                },
            ),
            "tags": [VENDOR],
            "security": [],
        }
    },
}


def with_fhir(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the routes under `/fhir/` to a description."""
    schema["paths"] |= _PATHS
    schema["components"]["schemas"] |= {"FhirResource": RESOURCE}
    return schema
