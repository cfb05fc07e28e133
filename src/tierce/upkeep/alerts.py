"""`tierce alerts`: the operators whose signed alerts are taken in; each change with its line and its reason."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.console import Console

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import PARIS, SystemClock, date_of, micros, paris_day, start_of
from tierce.kernel.errors import TierceError
from tierce.peer_alerts import store
from tierce.peer_alerts.signing import read_keys
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refuse, refusing, whole_table
from tierce.upkeep.lines import ROLE, address, journalled, typed

NAME_MAX, ISSUER_MAX = 80, 200
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Les opérateurs dont les alertes signées sont reçues. / Operators whose signed alerts are taken in.",
)

Name = Annotated[str, typer.Argument(help="Le nom de l’opérateur. / The operator's name.")]
Keys = Annotated[Path, typer.Option(help="Ses clés publiques, un fichier JWKS. / Its public keys, a JWKS file.")]
Why = Annotated[str, typer.Option(help="Pourquoi, gardé avec lui. / The reason, kept.")]


@app.callback()
def alerts() -> None:
    """Inscrire qui peut envoyer des alertes, et y mettre fin. / Register who may send alerts, and end it."""


@app.command(
    epilog=(
        "Exemple / example:  tierce alerts peer Merlerive --issuer https://merlerive.example --keys merlerive.jwks"
        ' --why "convention signée" --settings tierce.toml'
    )
)
def peer(
    *,
    name: Name,
    issuer: Annotated[str, typer.Option(help="Son `iss`, une adresse https. / Its `iss`, an https address.")],
    keys: Keys,
    why: Why,
    settings: SettingsFile,
    push: Annotated[str | None, typer.Option(help="Où il reçoit les nôtres. / Where it takes ours in.")] = None,
    audience: Annotated[str | None, typer.Option(help="Son `aud` ; son issuer sinon. / Its `aud`.")] = None,
) -> None:
    """Inscrire un opérateur dont les alertes sont reçues. / Register an operator whose alerts are taken in."""
    try:
        reason, kept = typed("--why", why), read_keys(keys.read_bytes())
        named, issued = typed("NAME", name, NAME_MAX), address("--issuer", issuer, ISSUER_MAX)
        told = None
        if push is not None:
            told = (address("--audience", audience or issuer, ISSUER_MAX), address("--push", push, ISSUER_MAX))
        with journalled(load(settings)) as (connection, appender):
            number = store.add(connection, named, issued, kept, reason, told)
            appender.append(connection, [_line(number)])
    except psycopg.errors.UniqueViolation:
        typer.echo(
            "✗ un opérateur inscrit a ce nom ou cet issuer : `tierce alerts peers` les montre / "
            "a registered operator has this name or issuer: see `tierce alerts peers`",
            err=True,
        )
        raise typer.Exit(1) from None
    except (TierceError, OSError, psycopg.Error) as error:
        refuse(error, undone="rien n’a été inscrit / nothing was registered")
    typer.echo(f"✓ les alertes de {named} sont reçues / alerts of {named} are taken in")


@app.command(
    epilog=(
        "Exemple / example:  "
        'tierce alerts keys Merlerive --keys merlerive.jwks --why "clés renouvelées" --settings tierce.toml'
    )
)
def keys(*, name: Name, keys: Keys, why: Why, settings: SettingsFile) -> None:
    """Donner d’autres clés à un opérateur ; les anciennes ne servent plus. / Give an operator other keys."""
    with refusing("rien n’a été changé / nothing was changed"):
        reason, kept = typed("--why", why), read_keys(keys.read_bytes())
        with journalled(load(settings)) as (connection, appender):
            number = store.replace_keys(connection, name, kept, reason)
            if number is not None:
                appender.append(connection, [_line(number)])
    _found(number, name)
    typer.echo(f"✓ {name} signe par ces clés seules / {name} signs with these keys alone")


@app.command(
    epilog='Exemple / example:  tierce alerts end Merlerive --why "key stolen" --set-aside --settings tierce.toml'
)
def end(
    *,
    name: Name,
    why: Why,
    settings: SettingsFile,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Écarter aussi ses alertes en cours. / Its alerts in force too.")
    ] = False,
) -> None:
    """Ne plus recevoir d’alertes d’un opérateur. / Take in no more alerts of an operator."""
    gone = 0
    with refusing("rien n’a été changé / nothing was changed"):
        reason, now = typed("--why", why), SystemClock().now()
        with journalled(load(settings)) as (connection, appender):
            number = store.end(connection, name, now, reason)
            if number is not None:
                if set_aside:
                    gone = store.set_aside_all(connection, number, now, getuser(), reason)
                appender.append(connection, [_line(number)])
    _found(number, name)
    typer.echo(
        f"✓ plus d’alertes de {name}, {gone} écartées / no more alerts of {name}, {gone} set aside"
        if set_aside
        else f"✓ plus d’alertes de {name} ; celles en cours demeurent / no more alerts of {name}; those in force stay"
    )


@app.command(epilog="Exemple / example:  tierce alerts peers --settings tierce.toml")
def peers(*, settings: SettingsFile, json: Json = "") -> None:
    """Lister les opérateurs, et leurs alertes du jour. / List the operators, and their alerts of the day."""
    with refusing("rien n’a été lu / nothing was read"):
        today = start_of(date_of(paris_day(SystemClock().now())))
        with load(settings).connection().connect(ROLE) as connection:
            found = store.registered(connection, today)
    if json == "-":
        typer.echo(msgspec.json.encode(found))
        return
    table = whole_table("opérateur / operator", "issuer", "aujourd’hui / today", "fin / ended")
    for one in found:
        table.add_row(
            one.name,
            one.issuer,
            str(one.alerts),
            "" if one.ended is None else f"{one.ended.astimezone(PARIS):%Y-%m-%d}",
        )
    Console().print(table)


def _found(number: int | None, name: str) -> None:
    if number is None:
        typer.echo(
            f"✗ aucun opérateur inscrit ne s’appelle {name} : voyez `tierce alerts peers` / "
            "none registered has that name: see it",
            err=True,
        )
        raise typer.Exit(1)


def _line(number: int) -> Entry:
    return Entry(
        kind=EntryKind.KEY_OR_POLICY_CHANGE,
        act=Act.ALERT_PEER,
        outcome=Outcome.DONE,
        time_us=micros(SystemClock().now()),
        policy=policy_digest(),
        reference=number,
    )
