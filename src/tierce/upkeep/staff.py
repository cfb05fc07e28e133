"""`tierce staff`: which sessions of the operator's own staff are open; end somebody's, or those of an insurer."""

from typing import Annotated

import msgspec
import typer

from tierce.identity.staff.service import StaffDesk
from tierce.kernel.clock import SystemClock
from tierce.policy.digest import policy_digest
from tierce.storage.command_line import By, Json, SettingsFile
from tierce.upkeep.office import office

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


@app.command("list", epilog=_EPILOG)
def list_(*, settings: SettingsFile, json: Json = "") -> None:
    """Dire quelles sessions d’agents sont ouvertes. / Say which sessions of staff are open."""
    with office(settings) as (connection, appender):
        desk = StaffDesk(appender, SystemClock(), policy_digest())
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


@app.command(epilog=_EPILOG)
def end(
    subject: Annotated[str, typer.Argument(help="Le nom chez le fournisseur. / The provider's name for her.")],
    *,
    by: By,
    settings: SettingsFile,
) -> None:
    """Fermer toutes les sessions d’un agent, à l’instant. / End every session of one member of staff, now."""
    with office(settings) as (connection, appender):
        desk = StaffDesk(appender, SystemClock(), policy_digest())
        count = desk.end(connection, subject, by)
        typer.echo(f"Sessions fermées : {count}. / Sessions ended: {count}.")


@app.command("end-insurer", epilog=_EPILOG)
def end_insurer(
    amc: Annotated[str, typer.Argument(help="Le numéro AMC de l’assureur. / The insurer's AMC number.")],
    *,
    by: By,
    settings: SettingsFile,
) -> None:
    """Fermer toutes les sessions d’un assureur, à l’instant. / End every session of an insurer's staff, now."""
    with office(settings) as (connection, appender):
        desk = StaffDesk(appender, SystemClock(), policy_digest())
        count = desk.end_insurer(connection, amc, by)
        typer.echo(f"Sessions fermées : {count}. / Sessions ended: {count}.")
