"""Whether a process could serve the next request: its database and schema, keys, gate, clock, neighbour, spool."""

import asyncio
import os
from time import monotonic
from typing import Final, Protocol

import psycopg

from tierce.kernel.clock import Clock
from tierce.settings import Settings
from tierce.storage.database import time_there
from tierce.storage.errors import SchemaOtherError
from tierce.storage.version import insist_on_schema_async

ROLES: Final = {
    "api": "tierce_api",
    "office": "tierce_office",
    "persons": "tierce_persons",
    "insurers": "tierce_insurers",
    "signer": "tierce_signer",
    "peers": "tierce_peers",
}
CHECK_SECONDS_MAX = 2.0
REMEMBER_SECONDS = 1.0
"""Asked more often, the last answer is given again: a probe is no way to load the database."""
CLOCK_SECONDS_MAX = 60.0
"""The database refuses a journal line two minutes off; half of that is time to act."""


class HasGate(Protocol):
    """Anything that knows whether its gate stands."""

    @property
    def open(self) -> bool:
        """Whether the gate's connection stands."""
        ...


class Readiness:
    """The checks of one site; each answers yes or no and never why, because a probe is told nothing else."""

    def __init__(self, name: str, settings: Settings, keys: tuple[str, ...], clock: Clock) -> None:
        """Check the process `name`, which was given the key files `keys`."""
        self._name = name
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._last: tuple[float, dict[str, bool]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def look(self, gate: HasGate | None, *, spool: bool = True) -> dict[str, bool]:
        """Make every check, or give the last answer again when it is fresh; `spool`: deposits find their folder."""
        async with self._one_at_a_time:
            if self._last is None or monotonic() - self._last[0] > REMEMBER_SECONDS:
                self._last = monotonic(), await self._checks(gate, spool=spool)
            return self._last[1]

    async def _checks(self, gate: HasGate | None, *, spool: bool) -> dict[str, bool]:
        found: dict[str, bool] = {}
        role = ROLES.get(self._name)
        if role is not None:
            skew, same = await self._database(role)
            found["database"] = skew is not None
            if skew is not None:  # one that does not answer says nothing of them
                found["schema"] = same
                found["clock"] = skew <= CLOCK_SECONDS_MAX
            folder = self._settings.key_directory()
            found["keys"] = all(os.access(folder / f"{name}.key", os.R_OK) for name in self._keys)
        if self._name == "api":
            found["gate"] = gate is not None and gate.open
            found["spool"] = spool
        if self._name == "portal":
            found["api"] = await _listens(self._settings.api.port)
        return found

    async def _database(self, role: str) -> tuple[float | None, bool]:
        """Seconds between our clock and the database's, None when it does not answer; whether its schema is ours."""
        same, there = True, self._clock.now()
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX), self._settings.connection().beside(role) as connection:
                there = await time_there(connection)
                await insist_on_schema_async(connection)
        except SchemaOtherError:
            same = False
        except (OSError, TimeoutError, psycopg.Error):
            return None, False
        return abs((self._clock.now() - there).total_seconds()), same


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
