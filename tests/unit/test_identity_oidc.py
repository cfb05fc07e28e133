"""A provider that vouches for somebody: when she last lent a hand to it, where that matters."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tierce.identity.errors import SignInRefusedError
from tierce.identity.oidc import Answer, Claims, ProviderClient, ProviderSettings, Realm
from tierce.kernel.clock import SystemClock

ISSUER = "https://provider.example"


def sign_in(realm: Realm, authenticated: float | None) -> tuple[dict[str, list[str]], Claims]:
    """One whole sign-in at a provider that says when it authenticated her: what it was asked, and its claims."""
    key, told = ECKey.generate_key("P-256"), dict[str, Any]()
    addresses = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")

    def provider(request: httpx.Request) -> httpx.Response:
        now = int(SystemClock().now().timestamp())
        claims = {"iss": ISSUER, "aud": "tierce", "sub": "vasseur", "iat": now, "exp": now + 60, **told}
        if authenticated is not None:
            claims["auth_time"] = now - authenticated
        answers = {
            "/discovery": {"issuer": ISSUER} | {name: f"{ISSUER}/{name}" for name in addresses},
            "/token_endpoint": {"access_token": "a", "id_token": jwt.encode({"alg": "ES256"}, claims, key)},
            "/userinfo_endpoint": {"sub": "vasseur"},
            "/jwks_uri": {"keys": [key.as_dict(private=False)]},
        }
        return httpx.Response(200, content=json.dumps(answers[request.url.path]))

    async def whole() -> tuple[dict[str, list[str]], Claims]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(provider)) as http:
            settings = ProviderSettings(
                realm,
                f"{ISSUER}/discovery",
                ISSUER,
                "tierce",
                "secret",
                "https://us.example/",
                "https://us.example/out",
            )
            client = ProviderClient(settings, http, SystemClock())
            started = await client.start("/")
            told["nonce"] = started.pending.nonce
            asked = parse_qs(urlsplit(started.authorize_url).query)
            return asked, await client.complete(started.pending, Answer(started.state, "code", ISSUER))

    return asyncio.run(whole())


@pytest.mark.parametrize("realm", [Realm.STAFF, Realm.INSURERS])
@pytest.mark.parametrize("authenticated", [None, 3_700, 36_000, -3_600, float("-inf")])
def test_staff_whose_key_was_not_used_for_an_hour_are_refused(realm: Realm, authenticated: float | None) -> None:
    with pytest.raises(SignInRefusedError, match="authenticated_long_ago"):
        sign_in(realm, authenticated)


@pytest.mark.parametrize(
    ("realm", "authenticated", "asked"),
    [
        (Realm.STAFF, 0, ["3600"]),
        (Realm.INSURERS, 3_500, ["3600"]),
        (Realm.PSC, None, None),
        (Realm.PERSONS, 36_000, None),
    ],
)
def test_who_lent_a_hand_lately_is_vouched_for(realm: Realm, authenticated: float | None, asked: object) -> None:
    query, vouched = sign_in(realm, authenticated)
    assert query.get("max_age") == asked
    assert vouched.id_token["sub"] == "vasseur"
