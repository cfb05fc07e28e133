"""`tierce billing`: decide invoices that were received; say where they stand."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tierce.billing.agreements.granting import store as granting
from tierce.billing.agreements.model import STATE_LABELS as AGREEMENT_LABELS
from tierce.billing.agreements.model import AgreementState
from tierce.billing.deciding import store
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS, InvoiceReason, InvoiceState
from tierce.billing.settlement.checking import (
    FILE_BYTES_MAX,
    check_file,
    open_file,
    read_bounded,
    read_identities,
    told,
)
from tierce.billing.settlement.errors import KeyUnreadableError
from tierce.billing.settlement.listing import LIST_BYTES_MAX, read_list
from tierce.billing.settlement.replies.telling import figures as heard_figures
from tierce.billing.settlement.replies.telling import told as told_heard
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.web.billing import ROLE, Done, again, desk, hear, run_billing

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Factures, comptes bancaires, virements. / Invoices, bank accounts, transfers.",
)


@app.callback()
def billing() -> None:
    """Décider factures et prises en charge. / Decide invoices and agreements (docs/reference/invoices.md)."""


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce billing run --settings tierce.toml"
        "\n\n  tierce billing run --settings tierce.toml --once --json -"
    )
)
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


@app.command(epilog="Exemple / example:  tierce billing status --settings tierce.toml --json -")
def status(*, settings: SettingsFile, json: Json = "") -> None:
    """Dire ce qui attend, et ce qu’il est advenu du reste. / Say what waits, and what became of the rest."""
    with refusing(), load(settings).connection().connect(ROLE, autocommit=True) as connection:
        rows, oldest = store.standing(connection), store.oldest_waiting(connection)
        agreed = granting.standing(connection)
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
        found = [
            {"state": AgreementState(state).name.lower(), "agreements": n, "due": due} for state, n, due in agreed
        ]
        typer.echo(msgspec.json.encode({"oldest_waiting_seconds": oldest, "invoices": said, "agreements": found}))
        return
    for state, reason, number, due in rows:
        label, why = STATE_LABELS[InvoiceState(state)], REASONS.get(InvoiceReason(reason))
        cause = f" — {why[0].fr} / {why[0].en}" if why else ""
        typer.echo(f"{number:>9,}  {label.fr} / {label.en}, {due / 100:,.2f} €{cause}")
    for state, number, due in agreed:
        label = AGREEMENT_LABELS[AgreementState(state)]
        typer.echo(f"{number:>9,}  prise en charge {label.fr} / agreement {label.en}, {due / 100:,.2f} €")
    if not rows and not agreed:
        typer.echo("Aucune facture ni prise en charge. / No invoice or agreement.")
    if oldest is not None:
        typer.echo(f"La plus ancienne attend depuis {oldest:,.0f} s. / The oldest has waited that long.")


@app.command(epilog="Exemple / example:  tierce billing file 7402593812345678901 --settings tierce.toml")
def file(
    number: Annotated[int, typer.Argument(help="Numéro du lot, dans l’adresse de sa page. / The batch’s number.")],
    *,
    settings: SettingsFile,
) -> None:
    """Réécrire, identique, le fichier perdu d’un lot. / Write a batch’s lost file again, the same."""
    with refusing():
        path = again(load(settings), number)
    typer.echo(f"✓ {path}")


@app.command(
    epilog=(
        "Exemple / example:  "
        "tierce billing check virements-00ab….xml.age --list virements-00ab….json --key banque.key"
    )
)
def check(
    written: Annotated[
        Path, typer.Argument(metavar="FILE", help="Le fichier de virements. / The file of transfers.")
    ],
    *,
    listed: Annotated[Path, typer.Option("--list", help="Sa liste de contrôle, prise au bureau. / Its list.")],
    key: Annotated[list[Path], typer.Option(help="Clé privée age ; les anciennes aussi. / age key; old ones too.")],
    json: Json = "",
) -> None:
    """Vérifier un fichier avant la banque, sur sa propre machine. / Check a file, on one’s own machine.

    Codes : 0 bon, 1 faux, 2 illisible, 3 bon mais des comptes sont sans double.

    0 good, 1 wrong, 2 unreadable, 3 good but some accounts have no copy.
    """
    with refusing():
        identities = [one for path in key for one in read_identities(path.read_text("utf-8", "replace"))]
        if not identities:
            raise KeyUnreadableError
        expected = read_list(read_bounded(listed, LIST_BYTES_MAX))
        found = check_file(open_file(read_bounded(written, FILE_BYTES_MAX), identities), expected, identities)
    if json == "-":
        typer.echo(msgspec.json.encode(found))
    else:
        for line in told(found, expected):
            typer.echo(line)
    raise typer.Exit(1 if not found.good else 3 if found.uncopied else 0)


@app.command(epilog="Exemple / example:  tierce billing bank releve.xml --settings tierce.toml --dry-run")
def bank(
    written: Annotated[
        Path, typer.Argument(metavar="FILE", help="pain.002.001.10 ou / or camt.053.001.08, de la banque.")
    ],
    *,
    settings: SettingsFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ne rien écrire. / Write nothing.")] = False,
    json: Json = "",
) -> None:
    """Lire ce que la banque a répondu, en entier ou pas. / Take in what the bank replied, whole or not at all.

    Le relire ne change rien. Un retour ou un rejet n’a d’effet que dit par deux personnes, au bureau.

    Read again, it changes nothing. A return or a rejection counts once two people say so, in the office.
    """
    with refusing():
        heard = hear(load(settings), written, dry=dry_run)
    if json == "-":
        typer.echo(msgspec.json.encode(heard_figures(heard)))
        return
    for line in told_heard(heard, dry=dry_run):
        typer.echo(line)


def _say(done: Done, json: str) -> None:
    if json == "-":
        typer.echo(msgspec.json.encode(done.figures()))
        return
    one, moved, agreed, paid = done.invoices, done.accounts, done.agreements, done.transfers
    typer.echo(
        f"{one.accepted} factures acceptées / invoices accepted, {one.refused} refusées / refused,"
        f" {one.alike} que deux personnes doivent départager / for two of the staff to tell apart ;"
        f" {agreed.granted} prises en charge accordées / agreements granted,"
        f" {agreed.subject} sous réserve de pièces / subject to documents, {agreed.quoted} chiffrées / quoted,"
        f" {agreed.refused} refusées / refused, {agreed.reviewed} à l’examen / left to review,"
        f" {agreed.unanswered} sans réponse / unanswered, {agreed.expired} échues / expired ;"
        f" {moved.opened} comptes ouverts / accounts opened, {moved.in_force} en vigueur / in force ;"
        f" {paid.prepared} lots réunis / batches gathered, {paid.filed} fichiers écrits / files written"
    )
    if done.failing:
        failed = one.failed + agreed.failed + paid.failed
        unopened = one.unopened + agreed.unopened + moved.unopened
        kinds = ", ".join(sorted(set(failed))) or "–"
        typer.echo(
            f"{one.uncovered + agreed.uncovered} sans droits retrouvés / without cover,"
            f" {unopened} que nos clés n’ouvrent pas / that our keys do not open,"
            f" {len(failed)} en échec / failed: {kinds}",
            err=True,
        )
