"""What this server can do, as FHIR says it: public, the same for everybody."""

from typing import Any, Final

from litestar import Response, get

from tierce import __version__
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.api.signin import NO_TICKET, AnyRequest, wiring_of
from tierce.web.fhir import names
from tierce.web.fhir.eligibility import worded

SINCE: Final = "2026-11-28"
"""The day of the last change of what is said here."""


def statement(url: str) -> dict[str, Any]:
    """The CapabilityStatement of the installation at `url`."""
    return {
        "resourceType": "CapabilityStatement",
        "language": "fr",
        "status": "active",
        "date": SINCE,
        "kind": "instance",
        "software": {"name": "Tierce", "version": __version__},
        "implementation": {
            "url": url.rstrip("/") + names.ROOT.rstrip("/"),
            **worded("description", Phrase("Droits au tiers payant.", "Rights under tiers payant.")),
        },
        "fhirVersion": names.VERSION,
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    **worded("description", Phrase(
                        "La session et la preuve de clé (DPoP) de /v1 : docs/reference/vendors.md.",
                        "The session and the key's proof (DPoP) of /v1: docs/reference/vendors.md.",
                    )),
                },
                "resource": [
                    {
                        "type": "CoverageEligibilityRequest",
                        "operation": [_submit("CoverageEligibilityRequest")],
                    },
                    {"type": "Claim", "operation": [_submit("Claim")]},
                    {"type": "ClaimResponse", "interaction": [{"code": "read"}]},
                ],
            }
        ],
    }  # fmt: skip


def _submit(kind: str) -> dict[str, str]:
    return {"name": "submit", "definition": f"{names.OPERATIONS}{kind}-submit"}


@get(names.METADATA_PATH, include_in_schema=False, opt={"act": Act.NONE, **NO_TICKET})
async def metadata(request: AnyRequest) -> Response[dict[str, Any]]:
    """Say what this server can do."""
    return Response(statement(wiring_of(request).url), media_type=names.MEDIA_TYPE)
