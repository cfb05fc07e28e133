"""Whether a process could serve the next request: its database, its keys, its gate, its clock, its neighbour."""

import asyncio
import os
from time import monotonic
from typing import Final, Protocol

import psycopg

from tierce.kernel.clock import Clock
from tierce.settings import Settings

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

    async def look(self, gate: HasGate | None) -> dict[str, bool]:
        """Make every check, or give the last answer again when it is fresh."""
        async with self._one_at_a_time:
            if self._last is None or monotonic() - self._last[0] > REMEMBER_SECONDS:
                self._last = monotonic(), await self._checks(gate)
            return self._last[1]

    async def _checks(self, gate: HasGate | None) -> dict[str, bool]:
        found: dict[str, bool] = {}
        role = ROLES.get(self._name)
        if role is not None:
            skew = await self._skew(role)
            found["database"] = skew is not None
            found["clock"] = skew is not None and skew <= CLOCK_SECONDS_MAX
            folder = self._settings.key_directory()
            found["keys"] = all(os.access(folder / f"{name}.key", os.R_OK) for name in self._keys)
        if self._name == "api":
            found["gate"] = gate is not None and gate.open
        if self._name == "portal":
            found["api"] = await _listens(self._settings.api.port)
        return found

    async def _skew(self, role: str) -> float | None:
        """Seconds between our clock and the database's, or None when it does not answer."""
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                there = await self._settings.connection().clock(role)
        except (OSError, TimeoutError, psycopg.Error):
            return None
        return abs((self._clock.now() - there).total_seconds())


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
