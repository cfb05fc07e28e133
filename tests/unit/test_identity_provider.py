"""A provider that is slow, away or strange, and a crowd that would have it asked: how often it is."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tierce.identity.errors import ClientRefusedError, SignInRefusedError
from tierce.identity.exchange import check_assertion
from tierce.identity.kept import RETRY_AFTER
from tierce.identity.model import SoftwareClient
from tierce.identity.oidc import KEYS_LIFE, KEYS_REFETCH_AFTER, ProviderClient, ProviderSettings, Realm
from tierce.kernel.clock import FixedClock
from tierce.kernel.ids import SoftwareId

ISSUER = "https://provider.example"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ADDRESSES = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
STRANGER = "e30.e30.AAAA"
CROWD = 40


class Provider:
    """Answers what it is told to, and counts how often each address is asked."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.asked: Counter[str] = Counter()
        self.away = False
        self.hangs_for = timedelta(seconds=5)
        self.reached = asyncio.Event()
        self.clock = FixedClock(NOW)
        self.documents: dict[str, str] = {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked[request.url.path] += 1
        self.reached.set()
        await asyncio.to_thread(lambda: None)  # others come meanwhile
        if self.away:
            self.clock.advance(self.hangs_for)
            return httpx.Response(503)
        documents = {
            "/discovery": json.dumps({"issuer": ISSUER} | {name: f"{ISSUER}/{name}" for name in ADDRESSES}),
            "/jwks_uri": json.dumps({"keys": [self.key.as_dict(private=False)]}),
        } | self.documents
        return httpx.Response(200, content=documents[request.url.path])

    def logout_token(self) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER, "aud": "tierce", "sub": "vasseur", "iat": now, "exp": now + 60, "jti": "j" * 20,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def run(self, play: Callable[[ProviderClient], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self.answer)) as http:
                settings = ProviderSettings(
                    Realm.STAFF,
                    f"{ISSUER}/discovery",
                    ISSUER,
                    "tierce",
                    "secret",
                    "https://us.example/",
                    "https://us.example/out",
                )
                await play(ProviderClient(settings, http, self.clock))

        asyncio.run(whole())


async def refused(client: ProviderClient, token: str = STRANGER) -> None:
    with pytest.raises(SignInRefusedError):
        await client.read_over(token)


def test_a_crowd_of_strangers_has_the_provider_asked_once() -> None:
    provider = Provider()

    async def play(client: ProviderClient) -> None:
        await asyncio.gather(*(refused(client) for _ in range(CROWD)))
        assert provider.asked == {"/discovery": 1, "/jwks_uri": 1}
        provider.clock.advance(KEYS_REFETCH_AFTER)
        await asyncio.gather(*(refused(client) for _ in range(CROWD)))
        assert provider.asked == {"/discovery": 1, "/jwks_uri": 2}

    provider.run(play)


def test_a_provider_that_is_away_is_not_asked_at_the_rate_of_whoever_comes() -> None:
    provider = Provider()

    async def play(client: ProviderClient) -> None:
        provider.away = True
        for _ in range(CROWD):
            await refused(client)
        assert provider.asked == {"/discovery": 1}
        provider.clock.advance(RETRY_AFTER)
        provider.away = False
        assert (await client.read_over(provider.logout_token())).sub == "vasseur", "it is back"
        provider.away = True
        provider.clock.advance(KEYS_REFETCH_AFTER)
        for _ in range(CROWD):
            await refused(client)
        assert provider.asked == {"/discovery": 2, "/jwks_uri": 2}
        assert (await client.read_over(provider.logout_token())).sub == "vasseur", "its keys are known still"

    provider.run(play)


def test_a_key_that_is_withdrawn_is_forgotten_within_five_minutes() -> None:
    """Whoever stole it signs as before, and no stranger's key has the provider's read again meanwhile."""
    provider = Provider()

    async def play(client: ProviderClient) -> None:
        stolen = provider.key
        await client.read_over(provider.logout_token())
        provider.clock.advance(KEYS_LIFE - timedelta(seconds=1))
        await client.read_over(provider.logout_token())
        assert provider.asked["/jwks_uri"] == 1
        provider.documents["/jwks_uri"] = json.dumps({"keys": []})
        provider.clock.advance(timedelta(seconds=1))
        for _ in range(CROWD):
            await refused(client, provider.logout_token())
        assert provider.asked["/jwks_uri"] == 2
        provider.documents["/jwks_uri"] = json.dumps({"keys": [stolen.as_dict(private=False)]})
        provider.clock.advance(KEYS_REFETCH_AFTER)
        await client.read_over(provider.logout_token())
        provider.away = True
        provider.clock.advance(KEYS_LIFE)
        await refused(client, provider.logout_token())

    provider.run(play)
    assert timedelta(minutes=5) >= KEYS_LIFE


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (None, None),
        (7, None),
        ("javascript:alert(1)", None),
        ("//elsewhere.example/", None),
        (f"{ISSUER}/logout", f"{ISSUER}/logout"),
    ],
)
def test_a_browser_is_led_to_no_address_but_one_of_the_web(told: object, found: str | None) -> None:
    provider = Provider()
    described = {"issuer": ISSUER, "end_session_endpoint": told} | {name: f"{ISSUER}/{name}" for name in ADDRESSES}
    provider.documents["/discovery"] = json.dumps(described)

    async def play(client: ProviderClient) -> None:
        assert await client.end_session_endpoint() == found

    provider.run(play)


