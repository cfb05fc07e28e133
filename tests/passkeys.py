"""An authenticator in software, written from the specification and by other hands than the verifier's.

It makes passkeys and signs with them (WebAuthn level 3, §6.1, §6.5.1, §7), with `cbor2` and `cryptography` alone.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256

UP, UV, AT = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Passkey:
    """One credential: what it says of itself may be changed, to make what a verifier must refuse."""

    rp_id: str
    origin: str
    edwards: bool = False
    flags: int = UP | UV
    counter: int = 0
    steps: int = 1
    """By how much the counter grows with each signature; 0 for those that do not count, as synced passkeys do."""
    user: str = ""
    id: bytes = field(default_factory=lambda: os.urandom(32))
    curve: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ed: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    def made(self, challenge: str, *, kind: str = "webauthn.create", fmt: str = "none") -> dict[str, Any]:
        """The body's `id` and `response` of a creation."""
        credential = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(self._cose())
        data = self._data(self.flags | AT) + credential
        statement = {} if fmt == "none" else {"alg": -7, "sig": b"x"}
        attestation = cbor2.dumps({"fmt": fmt, "attStmt": statement, "authData": data})
        client = self._client(kind, challenge)
        return {"id": b64(self.id), "response": {"client_data": b64(client), "attestation": b64(attestation)}}

    def signed(self, challenge: str, *, kind: str = "webauthn.get") -> dict[str, Any]:
        """The body's `id` and `response` of a sign-in."""
        self.counter += self.steps
        data, client = self._data(self.flags), self._client(kind, challenge)
        covered = data + sha256(client).digest()
        signature = self.ed.sign(covered) if self.edwards else self.curve.sign(covered, ec.ECDSA(SHA256()))
        response = {
            "client_data": b64(client),
            "authenticator_data": b64(data),
            "signature": b64(signature),
            "user_handle": self.user,
        }
        return {"id": b64(self.id), "response": response}

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4)

    def _cose(self) -> dict[int, Any]:
        if self.edwards:
            return {1: 1, 3: -8, -1: 6, -2: self.ed.public_key().public_bytes_raw()}
        numbers = self.curve.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
