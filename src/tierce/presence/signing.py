"""Keys of signers, and the signature of a card (Ed25519, RFC 8032)."""

import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tierce.kernel.ids import InsurerId

_CONTEXT = b"tierce-card-v1"


def signing_key(master: bytes, signer: int, insurer: InsurerId) -> Ed25519PrivateKey:
    """The key of one signer, derived from the master file: nothing secret is stored."""
    info = b"tierce-signer-v1" + signer.to_bytes(2, "big") + insurer.to_bytes(2, "big")
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(master, info, "sha256"))


def sign_card(key: Ed25519PrivateKey, payload: bytes) -> bytes:
    """The 64-byte signature of a card's 32 bytes."""
    return key.sign(_CONTEXT + payload)


def signed_by(public_key: bytes, payload: bytes, signature: bytes) -> bool:
    """Whether this key signed the card."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _CONTEXT + payload)
    except InvalidSignature:
        return False
    return True


def file_signed_by(public_key: bytes, content: bytes, signature: bytes) -> bool:
    """Whether this key signed a file, byte for byte: what `openssl pkeyutl -sign -rawin` makes of it."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except InvalidSignature:
        return False
    return True
