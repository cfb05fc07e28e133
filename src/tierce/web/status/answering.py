"""Whether `api` answers, and what it says of the store, asked by a thread: no turn of the worker waits for it.

Not from a sign of life in the database: the page must tell whether deposits are received while the database is away.
What `api` says of the store is what users meet. The worker may be answered where `api` is not, for want of a free
connection or of its own credential; and a worker that waits for a store that hangs sees nothing at all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

import httpx
import msgspec

from tierce.kernel.clock import Clock
from tierce.kernel.loopback import NO_TLS
from tierce.web.names import SERVICE

ASK_EVERY: Final = timedelta(seconds=1)
ASK_SECONDS_MAX: Final = 2.0
SILENT_AFTER: Final = timedelta(seconds=5)
"""A restart takes less: the page does not flicker with it."""


class _Service(msgspec.Struct):
    store: bool


class Answering:
    """Asks `api` now and then; remembers since when it has not answered, and since when it has had no store."""

    def __init__(self, port: int, clock: Clock, patience: timedelta = SILENT_AFTER) -> None:
        """Ask on a port of the loopback; once without an answer for as long as `patience`, it is silent."""
        self._address = f"http://127.0.0.1:{port}{SERVICE}"
        self._clock = clock
        self._patience = patience
        self._missed: datetime | None = None
        self._without: datetime | None = None

    def ask(self) -> bool:
        """Ask once; whether it answered."""
        try:
            with httpx.Client(timeout=ASK_SECONDS_MAX, trust_env=False, verify=NO_TLS) as client:
                store = msgspec.json.decode(client.get(self._address).content, type=_Service).store
        except (httpx.HTTPError, msgspec.DecodeError):
            self._missed, self._without = self._missed or self._clock.now(), None
            return False
        self._missed, self._without = None, None if store else self._without or self._clock.now()
        return True

    def silent_since(self) -> datetime | None:
        """Since when it is silent; None while it answers, or may."""
        return self._after_patience(self._missed)

    def without_store_since(self) -> datetime | None:
        """Since when it has said that the store is away; None while it has one, or may."""
        return self._after_patience(self._without)

    def _after_patience(self, since: datetime | None) -> datetime | None:
        return since if since is not None and self._clock.now() - since >= self._patience else None

    @contextmanager
    def asked(self, after_each: Callable[[], None]) -> Iterator[None]:
        """Ask again and again for as long as the context lasts, and call `after_each` in the same thread."""
        stopped = Event()

        def again() -> None:
            while not stopped.wait(ASK_EVERY.total_seconds()):
                self.ask()
                after_each()

        thread = Thread(target=again, name="api-answers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()
