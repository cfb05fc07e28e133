"""`tierce ladder`: what is closed, close a part of the service for a bounded time, open it again."""

import getpass
from typing import Annotated

import typer
from psycopg import Connection

from tierce.closings import store
from tierce.closings.model import Target
from tierce.closings.rules import (
    ACTS,
    LEVELS,
    REASON_CHARS,
    SITES,
    name_of,
    narrower,
    read_length,
    read_rung,
    read_target,
    say_closing,
    say_hindered,
)
from tierce.closings.service import By, Closings
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SessionId, staff_id
from tierce.policy.digest import policy_digest
from tierce.storage.command_line import SettingsFile
from tierce.upkeep.office import office

_EPILOG = """
Exemples / examples:

  tierce ladder show --settings tierce.toml

  tierce ladder close domain OPTI --for 4h --reason "Vague de refus en optique" --settings tierce.toml

  tierce ladder close insurer 99100001 --for 30m --reason "Fichier de droits en cours de reprise" --yes --settings tierce.toml

  tierce ladder close portal portal --reason "Comptes volés sur le portail" --settings tierce.toml

  tierce ladder close nation --for 30m --reason "Journal illisible" --by "Hélène Vasseur" --settings tierce.toml

  tierce ladder close cell 75:OPTICIAN --rung presence --for 30m --reason "Vague de demandes" --settings tierce.toml

  tierce ladder close software 12 --rung step-up --reason "Mise à jour suspecte" --settings tierce.toml

Une réouverture se dit à deux / two people open again:

  tierce ladder reopen domain OPTI --by "Hélène Vasseur" --settings tierce.toml

  tierce ladder reopen domain OPTI --by "Marc Lemaire" --settings tierce.toml

Sortie / exit: 0 fait / done, 1 abandonné / given up, 2 refusé / refused.
"""  # noqa: E501 - an example is copied as it stands, on one line

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Fermer, rouvrir. / Close, open again.")

LevelName = Annotated[str, typer.Argument(help=f"{', '.join(LEVELS)}.")]
_LEAST, _MOST = REASON_CHARS
_REASON_HELP = f"Pourquoi, en {_LEAST} à {_MOST} caractères. / Why, in {_LEAST} to {_MOST} characters."
Subject = Annotated[
    str,
    typer.Argument(
        help=f"{'|'.join(SITES)}, {'|'.join(ACTS)}, OPTI…, AMC, GP…, 75:GP, FINESS ; rien : nation. / "
        "Nothing: nation."
    ),
]


@app.command(epilog=_EPILOG)
def show(*, settings: SettingsFile) -> None:
    """Dire ce qui est fermé. / Say what is closed."""
    with office(settings) as (connection, _):
        names = store.names(connection)
        found = store.standing(connection)
        for closing, release in found:
            said = say_closing(closing, names, SystemClock().now())
            typer.echo(f"{said.fr}\n  ({said.en}) — {closing.by} : {closing.reason}")
            if release is not None:
                typer.echo(f"  {release.name} demande la levée : une autre personne confirme. / asks to let go.")
        if not found:
            typer.echo("Tout est ouvert. / Everything is open.")


@app.command(epilog=_EPILOG)
def close(
    *,
    level: LevelName,
    subject: Subject = "",
    reason: Annotated[str, typer.Option(help=_REASON_HELP)],
    length: Annotated[str, typer.Option("--for", help="30m, 4h, 2d.")] = "4h",
    rung: Annotated[str, typer.Option(help="suspended, presence, step-up.")] = "suspended",
    by: Annotated[str, typer.Option(help="Qui ferme. / Who closes.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander. / Do not ask.")] = False,
    settings: SettingsFile,
) -> None:
    """Fermer une partie du service, pour un temps borné. / Close a part of the service, for a bounded time."""
    with office(settings) as (connection, appender):
        closings = Closings(appender, SystemClock(), policy_digest())
        target, names = _target(connection, level, subject)
        lasting = read_length(length)
        said, counted = name_of(target, names), say_hindered(closings.hindered(connection, target))
        typer.echo(f"{said.fr} — {counted.fr}\n{said.en} — {counted.en}")
        if narrower(target):
            words = ", ".join(one.name.lower() for one in narrower(target))
            typer.echo(f"Plus étroit / narrower: {words}")
        if not yes and not typer.confirm("Fermer ? / Close?"):
            typer.echo("Rien n’est fermé. / Nothing was closed.", err=True)
            raise typer.Exit(1)
        made = closings.close(connection, target, reason, _hand(by), lasting, read_rung(rung))
        said = say_closing(made, names, made.since)
        typer.echo(f"{said.fr}\n{said.en}")


@app.command(epilog=_EPILOG)
def reopen(
    *,
    level: LevelName,
    subject: Subject = "",
    by: Annotated[str, typer.Option(help="Qui rouvre. / Who opens again.")] = "",
    settings: SettingsFile,
) -> None:
    """Rouvrir : une personne le demande, une autre confirme. / One asks to reopen, another confirms."""
    with office(settings) as (connection, appender):
        closings = Closings(appender, SystemClock(), policy_digest())
        target, names = _target(connection, level, subject)
        done = closings.reopen(connection, target, _hand(by))
        said = name_of(target, names)
        if done.lifted:
            typer.echo(f"Rouvert : {said.fr}. / Open again: {said.en}.")
        if done.waiting:
            typer.echo(
                f"Demandé pour {said.fr} : une autre personne confirme dans les quatre heures.\n"
                f"Asked for {said.en}: another person confirms within four hours."
            )


def _target(connection: Connection, level: str, subject: str) -> tuple[Target, dict[Target, str]]:
    return read_target(level, subject, store.find(connection)), store.names(connection)


def _hand(by: str) -> By:
    """Who acts: the name given, else the name of the system's user; the journal holds its number."""
    name = by.strip() or getpass.getuser()
    return By(staff_id(f"command:{name}"), SessionId(0), name)
