"""The FHIR routes in the published description, by hand: their resources are HL7's, described by HL7."""

from typing import Any, Final

from tierce.web.api.openapi import SESSION, VENDOR
from tierce.web.api.openapi_schemas import problem, ref
from tierce.web.fhir.names import ELIGIBILITY_PATH, MEDIA_TYPE, METADATA_PATH

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
_PATHS: Final[dict[str, Any]] = {
    ELIGIBILITY_PATH: {
        "post": {
            "operationId": "submitEligibility",
            "summary": "The question of `/v1/rights` as a CoverageEligibilityRequest, bare or in Parameters.",
            "parameters": [ref("DPoP", "parameters"), ref("Idempotency-Key", "parameters")],
            "requestBody": {"required": True, "content": _content()},
            "responses": {
                "200": {
                    "description": "A CoverageEligibilityResponse, always 6,144 bytes long.",
                    "content": _content(),
                },
                **{str(status): _refused(why, status) for status, why in _REFUSALS.items()},
            },
            "tags": [VENDOR],
            "security": [{SESSION: []}],
        }
    },
    METADATA_PATH: {
        "get": {
            "operationId": "readCapabilities",
            "summary": "What this server can do, as a CapabilityStatement.",
            "responses": {
                "200": {"description": "A CapabilityStatement.", "content": _content()},
                "429": _refused("Too many at once: the proxy in front let nothing through.", 429),
                "503": _refused("The store was never there yet.", 503),
            },
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
