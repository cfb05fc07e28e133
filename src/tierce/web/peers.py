"""Where other operators push their alerts (RFC 8935): one answer for whomever is named; and how to verify ours."""

import asyncio
from typing import Any, Final

import msgspec
from litestar import Litestar, MediaType, Response, get, post
from psycopg_pool import ConnectionPool

from tierce.kernel.clock import Clock, seconds_left_today
from tierce.peer_alerts.errors import Err, PeerFullError, SetRefusedError
from tierce.peer_alerts.service import Receiver
from tierce.peer_alerts.signing import TOKEN_BYTES_MAX
from tierce.peer_alerts.telling import store
from tierce.peer_alerts.telling.rules import metadata
from tierce.policy.acts import Act
from tierce.web.visit import AnyRequest

MEDIA: Final = "application/secevent+jwt"
PATH: Final = "/events"


class Refusal(msgspec.Struct, frozen=True):
    """Why a token is not taken in (RFC 8935, section 2.4)."""

    err: Err
    description: str


def _refused(_request: AnyRequest, error: SetRefusedError) -> Response[Refusal]:
    return Response(Refusal(error.code, str(error)), status_code=400, headers={"content-language": "en"})


def create_peers(receiver: Receiver, rows: ConnectionPool, clock: Clock, issuer: str) -> Litestar:
    """The application of process `peers`; connections are of role tierce_peers, in autocommit mode."""

    def published() -> bytes:
        with rows.connection() as connection:
            return b'{"keys":[' + b",".join(store.keys(connection)) + b"]}"

    def take(token: bytes) -> None:
        with rows.connection() as connection:
            receiver.take(connection, token)

    def full(_request: AnyRequest, _error: PeerFullError) -> Response[bytes]:
        wait = {"retry-after": str(seconds_left_today(clock.now()))}
        return Response(b"", status_code=429, headers=wait, media_type=MediaType.TEXT)

    @post(PATH, status_code=202, opt={"act": Act.PEER_ALERT})
    async def event(request: AnyRequest) -> Response[bytes]:
        """Take one token in; 202 says that it is kept, and nothing else."""
        kind, _ = request.content_type
        if kind != MEDIA:
            raise SetRefusedError(Err.INVALID_REQUEST, f"content-type: send {MEDIA}")
        await asyncio.to_thread(take, await request.body())
        return Response(b"", media_type=MediaType.TEXT)

    @get("/.well-known/ssf-configuration", opt={"act": Act.NONE}, sync_to_thread=False)
    def configuration() -> dict[str, Any]:
        """Say what this transmitter does (SSF 1.0)."""
        return metadata(issuer)

    @get("/jwks.json", opt={"act": Act.NONE})
    async def keys() -> Response[bytes]:
        """Tell the public keys with which our own alerts are verified."""
        return Response(await asyncio.to_thread(published), media_type="application/jwk-set+json")

    @get("/health", opt={"act": Act.NONE}, status_code=204, sync_to_thread=False)
    def health() -> None:
        """Say that the process serves."""

    return Litestar(
        [event, configuration, keys, health],
        exception_handlers={SetRefusedError: _refused, PeerFullError: full},
        request_max_body_size=TOKEN_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
