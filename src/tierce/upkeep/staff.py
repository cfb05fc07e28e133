"""`tierce staff`: which sessions of the operator's own staff are open; end somebody's, or those of an insurer."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from psycopg import Connection

from tierce.identity.staff.service import StaffDesk
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.policy.digest import policy_digest
from tierce.settings import load
from tierce.storage.keys import Keyring
from tierce.storage.said import said

ROLE = "tierce_office"
_EPILOG = """
Exemples / examples:

  tierce staff list --settings tierce.toml

  tierce staff end hélène.vasseur --by "Marc Tessier" --settings tierce.toml

  tierce staff end-insurer 99100001 --by "Marc Tessier" --settings tierce.toml

Sortie / exit: 0 fait / done, 2 refusé / refused.
"""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Les sessions des agents. / The sessions of staff."
)

SettingsFile = Annotated[
    Path, typer.Option("--settings", envvar="TIERCE_SETTINGS", help="Réglages de l’installation. / Settings file.")
]
Json = Annotated[str, typer.Option(help="« - » : un objet JSON sur la sortie. / One JSON object.")]


@app.command("list", epilog=_EPILOG)
def list_(*, settings: SettingsFile, json: Json = "") -> None:
    """Dire quelles sessions d’agents sont ouvertes. / Say which sessions of staff are open."""

    def run(connection: Connection, desk: StaffDesk) -> None:
        found = desk.live(connection)
        if json == "-":
            told = [
                {
                    "subject": one.subject,
                    "name": one.name,
                    "roles": one.roles,
                    "since": one.created,
                    "until": one.expires,
                }
                for one in found
            ]
            typer.echo(msgspec.json.encode({"sessions": told}).decode())
            return
        for one in found:
            typer.echo(
                f"{one.subject}  {one.name} ({', '.join(one.roles)}), {one.created:%H:%M} → {one.expires:%H:%M} UTC"
            )
        if not found:
            typer.echo("Aucune session n’est ouverte. / No session is open.")

    _with(settings, run)


@app.command(epilog=_EPILOG)
def end(
    subject: Annotated[str, typer.Argument(help="Le nom chez le fournisseur. / The provider's name for her.")],
    *,
    by: Annotated[str, typer.Option(help="Votre nom ; le journal en garde un numéro. / Your name.")],
    settings: SettingsFile,
) -> None:
    """Fermer toutes les sessions d’un agent, à l’instant. / End every session of one member of staff, now."""

    def run(connection: Connection, desk: StaffDesk) -> None:
        count = desk.end(connection, subject, by)
        typer.echo(f"Sessions fermées : {count}. / Sessions ended: {count}.")

    _with(settings, run)


@app.command("end-insurer", epilog=_EPILOG)
def end_insurer(
    amc: Annotated[str, typer.Argument(help="Le numéro AMC de l’assureur. / The insurer's AMC number.")],
    *,
    by: Annotated[str, typer.Option(help="Votre nom ; le journal en garde un numéro. / Your name.")],
    settings: SettingsFile,
) -> None:
    """Fermer toutes les sessions d’un assureur, à l’instant. / End every session of an insurer's staff, now."""

    def run(connection: Connection, desk: StaffDesk) -> None:
        count = desk.end_insurer(connection, amc, by)
        typer.echo(f"Sessions fermées : {count}. / Sessions ended: {count}.")

    _with(settings, run)


def _with(settings_file: Path, run: Callable[[Connection, StaffDesk], None]) -> None:
    """Connect as the office and run; a refusal is said and nothing is half done."""
    try:
        settings = load(settings_file)
        keyring = Keyring(settings.key_directory(), ())
        with settings.connection().connect(ROLE, autocommit=True) as connection:
            appender = Appender.enrol(connection, "office", keyring.instance("office"))
            run(connection, StaffDesk(appender, SystemClock(), policy_digest()))
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ {said(error)}", err=True)
        raise typer.Exit(2) from None
