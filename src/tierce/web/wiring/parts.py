"""What several processes are put together from: providers of identity, pools of connections."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from tierce.identity.oidc import ProviderClient, ProviderSettings, Realm
from tierce.kernel.clock import Clock
from tierce.settings import RealmSettings, SiteSettings, secret
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


async def async_pool(
    stack: AsyncExitStack, dsn: Callable[[], str], size: int = 4, *, single: bool = False
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Open a pool; `dsn` is read at each new connection: the secret of a role may change while the process runs.

    A pool of `single` statements commits each by itself and checks no connection first: its user tries again.
    """
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=size,
        open=False,
        kwargs={"autocommit": single},
        check=None if single else AsyncConnectionPool.check_connection,
        # A database that is away is said at once, and found again at the first request once it is back.
        timeout=AWAY_SECONDS,
        reconnect_timeout=AWAY_SECONDS,
    )
    await stack.enter_async_context(pool)
    await pool.wait(timeout=START_SECONDS)
    return pool


def rows_pool(stack: AsyncExitStack, dsn: Callable[[], str]) -> ConnectionPool[Connection]:
    """Open a pool of connections for what is read and written beside the event loop."""
    pool: ConnectionPool[Connection] = ConnectionPool(
        dsn,
        min_size=1,
        max_size=4,
        open=False,
        kwargs={"autocommit": True},
        check=ConnectionPool.check_connection,
    )
    stack.enter_context(pool)
    return pool


def origins_of(realm: RealmSettings) -> tuple[str, ...]:
    """The origin of a provider, for the pages' content security policy."""
    parts = urlsplit(realm.discovery)
    return (f"{parts.scheme}://{parts.netloc}",)
