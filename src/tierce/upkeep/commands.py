"""`tierce upkeep`: make keys, bring the database to this version."""

from pathlib import Path
from typing import Annotated

import psycopg
import typer

from tierce.kernel.errors import TierceError
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.command_line import Admin, SettingsFile
from tierce.storage.migrate import migrate, register_portal
from tierce.storage.said import said
from tierce.upkeep.service import make_keys

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Clés et base d’une installation. / Keys and database of an installation.",
)


@app.command(epilog="Exemple / example:  tierce upkeep keys /etc/tierce/keys")
def keys(
    folder: Annotated[Path, typer.Argument(help="Dossier des clés, créé s’il manque. / Folder of the key files.")],
) -> None:
    """Créer les clés qui manquent, sans jamais rien écraser. / Make the key files that are missing."""
    made = make_keys(folder)
    names = ", ".join(made) or "toutes étaient là / all were there"
    typer.echo(f"{folder} : {len(made)} clés créées / key files made : {names}")
    if made:
        typer.echo(
            "Scellez-les à part maintenant, sans elles rien ne s’ouvre : tierce backup keys "
            "/ Seal them apart now: without them nothing sealed can be opened."
        )


@app.command(epilog="Exemple / example:  tierce upkeep database --settings tierce.toml")
def database(
    *,
    settings: SettingsFile,
    admin: Admin = SUPERUSER,
) -> None:
    """Créer ou mettre à niveau rôles, schéma, droits et planchers. / Bring the database to this version."""
    left = "la base est restée telle quelle / the database was left as it was"

    def stands() -> None:
        nonlocal left
        left = "la base est à cette version, puis / the database is at this version, then"

    try:
        read = load(settings)
        migrate(read.connection(), admin=admin, stands=stands)
        register_portal(read.connection(), read.portal_software, f"Portail {read.operator.name}")
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"{left}: {said(error)}", err=True)
        raise typer.Exit(2) from None
    typer.echo("✓ la base est à cette version / the database is at this version")
