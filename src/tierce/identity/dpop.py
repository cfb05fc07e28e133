"""Proof of possession of the browser's key on each request: DPoP, RFC 9449, with one claim of ours.

The claim `bd` is base64url(SHA-256(body)): the portal relays what the browser signed, and a relay that could
change the question would ask for whom it likes. It may be absent only when the body is empty.

The checks that cost nothing come first and the signature last. A proof's header is the same for the life of a
key, so header bytes -> (key, thumbprint) is cached, for keys that have signed validly only. Target: 100 µs.
"""

import hashlib
import json
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tierce.identity.errors import ProofReason, ProofRefusedError
from tierce.kernel.clock import Clock

PROOF_BYTES_MAX = 4096
IAT_WINDOW_SECONDS = 60
JTI_LENGTH_MIN = 16  # 96 random bits in base64url, the least RFC 9449 §11.1 advises
JTI_LENGTH_MAX = 128
KEYS_CACHED_MAX = 8192
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
EDWARDS = frozenset({"EdDSA", "Ed25519"})  # RFC 9864 renames the first to the second

_ECDSA = ECDSA(SHA256())
_EDWARDS_P = 2**255 - 19
_EDWARDS_Y = 2**255 - 1
"""The bits of an Ed25519 key that are its coordinate; the last is the other one's sign."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")

Check = Callable[[bytes, bytes], None]
"""Takes a signature and the bytes signed; raises when they do not fit."""


@dataclass(slots=True)
class Proof:
    """A proof that fits its request: the key's thumbprint (RFC 7638, 32 bytes) and the once-only identifier."""

    thumbprint: bytes
    jti: str
    issued_at: int

    @property
    def once(self) -> bytes:
        """The 16 bytes to remember so that the proof serves once: a digest of key and identifier."""
        return hashlib.sha256(self.thumbprint + self.jti.encode()).digest()[:16]


class _Claims(msgspec.Struct):
    htm: str
    htu: str
    iat: float
    jti: str
    ath: str | None = None
    bd: str | None = None


_claims = msgspec.json.Decoder(_Claims)


@dataclass(frozen=True, slots=True)
class _Key:
    check: Check
    thumbprint: bytes


def encode_b64(value: bytes) -> str:
    """Base64url without padding, as JOSE writes it."""
    return b2a_base64(value, newline=False).translate(_TO_URL, b"=").decode("ascii")


def decode_b64(value: bytes) -> bytes:
    """Strict base64url without padding, in its one spelling: ValueError for anything else.

    The last symbol may hold bits that no byte takes: were they let through, one key would have sixteen spellings,
    each of another thumbprint, and be as many devices.
    """
    if b"+" in value or b"/" in value or b"=" in value:
        msg = "not base64url"
        raise ValueError(msg)
    padded = value.translate(_TO_STANDARD) + b"=" * (-len(value) % 4)
    try:
        found = a2b_base64(padded, strict_mode=True)
    except Base64Error as error:
        msg = "not base64url"
        raise ValueError(msg) from error
    if b2a_base64(found, newline=False) != padded:
        msg = "not base64url in its one spelling"
        raise ValueError(msg)
    return found


def digest_of(value: bytes) -> str:
    """base64url(SHA-256(value)): the form of `ath` for a session handle and of `bd` for a body."""
    return encode_b64(hashlib.sha256(value).digest())


def thumbprint_of(jwk: dict[str, Any]) -> bytes:
    """The SHA-256 thumbprint of a public key (RFC 7638): required members only, sorted, no white space."""
    members = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
    names = members.get(jwk.get("kty", ""))
    if names is None or any(not isinstance(jwk.get(name), str) for name in names):
        raise ProofRefusedError(ProofReason.KEY)
    canonical = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).digest()


