"""Another operator, for programs that play one: it signs security event tokens and pushes them (RFC 8417, 8935)."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tierce.kernel.loopback import NO_TLS

RISC = "https://schemas.openid.net/secevent/risc/event-type"
CAEP = "https://schemas.openid.net/secevent/caep/event-type"
SSF = "https://schemas.openid.net/secevent/ssf/event-type"


@dataclass
class OtherOperator:
    """An operator with one key, ES256 unless `rsa`."""

    issuer: str
    audience: str
    rsa: bool = False
    kid: str = "a"
    key: ECKey | RSAKey = field(init=False)

    def __post_init__(self) -> None:
        """Draw the key."""
        self.key = RSAKey.generate_key(2_048) if self.rsa else ECKey.generate_key("P-256")

    def jwks(self) -> str:
        """Its public keys, as it hands them over when the two operators agree."""
        return json.dumps({"keys": [{**self.key.as_dict(private=False), "kid": self.kid}]})

    def claims(self, event: str, rpps: str, at: float, **told: object) -> dict[str, Any]:
        """What a token of one event about one professional says."""
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "iat": int(at),
            "jti": secrets.token_hex(16),
            "sub_id": {"format": "iss_sub", "iss": "https://rpps.esante.gouv.fr", "sub": rpps},
            "events": {event: told},
        }

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        """Sign any claims, right or wrong; `header` changes members of the usual one."""
        usual = {"alg": "RS256" if self.rsa else "ES256", "typ": "secevent+jwt", "kid": self.kid}
        return jwt.encode({**usual, **header}, claims, self.key)


def push(address: str, token: str, media: str = "application/secevent+jwt") -> httpx.Response:
    """Push one token, as a transmitter does."""
    headers = {"content-type": media, "accept": "application/json"}
    return httpx.post(address, content=token, headers=headers, trust_env=False, verify=NO_TLS, timeout=30)