def test_a_new_key_is_found_though_the_clock_was_put_back() -> None:
    provider = Provider()

    async def play(client: ProviderClient) -> None:
        await client.read_over(provider.logout_token())
        provider.clock.advance(-timedelta(hours=1))
        provider.key = ECKey.generate_key("P-256", {"kid": "two"})
        assert (await client.read_over(provider.logout_token())).sub == "vasseur"

    provider.run(play)


def test_whoever_gives_up_takes_nothing_from_whoever_waits() -> None:
    provider = Provider()

    async def play(client: ProviderClient) -> None:
        first = asyncio.create_task(client.read_over(provider.logout_token()))
        second = asyncio.create_task(client.read_over(provider.logout_token()))
        await provider.reached.wait()
        first.cancel()
        assert (await second).sub == "vasseur"
        assert provider.asked == {"/discovery": 1, "/jwks_uri": 1}

    provider.run(play)


HEADERS: list[object] = [{"alg": "ES256", "crit": 1}, {"alg": ["ES256"]}, {"alg": "ES256", "kid": {}}, []]


def headed(header: object) -> str:
    return f"{base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b'=').decode()}.e30.AAAA"


@pytest.mark.parametrize("header", HEADERS)
def test_a_token_of_any_form_is_refused_as_a_token(header: object) -> None:
    """Whoever has a site fail at will can hide a failure in others, and ring an alarm."""
    provider = Provider()

    async def play(client: ProviderClient) -> None:
        await client.read_over(provider.logout_token())
        await refused(client, headed(header))

    provider.run(play)
    assert provider.asked["/jwks_uri"] == 1, "what it says was read under the keys that are known"


@pytest.mark.parametrize("header", HEADERS)
def test_an_assertion_of_any_form_is_refused_as_one(header: object) -> None:
    keys = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
    client = SoftwareClient("merle", SoftwareId(12), keys, frozenset())
    with pytest.raises(ClientRefusedError):
        check_assertion(headed(header), client, ISSUER, NOW)


@pytest.mark.parametrize("path", ["/discovery", "/jwks_uri"])
@pytest.mark.parametrize("document", ["[" * 100_000, '{"keys":' * 20_000, "[]", "é", '{"keys": 1}'])
def test_a_document_of_any_form_is_refused_as_such(path: str, document: str) -> None:
    provider = Provider()
    provider.documents[path] = document
    provider.run(refused)
    assert provider.asked[path] == 1
