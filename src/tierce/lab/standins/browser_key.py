"""What the key of a browser does, for programs that play one: signs each request (RFC 9449)."""

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tierce.identity.dpop import digest_of, encode_b64, normalised, thumbprint_of


class BrowserKey:
    """A key pair of an invented browser, ES256 unless `edwards`."""

    def __init__(self, *, edwards: bool = False) -> None:
        """Draw the key."""
        self._edwards = ed25519.Ed25519PrivateKey.generate() if edwards else None
        self._curve = ec.generate_private_key(ec.SECP256R1())
        self.algorithm = "Ed25519" if edwards else "ES256"
        if self._edwards is not None:
            public = self._edwards.public_key().public_bytes_raw()
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode_b64(public)}
        else:
            numbers = self._curve.public_key().public_numbers()
            x, y = encode_b64(numbers.x.to_bytes(32)), encode_b64(numbers.y.to_bytes(32))
            self.jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        self.thumbprint = thumbprint_of(self.jwk)

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> bytes:
        """Sign any header and claims, right or wrong."""
        parts = (encode_b64(json.dumps(part).encode()).encode() for part in (header, claims))
        signed = b".".join(parts)
        if self._edwards is not None:
            signature = self._edwards.sign(signed)
        else:
            r, s = decode_dss_signature(self._curve.sign(signed, ec.ECDSA(SHA256())))
            signature = r.to_bytes(32) + s.to_bytes(32)
        return signed + b"." + encode_b64(signature).encode()

    def header(self) -> dict[str, Any]:
        """The header of each of this key's proofs."""
        return {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk}

    def proof(self, method: str, url: str, *, handle: str | None, at: float, body: bytes = b"") -> bytes:
        """Make the proof of one request, as the browser does; `at` is in seconds since the epoch.

        `handle` is None before there is a session.
        """
        claims: dict[str, Any] = {
            "htm": method,
            "htu": normalised(url),
            "iat": int(at),
            "jti": secrets.token_urlsafe(16),
            "bd": digest_of(body),
        }
        if handle is not None:
            claims["ath"] = digest_of(handle.encode())
        return self.sign(self.header(), claims)
