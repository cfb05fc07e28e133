"""`tierce alerts`: the operators whose signed alerts are taken in; each change with its line and its reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, date_of, micros, paris_day, start_of
from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.labels import holds_nir
from tierce.kernel.language import Phrase
from tierce.peer_alerts import store
from tierce.peer_alerts.signing import read_keys
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.settings import Settings, load
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.keys import Keyring
from tierce.storage.said import said

ROLE = "tierce_upkeep"
INSTANCE = "upkeep"
NAME_MAX, WHY_MAX, ISSUER_MAX = 80, 300, 200
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
    epilog="Example:  tierce alerts peer Merlerive --issuer https://merlerive.example --keys merlerive.jwks \\\n"
    '          --why "convention signed" --settings tierce.toml'
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
        reason, kept = _text("--why", why, WHY_MAX), read_keys(keys.read_bytes())
        named, address = _text("NAME", name, NAME_MAX), _address("--issuer", issuer)
        told = None
        if push is not None:
            told = (_address("--audience", audience or issuer), _address("--push", push))
        with _journalled(load(settings)) as (connection, appender):
            number = store.add(connection, named, address, kept, reason, told)
            appender.append(connection, [_line(number)])
    except psycopg.errors.UniqueViolation:
        typer.echo(
            "✗ un opérateur inscrit a ce nom ou cet issuer : `tierce alerts peers` les montre / "
            "a registered operator has this name or issuer: see `tierce alerts peers`",
            err=True,
        )
        raise typer.Exit(1) from None
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ rien n’a été inscrit / nothing was registered: {said(error)}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"✓ les alertes de {named} sont reçues / alerts of {named} are taken in")


@app.command(
    epilog="Example:  tierce alerts keys Merlerive --keys merlerive.jwks --why renewed --settings tierce.toml"
)
def keys(*, name: Name, keys: Keys, why: Why, settings: SettingsFile) -> None:
    """Donner d’autres clés à un opérateur ; les anciennes ne servent plus. / Give an operator other keys."""
    try:
        reason, kept = _text("--why", why, WHY_MAX), read_keys(keys.read_bytes())
        with _journalled(load(settings)) as (connection, appender):
            number = store.replace_keys(connection, name, kept, reason)
            if number is not None:
                appender.append(connection, [_line(number)])
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ rien n’a été changé / nothing was changed: {said(error)}", err=True)
        raise typer.Exit(2) from None
    _found(number, name)
    typer.echo(f"✓ {name} signe par ces clés seules / {name} signs with these keys alone")


@app.command(epilog='Example:  tierce alerts end Merlerive --why "key stolen" --set-aside --settings tierce.toml')
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
    try:
        reason, now = _text("--why", why, WHY_MAX), SystemClock().now()
        with _journalled(load(settings)) as (connection, appender):
            number = store.end(connection, name, now, reason)
            if number is not None:
                if set_aside:
                    gone = store.set_aside_all(connection, number, now, getuser(), reason)
                appender.append(connection, [_line(number)])
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ rien n’a été changé / nothing was changed: {said(error)}", err=True)
        raise typer.Exit(2) from None
    _found(number, name)
    typer.echo(
        f"✓ plus d’alertes de {name}, {gone} écartées / no more alerts of {name}, {gone} set aside"
        if set_aside
        else f"✓ plus d’alertes de {name} ; celles en cours demeurent / no more alerts of {name}; those in force stay"
    )


@app.command(epilog="Example:  tierce alerts peers --settings tierce.toml")
def peers(*, settings: SettingsFile, json: Json = "") -> None:
    """Lister les opérateurs, et leurs alertes du jour. / List the operators, and their alerts of the day."""
    try:
        today = start_of(date_of(paris_day(SystemClock().now())))
        with load(settings).connection().connect(ROLE) as connection:
            found = store.registered(connection, today)
    except (TierceError, OSError, psycopg.Error) as error:
        typer.echo(f"✗ rien n’a été lu / nothing was read: {said(error)}", err=True)
        raise typer.Exit(2) from None
    if json == "-":
        typer.echo(msgspec.json.encode(found))
        return
    table = Table("opérateur / operator", "issuer", "aujourd’hui / today", "fin / ended")
    for one in found:
        table.add_row(one.name, one.issuer, str(one.alerts), "" if one.ended is None else f"{one.ended:%Y-%m-%d}")
    Console().print(table)


def _found(number: int | None, name: str) -> None:
    if number is None:
        typer.echo(
            f"✗ aucun opérateur inscrit ne s’appelle {name} : voyez `tierce alerts peers` / "
            "none registered has that name: see it",
            err=True,
        )
        raise typer.Exit(1)


def _text(field: str, given: str, most: int) -> str:
    """One line that somebody will read: not empty, not too long, of nobody cared for."""
    text = " ".join(given.split())
    if not 1 <= len(text) <= most or not text.isprintable() or holds_nir(text):
        raise FieldError(
            field,
            Phrase("c'est vide, trop long, ou cela ressemble à un numéro de personne.",
                   "this is empty, too long, or looks like a person's number."),
            Phrase(f"Écrivez-le en {most} caractères au plus.", f"Write it in {most} characters at most."),
        )  # fmt: skip
    return text


def _address(field: str, given: str) -> str:
    """An address as tokens say it, compared character by character, or as they are pushed to it."""
    parts = urlsplit(given)
    if parts.scheme != "https" or not parts.hostname or len(given) > ISSUER_MAX or not given.isascii():
        raise FieldError(
            field,
            Phrase("ce n'est pas une adresse https.", "this is no https address."),
            Phrase("Recopiez celle que l'opérateur vous a donnée.", "Copy the one that the operator gave you."),
        )
    return given


@contextmanager
def _journalled(read: Settings) -> Iterator[tuple[psycopg.Connection, Appender]]:
    keyring = Keyring(read.key_directory(), ())
    with read.connection().connect(ROLE) as connection:
        yield connection, Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE))


def _line(number: int) -> Entry:
    return Entry(
        kind=EntryKind.KEY_OR_POLICY_CHANGE,
        act=Act.ALERT_PEER,
        outcome=Outcome.DONE,
        time_us=micros(SystemClock().now()),
        policy=policy_digest(),
        reference=number,
    )
