"""What is said to an insurer and by it: JWS in compact form (RFC 7515), signed with Ed25519 (RFC 8037).

Each side knows the other's public key beforehand, and nothing in a message chooses one, nor how it is verified.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tierce.rights.remote.errors import Failure, NoAnswerError

ASK, ANSWER = "tierce-ask+jws", "tierce-answer+jws"
MEDIA: Final = "application/jose"


def _wide(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _narrow(text: bytes) -> bytes:
    """Read base64url without padding; exactly one text is read as any bytes."""
    try:
        raw = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        raise NoAnswerError(Failure.FORM) from None
    if _wide(raw) != text:
        raise NoAnswerError(Failure.FORM)
    return raw


def kid_of(public: bytes) -> str:
    """How a key is named: the first eight bytes of its SHA-256, in hexadecimal."""
    return sha256(public).hexdigest()[:16]


def _head(kind: str, public: bytes) -> bytes:
    return json.dumps({"alg": "EdDSA", "typ": kind, "kid": kid_of(public)}, separators=(",", ":")).encode("ascii")


def sign(kind: str, claims: bytes, key: Ed25519PrivateKey) -> bytes:
    """Sign claims as a message of this kind."""
    body = _wide(_head(kind, key.public_key().public_bytes_raw())) + b"." + _wide(claims)
    return body + b"." + _wide(key.sign(body))


def verified(kind: str, message: bytes, public: bytes) -> bytes:
    """The claims of a message of this kind that this key signed, whose header is exactly the one that it must have.

    Raises:
        NoAnswerError: it is no such message, or another key signed it.
    """
    parts = message.split(b".")
    if len(parts) != 3 or _narrow(parts[0]) != _head(kind, public):
        raise NoAnswerError(Failure.SIGNATURE)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_narrow(parts[2]), parts[0] + b"." + parts[1])
    except InvalidSignature:
        raise NoAnswerError(Failure.SIGNATURE) from None
    return _narrow(parts[1])
