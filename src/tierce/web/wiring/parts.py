"""What several processes are put together from: providers of identity, pools of connections."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from select import POLLIN, poll
from typing import Any
from urllib.parse import urlsplit

import httpx
from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from tierce.identity.oidc import ProviderClient, ProviderSettings, Realm
from tierce.kernel.clock import Clock
from tierce.settings import RealmSettings, SiteSettings, secret
from tierce.storage.version import insist_on_schema_async
from tierce.web.leaving import SIGNED_OUT

CALLBACK = "/sign-in/callback"
AWAY_SECONDS, START_SECONDS = 1.5, 30.0


def provider_of(
    realm: Realm, given: RealmSettings, site: SiteSettings, http: httpx.AsyncClient, clock: Clock
) -> ProviderClient:
    """The client of the provider of identity of one site."""
    return ProviderClient(
        ProviderSettings(
            realm=realm,
            discovery_url=given.discovery,
            issuer=given.issuer,
            client_id=given.client_id,
            client_secret=secret(Path(given.client_secret_file)),
            redirect_uri=site.url.rstrip("/") + CALLBACK,
            signed_out_uri=site.url.rstrip("/") + SIGNED_OUT,
            scope=given.scope,
            acr_values=given.acr_values,
        ),
        http,
        clock,
    )


def _was_told(connection: AsyncConnection[Any] | Connection) -> bool:
    """Whether the server said something unasked, as it does when it goes."""
    waiting = poll()
    waiting.register(connection.fileno(), POLLIN)
    return bool(waiting.poll(0))


async def _check_told(connection: AsyncConnection[Any]) -> None:
    """Ask a connection whether it works, if something is there to read: who is sent away, or cut off, is told so.

    A server that says nothing more, of which nothing comes, would leave the question unanswered too.

    Raises:
        psycopg.OperationalError: it does not.
    """
    if _was_told(connection):
        await AsyncConnectionPool.check_connection(connection)


def _check_told_beside(connection: Connection) -> None:
    """The same of a connection that is used beside the event loop."""
    if _was_told(connection):
        ConnectionPool.check_connection(connection)


async def async_pool(
    stack: AsyncExitStack, dsn: Callable[[], str], size: int = 4, *, single: bool = False
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Open a pool; `dsn` is read at each new connection: the secret of a role may change while the process runs.

    A pool of `single` statements commits each by itself and checks no connection first: its user tries again.

    Raises:
        SchemaOtherError: the database is at another schema, also where it was away and came back so.
    """
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=size,
        open=False,
        kwargs={"autocommit": single},
        check=None if single else _check_told,
        # A database that is away is said at once, and found again at the first request once it is back.
        timeout=AWAY_SECONDS,
        reconnect_timeout=AWAY_SECONDS,
    )
    await stack.enter_async_context(pool)
    await pool.wait(timeout=START_SECONDS)
    async with pool.connection() as connection:
        await insist_on_schema_async(connection)
    return pool


def rows_pool(stack: AsyncExitStack, dsn: Callable[[], str]) -> ConnectionPool[Connection]:
    """Open a pool of connections for what is read and written beside the event loop."""
    pool: ConnectionPool[Connection] = ConnectionPool(
        dsn,
        min_size=1,
        max_size=4,
        open=False,
        kwargs={"autocommit": True},
        check=_check_told_beside,
    )
    stack.enter_context(pool)
    return pool


def origins_of(realm: RealmSettings) -> tuple[str, ...]:
    """The origin of a provider, for the pages' content security policy."""
    parts = urlsplit(realm.discovery)
    return (f"{parts.scheme}://{parts.netloc}",)
