"""`tierce billing`: decide invoices that were received; say where they stand."""

from typing import Annotated

import msgspec
import typer

from tierce.billing.deciding import store
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS, InvoiceReason, InvoiceState
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.web.billing import ROLE, Done, again, desk, run_billing

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Factures, comptes bancaires, virements. / Invoices, bank accounts, transfers.",
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
            with desk(read) as one:
                _say(one.turn(), json)
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


@app.command(epilog="Example:  tierce billing file 7402593812345678901 --settings tierce.toml")
def file(
    number: Annotated[int, typer.Argument(help="Numéro du lot, dans l’adresse de sa page. / The batch’s number.")],
    *,
    settings: SettingsFile,
) -> None:
    """Réécrire, identique, le fichier perdu d’un lot. / Write a batch’s lost file again, the same."""
    with refusing():
        path = again(load(settings), number)
    typer.echo(f"✓ {path}")


def _say(done: Done, json: str) -> None:
    if json == "-":
        typer.echo(msgspec.json.encode(done.figures()))
        return
    one, moved, paid = done.invoices, done.accounts, done.transfers
    typer.echo(
        f"{one.accepted} factures acceptées / invoices accepted, {one.refused} refusées / refused ;"
        f" {moved.opened} comptes ouverts / accounts opened, {moved.in_force} en vigueur / in force ;"
        f" {paid.prepared} lots réunis / batches gathered, {paid.filed} fichiers écrits / files written"
    )
    if done.failing:
        kinds = ", ".join(sorted({*one.failed, *paid.failed})) or "–"
        typer.echo(
            f"{one.uncovered} sans droits retrouvés / without cover,"
            f" {one.unopened + moved.unopened} que nos clés n’ouvrent pas / that our keys do not open,"
            f" {len(one.failed) + len(paid.failed)} en échec / failed: {kinds}",
            err=True,
        )
