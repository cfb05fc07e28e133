"""Verifies what a passkey made or signed (WebAuthn level 3), with Duo's library, within our narrower bounds.

No attestation is asked for and none is read: which make of key an assistant has decides nothing here, and the formats
that would tell it are most of what such a library can get wrong.
"""

from dataclasses import dataclass
from typing import Any, Final

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, parse_attestation_object, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat

from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.assistants.model import Credential, Signer

ALGORITHMS: Final = [COSEAlgorithmIdentifier.EDDSA, COSEAlgorithmIdentifier.ECDSA_SHA_256]
CREDENTIAL_BYTES: Final = (16, 1023)
KEY_BYTES: Final = (32, 500)


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys serve: the site's domain, and its origin as browsers say it."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that a browser made, verified."""

    credential: bytes
    public_key: bytes
    counter: int


def verify_made(site: Site, challenge: bytes, said: Credential) -> Made:
    """Verify a passkey that was made for this challenge, here, by somebody whom her authenticator knew.

    Raises:
        AssistantRefusedError: in any other case; which is nobody's business.
    """
    try:
        _same_site(said)
        if parse_attestation_object(base64url_to_bytes(said.attestation)).fmt != AttestationFormat.NONE:
            raise AssistantRefusedError(AssistantReason.PASSKEY)
        found = verify_registration_response(
            credential=_json(said, {"attestationObject": said.attestation}),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception as error:
        raise AssistantRefusedError(AssistantReason.PASSKEY) from error
    sizes = (CREDENTIAL_BYTES, found.credential_id), (KEY_BYTES, found.credential_public_key)
    if any(not least <= len(held) <= most for (least, most), held in sizes):
        raise AssistantRefusedError(AssistantReason.PASSKEY)
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def verify_signed(site: Site, challenge: bytes, said: Credential, signer: Signer) -> int:
    """Verify what a passkey signed; how often it says that it signed, which the database compares once more.

    Raises:
        AssistantRefusedError: it does not fit.
    """
    try:
        _same_site(said)
        if said.user_handle and base64url_to_bytes(said.user_handle) != signer.handle:
            raise AssistantRefusedError(AssistantReason.PASSKEY)
        found = verify_authentication_response(
            credential=_json(said, {"authenticatorData": said.authenticator_data, "signature": said.signature}),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=signer.public_key,
            credential_current_sign_count=signer.counter,
            require_user_verification=True,
        )
    except Exception as error:
        raise AssistantRefusedError(AssistantReason.PASSKEY) from error
    return found.new_sign_count


def challenge_in(said: Credential) -> bytes:
    """The challenge that a browser says it signed: ours is found by it.

    Raises:
        AssistantRefusedError: nothing can be read.
    """
    try:
        return parse_client_data_json(base64url_to_bytes(said.client_data)).challenge
    except Exception as error:
        raise AssistantRefusedError(AssistantReason.PASSKEY) from error


def credential_in(said: Credential) -> bytes:
    """Which passkey a browser says it used.

    Raises:
        AssistantRefusedError: nothing can be read.
    """
    try:
        return base64url_to_bytes(said.id)
    except ValueError as error:
        raise AssistantRefusedError(AssistantReason.PASSKEY) from error


def _same_site(said: Credential) -> None:
    """Refuse what was signed in a frame of another site: our pages are in none."""
    if parse_client_data_json(base64url_to_bytes(said.client_data)).cross_origin:
        raise AssistantRefusedError(AssistantReason.PASSKEY)


def _json(said: Credential, response: dict[str, str]) -> dict[str, Any]:
    return {
        "id": said.id,
        "rawId": said.id,
        "type": "public-key",
        "response": {"clientDataJSON": said.client_data, **response},
    }
