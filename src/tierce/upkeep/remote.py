"""`tierce remote`: insurers that keep their people themselves; each change with its line and its reason."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import InsurerId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.rights.remote import store
from tierce.settings import Mode, load
from tierce.storage.command_line import Json, SettingsFile, refuse, refusing, whole_table
from tierce.storage.keys import Keyring
from tierce.upkeep.lines import ROLE, address, journalled, typed
from tierce.upkeep.presence import read_public_key

ASKING = "api"
"""The instance whose key signs asks."""
URL_MAX = 300
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Organismes qui tiennent eux-mêmes leurs assurés. / Insurers that keep their people themselves.",
)

Amc = Annotated[str, typer.Argument(help="Son numéro AMC. / Its AMC number.")]
Why = Annotated[str, typer.Option(help="Pourquoi, gardé avec lui. / The reason, kept.")]


@app.callback()
def remote() -> None:
    """Dire qui est interrogé en direct, où, et y mettre fin. / Say who is asked on the way, where, and end it."""


@app.command(
    epilog=(
        "Exemple / example:  tierce remote declare 99100042 --url https://droits.lac.example/rights --key lac.pub"
        ' --why "convention du 3 mars" --settings tierce.toml'
    )
)
def declare(
    *,
    amc: Amc,
    url: Annotated[str, typer.Option(help="Où il répond, en https. / Where it answers, https.")],
    key: Annotated[Path, typer.Option(help="Sa clé publique Ed25519, PEM. / Its public key.")],
    why: Why,
    settings: SettingsFile,
) -> None:
    """Déclarer qu’un organisme tient lui-même ses assurés. / Declare that an insurer keeps its people itself."""
    try:
        read = load(settings)
        reason, public = typed("--why", why), read_public_key(key)
        where = address("--url", url, URL_MAX, plain_here=read.mode is Mode.DEMO)
        with journalled(read) as (connection, appender):
            made = store.declare(connection, amc, where, public, getuser(), reason)
            if made is not None:
                appender.append(connection, [_line(*made)])
    except psycopg.errors.ObjectNotInPrerequisiteState:
        typer.echo(
            "✗ des copies de ses assurés sont ici : un organisme a l’un ou l’autre ; finissez d’abord leurs droits "
            "(un fichier complet sans eux, puis `tierce retention`) / copies of its people are here: an insurer has "
            "one or the other; end their rights first (a whole file without them, then `tierce retention`)",
            err=True,
        )
        raise typer.Exit(1) from None
    except psycopg.errors.UndefinedObject:
        typer.echo(
            "✗ aucune clé ne scelle ce qu’il répondrait : `tierce feed insurers FILE`, avec lui, en fait une / "
            "no key seals what it would answer: `tierce feed insurers FILE`, with this insurer, makes one",
            err=True,
        )
        raise typer.Exit(1) from None
    except (TierceError, OSError, psycopg.Error) as error:
        refuse(error, undone="rien n’a été déclaré / nothing was declared")
    if made is None:
        typer.echo(
            "✗ aucun organisme n’a ce numéro AMC : `tierce feed insurers FILE` / no insurer has this AMC number",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(f"✓ {amc} est interrogé en direct, dans la minute / is asked on the way, within a minute")


@app.command(epilog='Exemple / example:  tierce remote end 99100042 --why "convention over" --settings tierce.toml')
def end(*, amc: Amc, why: Why, settings: SettingsFile) -> None:
    """Ne plus interroger un organisme, dès la demande suivante. / Ask an insurer no more, from the next ask on."""
    with refusing("rien n’a été changé / nothing was changed"):
        reason = typed("--why", why)
        with journalled(load(settings)) as (connection, appender):
            ended = store.end(connection, amc, getuser(), reason)
            if ended is not None:
                appender.append(connection, [_line(*ended)])
    if ended is None:
        typer.echo(
            f"✗ {amc} n’était pas interrogé : voyez `tierce remote list` / was not asked: see `tierce remote list`",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(
        f"✓ {amc} n’est plus interrogé ; ce qui a été répondu reste / is asked no more; what it answered stays"
    )


@app.command("list", epilog="Exemple / example:  tierce remote list --settings tierce.toml")
def listed(*, settings: SettingsFile, json: Json = "") -> None:
    """Lister qui est interrogé, et comment chacun répond aujourd’hui. / List who is asked, and how each answers."""
    reading = refusing("rien n’a été lu / nothing was read")
    with reading, load(settings).connection().connect(ROLE) as connection:
        found = store.watched(connection)
    if json == "-":
        typer.echo(msgspec.json.encode(found))
        return
    table = whole_table("AMC", "organisme / insurer", "où / where", "réponses / answers", "échecs / failures")
    for one in found:
        table.add_row(one.amc, one.name, one.url, str(one.answered), str(one.failed))
    Console().print(table)


@app.command(epilog="Exemple / example:  tierce remote key --settings tierce.toml > operator.pub")
def key(*, settings: SettingsFile) -> None:
    """Écrire la clé publique de nos demandes, pour l’organisme. / Write the public key of our asks."""
    with refusing("rien n’a été lu / nothing was read"):
        public = Keyring(load(settings).key_directory(), ()).instance(ASKING).public_key()
    typer.echo(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), nl=False)


def _line(number: int, insurer: InsurerId) -> Entry:
    return Entry(
        kind=EntryKind.KEY_OR_POLICY_CHANGE,
        act=Act.INSURER_REMOTE,
        outcome=Outcome.DONE,
        time_us=micros(SystemClock().now()),
        insurer=insurer,
        policy=policy_digest(),
        reference=number,
    )
