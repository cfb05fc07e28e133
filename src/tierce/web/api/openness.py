"""What is open, as one `api` process sees it: looked at twice a second on a connection of its own.

The store is *away* when it does not answer within two seconds. Then nothing of it can be relied on, and everything
but deposits is refused. Insurers and their choices are public: they are kept in a file for when the process
starts while the store is away.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection

from tierce.closings import store as closing_rows
from tierce.closings.model import Closing, Target
from tierce.closings.rules import code_of, name_of
from tierce.deposits import store as deposit_rows
from tierce.deposits.model import Insurer, Typed
from tierce.deposits.rules import insurer_of
from tierce.deposits.service import Counter
from tierce.kernel.clock import Clock
from tierce.policy.acts import Act
from tierce.policy.deposits import GRACE
from tierce.policy.ladder import Level
from tierce.policy.remote import AWAY_SECONDS

LOOK_SECONDS: Final = 0.5
ANSWER_SECONDS_MAX: Final = 2.0
INSURERS_EVERY: Final = 20
"""Insurers and their choices are read again every so many looks."""
INSURERS_FILE: Final = "insurers.json"
SAID_FILE: Final = "said-closed"
"""Its time is when a worker of this service last told somebody `closed` for want of the store."""
INSURER_FILE: Final = "insurer-away-"
"""With an insurer's number after it: its time is when a worker last told somebody that it does not answer."""
AWAY_SHOWN: Final = timedelta(seconds=AWAY_SECONDS)
"""For so long after somebody was told that an insurer does not answer, the service says so to anybody."""
SAID_AGAIN: Final = timedelta(seconds=1)
SAID_SHOWN: Final = timedelta(seconds=10)
"""For so long after somebody was told so, the service says that it has no store: the status page is for her."""
_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Openness:
    """What is closed, and since when the store is away."""

    connect: Callable[[], Coroutine[Any, Any, AsyncConnection[Any]]]
    clock: Clock
    counter: Counter
    folder: Path
    away: bool = True
    """Until the first answer of the store, it is away."""
    since: datetime | None = None
    closings: tuple[Closing, ...] = ()
    last_away: datetime | None = None
    last_closed: dict[Target, datetime] = field(default_factory=dict)
    """When each part was last seen closed, for as long as a deposit about it is still taken."""
    kept: dict[str, Insurer] | None = None
    """What this process wrote last to the file of insurers."""
    back: Callable[[], None] = lambda: None
    """Called when the store answers again."""
    said: datetime | None = None
    """When this process last told somebody `closed` for want of the store, and noted it."""
    insurers_said: dict[int, datetime] = field(default_factory=dict)
    """When this process last told somebody that an insurer does not answer, by its number."""
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the end of the look under way; the next one has its own."""

    def remember(self) -> None:
        """Read the insurers kept in a file; none when there is no file yet."""
        self.since = self.clock.now()
        with suppress(OSError, msgspec.DecodeError):
            found = msgspec.json.decode((self.folder / INSURERS_FILE).read_bytes(), type=dict[str, Insurer])
            self.counter.insurers = found

    async def run(self) -> None:
        """Look until cancelled."""
        connection: AsyncConnection[Any] | None = None
        looks, late = 0, set[asyncio.Task[Any]]()
        try:
            while True:
                try:
                    if connection is None:
                        connection = await _answered(self.connect(), late)
                    await _answered(self._look(connection, insurers=looks % INSURERS_EVERY == 0), late)
                    looks += 1
                except Exception as error:  # noqa: BLE001 - whoever stopped looking would answer from what he saw last
                    self._lost(error)
                    leaving = asyncio.create_task(_leave(connection, late))
                    _leaving.add(leaving)
                    leaving.add_done_callback(_leaving.discard)
                    connection, looks, late = None, 0, set()
                self._note(self.clock.now())
                self.looked.set()
                self.looked = asyncio.Event()
                await asyncio.to_thread(self.counter.turn)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await _leave(connection, late, seconds=ANSWER_SECONDS_MAX)

    async def look_again(self) -> None:
        """Wait for a look that began after this moment: the gate, or another worker, may know more by now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * ANSWER_SECONDS_MAX):
                await self.looked.wait()
                await self.looked.wait()

    async def _look(self, connection: AsyncConnection[Any], *, insurers: bool) -> None:
        self.closings = tuple(await closing_rows.live_async(connection))
        if insurers:
            self._keep(await deposit_rows.insurers_async(connection))
        if self.away:
            self.back()
        self.away = False

    def _lost(self, error: Exception) -> None:
        """Fail closed: what cannot be looked at is away, whatever the fault."""
        if not self.away:
            _log.warning("the store is away: %s", type(error).__name__)
            self.remember()  # another worker may have read the insurers after this one did
        self.away = True

    def _note(self, now: datetime) -> None:
        """Keep when the store was last away, and when each part was last closed."""
        if self.away:
            self.last_away = now
        seen = self.last_closed | {closing.target: now for closing in self.closings}
        self.last_closed = {target: at for target, at in seen.items() if now - at <= GRACE}

    def say_closed(self) -> None:
        """Note that somebody is told `closed` for want of the store: a deposit of hers is taken, here or beside.

        The look twice a second may see nothing of it: a store that answers it may have no connection left for her
        session, or hold a table locked that her ask needs.
        """
        now = self.clock.now()
        if self.said is not None and now - self.said < SAID_AGAIN:
            return
        self.said, file = now, self.folder / SAID_FILE
        with suppress(OSError):  # this process knows it at least
            file.touch()
            os.utime(file, (now.timestamp(), now.timestamp()))

    def say_away(self, insurer: int) -> None:
        """Note that somebody is told that an insurer, which keeps its people itself, does not answer."""
        now, file = self.clock.now(), self.folder / f"{INSURER_FILE}{insurer}"
        self.insurers_said[insurer] = now
        with suppress(OSError):  # this process knows it at least
            file.touch()
            os.utime(file, (now.timestamp(), now.timestamp()))

    def _is_away(self, insurer: Insurer | None, now: datetime, within: timedelta = GRACE) -> bool:
        """Whether somebody was told so a moment ago, here or by another worker."""
        if insurer is None:
            return False
        said = self.insurers_said.get(insurer.id)
        if said is not None and now - said <= within:
            return True
        with suppress(OSError):
            at = (self.folder / f"{INSURER_FILE}{insurer.id}").stat().st_mtime
            return now.timestamp() - at <= within.total_seconds()
        return False

    def _said_lately(self, now: datetime, within: timedelta = GRACE) -> bool:
        if self.said is not None and now - self.said <= within:
            return True
        with suppress(OSError):
            return now.timestamp() - (self.folder / SAID_FILE).stat().st_mtime <= within.total_seconds()
        return False

    def takes(self, typed: Typed) -> bool:
        """Whether a deposit is taken now: what it is about is closed, or was a moment ago."""
        now = self.clock.now()
        if self.away or (self.last_away is not None and now - self.last_away <= GRACE) or self._said_lately(now):
            return True
        if self._is_away(insurer_of(typed, self.counter.insurers), now):
            return True
        lately = {target for target, at in self.last_closed.items() if now - at <= GRACE}
        return any(self._is_about(typed, target) for target in lately | {one.target for one in self.closings})

    def _is_about(self, typed: Typed, target: Target) -> bool:
        """Whether what a deposit is about is closed with a part."""
        insurer = insurer_of(typed, self.counter.insurers)
        return (
            target.level in {Level.NATION, Level.PORTAL}
            or (target.level is Level.ACT and target.subject == Act.RIGHTS_ASK)
            or (target.level is Level.DOMAIN and target.subject == typed.domain)
            or (target.level is Level.INSURER and insurer is not None and target.subject == insurer.id)
        )

    def body(self) -> dict[str, Any]:
        """What `GET /v1/service` says: nothing of anybody."""
        now = self.clock.now()
        answers = not self.away and not self._said_lately(now, SAID_SHOWN)
        every = {one.id: one for one in self.counter.insurers.values()}
        silent = [one for one in every.values() if self._is_away(one, now, AWAY_SHOWN)]
        insurers = [(Target(Level.INSURER, one.id), one) for one in self.counter.insurers.values()]
        names = {target: one.name for target, one in insurers}
        numbers = {target: one.amc for target, one in insurers}
        parts = []
        for closing in self.closings:
            said = name_of(closing.target, names)
            parts.append(
                {
                    "level": closing.target.level.name.lower(),
                    "subject": closing.target.subject,
                    "code": code_of(closing.target, numbers),
                    "name": {"fr": said.fr, "en": said.en},
                    "since": closing.since,
                    "until": closing.until,
                }
            )
        return {
            "open": answers and not parts,
            "store": answers,
            "closed": parts,
            "since": self.since if self.away else None,
            "insurers_away": [
                {"amc": one.amc, "name": one.name} for one in sorted(silent, key=lambda one: (one.name, one.amc))
            ],
        }

    def _keep(self, insurers: dict[str, Insurer]) -> None:
        self.counter.insurers = insurers
        if insurers == self.kept:
            return
        made = self.folder / f"{INSURERS_FILE}.{os.getpid()}"
        try:
            made.write_bytes(msgspec.json.encode(insurers))
            made.replace(self.folder / INSURERS_FILE)
        except OSError as error:
            _log.warning("insurers are not kept for when the store is away: %s", type(error).__name__)
        else:
            self.kept = insurers


_leaving: Final[set[asyncio.Task[None]]] = set()
"""Connections that are being left, until they are closed."""


async def _answered(asked: Coroutine[Any, Any, _Found], late: set[asyncio.Task[Any]]) -> _Found:
    """What the store answers in time; a late answer is left behind, in `late`.

    A timeout around the question would not do: the driver, told to stop, waits ten seconds more for a store that is
    frozen or out of reach to agree.
    """
    task = asyncio.create_task(asked)
    try:
        done, _ = await asyncio.wait({task}, timeout=ANSWER_SECONDS_MAX)
    finally:
        if not task.done():
            late.add(task)
            task.cancel()
    if not done:
        raise TimeoutError
    return task.result()


async def _leave(
    connection: AsyncConnection[Any] | None, late: set[asyncio.Task[Any]], seconds: float | None = None
) -> None:
    """Close a connection, once nothing that was left behind waits for it any longer; after `seconds` leave it open.

    Closed before, the number of its socket is another's by the time that the driver takes it off the loop, and the
    loop, which then watches what is not there, ends the process.
    """
    if late and (await asyncio.wait(late, timeout=seconds))[1]:
        return
    if connection is not None:
        with suppress(psycopg.Error):
            await connection.close()
