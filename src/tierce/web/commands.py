"""`tierce serve`: one process of the platform, or all of them together."""

import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from tierce.kernel.errors import TierceError
from tierce.settings import load
from tierce.storage.command_line import SettingsFile
from tierce.storage.said import said
from tierce.web.names import EVERY, SETTINGS_VARIABLE, named_in
from tierce.web.serving import Supervisor, serve_one

app = typer.Typer(
    add_completion=False, help="Lancer la plateforme, ou un seul processus. / Run the platform, or one process."
)
LOOK_SECONDS = 0.5


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce serve --settings tierce.toml"
        "\n\n  tierce serve --settings tierce.toml --only api"
    )
)
def serve(
    *,
    settings: SettingsFile,
    only: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(EVERY)} ; répétable ; tous. / May be repeated; all.")
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(help="Dossier, un fichier par processus. / Folder, a log file a process.")
    ] = None,
) -> None:
    """Servir jusqu’à l’arrêt (Ctrl-C, SIGTERM). / Serve until stopped."""
    try:
        read = load(settings)
    except TierceError as error:
        typer.echo(f"✗ {said(error)}", err=True)
        raise typer.Exit(2) from None
    os.environ[SETTINGS_VARIABLE] = str(settings.resolve())
    for name in only or ():
        if name not in EVERY:
            every = ", ".join(EVERY)
            typer.echo(
                f"✗ --only : aucun processus « {name} » ; choisissez parmi / there is no process '{name}'; "
                f"choose one of: {every}",
                err=True,
            )
            raise typer.Exit(2)
        if name not in named_in(read):
            typer.echo(
                f"✗ les réglages n’ont pas de table [{name}] : ajoutez-la, avec un port / "
                f"the settings file has no table [{name}]: give it one with a port",
                err=True,
            )
            raise typer.Exit(2)
    if only is not None and len(only) == 1:
        serve_one(only[0], read)
    else:
        _several(Supervisor(read, tuple(only or named_in(read)), logs))


def _several(supervisor: Supervisor) -> None:
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    ended = None
    try:
        supervisor.start()
        while not stopping and ended is None:
            time.sleep(LOOK_SECONDS)
            ended = supervisor.ended()
    finally:
        supervisor.stop()
    if ended is not None:
        typer.echo(
            f"✗ le processus « {ended} » s’est arrêté de lui-même : tout est arrêté, lisez son journal / "
            f"the process '{ended}' ended by itself: everything was stopped, read its log",
            err=True,
        )
        raise typer.Exit(1)
