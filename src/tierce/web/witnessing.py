"""Asks the log's witnesses beside the worker's turns: a witness that is slow or away holds nobody up."""

import threading
from contextlib import ExitStack

import httpx

from tierce.journal.errors import ForkError
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.witness.cosignature import WitnessKey
from tierce.journal.witness.feeding import CALL_SECONDS_MAX, Address, Feeder
from tierce.settings import Settings
from tierce.web import logs
from tierce.web.upstream import Whole

FEED_SECONDS = 5.0
"""Between two questions to each witness; what is signed in between is covered by the next proof."""


class Witnessing:
    """Feeds the published checkpoint to the witnesses that the settings name, until closed."""

    def __init__(self, settings: Settings) -> None:
        """Read the witnesses' keys.

        Raises:
            KeyFormatError: one of them is malformed.
        """
        self._settings = settings
        self._witnesses = [Address(one.url, WitnessKey.parse(one.key)) for one in settings.witnesses]
        self._stopping = threading.Event()
        self._failed: ForkError | None = None
        self._thread = threading.Thread(target=self._run, name="witnesses", daemon=True)

    def begin(self) -> None:
        """Ask once, before anything new is signed, then go on in a thread.

        Raises:
            ForkError: a witness is ahead of the log, or holds another root.
        """
        if self._witnesses and not self._thread.is_alive():
            self._ask(once=True)
            self.insist()
            self._thread.start()

    def insist(self) -> None:
        """Raise what a witness has found, if anything.

        Raises:
            ForkError: a witness is ahead of the log, or holds another root.
        """
        if self._failed is not None:
            raise self._failed

    def close(self) -> None:
        """Stop asking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(FEED_SECONDS) and self._failed is None:
            self._ask(once=False)

    def _ask(self, *, once: bool) -> None:
        """Ask until closed, on one connection; when the database goes away, or whatever goes wrong, give it up."""
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(
                    self._settings.connection().connect("tierce_worker", autocommit=True)
                )
                http = stack.enter_context(httpx.Client(transport=Whole(CALL_SECONDS_MAX)))
                feeder = Feeder(connection, LogFolder(self._settings.log_directory()), self._witnesses, http)
                while True:
                    feeder.turn()
                    if once or self._stopping.wait(FEED_SECONDS):
                        return
        except ForkError as error:
            self._failed = error
        except Exception as error:  # noqa: BLE001 - a thread that ended would ask nobody for the life of the process
            logs.say("witnesses could not be asked", level="warning", where=logs.where(error))
