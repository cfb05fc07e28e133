"""`tierce feed`: the rights of one insurer, the list of insurers, the directory of professionals."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from tierce.directory.loads.store import DirectoryStore
from tierce.feeds.intake import INSTANCE, Intake, Report
from tierce.feeds.reader import count_lines
from tierce.feeds.rejects import rejects_beside
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, day_of
from tierce.kernel.errors import TierceError
from tierce.registry.model import People
from tierce.registry.service import Listener
from tierce.registry.store import RegistryStore
from tierce.settings import Mode, load
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose

ROLE = "tierce_feed"
KEYS = (Purpose.INDEX.value, Purpose.TRAIT.value, Purpose.FEED.value, Purpose.DOOR.value, "person", "coverage")
"""The key files an import needs, beside its own signing key."""

_EPILOG = """
Exemples / examples:

  tierce feed insurers insurers.csv --settings tierce.toml

  tierce feed rights 99100001.csv --insurer 99100001 --settings tierce.toml

  tierce feed rights 99100001.csv --insurer 99100001 --dry-run --settings tierce.toml --json -

  tierce feed directory PS_LibreAcces_Personne_activite.txt --dry-run --settings tierce.toml

  tierce feed directory etalab-cs1100502-stock.csv --on 2026-11-23 --settings tierce.toml

  tierce feed contracts contracts.csv --dry-run --settings tierce.toml

Sortie / exit: 0 tout est pris / all taken, 1 des lignes refusées / lines refused, 2 fichier refusé / file refused.
"""

app = typer.Typer(add_completion=False, no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier à lire. / File to read.")]
SettingsFile = Annotated[
    Path, typer.Option("--settings", envvar="TIERCE_SETTINGS", help="Réglages de l’installation. / Settings file.")
]
Json = Annotated[str, typer.Option(help="« - » : un objet JSON sur la sortie. / One JSON object.")]


@app.callback()
def feed() -> None:
    """Prendre les fichiers des organismes et de l’annuaire. / Take in files of insurers and directory."""


@app.command(epilog=_EPILOG)
def rights(
    *,
    file: File,
    insurer: Annotated[str, typer.Option(help="Numéro AMC de l’organisme. / The insurer's AMC number.")],
    settings: SettingsFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire. / Check only.")] = False,
    json: Json = "",
) -> None:
    """Prendre les droits d’un organisme. / Take in one insurer's rights."""
    _run(file, settings, json, lambda intake, listener: intake.rights(file, insurer, listener, dry_run=dry_run))


@app.command(epilog=_EPILOG)
def insurers(*, file: File, settings: SettingsFile, json: Json = "") -> None:
    """Prendre la liste des organismes et de leurs formules. / Take in insurers and their products."""
    _run(file, settings, json, lambda intake, listener: intake.insurers(file, listener))


@app.command(epilog=_EPILOG)
def directory(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire. / Check only.")] = False,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour du fichier ; aujourd’hui par défaut. / The file's day."),
    ] = None,
    confirm: Annotated[
        int | None, typer.Option(help="Répéter le nombre affiché d’un écart anormal. / Repeat the printed number.")
    ] = None,
    json: Json = "",
) -> None:
    """Prendre l’annuaire : national, FINESS, ou le vôtre. / Take in the directory: national, FINESS, own."""
    day = None if on is None else day_of(on.date())
    _run(
        file,
        settings,
        json,
        lambda intake, listener: intake.directory(file, listener, dry_run=dry_run, day=day, confirmed=confirm),
    )


@app.command(epilog=_EPILOG)
def contracts(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire. / Check only.")] = False,
    json: Json = "",
) -> None:
    """Prendre les conventions entre organismes et professionnels. / Take in contracts with professionals."""
    _run(file, settings, json, lambda intake, listener: intake.contracts(file, listener, dry_run=dry_run))


def open_intake(database: Database, keys: Path, people: People) -> Intake:
    """Connect as the import role, enrol its signing key, and return what imports files."""
    connection = database.connect(ROLE)
    keyring = Keyring(keys, KEYS)
    return Intake(
        connection,
        registry=RegistryStore(connection, keyring),
        directory=DirectoryStore(connection),
        appender=Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE)),
        clock=SystemClock(),
        people=people,
    )


def _run(file: Path, settings_file: Path, json: str, take: Callable[[Intake, Listener], Report]) -> None:
    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        settings = load(settings_file)
        people = People.REAL if settings.mode is Mode.PRODUCTION else People.INVENTED
        intake = open_intake(settings.connection(), settings.key_directory(), people)
        with rejects_beside(file) as rejects, Progress(*columns, console=console) as bar:
            task = bar.add_task(file.name, total=count_lines(file))
            listener = Listener(rejects.add, lambda lines: bar.update(task, completed=lines))
            report = take(intake, listener)
    except TierceError as error:
        console.print(f"✗ {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if json == "-":
        typer.echo(msgspec.json.encode(report.summary()))
    counts = report.counts
    console.print(
        f"{counts.read} lignes lues : {counts.taken} prises, {counts.unchanged} inchangées, "
        f"{counts.rejected} refusées ; {report.seconds:.1f} s"
        + (f" → {rejects.path}" if counts.rejected else "")
        + (" (essai : rien n’est écrit / dry run)" if report.dry_run else ""),
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(1 if counts.rejected else 0)
