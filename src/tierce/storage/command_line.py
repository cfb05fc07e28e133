"""What many commands share: options that say where an installation is, and how a refusal is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.table import Table

from tierce.kernel.errors import TierceError
from tierce.storage.said import said

SettingsFile = Annotated[
    Path, typer.Option("--settings", envvar="TIERCE_SETTINGS", help="Réglages de l’installation. / Settings file.")
]
Secrets = Annotated[
    Path, typer.Option(envvar="TIERCE_SECRETS", help="Dossier des mots de passe. / Folder of the roles' passwords.")
]
Keys = Annotated[Path, typer.Option(envvar="TIERCE_KEYS", help="Dossier des clés. / Folder of the key files.")]
Host = Annotated[str, typer.Option(envvar="TIERCE_DATABASE_HOST", help="PostgreSQL.")]
Port = Annotated[int, typer.Option(envvar="TIERCE_DATABASE_PORT", help="PostgreSQL.")]
Name = Annotated[str, typer.Option(envvar="TIERCE_DATABASE_NAME", help="Base de données. / Database.")]
Origin = Annotated[str, typer.Option(envvar="TIERCE_LOG_ORIGIN", help="Nom du journal. / The log's name.")]
Log = Annotated[
    Path,
    typer.Option(envvar="TIERCE_LOG_FOLDER", help="Dossier des tuiles du journal. / Folder of the log's tiles."),
]
Segments = Annotated[
    Path,
    typer.Option(envvar="TIERCE_SEGMENTS_FOLDER", help="Dossier des segments scellés. / Folder of sealed segments."),
]
Json = Annotated[str, typer.Option("--json", help="« - » : un objet JSON sur la sortie. / One JSON object.")]
By = Annotated[str, typer.Option(help="Votre nom ; le journal en garde un numéro. / Your name.")]
Admin = Annotated[str, typer.Option(help="Rôle administrateur. / The administrator's role.")]


def whole_table(*columns: str) -> Table:
    """A table that breaks what is too long for its column: an address that is cut short is compared with nothing."""
    table = Table()
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def refuse(error: Exception, code: int = 2, undone: str = "") -> NoReturn:
    """Tell a refusal in one line on the error output, in both languages, after what was not done, and end."""
    typer.echo(f"✗ {undone}: {said(error)}" if undone else f"✗ {said(error)}", err=True)
    raise typer.Exit(code) from None


@contextmanager
def refusing(undone: str = "") -> Iterator[None]:
    """Refuse what goes wrong; `undone` says in both languages what was not done."""
    try:
        yield
    except (TierceError, OSError, psycopg.Error) as error:
        refuse(error, undone=undone)
