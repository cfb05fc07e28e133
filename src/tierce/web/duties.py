"""The jobs of a process that works in turns: each fails alone, is logged, and is reported until it succeeds again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import psycopg
from psycopg import Connection

from tierce.journal.errors import LogFatalError
from tierce.web import logs

Given = TypeVar("Given")
PAUSE_SECONDS: Final = 1.0
"""A duty that failed is tried again after so long: its failure takes no time from the others."""
SAID_AGAIN_SECONDS: Final = 60.0
"""A failure that goes on unchanged is logged once in so long."""


class Duties:
    """Runs one duty after the other, and knows which of them fail. Not for threads."""

    def __init__(self, *connections: Connection) -> None:
        """Name the connections that duties share: what a failure leaves open in one is rolled back."""
        self._connections = connections
        self._failed: dict[str, _Failure] = {}

    @property
    def failing(self) -> tuple[str, ...]:
        """The duties whose last attempt failed, by name."""
        return tuple(sorted(self._failed))

    def run(self, name: str, work: Callable[[], Given]) -> Given | None:
        """Do `work` and give its result; None when it fails, or failed a moment ago.

        Raises:
            psycopg.OperationalError: the database is away, which every duty needs.
            LogFatalError: a human must look before anything more is signed.
        """
        before = self._failed.get(name)
        now = time.monotonic()
        if before is not None and now - before.at < PAUSE_SECONDS:
            return None
        try:
            given = work()
        except (psycopg.OperationalError, LogFatalError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other duties have no part in it
            where = logs.where(error)
            if before is None or before.where != where or now - before.said >= SAID_AGAIN_SECONDS:
                logs.say(
                    "a duty failed; the others go on",
                    level="error",
                    kind=type(error).__name__,
                    where=where,
                    detail=name,
                )  # fmt: skip - one line of the log
                before = _Failure(where, said=now)
            before.at = time.monotonic()
            self._failed[name] = before
            for connection in self._connections:
                connection.rollback()
            return None
        if self._failed.pop(name, None) is not None:
            logs.say("a duty that failed is done again", detail=name)
        return given


@dataclass(slots=True)
class _Failure:
    where: str
    said: float
    at: float = 0.0
