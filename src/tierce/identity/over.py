"""Reads the token by which a provider says that a session is over: OpenID Connect Back-Channel Logout 1.0.

The signature was verified by whoever calls (`oidc.ProviderClient`). joserfc judges the registered claims; the rest is
the specification's §2.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from tierce.identity.errors import SignInReason, SignInRefusedError

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
OVER_SECONDS_MAX: Final = 120
"""How long after it was made a token still serves: a provider sends it at once. Its identifier is kept for longer."""
NAME_CHARS_MAX: Final = 255
"""Of a subject, a session or a token (OpenID Connect Core §2 of `sub`)."""
_TYPES: Final = frozenset({None, "JWT", "LOGOUT+JWT"})


@dataclass(frozen=True, slots=True, repr=False)
class Vouched:
    """How a provider names a session and its subject, as its ID token said."""

    sid: str | None
    sub: str


@dataclass(frozen=True, slots=True, repr=False)
class Over:
    """What is over: a session at the provider, of this subject if said; or, without `sid`, all of the subject's."""

    jti: str
    sid: str | None
    sub: str | None


def vouched_by(said: Mapping[str, Any]) -> Vouched:
    """Read an ID token's, or an introspection's, name of the session and of its subject."""
    return Vouched(_name(said.get("sid")) or _name(said.get("session_state")), str(said.get("sub", "")))


def read_over(
    header: Mapping[str, Any], claims: dict[str, Any], *, issuer: str, client_id: str, now: int, skew: int
) -> Over:
    """Judge a logout token whose signature fits.

    Raises:
        SignInRefusedError: it is none, another client's or provider's, too old, or says of nothing that it is over.
    """
    registry = JWTClaimsRegistry(
        now=now,
        leeway=skew,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, TypeError) as error:
        raise SignInRefusedError(SignInReason.TOKEN_REFUSED) from error
    kind, events = header.get("typ"), claims.get("events")
    if (str(kind).upper() if kind is not None else None) not in _TYPES or "nonce" in claims:
        raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
    if now - claims["iat"] > OVER_SECONDS_MAX + skew:
        raise SignInRefusedError(SignInReason.TOKEN_EXPIRED)
    named = [claims[name] for name in ("jti", "sid", "sub") if name in claims]
    sid, sub = _name(claims.get("sid")), _name(claims.get("sub"))
    if not all(_name(one) for one in named) or (sid is None and sub is None):
        raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
    return Over(claims["jti"], sid, sub)


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= NAME_CHARS_MAX else None
