"""Whether `api` answers, asked on the loopback by a thread of its own: no turn of the worker waits for it.

Not from a sign of life in the database: the page must tell whether deposits are received while the database is away.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

import httpx

from tierce.kernel.clock import Clock
from tierce.kernel.loopback import NO_TLS
from tierce.web.observed import LIVE

ASK_EVERY: Final = timedelta(seconds=1)
ASK_SECONDS_MAX: Final = 2.0
SILENT_AFTER: Final = timedelta(seconds=5)
"""A restart takes less: the page does not flicker with it."""


class Answering:
    """Asks `api` now and then, and remembers since when it has not answered."""

    def __init__(self, port: int, clock: Clock, patience: timedelta = SILENT_AFTER) -> None:
        """Ask on a port of the loopback; once without an answer for as long as `patience`, it is silent."""
        self._address = f"http://127.0.0.1:{port}{LIVE}"
        self._clock = clock
        self._patience = patience
        self._missed: datetime | None = None

    def ask(self) -> bool:
        """Ask once; whether it answered."""
        try:
            with httpx.Client(timeout=ASK_SECONDS_MAX, trust_env=False, verify=NO_TLS) as client:
                answers = client.get(self._address).status_code == httpx.codes.OK
        except httpx.HTTPError:
            answers = False
        self._missed = None if answers else self._missed or self._clock.now()
        return answers

    def silent_since(self) -> datetime | None:
        """Since when it is silent; None while it answers, or may."""
        missed = self._missed
        return missed if missed is not None and self._clock.now() - missed >= self._patience else None

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask again and again for as long as the context lasts."""
        stopped = Event()

        def again() -> None:
            while not stopped.wait(ASK_EVERY.total_seconds()):
                self.ask()

        thread = Thread(target=again, name="api-answers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()
