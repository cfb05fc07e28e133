"""`tierce billing`: decide invoices that were received; say where they stand."""

from dataclasses import asdict
from typing import Annotated

import msgspec
import typer

from tierce.billing.deciding import store
from tierce.billing.deciding.model import Turn
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS, InvoiceReason, InvoiceState
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.web.billing import ROLE, desk, run_billing

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Décider les factures reçues. / Decide the invoices received."
)


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
    with refusing():
        read = load(settings)
        if once:
            with desk(read) as (connection, deciding):
                _say(deciding.turn(connection), json)
            return
    run_billing(read)


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
