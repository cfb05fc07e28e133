"""`tierce health`: how each process is, and the installation's figures for a collector."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from prometheus_client import generate_latest

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.said import said
from tierce.upkeep.health.board import dashboard
from tierce.upkeep.health.due import due_figures
from tierce.upkeep.health.service import (
    NO_DATABASE,
    NOTICES,
    ROLE,
    State,
    figures,
    replace_whole,
    states,
    watched_in,
    worker_figures,
)
from tierce.web.names import EVERY

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def health() -> None:
    """État des processus et chiffres de l’installation. / How the processes are, and the installation's figures."""


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce health show --settings tierce.toml"
        "\n\n  tierce health show worker --settings tierce.toml"
        "\n\n  tierce health show --settings tierce.toml --json -"
    )
)
def show(
    name: Annotated[str | None, typer.Argument(help=f"{', '.join((*EVERY, NOTICES))} ; tous / all.")] = None,
    *,
    settings: SettingsFile,
    json: Json = "",
) -> None:
    """Dire l’état de chaque processus ; sortie 1 si l’un n’est pas prêt. / Exit 1 when one is not ready."""
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
            wrong = ", ".join(check for check, good in one.checks.items() if not good)
            typer.echo(f"{one.process:<10} {_word(one)}{f'  ({wrong})' if wrong else ''}")
    if not all(one.ready for one in found):
        raise typer.Exit(1)


def _word(one: State) -> str:
    if one.ready:
        return "prêt / ready"
    if one.live:
        return "vit, pas prêt / live, not ready"
    if one.checks == NO_DATABASE:
        return "on ne sait pas / unknown"  # its sign of life is in the database: nothing says that it stopped
    return "ARRÊTÉ / DOWN"


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce health metrics --settings tierce.toml"
        "\n\n  tierce health metrics --settings tierce.toml --to /var/lib/prometheus/tierce.prom"
    )
)
def metrics(
    *,
    settings: SettingsFile,
    to: Annotated[Path | None, typer.Option(help="Fichier à remplacer. / File to replace; standard output.")] = None,
) -> None:
    """Écrire les chiffres de la base et du worker. / Print the figures of the database and of the worker."""
    try:
        read = load(settings)
        own, fault = worker_figures(read), None
        try:
            with read.connection().connect(ROLE) as connection:
                text = generate_latest(figures(connection)) + generate_latest(due_figures(connection, read)) + own
        except psycopg.Error as error:
            # Figures of before would go on saying that all is well; the worker's tell how the spool fills meanwhile.
            text, fault = own, error
        if to is None:
            typer.echo(text, nl=False)
        else:
            replace_whole(to, text)
        if fault is not None:
            raise fault
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ la base ne donne pas de chiffres / no figures of the database: {said(error)}", err=True)
        raise typer.Exit(2) from None


@app.command(
    name="dashboard",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce health dashboard > tierce.json"
        "\n\n  tierce health dashboard --lang en > tierce.json"
    ),
)
def draw(
    *, lang: Annotated[Language, typer.Option(help="Langue des titres. / Language of its titles.")] = Language.FR
) -> None:
    """Écrire le tableau de bord à importer dans Grafana. / Print the dashboard that Grafana imports."""
    typer.echo(msgspec.json.format(msgspec.json.encode(dashboard(lang)), indent=2))
