"""The process `billing`: decides invoices that wait, every few seconds; it serves no page."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import psycopg

from tierce import __version__
from tierce.billing.deciding import store
from tierce.billing.deciding.model import Turn
from tierce.billing.deciding.service import Deciding
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.settings import Settings
from tierce.storage.insurer_keys import lasting_sealer
from tierce.storage.keys import Compartment, Keyring
from tierce.web import logs
from tierce.web.names import KEYS

ROLE: Final = "tierce_billing"
NAME: Final = "billing"
TURN_SECONDS: Final = 5.0


class OtherRunsError(TierceError):
    """Un autre `billing` décide déjà, sur cette machine ou une autre / another `billing` is deciding."""


@contextmanager
def desk(settings: Settings) -> Iterator[tuple[psycopg.Connection, Deciding]]:
    """A connection of role tierce_billing, alone, with what decides on it.

    Raises:
        OtherRunsError: another process decides; invoices are decided in one order.
    """
    database = settings.connection()
    keyring = Keyring(settings.key_directory(), KEYS[NAME])
    sealer = lasting_sealer(database, ROLE, keyring, [Compartment.COVERAGE])
    with database.connect(ROLE, autocommit=True) as connection:
        if not store.alone(connection):
            raise OtherRunsError
        appender = Appender.enrol(connection, NAME, keyring.instance(NAME))
        yield connection, Deciding(appender, sealer, SystemClock())


def run_billing(settings: Settings) -> None:
    """Decide until stopped. When the database is away, or another decides, try again for ever."""
    logs.set_up(NAME)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    turns = 0
    while not stop.is_set():
        try:
            with desk(settings) as (connection, deciding):
                while not stop.is_set():
                    done = deciding.turn(connection)
                    turns += 1
                    store.lives(connection, __version__, turns, failing(done))
                    stop.wait(TURN_SECONDS)
        except (OSError, psycopg.Error, TierceError) as error:
            logs.say("waits", level="warning", kind=type(error).__name__)
            stop.wait(TURN_SECONDS)
    logs.say("stopped")


def failing(done: Turn) -> list[str]:
    """What keeps invoices waiting, in words that name none of them."""
    found = {"cover": done.uncovered, "keys": done.unopened, "deciding": len(done.failed)}
    return [name for name, number in found.items() if number]
