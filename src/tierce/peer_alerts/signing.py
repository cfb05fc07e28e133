"""Signatures of security event tokens: whose key made one, and which keys may (RFC 7515, 7517)."""

from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.util import urlsafe_b64decode

from tierce.peer_alerts.errors import Err, PeerKeysError, SetRefusedError
from tierce.peer_alerts.rules import TYPE

ALGORITHMS = ["RS256", "ES256"]
RSA_BITS_MIN = 2_048
KEYS_MAX = 5
KEYS_BYTES_MAX = 16_384
TOKEN_BYTES_MAX = 16_384
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
UNREADABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What a library raises of a token or a key set that a stranger wrote."""


def read_keys(raw: bytes) -> bytes:
    """Check a peer's public keys, and return them as they are kept: what we verify with, and nothing else.

    Raises:
        PeerKeysError: none, too many, a private one, one without a name of its own, one too weak or of another kind.
    """
    try:
        given = msgspec.json.decode(raw[: KEYS_BYTES_MAX + 1], type=dict[str, Any]).get("keys")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        given = None
    if not isinstance(given, list) or not 1 <= len(given) <= KEYS_MAX:
        msg = f"ce n’est pas un JWKS de 1 à {KEYS_MAX} clés / not a JWKS of 1 to {KEYS_MAX} keys"
        raise PeerKeysError(msg)
    kept = [_public(one) for one in given]
    if len({one["kid"] for one in kept}) != len(kept):
        msg = "deux clés ont le même kid / two keys have the same kid"
        raise PeerKeysError(msg)
    return msgspec.json.encode({"keys": kept})


def _public(one: object) -> dict[str, str]:
    if not isinstance(one, dict) or not isinstance(one.get("kid"), str) or not 1 <= len(one["kid"]) <= 128:
        msg = "chaque clé a son kid / each key needs its kid"
        raise PeerKeysError(msg)
    if PRIVATE & set(one):
        msg = "une clé privée : demandez la publique, et dites au pair d’en changer / a private key: ask for the "
        msg += "public one, and tell the peer to change it"
        raise PeerKeysError(msg)
    members = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}.get(str(one.get("kty")), ())
    kept = {name: one[name] for name in ("kty", "kid", *members) if isinstance(one.get(name), str)}
    try:
        if one["kty"] == "RSA":
            good = RSAKey.import_key(kept).public_key.key_size >= RSA_BITS_MIN
        else:
            good = one["kty"] == "EC" and one["crv"] == "P-256" and bool(ECKey.import_key(kept).public_key)
    except UNREADABLE:
        good = False
    if not good:
        msg = f"une clé n’est ni RSA de {RSA_BITS_MIN} bits ni P-256 / a key is neither RSA of {RSA_BITS_MIN} bits "
        msg += "nor P-256"
        raise PeerKeysError(msg)
    return kept


def issuer_of(token: bytes) -> str:
    """Whose token this says that it is, which nothing has verified yet.

    Raises:
        SetRefusedError: it is no token.
    """
    try:
        part = token.split(b".")[1]
        claims = msgspec.json.decode(urlsafe_b64decode(part), type=dict[str, Any])
        issuer = claims["iss"]
    except (IndexError, msgspec.DecodeError, *UNREADABLE):
        issuer = None
    if not isinstance(issuer, str):
        raise SetRefusedError(Err.INVALID_REQUEST, "this is no security event token with an iss (RFC 8417)")
    return issuer


def verified(token: bytes, keys: bytes) -> dict[str, Any]:
    """The claims of a token that one of these keys signed.

    Raises:
        SetRefusedError: another key did, or it is of another kind.
    """
    try:
        known = KeySet.import_key_set(msgspec.json.decode(keys))
        read = jwt.decode(token, known, algorithms=ALGORITHMS)
        kind, named = read.header.get("typ"), read.header.get("kid")
        claims = dict(read.claims)
    except UNREADABLE:
        said = "no registered key of this issuer made this signature (RS256 or ES256)"
        raise SetRefusedError(Err.INVALID_KEY, said) from None
    if not isinstance(named, str):
        raise SetRefusedError(Err.INVALID_KEY, "kid: name the key in the header")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != TYPE:
        raise SetRefusedError(Err.INVALID_REQUEST, f"typ: a security event token says {TYPE}")
    return claims
