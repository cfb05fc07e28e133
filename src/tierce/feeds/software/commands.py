"""`tierce software`: which vendor software may exchange its users' sign-ins for sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.console import Console

from tierce.feeds.commands import ROLE
from tierce.feeds.intake import INSTANCE
from tierce.identity.software.service import Registration, SoftwareRegister
from tierce.journal.service import Appender
from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import SoftwareId, VendorId
from tierce.policy.digest import policy_digest
from tierce.settings import load
from tierce.storage.command_line import SettingsFile, whole_table
from tierce.storage.keys import Keyring
from tierce.storage.said import said

_EPILOG = """
Exemples / examples:

  tierce software add lgo-merle --software 12 --vendor 4 --name "LGO Merle" --keys merle.jwks.json --provider-client merle-psc --settings tierce.toml

  tierce software list --settings tierce.toml

  tierce software end lgo-merle --settings tierce.toml
"""  # noqa: E501 - a command to copy stands on one line

app = typer.Typer(add_completion=False, no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Nom de client du logiciel. / The software's client name.")]


@app.callback()
def software() -> None:
    """Logiciels qui échangent l’identité de leurs utilisateurs contre une session. / Vendor software."""


@contextmanager
def _register(settings: Path) -> Iterator[SoftwareRegister]:
    """Open the register; a refusal is told in one line and leaves nothing written."""
    try:
        read = load(settings)
        keyring = Keyring(read.key_directory(), ())
        with read.connection().connect(ROLE) as connection:
            appender = Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE))
            connection.commit()
            yield SoftwareRegister(connection, appender, SystemClock(), policy_digest())
    except (TierceError, psycopg.OperationalError) as error:
        Console(stderr=True).print(f"✗ {said(error)}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


def _keys(file: Path) -> object:
    try:
        return msgspec.json.decode(file.read_bytes())
    except UNREADABLE:
        return None


@app.command(epilog=_EPILOG)
def add(
    client: Name,
    *,
    settings: SettingsFile,
    software: Annotated[int, typer.Option(help="Numéro du logiciel. / The software's number.", min=2)],
    vendor: Annotated[int, typer.Option(help="Numéro de l’éditeur. / Its vendor's number.", min=1)],
    name: Annotated[str, typer.Option(help="Nom du logiciel. / The software's name.")],
    keys: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Clés publiques, JWK Set. / Public keys, a JWK set.")
    ],
    provider_client: Annotated[
        list[str],
        typer.Option(
            help="Client du fournisseur d’identité dont les jetons sont admis. / Whose tokens it may bring."
        ),
    ],
    bulk: Annotated[
        bool, typer.Option("--bulk", help="Robot ou travail par lots : une voie à part. / A lane of its own.")
    ] = False,
) -> None:
    """Enregistrer un logiciel, ou lui donner d’autres clés. / Register software, or give it other keys."""
    given = Registration(
        client, SoftwareId(software), VendorId(vendor), name, _keys(keys), list(provider_client), bulk
    )
    with _register(settings) as register:
        register.add(given)
    typer.echo(f"{client} : enregistré / registered")


@app.command(epilog=_EPILOG)
def end(client: Name, *, settings: SettingsFile) -> None:
    """Ne plus admettre un logiciel. / Admit a piece of software no more."""
    with _register(settings) as register:
        register.end(client)
    typer.echo(f"{client} : terminé ; ses sessions ouvertes s’éteignent d’elles-mêmes / ended; open sessions run out")


@app.command("list", epilog=_EPILOG)
def list_(*, settings: SettingsFile) -> None:
    """Lister les logiciels enregistrés. / List registered software."""
    with _register(settings) as register:
        found = register.every()
    if not found:
        typer.echo("aucun logiciel enregistré : tierce software add --help / none registered yet")
        return
    table = whole_table(
        "client", "logiciel / software", "éditeur / vendor", "clés / keys", "jetons de / tokens of", "depuis / since"
    )
    for one in found:
        state = f"{one.since.astimezone(PARIS):%Y-%m-%d}"
        if one.ended:
            state += f" → {one.ended.astimezone(PARIS):%Y-%m-%d}"
        table.add_row(one.client_id, f"{one.name} ({one.software})", str(one.vendor), str(one.keys),
                      ", ".join(one.azp), state)  # fmt: skip
    Console().print(table)
