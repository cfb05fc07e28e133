"""`tierce health`: how each process is, and the installation's figures for a collector."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from prometheus_client import generate_latest, write_to_textfile

from tierce.kernel.errors import TierceError
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.said import said
from tierce.upkeep.health.service import NOTICES, ROLE, figures, states, watched_in
from tierce.web.names import EVERY

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def health() -> None:
    """État des processus et chiffres de l'installation. / How the processes are, and the installation's figures."""


@app.command(epilog="Examples:  tierce health show --settings tierce.toml   ·   … show worker   ·   … show --json -")
def show(
    name: Annotated[str | None, typer.Argument(help=f"{', '.join((*EVERY, NOTICES))} ; tous / all.")] = None,
    *,
    settings: SettingsFile,
    json: Json = "",
) -> None:
    """Dire l'état de chaque processus ; sortie 1 si l'un n'est pas prêt. / Exit 1 when one is not ready."""
    try:
        read = load(settings)
    except TierceError as error:
        typer.echo(f"✗ {said(error)}", err=True)
        raise typer.Exit(2) from None
    known = watched_in(read)
    if name is not None and name not in known:
        none = "dans les réglages, pas de processus / the settings name no process"
        typer.echo(f"✗ {none} « {name} » : {', '.join(known)}", err=True)
        raise typer.Exit(2)
    found = states(read, known if name is None else (name,))
    if json == "-":
        typer.echo(msgspec.json.encode([asdict(one) for one in found]))
    else:
        for one in found:
            word = "prêt / ready" if one.ready else "vit, pas prêt / live, not ready" if one.live else "ARRÊTÉ / DOWN"
            wrong = ", ".join(check for check, good in one.checks.items() if not good)
            typer.echo(f"{one.process:<10} {word}{f'  ({wrong})' if wrong else ''}")
    if not all(one.ready for one in found):
        raise typer.Exit(1)


@app.command(
    epilog="Examples:  tierce health metrics --settings tierce.toml   ·   … metrics --to /var/lib/…/tierce.prom"
)
def metrics(
    *,
    settings: SettingsFile,
    to: Annotated[Path | None, typer.Option(help="Fichier à remplacer. / File to replace; standard output.")] = None,
) -> None:
    """Écrire les chiffres de la base, au format de Prometheus. / Print the database's figures for Prometheus."""
    try:
        with load(settings).connection().connect(ROLE) as connection:
            registry = figures(connection)
            if to is None:
                typer.echo(generate_latest(registry), nl=False)
            else:
                write_to_textfile(str(to), registry)
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ pas de chiffres / no figures: {said(error)}", err=True)
        raise typer.Exit(2) from None
