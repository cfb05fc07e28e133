"""Plays a vendor's software: its user's sign-in at the provider, its assertions, its exchange."""

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.integration.signin_world import API, CALLBACK, MORVAN, Desk
from tierce.identity.dpop import digest_of
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import answer_of, sign_in
from tierce.web.api.token import ACCESS_TOKEN, ASSERTION, GRANT, TOKEN_PATH

ABSENT = object()
"""The value of a claim that an assertion leaves out."""
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def user_token(web: httpx.AsyncClient, issuer: str, client: tuple[str, str], back: str, subject: str) -> str:
    """Sign a user in as the vendor's own client of the provider; gives the access token."""
    document = (await web.get(f"{issuer}/.well-known/wallet-openid-configuration")).json()
    verifier = secrets.token_urlsafe(32)
    query = {
        "client_id": client[0], "redirect_uri": back, "response_type": "code", "scope": "openid scope_all",
        "state": secrets.token_urlsafe(16), "nonce": secrets.token_urlsafe(16), "code_challenge_method": "S256",
        "code_challenge": digest_of(verifier.encode()),
    }  # fmt: skip
    answer = answer_of(await sign_in(web, f"{document['authorization_endpoint']}?{urlencode(query)}", subject))
    form = {
        "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": back, "code_verifier": verifier,
    }  # fmt: skip
    basic = httpx.BasicAuth(*(urlencode({"": part})[1:] for part in client))
    told = (await web.post(document["token_endpoint"], data=form, auth=basic)).json()
    token: str = told["access_token"]
    return token


@dataclass
class Software:
    """A piece of software with a signing key, perhaps registered."""

    client_id: str = "lgo-merle"
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "merle-1"}))

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def assertion(self, at: float, **over: object) -> str:
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": API + TOKEN_PATH, "iat": int(at),
            "exp": int(at) + 60, "jti": secrets.token_urlsafe(16),
        }  # fmt: skip
        told = {name: value for name, value in (claims | over).items() if value is not ABSENT}
        return jwt.encode({"alg": "ES256", "kid": "merle-1"}, told, self.key)

    async def exchange(
        self,
        desk: Desk,
        *,
        key: BrowserKey | None = None,
        subject: str = MORVAN,
        client: str = "merle-psc",
        **over: str,
    ) -> httpx.Response:
        """Exchange a fresh token of a user; `over` replaces parameters of the form, or drops them when empty."""
        at = desk.clock.now().timestamp()
        form = {
            "grant_type": GRANT, "client_id": self.client_id, "client_assertion_type": ASSERTION,
            "client_assertion": self.assertion(at), "subject_token_type": ACCESS_TOKEN,
        }  # fmt: skip
        if "subject_token" not in over:
            issuer = f"{desk.origin}/psc"
            form["subject_token"] = await user_token(desk.web, issuer, (client, "m+n/o=p"), CALLBACK, subject)
        body = urlencode({name: value for name, value in (form | over).items() if value}).encode()
        headers = dict(FORM)
        if key is not None:
            headers["dpop"] = bound_proof(key, at, body)
        return await desk.api.post(TOKEN_PATH, content=body, headers=headers)


def bound_proof(key: BrowserKey, at: float, body: bytes, **over: object) -> str:
    """The proof of an exchange: like any other, without the handle that is not given yet."""
    claims = {
        "htm": "POST", "htu": API + TOKEN_PATH, "iat": int(at), "jti": secrets.token_urlsafe(16),
        "bd": digest_of(body),
    }  # fmt: skip
    return key.sign(key.header(), claims | over).decode()