def normalised(url: str) -> str:
    """The address without query and fragment, scheme and host in lower case, default port dropped (RFC 3986).

    The path is decoded, as the server decodes the one it was asked for: the last symbol of an engagement number may
    be `=`, which one client sends as it is and another as `%3D`.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").lower()
    if scheme not in {"http", "https"} or not host or parts.username is not None:
        msg = "not an http address"
        raise ValueError(msg)
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        host = f"{host}:{port}"
    return f"{scheme}://{host}{unquote(parts.path) or '/'}"


def _ec_check(jwk: dict[str, Any]) -> Check:
    x, y = (decode_b64(jwk[name].encode()) for name in ("x", "y"))
    if len(x) != 32 or len(y) != 32:
        raise ProofRefusedError(ProofReason.KEY)
    numbers = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1())
    key = numbers.public_key()  # ValueError when the point is not on the curve

    def check(signature: bytes, signed: bytes) -> None:
        if len(signature) != 64:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        key.verify(encode_dss_signature(r, s), signed, _ECDSA)

    return check


def _edwards_check(jwk: dict[str, Any]) -> Check:
    encoded = decode_b64(jwk["x"].encode())
    if int.from_bytes(encoded, "little") & _EDWARDS_Y >= _EDWARDS_P:
        raise ProofRefusedError(ProofReason.KEY)  # RFC 8032 §5.1.3: another spelling of the point that is y - p
    return Ed25519PublicKey.from_public_bytes(encoded).verify


def public_key(jwk: object, algorithm: str) -> tuple[Check, bytes]:
    """Import a public key given as a JWK for one algorithm; ProofRefusedError says what is wrong with it."""
    if not isinstance(jwk, dict):
        raise ProofRefusedError(ProofReason.KEY)
    if PRIVATE_MEMBERS & jwk.keys():
        raise ProofRefusedError(ProofReason.PRIVATE_KEY)
    shape = (jwk.get("kty"), jwk.get("crv"))
    if shape != (("EC", "P-256") if algorithm == "ES256" else ("OKP", "Ed25519")):
        raise ProofRefusedError(ProofReason.KEY)
    thumbprint = thumbprint_of(jwk)
    try:
        return (_ec_check(jwk) if algorithm == "ES256" else _edwards_check(jwk)), thumbprint
    except ValueError as error:
        raise ProofRefusedError(ProofReason.KEY) from error


def _once_only(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a JSON object that names a member twice: two readers could understand it differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProofRefusedError(ProofReason.HEADER)
    return found


def _read_header(encoded: bytes) -> _Key:
    try:
        header = json.loads(decode_b64(encoded), object_pairs_hook=_once_only)
    except (ValueError, RecursionError) as error:
        raise ProofRefusedError(ProofReason.HEADER) from error
    if not isinstance(header, dict) or "crit" in header or "b64" in header:
        raise ProofRefusedError(ProofReason.HEADER)
    if header.get("typ") != "dpop+jwt":
        raise ProofRefusedError(ProofReason.TYPE)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or (algorithm != "ES256" and algorithm not in EDWARDS):
        raise ProofRefusedError(ProofReason.ALGORITHM)
    return _Key(*public_key(header.get("jwk"), algorithm))


class ProofVerifier:
    """Verifies proofs for one process; not shared between threads."""

    def __init__(self, clock: Clock, *, keys_max: int = KEYS_CACHED_MAX) -> None:
        """Start with an empty cache of at most `keys_max` keys."""
        self._clock = clock
        self._keys_max = keys_max
        self._keys: OrderedDict[bytes, _Key] = OrderedDict()

    def verify(
        self,
        proof: bytes | None,
        *,
        method: str,
        url: str,
        ath: str | None,
        body: bytes,
        bound_to: bytes | None = None,
    ) -> Proof:
        """Check a proof against its request; raise ProofRefusedError with the first thing that does not fit.

        Args:
            proof: the `DPoP` header's bytes, None when there was none.
            method: the request's method, upper case.
            url: the public address of the act, already `normalised`.
            ath: `digest_of` the session handle; None for the request that is given its handle.
            body: the request's body as received, empty when there is none.
            bound_to: the thumbprint that the session is bound to; None only while it is being bound.

        Returns:
            The thumbprint and the identifier; whether the identifier was used before is the store's to say.
        """
        if not proof:
            raise ProofRefusedError(ProofReason.MISSING)
        if len(proof) > PROOF_BYTES_MAX:
            raise ProofRefusedError(ProofReason.TOO_LONG)
        parts = proof.split(b".")
        if len(parts) != 3:
            raise ProofRefusedError(ProofReason.NOT_A_JWT)
        key = self._keys.get(parts[0])
        cached = key is not None
        if key is None:
            key = _read_header(parts[0])
        if bound_to is not None and not compare_digest(key.thumbprint, bound_to):
            raise ProofRefusedError(ProofReason.NOT_BOUND)
        claims = self._claims(parts[1], method, url, ath, body)
        try:
            key.check(decode_b64(parts[2]), parts[0] + b"." + parts[1])
        except (InvalidSignature, ValueError) as error:
            raise ProofRefusedError(ProofReason.SIGNATURE) from error
        self._remember(parts[0], key, cached=cached)
        return Proof(key.thumbprint, claims.jti, int(claims.iat))

    def _claims(self, encoded: bytes, method: str, url: str, ath: str | None, body: bytes) -> _Claims:
        try:
            claims = _claims.decode(decode_b64(encoded))
        except (ValueError, msgspec.DecodeError, RecursionError) as error:
            raise ProofRefusedError(ProofReason.CLAIMS) from error
        if claims.htm != method:
            raise ProofRefusedError(ProofReason.METHOD)
        if claims.htu != url and not _same_address(claims.htu, url):
            raise ProofRefusedError(ProofReason.ADDRESS)
        if not abs(self._clock.now().timestamp() - claims.iat) <= IAT_WINDOW_SECONDS:
            raise ProofRefusedError(ProofReason.ISSUED)
        if not JTI_LENGTH_MIN <= len(claims.jti) <= JTI_LENGTH_MAX or not claims.jti.isascii():
            raise ProofRefusedError(ProofReason.IDENTIFIER)
        if claims.ath != ath:
            raise ProofRefusedError(ProofReason.HANDLE)
        if claims.bd != digest_of(body) and (body or claims.bd is not None):
            raise ProofRefusedError(ProofReason.BODY)
        return claims

    def _remember(self, header: bytes, key: _Key, *, cached: bool) -> None:
        if cached:
            self._keys.move_to_end(header)
            return
        self._keys[header] = key
        if len(self._keys) > self._keys_max:
            self._keys.popitem(last=False)


def _same_address(claimed: str, expected: str) -> bool:
    try:
        return normalised(claimed) == expected
    except ValueError:
        return False
