"""`tierce status-page`: write the static status page once; the worker writes it by itself."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from tierce.kernel.clock import SystemClock
from tierce.settings import load
from tierce.storage.command_line import SettingsFile, refusing
from tierce.web.status.answering import Answering
from tierce.web.status.page import StatusPage

app = typer.Typer(add_completion=False)
_EPILOG = """
Exemples / examples:

  tierce status-page --write /srv/status --settings tierce.toml

  tierce status-page --write . --settings tierce.toml && xdg-open index.html

Sortie / exit: 0 la page est écrite / the page is written, 2 elle ne l’est pas / it is not.
"""


@app.command(epilog=_EPILOG)
def status_page(
    *,
    write: Annotated[Path, typer.Option("--write", help="Dossier de la page. / Folder of the page.")],
    settings: SettingsFile,
) -> None:
    """Écrire la page d’état, que la base réponde ou non.

    / Write the status page, whether the database answers or not.
    """
    with refusing():
        read = load(settings)
        answering = Answering(read.api.port, SystemClock(), patience=timedelta(0))
        answering.ask()
        page = replace(StatusPage.of(read, SystemClock()), folder=write, answering=answering)
        try:
            with read.connection().connect("tierce_worker") as connection:
                page.write(connection)
        except psycopg.OperationalError:
            page.write_away()
    typer.echo(f"{write / 'index.html'}")
