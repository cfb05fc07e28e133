"""OpenID Connect client: code flow with PKCE, nonce and the issuer of the answer (RFC 9207).

Authlib prepares the requests and judges the ID token's claims; joserfc verifies its signature against the keys that
the configured discovery document names. No address is ever derived from the issuer: the professionals' provider
has its sign-in page on another host and its discovery document under a name of its own.
"""

import logging
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.core.claims import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import KeySet

from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.kept import Kept
from tierce.identity.over import Over, read_over
from tierce.identity.rules import PENDING_LIFE, is_local_return
from tierce.kernel.clock import Clock

METADATA_LIFE = timedelta(hours=1)
KEYS_LIFE = timedelta(minutes=5)
"""A key that the provider withdrew, because it was stolen or lost, serves no longer than this."""
KEYS_REFETCH_AFTER = timedelta(seconds=30)
SKEW_SECONDS = 5
ANSWER_BYTES_MAX = 262_144
TIMEOUT = httpx.Timeout(5.0)
ALGORITHMS = ["RS256", "PS256", "ES256"]
UNREADABLE = (JoseError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the library raises for a token or a key: of a strange form, others than its own."""

# It logs each address it asks, and an address may hold what no log should.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Realm(StrEnum):
    """The providers we ask: of professionals, of the operator's staff, of persons, of insurers' staff."""

    PSC = "psc"
    STAFF = "staff"
    PERSONS = "persons"
    INSURERS = "insurers"


AUTHENTICATED_SECONDS_MAX = {Realm.STAFF: 3600, Realm.INSURERS: 3600}
"""How long ago a hand was on the key at most: a provider's own session would open ours all day without any."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """How one provider is reached; every address comes from configuration or from its discovery document."""

    realm: Realm
    discovery_url: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    signed_out_uri: str
    scope: str = "openid"
    acr_values: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Pending:
    """One sign-in under way, as stored: digests of what the browser holds, and what only we know."""

    state: bytes
    realm: Realm
    binding: bytes
    nonce: str
    verifier: str
    return_to: str
    created: datetime
    thumbprint: bytes | None = None
    """Of the key that this browser signs with from now on; None where its session is bound later."""


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """Where to send the browser, and the two secrets its site keeps in a cookie until it comes back."""

    authorize_url: str
    state: str
    binding: str
    pending: Pending


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The parameters with which the browser comes back."""

    state: str
    code: str | None
    iss: str | None
    error: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Claims:
    """What the provider vouches for: verified ID token and UserInfo of the same subject."""

    id_token: Mapping[str, Any]
    userinfo: Mapping[str, Any]
    token: str | None = None
    """The ID token as it came, by which its provider knows whom to forget; None where another client's was shown."""


def digest(secret: str) -> bytes:
    """What is stored of a secret that a browser holds."""
    return sha256(secret.encode()).digest()


def check_pending(pending: Pending, realm: Realm, binding: str, now: datetime) -> None:
    """Refuse an answer that comes to another site, from another browser, or too late."""
    if pending.realm is not realm:
        raise SignInRefusedError(SignInReason.STATE_UNKNOWN)
    if not compare_digest(pending.binding, digest(binding)):
        raise SignInRefusedError(SignInReason.OTHER_BROWSER)
    if now - pending.created >= PENDING_LIFE:
        raise SignInRefusedError(SignInReason.STATE_EXPIRED)


class ProviderClient:
    """The client of one provider, for one process."""

    def __init__(self, settings: ProviderSettings, http: httpx.AsyncClient, clock: Clock) -> None:
        """`http` is the process's client; it must not follow redirects."""
        self.settings = settings
        self._http = http
        self._clock = clock
        self._metadata = Kept(self._read_metadata, clock)
        self._keys = Kept(self._read_keys, clock)
        self._known = KeySet([])
        self._known_at = datetime.min.replace(tzinfo=UTC)

    async def start(self, return_to: str, thumbprint: bytes | None = None) -> Started:
        """Prepare one sign-in; `return_to` is a path of the site that asks, `thumbprint` the browser's key."""
        if not is_local_return(return_to):
            raise SignInRefusedError(SignInReason.RETURN_ADDRESS)
        metadata = await self._discover()
        state, binding, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        settings = self.settings
        client = OAuth2Client(
            session=None,
            client_id=settings.client_id,
            redirect_uri=settings.redirect_uri,
            scope=settings.scope,
            code_challenge_method="S256",
        )
        url, _ = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=state,
            code_verifier=verifier,
            nonce=nonce,
            acr_values=settings.acr_values,
            max_age=AUTHENTICATED_SECONDS_MAX.get(settings.realm),
        )
        pending = Pending(
            digest(state), settings.realm, digest(binding), nonce, verifier, return_to, self._clock.now(), thumbprint
        )
        return Started(url, state, binding, pending)

    async def complete(self, pending: Pending, answer: Answer) -> Claims:
        """Exchange the code and verify what the provider says; SignInRefusedError names what does not fit."""
        if answer.iss != self.settings.issuer:
            raise SignInRefusedError(SignInReason.WRONG_ISSUER)
        if answer.error is not None or not answer.code:
            raise SignInRefusedError(SignInReason.PROVIDER_REFUSED)
        tokens = await self._exchange(answer.code, pending.verifier)
        claims = await self._verified(tokens, pending.nonce)
        userinfo = await self._get((await self._discover())["userinfo_endpoint"], bearer=str(tokens["access_token"]))
        if userinfo.get("sub") != claims["sub"]:
            raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
        return Claims(claims, userinfo, tokens["id_token"])

    async def vouch(self, access_token: str, clients: Collection[str]) -> Claims:
        """What the provider says now of an access token that another of its clients was given (RFC 7662).

        Args:
            access_token: the token that a vendor's software holds for its user; it lives two minutes.
            clients: the provider's clients (`azp`) whose tokens are accepted; a token of any other is refused, so
                that one stolen from an unrelated service opens nothing.

        Raises:
            SignInRefusedError: the token is not live, is another client's, or the provider is out of reach.
        """
        metadata = await self._discover()
        endpoint = metadata.get("introspection_endpoint")
        if not isinstance(endpoint, str):
            raise SignInRefusedError(SignInReason.PROVIDER_DOWN)
        body = urlencode({"token": access_token, "token_type_hint": "access_token"})
        response = await self._post(endpoint, body)
        if response.status_code in {400, 401}:
            raise SignInRefusedError(SignInReason.PROVIDER_REFUSED)
        told = _object(response)
        if told.get("active") is not True or told.get("iss", self.settings.issuer) != self.settings.issuer:
            raise SignInRefusedError(SignInReason.TOKEN_EXPIRED)
        if told.get("azp", told.get("client_id")) not in clients:
            raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
        userinfo = await self._get(metadata["userinfo_endpoint"], bearer=access_token)
        if userinfo.get("sub") != told.get("sub"):
            raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
        return Claims(told, userinfo)

    async def read_over(self, token: str) -> Over:
        """What the provider says, in a logout token, is over (OpenID Connect Back-Channel Logout 1.0).

        Raises:
            SignInRefusedError: it is no such token of this provider for this client, or it is too old.
        """
        read = await self._decode(token)
        return read_over(
            read.header,
            read.claims,
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            now=int(self._clock.now().timestamp()),
            skew=SKEW_SECONDS,
        )

    async def end_session_endpoint(self) -> str | None:
        """Where a browser signs out of the provider; None where it has no such page.

        Raises:
            SignInRefusedError: the provider is out of reach.
        """
        found = (await self._discover()).get("end_session_endpoint")
        return found if isinstance(found, str) and found.startswith(("https://", "http://")) else None

    async def _discover(self) -> Mapping[str, Any]:
        return await self._metadata.get(METADATA_LIFE)

    async def _read_metadata(self) -> Mapping[str, Any]:
        found = await self._get(self.settings.discovery_url)
        needed = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        if found.get("issuer") != self.settings.issuer:
            raise SignInRefusedError(SignInReason.WRONG_ISSUER)
        if any(not isinstance(found.get(name), str) for name in needed):
            raise SignInRefusedError(SignInReason.PROVIDER_DOWN)
        return found

    async def _get(self, url: str, bearer: str | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            response = await self._http.get(url, headers=headers, timeout=TIMEOUT, follow_redirects=False)
        except httpx.HTTPError as error:
            raise SignInRefusedError(SignInReason.PROVIDER_DOWN) from error
        if bearer is not None and response.status_code == 401:
            raise SignInRefusedError(SignInReason.TOKEN_EXPIRED)
        return _object(response)

    async def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        settings = self.settings
        url = (await self._discover())["token_endpoint"]
        body = prepare_token_request(
            "authorization_code", redirect_uri=settings.redirect_uri, code=code, code_verifier=verifier
        )
        response = await self._post(url, body)
        if response.status_code in {400, 401}:
            raise SignInRefusedError(SignInReason.CODE_REFUSED)
        tokens = _object(response)
        if not isinstance(tokens.get("access_token"), str) or not isinstance(tokens.get("id_token"), str):
            raise SignInRefusedError(SignInReason.CODE_REFUSED)
        return tokens

    async def _post(self, url: str, body: str) -> httpx.Response:
        """Send a form with our client's credentials."""
        # RFC 6749 §2.3.1 wants both form-encoded inside the Basic credentials, which Authlib leaves to its caller.
        encoded = (quote_plus(self.settings.client_id), quote_plus(self.settings.client_secret))
        auth = ClientAuth(*encoded, auth_method="client_secret_basic")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, headers, body = auth.prepare("POST", url, headers, body)
        try:
            return await self._http.post(url, headers=headers, content=body, timeout=TIMEOUT, follow_redirects=False)
        except httpx.HTTPError as error:
            raise SignInRefusedError(SignInReason.PROVIDER_DOWN) from error

    async def _verified(self, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        token = await self._decode(tokens["id_token"])
        if token.claims.get("nonce") != nonce:
            raise SignInRefusedError(SignInReason.NONCE)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": self.settings.client_id,
                "access_token": tokens["access_token"],
            },
        )
        try:
            claims.validate(now=int(self._clock.now().timestamp()), leeway=SKEW_SECONDS)
        except ExpiredTokenError as error:
            raise SignInRefusedError(SignInReason.TOKEN_EXPIRED) from error
        except InvalidClaimError as error:
            wrong_issuer = error.claim == "iss"
            reason = SignInReason.WRONG_ISSUER if wrong_issuer else SignInReason.TOKEN_REFUSED
            raise SignInRefusedError(reason) from error
        except JoseError as error:
            raise SignInRefusedError(SignInReason.TOKEN_REFUSED) from error
        self._check_hand(claims.get("auth_time"))
        return dict(claims)

    def _check_hand(self, authenticated: object) -> None:
        """Refuse a sign-in to which nobody lent a hand lately, where the realm wants it (`max_age`)."""
        most = AUTHENTICATED_SECONDS_MAX.get(self.settings.realm)
        if most is None:
            return
        now = self._clock.now().timestamp()
        since = now - authenticated if isinstance(authenticated, int | float) else None
        if since is None or not -SKEW_SECONDS <= since <= most + SKEW_SECONDS:  # a time to come is nobody's, either
            raise SignInRefusedError(SignInReason.AUTHENTICATED_LONG_AGO)

    async def _decode(self, token: str) -> jwt.Token:
        """Decode under the provider's keys, as read within KEYS_LIFE.

        A key never seen makes them be read again, at most every 30 s. What fails then, whoever made it, takes from
        nobody the keys that were read lately.

        Raises:
            SignInRefusedError: it is no token of this provider, or its keys could not be read.
        """
        lately = timedelta(0) <= self._clock.now() - self._known_at < KEYS_LIFE
        known = self._known if lately else await self._keys.get(KEYS_LIFE)
        try:
            return jwt.decode(token, known, algorithms=ALGORITHMS)
        except UNREADABLE:
            known = await self._keys.get(KEYS_REFETCH_AFTER)
        try:
            return jwt.decode(token, known, algorithms=ALGORITHMS)
        except UNREADABLE as error:
            raise SignInRefusedError(SignInReason.TOKEN_REFUSED) from error

    async def _read_keys(self) -> KeySet:
        began = self._clock.now()
        read = _readable((await self._get((await self._discover())["jwks_uri"])).get("keys"))
        self._known, self._known_at = read, began
        return read


def _readable(keys: object) -> KeySet:
    """The keys of a set that we can read: others are left out (RFC 7517 §5): one new kind would stop all."""
    read = []
    for key in keys if isinstance(keys, list) else []:
        with suppress(*UNREADABLE):
            read += KeySet.import_key_set({"keys": [key]}).keys
    return KeySet(read)


def _object(response: httpx.Response) -> dict[str, Any]:
    """Read a JSON object of bounded size."""
    if response.status_code != 200 or len(response.content) > ANSWER_BYTES_MAX:
        raise SignInRefusedError(SignInReason.PROVIDER_DOWN)
    try:
        found = response.json()
    except (ValueError, RecursionError) as error:
        raise SignInRefusedError(SignInReason.PROVIDER_DOWN) from error
    if not isinstance(found, dict):
        raise SignInRefusedError(SignInReason.PROVIDER_DOWN)
    return found
