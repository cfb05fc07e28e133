"""`tierce upkeep`: make keys, bring the database to this version."""

from pathlib import Path
from typing import Annotated

import psycopg
import typer

from tierce.kernel.errors import TierceError
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.migrate import migrate, register_portal
from tierce.upkeep.service import make_keys
from tierce.web.names import SETTINGS_VARIABLE

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look after an installation.")


@app.command(epilog="Example:  tierce upkeep keys /etc/tierce/keys")
def keys(folder: Annotated[Path, typer.Argument(help="Folder of the key files; made when missing.")]) -> None:
    """Make every key file that does not exist yet; one that exists is never overwritten."""
    made = make_keys(folder)
    typer.echo(f"{len(made)} key files made in {folder}: {', '.join(made) or 'all were there'}")
    if made:
        typer.echo("Copy the folder to a safe place now: without it nothing sealed can be opened.")


@app.command(epilog="Example:  tierce upkeep database --settings tierce.toml")
def database(
    *,
    settings: Annotated[Path, typer.Option(help="The settings file (TOML).", envvar=SETTINGS_VARIABLE)],
    admin: Annotated[str, typer.Option(help="The role that may create roles and databases.")] = SUPERUSER,
) -> None:
    """Create what is missing and bring the schema, functions, grants and floors to this version."""
    try:
        read = load(settings)
        migrate(read.connection(), admin=admin)
        register_portal(read.connection(), read.portal_software, f"Portail {read.operator.name}")
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"the database was left as it was: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo("the database is at this version")
