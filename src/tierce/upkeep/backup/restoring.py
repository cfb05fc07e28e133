"""`tierce restore`: bring a backup back, and go on after one that is too old."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Act
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.upkeep import lines
from tierce.upkeep.backup.adopting import adopt as adopt_database
from tierce.upkeep.backup.loss import UNKNOWN, accept
from tierce.upkeep.backup.model import Held
from tierce.upkeep.backup.service import restore, whole
from tierce.upkeep.progress import bar

app = typer.Typer(add_completion=False, no_args_is_help=True)
Admin = Annotated[str, typer.Option(help="Rôle administrateur de PostgreSQL. / The server's administrator.")]

NothingKept = Annotated[
    bool,
    typer.Option(
        "--nothing-kept",
        help="Aucun point de contrôle n’a été gardé : exercice, ou machine perdue. / None was kept.",
    ),
]


@app.callback()
def restore_group() -> None:
    """Ramener une sauvegarde. / Bring a backup back (docs/runbooks/backup-and-restore.md)."""


@app.command(
    epilog="Exemple / example:  tierce restore run /srv/backup/tierce-20261125T200000Z --settings tierce.toml"
)
def run(
    folder: Annotated[Path, typer.Argument(help="Une sauvegarde. / One backup.", exists=True, file_okay=False)],
    *,
    settings: SettingsFile,
    nothing_kept: NothingKept = False,
    admin: Admin = SUPERUSER,
    json: Json = "",
) -> None:
    """Ramener une sauvegarde dans une base neuve. / Exit 0 whole, 1 altered, 3 older than the kept checkpoint."""
    with refusing():
        read = load(settings)
        with bar("restauration / restore") as advance:
            found = restore(read, folder, admin, advance, SystemClock().now(), nothing_kept=nothing_kept)
        if whole(found):
            lines.tell(read, Act.OPERATION_RESTORE, UNKNOWN)
    if json == "-":
        typer.echo(msgspec.json.encode(found))
    else:
        typer.echo(
            f"{'✓' if found.intact else '✗'} {found.rows:,} lignes / rows, journal {found.journal_size:,}, "
            f"schéma / schema {found.schema_before} → {found.schema}, "
            f"{found.sessions_ended} sessions closes / ended"
        )
        _say(found)
    raise typer.Exit(_code(found))


@app.command(epilog="Exemple / example:  tierce restore adopt --settings tierce.toml")
def adopt(
    *, settings: SettingsFile, nothing_kept: NothingKept = False, admin: Admin = SUPERUSER, json: Json = ""
) -> None:
    """Tenir au journal une base que PostgreSQL a ramenée lui-même. / Hold a database that PostgreSQL brought back.

    Avant de démarrer quoi que ce soit. / Before anything starts. Exit 0 whole, 1 altered, 3 lines are missing.
    """
    with refusing():
        found = adopt_database(load(settings), admin, SystemClock(), nothing_kept=nothing_kept)
    if json == "-":
        typer.echo(msgspec.json.encode(found))
    else:
        typer.echo(
            f"{'✓' if found.intact else '✗'} journal {found.journal_size:,}, dernière ligne / last line "
            f"{found.last_line or '–'}, {found.sessions_ended} sessions closes / ended"
        )
        if found.log_aside:
            typer.echo(
                f"  journal publié en avance, mis de côté / published log was ahead, put aside: {found.log_aside}"
            )
        if found.segments_aside:
            typer.echo(
                f"  segments scellés depuis, mis de côté / segments sealed since, put aside: {found.segments_aside}"
            )
        _say(found)
    raise typer.Exit(_code(found))


def _code(found: Held) -> int:
    return 1 if not found.intact else 3 if found.lost_lines else 0


def _say(found: Held) -> None:
    for one in found.findings:
        typer.echo(f"  {one}", err=True)
    if not found.intact:
        typer.echo(
            "✗ Le journal ramené ne se vérifie pas : ne démarrez rien. / The journal that was brought back does "
            "not verify: start nothing.\n    → docs/runbooks/journal-does-not-verify.md",
            err=True,
        )
    if whole(found):
        typer.echo(
            "  Une ligne du dernier instant a pu être perdue : les listes de ce moment le diront. / "
            "A line of the last instant may be lost: lists of that moment will say so."
        )
    if found.keys_retired:
        typer.echo(
            "  clés de signature remplacées depuis, et retirées de nouveau / signing keys replaced since, and "
            f"retired again: {', '.join(found.keys_retired)}"
        )
    if not found.compared:
        typer.echo(
            "! Rien ne dit combien de lignes manquent depuis. / Nothing tells how many lines were written since.\n"
            "    → sauf exercice, avant de servir / unless it is a drill, before serving: "
            "tierce restore accept-loss --unknown\n"
            "    → docs/runbooks/backup-and-restore.md",
            err=True,
        )
    if found.lost_lines:
        typer.echo(
            f"✗ {found.lost_lines} lignes du journal manquent : cette base est plus ancienne que le dernier point de "
            "contrôle gardé, et rien ne sera séquencé. / That many journal lines are missing: this database is older "
            "than the last checkpoint kept, and nothing will be sequenced.\n"
            "    → docs/runbooks/backup-and-restore.md",
            err=True,
        )


@app.command(
    "accept-loss",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce restore accept-loss --lines 120 --settings tierce.toml"
        "\n\n  tierce restore accept-loss --unknown --settings tierce.toml"
    ),
)
def accept_loss(
    *,
    settings: SettingsFile,
    lost: Annotated[
        int | None, typer.Option("--lines", help="Lignes perdues, telles qu’annoncées. / Lines lost, as printed.")
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Aucun point de contrôle n’a été gardé. / No checkpoint was kept.")
    ] = False,
    admin: Admin = SUPERUSER,
) -> None:
    """Reprendre le journal après une perte, sous une clé neuve. / Go on after a loss, under a new key of the log."""
    if unknown == (lost is not None):
        typer.echo("✗ donnez l’un des deux / give one of the two: --lines N, --unknown", err=True)
        raise typer.Exit(2)
    with refusing():
        line = accept(load(settings), admin, lost, SystemClock())
    typer.echo(line)
    typer.echo(
        "Nouvelle ligne publique du journal, à annoncer. / The log's new public line, to be announced.", err=True
    )
