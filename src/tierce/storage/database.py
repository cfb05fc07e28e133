"""How to reach the database as one role."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tierce.storage.errors import ClusterError

READY_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Database:
    """The address of a database and the directory of the roles' password files."""

    host: str
    port: int
    name: str
    secrets: Path
    authority: Path | None = None
    """Who signed the server's certificate. Given, a server that cannot show one for `host` is told nothing."""

    def named(self, name: str) -> "Database":
        """Return the same server's database of another name."""
        return replace(self, name=name)

    def dsn(self, role: str) -> str:
        """Return the connection string of a role; its password is read from `<role>.password`."""
        password = (self.secrets / f"{role}.password").read_text().strip()
        return make_conninfo(
            host=self.host, port=self.port, dbname=self.name, user=role, password=password,
            connect_timeout=5, application_name="tierce", **self.verified(),
        )  # fmt: skip

    def verified(self) -> dict[str, str]:
        """What makes libpq hold the server to its certificate; nothing without an authority."""
        return {} if self.authority is None else {"sslmode": "verify-full", "sslrootcert": str(self.authority)}

    def connect(self, role: str, *, autocommit: bool = False) -> psycopg.Connection:
        """Open a blocking connection as `role`."""
        return psycopg.connect(self.dsn(role), autocommit=autocommit)

    @asynccontextmanager
    async def beside(self, role: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection as `role` for a look of a moment, beside other work."""
        async with await psycopg.AsyncConnection.connect(self.dsn(role), autocommit=True) as connection:
            yield connection

    def wait_ready(self, role: str, *, alive: Callable[[], bool]) -> None:
        """Poll until the server accepts `role`, or raise ClusterError after READY_SECONDS_MAX."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while alive():
            try:
                self.connect(role).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    seconds = f"{READY_SECONDS_MAX:.0f} s"
                    msg = f"PostgreSQL n’a pas répondu en {seconds} / did not answer within {seconds}: {error}"
                    raise ClusterError(msg) from None
                time.sleep(0.05)
            else:
                return


async def time_there(connection: psycopg.AsyncConnection[Any]) -> datetime:
    """The database's own time."""
    row = await (await connection.execute("select clock_timestamp()")).fetchone()
    assert row is not None
    found: datetime = row[0]
    return found
