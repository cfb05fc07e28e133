"""The process `billing`: every few seconds it moves accounts, makes transfers, decides invoices and agreements.

It serves no page.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

import psycopg

from tierce.billing.agreements.granting.model import Granted
from tierce.billing.agreements.granting.service import Granting
from tierce.billing.bank.errors import AccountFieldError
from tierce.billing.bank.rules import read_iban
from tierce.billing.bank.sealing import Opener
from tierce.billing.bank.service import Moved, Mover
from tierce.billing.deciding import store
from tierce.billing.deciding.model import Turn
from tierce.billing.deciding.service import Deciding
from tierce.billing.pricing.service import Prices
from tierce.billing.settlement.errors import FileMissingError
from tierce.billing.settlement.model import Payer, Settled
from tierce.billing.settlement.replies.model import Heard
from tierce.billing.settlement.replies.service import Listener
from tierce.billing.settlement.service import Settling
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.settings import Mode, Settings, SettingsError
from tierce.storage.insurer_keys import lasting_sealer
from tierce.storage.keys import BANK_KEY, Compartment, Keyring
from tierce.storage.said import said
from tierce.storage.version import insist_on_schema, program
from tierce.web import logs
from tierce.web.names import KEYS

ROLE: Final = "tierce_billing"
NAME: Final = "billing"
TURN_SECONDS: Final = 5.0


class OtherRunsError(TierceError):
    """Un autre `billing` décide déjà, sur cette machine ou une autre / another `billing` is deciding."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one turn did: of invoices, of accounts, of transfers and of agreements."""

    invoices: Turn
    accounts: Moved
    transfers: Settled
    agreements: Granted = field(default_factory=Granted)

    @property
    def failing(self) -> list[str]:
        """What keeps something waiting, in words that name none of it."""
        found = {
            "cover": self.invoices.uncovered + self.agreements.uncovered,
            "keys": self.invoices.unopened + self.agreements.unopened + self.accounts.unopened,
            "deciding": len(self.invoices.failed) + len(self.agreements.failed),
            "transfers": len(self.transfers.failed),
        }
        return [name for name, number in found.items() if number]

    def figures(self) -> dict[str, object]:
        """Every count by its name."""
        return {name: asdict(getattr(self, name)) for name in ("invoices", "agreements", "accounts", "transfers")}


@dataclass(frozen=True, slots=True)
class Desk:
    """An autocommit connection of role tierce_billing, alone, with what works on it."""

    connection: psycopg.Connection
    deciding: Deciding
    granting: Granting
    mover: Mover
    settling: Settling

    def turn(self, between: Callable[[Done], bool] = lambda _done: True) -> Done:
        """Accounts first, then transfers: what is decided meanwhile is gathered by the next turn.

        Care that was given comes before what is promised. `between` is called with what was done so far while many
        wait; False ends the turn.
        """
        moved = self.mover.turn(self.connection)
        settled = self.settling.turn(self.connection)
        decided = self.deciding.turn(self.connection, between=lambda done: between(Done(done, moved, settled)))
        granted = self.granting.turn(
            self.connection, between=lambda done: between(Done(decided, moved, settled, done))
        )
        return Done(decided, moved, settled, granted)


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """Open the desk.

    Raises:
        OtherRunsError: another process decides; invoices are decided in one order.
        SchemaOtherError: the database is at another schema.
    """
    database = settings.connection()
    keyring = Keyring(settings.key_directory(), KEYS[NAME])
    with database.connect(ROLE, autocommit=True) as connection:
        insist_on_schema(connection)
        sealer = lasting_sealer(database, ROLE, keyring, [Compartment.COVERAGE])
        if not store.alone(connection):
            raise OtherRunsError
        appender = Appender.enrol(connection, NAME, keyring.instance("billing"))
        clock = SystemClock()
        opener = Opener(*keyring.every(BANK_KEY))
        settling = Settling(appender, opener, clock, payer_of(settings))
        prices = Prices()
        deciding, granting = Deciding(appender, sealer, clock, prices), Granting(appender, sealer, clock, prices)
        yield Desk(connection, deciding, granting, Mover(appender, opener, clock), settling)


def again(settings: Settings, batch: int) -> Path:
    """Write the file of a batch again, the same, beside a process that runs.

    Raises:
        FileMissingError, FileChangedError.
    """
    keyring = Keyring(settings.key_directory(), KEYS[NAME])
    with settings.connection().connect(ROLE, autocommit=True) as connection:
        appender = Appender.enrol(connection, NAME, keyring.instance("billing"))
        opener = Opener(*keyring.every(BANK_KEY))
        return Settling(appender, opener, SystemClock(), payer_of(settings)).again(connection, batch)


def hear(settings: Settings, path: Path, *, dry: bool) -> Heard:
    """Take in a file of the bank's, beside a process that runs.

    Raises:
        FileMissingError: nothing is paid from here.
        BankFileError: it is no such file, or does not fit what was sent.
    """
    keyring = Keyring(settings.key_directory(), KEYS[NAME])
    payer = payer_of(settings)
    if payer is None:
        raise FileMissingError
    with settings.connection().connect(ROLE, autocommit=True) as connection:
        appender = Appender.enrol(connection, NAME, keyring.instance("billing"))
        opener = Opener(*keyring.every(BANK_KEY))
        return Listener(appender, SystemClock(), payer.iban, opener).hear(connection, path, dry=dry)


def payer_of(settings: Settings) -> Payer | None:
    """Whose account pays; None where nothing is paid from here.

    Raises:
        SettingsError: the account is none that is taken here, or the key to encrypt to is none.
    """
    given, treasurer = settings.payments, settings.treasurer()
    if given is None or treasurer is None:
        return None
    try:
        iban = read_iban(given.account, real=settings.mode is Mode.PRODUCTION)
    except AccountFieldError as error:
        msg = f"payments.account : {error.reason.fr} / {error.reason.en}"
        raise SettingsError(msg) from None
    return Payer(settings.operator.name, iban, settings.payments_directory(), treasurer)


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
            with desk(settings) as one:
                logs.say("started")
                while not stop.is_set():
                    turns += 1
                    beat = _beating(one, turns, stop)
                    beat(one.turn(beat))
                    stop.wait(TURN_SECONDS)
        except (OSError, psycopg.Error, TierceError) as error:
            logs.say("waits", level="warning", kind=type(error).__name__, detail=said(error))
            stop.wait(TURN_SECONDS)
    logs.say("stopped")


def _beating(one: Desk, turns: int, stop: threading.Event) -> Callable[[Done], bool]:
    """Say in the database that it lives, after each turn and within a long one; False once it is to stop."""

    def beat(done: Done) -> bool:
        store.lives(one.connection, program(), turns, done.failing)
        return not stop.is_set()

    return beat
