"""`tierce billing`: decide invoices that were received; say where they stand."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import msgspec
import psycopg
import typer

from tierce import __version__
from tierce.billing.deciding import store
from tierce.billing.deciding.model import Turn
from tierce.billing.deciding.service import Deciding
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS, InvoiceReason, InvoiceState
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.storage.insurer_keys import lasting_sealer
from tierce.storage.keys import Compartment, Keyring

ROLE: Final = "tierce_billing"
INSTANCE: Final = "billing"
EACH_SECONDS: Final = 5.0

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Décider les factures reçues. / Decide the invoices received."
)


class OtherRunsError(TierceError):
    """Un autre `tierce billing` décide déjà / another `tierce billing` is deciding."""


@app.callback()
def billing() -> None:
    """Décider les factures reçues. / Decide the invoices received (docs/reference/invoices.md)."""


@app.command(epilog="Examples:  tierce billing run --settings tierce.toml   ·   … --once --json -")
def run(
    *,
    settings: SettingsFile,
    once: Annotated[bool, typer.Option("--once", help="Un seul tour. / One turn alone.")] = False,
    json: Json = "",
) -> None:
    """Décider ce qui attend, toutes les cinq secondes. / Decide what waits, every five seconds."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    if once:
        with refusing(), _desk(settings) as (connection, deciding):
            _say(deciding.turn(connection), json)
        return
    turns = 0
    while not stop.is_set():
        try:
            with _desk(settings) as (connection, deciding):
                while not stop.is_set():
                    done = deciding.turn(connection)
                    turns += 1
                    store.lives(connection, __version__, turns, _failing(done))
                    stop.wait(EACH_SECONDS)
        except Exception as error:  # noqa: BLE001 - the database may be away: the next connection is tried for ever
            typer.echo(f"un tour a échoué / a turn failed: {type(error).__name__}", err=True)
            stop.wait(EACH_SECONDS)


@app.command(epilog="Example:  tierce billing status --settings tierce.toml --json -")
def status(*, settings: SettingsFile, json: Json = "") -> None:
    """Dire ce qui attend, et ce qu’il est advenu du reste. / Say what waits, and what became of the rest."""
    with refusing(), load(settings).connection().connect(ROLE, autocommit=True) as connection:
        rows, oldest = store.standing(connection), store.oldest_waiting(connection)
    if json == "-":
        said = [
            {
                "state": InvoiceState(state).name.lower(),
                "reason": InvoiceReason(reason).name.lower(),
                "invoices": n,
                "due": due,
            }
            for state, reason, n, due in rows
        ]
        typer.echo(msgspec.json.encode({"oldest_waiting_seconds": oldest, "invoices": said}))
        return
    for state, reason, number, due in rows:
        label, why = STATE_LABELS[InvoiceState(state)], REASONS.get(InvoiceReason(reason))
        cause = f" — {why[0].fr} / {why[0].en}" if why else ""
        typer.echo(f"{number:>9,}  {label.fr} / {label.en}, {due / 100:,.2f} €{cause}")
    if not rows:
        typer.echo("Aucune facture. / No invoice.")
    if oldest is not None:
        typer.echo(f"La plus ancienne attend depuis {oldest:,.0f} s. / The oldest has waited that long.")


@contextmanager
def _desk(settings: Path) -> Iterator[tuple[psycopg.Connection, Deciding]]:
    """A connection of role tierce_billing, alone, with what decides on it."""
    read = load(settings)
    database = read.connection()
    keyring = Keyring(read.key_directory(), [Compartment.COVERAGE.name.lower()])
    sealer = lasting_sealer(database, ROLE, keyring, [Compartment.COVERAGE])
    with database.connect(ROLE, autocommit=True) as connection:
        if not store.alone(connection):
            raise OtherRunsError
        appender = Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE))
        yield connection, Deciding(appender, sealer, SystemClock())


def _failing(done: Turn) -> list[str]:
    """What keeps invoices waiting, in words that name none."""
    return [
        *(["cover"] if done.uncovered else []),
        *(["keys"] if done.unopened else []),
        *(["deciding"] if done.failed else []),
    ]


def _say(done: Turn, json: str) -> None:
    if json == "-":
        typer.echo(msgspec.json.encode(asdict(done)))
        return
    typer.echo(f"{done.accepted} acceptées / accepted, {done.refused} refusées / refused")
    if done.uncovered or done.unopened or done.failed:
        kinds = ", ".join(sorted(set(done.failed))) or "–"
        typer.echo(
            f"{done.uncovered} sans droits retrouvés / without cover,"
            f" {done.unopened} que nos clés n’ouvrent pas / that our keys do not open,"
            f" {len(done.failed)} en échec / failed: {kinds}",
            err=True,
        )
