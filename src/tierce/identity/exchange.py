"""Vendor software: its user's sign-in at the professionals' provider, exchanged for a session of ours (RFC 8693).

The software proves who it is with a signed assertion (RFC 7523), hands over the access token that the provider gave
*its* user two minutes ago at most, and proves a key (RFC 9449) to which the session is bound. The session is the
professional's own, with her activity, her seats and her device: software asks for nobody by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from tierce.identity import store
from tierce.identity.dpop import PRIVATE_MEMBERS, ProofVerifier
from tierce.identity.errors import ClientReason, ClientRefusedError, IdentityError
from tierce.identity.model import Activity, OpenedSession, SessionState, SoftwareClient
from tierce.identity.oidc import SKEW_SECONDS, UNREADABLE, ProviderClient
from tierce.identity.service import Pool, Received, Sessions
from tierce.kernel.clock import Clock
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import ActivityId
from tierce.policy.acts import Site

ASSERTION_CHARS_MAX = 4_096
ASSERTION_SECONDS_MAX = 300
"""How far ahead an assertion may end: it is made for one request."""
TIME_MAX = 2**53
JTI_LENGTH_MIN, JTI_LENGTH_MAX = 16, 128
KEYS_MAX = 5
ALGORITHMS = ["ES256", "PS256", "RS256", "Ed25519"]


class ActivityWantedError(IdentityError):
    """The professional has several activities, or not the one named: the software must let her choose."""

    def __init__(self, offered: list[Activity]) -> None:
        """Keep what she may choose from: her own activities, nothing about anybody else."""
        super().__init__("The activity must be chosen.")
        self.offered = offered


class ClientKeysError(TierceError):
    """The keys given for a piece of software cannot be used."""


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """What the software sends: name, assertion, its user's token, the activity she chose (None: her only one)."""

    client_id: str
    assertion: str
    subject_token: str
    activity: ActivityId | None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The session opened, bound to the key that proved itself in the same request."""

    opened: OpenedSession
    state: SessionState


class VendorDoor:
    """The door of vendor software, for the process that holds the sessions."""

    def __init__(self, pool: Pool, provider: ProviderClient, sessions: Sessions, clock: Clock, audience: str) -> None:
        """`audience` is the public address of the exchange: what an assertion must be made for."""
        self._pool = pool
        self._provider = provider
        self._sessions = sessions
        self._clock = clock
        self._audience = audience
        self._verifier = ProofVerifier(clock)

    async def exchange(self, given: Exchange, request: Received, address: str) -> Exchanged:
        """Open a session for the software's user.

        Args:
            given: the parameters of the request.
            request: the request itself, with the proof by the key that the session will be bound to.
            address: the network address that the request came from.

        Raises:
            ClientRefusedError: the software is not registered, or its assertion does not fit.
            ProofRefusedError: the proof by the key does not fit.
            SignInRefusedError: the provider does not vouch for the user, or she is no client of the operator.
            ActivityWantedError: she must choose an activity first; no session was opened.
        """
        client = await self._client(given)
        proof = self._verifier.verify(
            request.proof, method=request.method, url=request.url, ath=None, body=request.body
        )
        vouched = await self._provider.vouch(given.subject_token, client.azp)
        opened, offered = await self._sessions.open_session(
            vouched, site=Site.API, software=client.software, address=address, thumbprint=proof.thumbprint
        )
        chosen = given.activity or (offered[0].id if len(offered) == 1 else None)
        if chosen not in {one.id for one in offered}:
            await self._sessions.revoke(opened.handle, opened.id, "no activity chosen")
            raise ActivityWantedError(offered)
        state = await self._sessions.choose_proved(opened.handle, ActivityId(chosen), proof)
        return Exchanged(opened, state)

    async def _client(self, given: Exchange) -> SoftwareClient:
        async with self._pool.connection() as connection:
            client = await store.software_client(connection, given.client_id)
            if client is None:
                raise ClientRefusedError(ClientReason.UNKNOWN)
            once, made = check_assertion(given.assertion, client, self._audience, self._clock.now())
            if await store.use_proof(connection, once, made) is not None:
                raise ClientRefusedError(ClientReason.REPLAYED)
        return client


def check_assertion(assertion: str, client: SoftwareClient, audience: str, now: datetime) -> tuple[bytes, float]:
    """Check that an assertion (RFC 7523 §3) is this software's, for this address, and ends within five minutes.

    Returns:
        The sixteen bytes to remember, so that it serves once, and when it was made: at the earliest, unless it says.

    Raises:
        ClientRefusedError: it does not fit.
    """
    if len(assertion) > ASSERTION_CHARS_MAX:
        raise ClientRefusedError(ClientReason.ASSERTION)
    claims = _claims(assertion, client.keys["keys"])
    ends, jti, meant_for = claims.get("exp"), claims.get("jti"), claims.get("aud")
    for name in ("iss", "sub"):
        if claims.get(name) != client.client_id:
            raise ClientRefusedError(ClientReason.ASSERTION, name)
    if audience not in (meant_for if isinstance(meant_for, list) else [meant_for]):
        raise ClientRefusedError(ClientReason.ASSERTION, "aud")
    if not isinstance(jti, str) or not JTI_LENGTH_MIN <= len(jti) <= JTI_LENGTH_MAX:
        raise ClientRefusedError(ClientReason.ASSERTION, "jti")
    if not _is_time(ends):
        raise ClientRefusedError(ClientReason.ASSERTION, "exp")
    if not -SKEW_SECONDS < ends - now.timestamp() <= ASSERTION_SECONDS_MAX:
        raise ClientRefusedError(ClientReason.EXPIRED, "exp")
    made = claims.get("iat", ends - ASSERTION_SECONDS_MAX)
    if not _is_time(made):
        raise ClientRefusedError(ClientReason.ASSERTION, "iat")
    return sha256(b"tierce-assertion-v1" + client.client_id.encode() + b"\0" + jti.encode()).digest()[:16], made


def _is_time(value: object) -> TypeGuard[float]:
    """Whether a claim is a NumericDate: JSON knows integers that no subtraction with the clock's time can hold."""
    return isinstance(value, int | float) and abs(value) < TIME_MAX


def _claims(assertion: str, keys: list[dict[str, Any]]) -> dict[str, Any]:
    """What an assertion says, by whichever of the software's keys signed it.

    Every key is tried, KEYS_MAX at most: `kid` only hints at one (RFC 7515 §4.1.4), and a vendor who changes over
    from one key to the next need not have named either.
    """
    for key in keys:
        try:
            nameless = {name: value for name, value in key.items() if name != "kid"}
            return jwt.decode(assertion, JWKRegistry.import_key(nameless), algorithms=ALGORITHMS).claims
        except UNREADABLE:
            continue
    raise ClientRefusedError(ClientReason.ASSERTION)


def check_keys(jwks: object) -> dict[str, Any]:
    """Check the public keys of a piece of software before they are registered.

    Raises:
        ClientKeysError: it is no set of public signing keys; nothing is repeated of it.
    """
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= KEYS_MAX or not all(isinstance(key, dict) for key in keys):
        msg = (
            f"donnez un JWK Set : un objet dont la liste `keys` a 1 à {KEYS_MAX} clés publiques (RFC 7517) / "
            f"give a JWK set: an object with a list `keys` of 1 to {KEYS_MAX} public keys (RFC 7517)"
        )
        raise ClientKeysError(msg)
    if any(PRIVATE_MEMBERS & key.keys() for key in keys):
        msg = (
            "le fichier contient une clé privée ou partagée : gardez-le, tirez-en une autre, n’en donnez que la part "
            "publique / "
            "the file holds a private or a shared key: keep it, draw a new one, and give its public part alone"
        )
        raise ClientKeysError(msg)
    try:
        KeySet.import_key_set({"keys": keys})
    except (JoseError, ValueError, KeyError) as error:
        msg = (
            "une clé du fichier ne peut être lue : sont prises des clés publiques EC P-256, Ed25519 ou RSA / "
            "a key of the file cannot be read: EC P-256, Ed25519 or RSA public keys are taken"
        )
        raise ClientKeysError(msg) from error
    return {"keys": keys}
