"""`tierce feed`: the rights of one insurer, the list of insurers, the directory of professionals."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from tierce.directory.store import DirectoryStore
from tierce.feeds.intake import INSTANCE, Intake, Report
from tierce.feeds.reader import count_lines
from tierce.feeds.rejects import rejects_beside
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.registry.model import People
from tierce.registry.service import Listener
from tierce.registry.store import RegistryStore
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose

ROLE = "tierce_feed"
KEYS = (Purpose.INDEX.value, Purpose.TRAIT.value, Purpose.FEED.value, "person", "coverage")
"""The key files an import needs, beside its own signing key."""

_EPILOG = """
Exemples / examples:

  tierce feed insurers insurers.csv --secrets S --keys K --port 5432

  tierce feed rights 99100001.csv --insurer 99100001 --secrets S --keys K --port 5432

  tierce feed rights 99100001.csv --insurer 99100001 --dry-run --json - …

  tierce feed directory directory.csv --secrets S --keys K --port 5432

Sortie / exit: 0 tout est pris / all taken, 1 des lignes refusées / lines refused, 2 fichier refusé / file refused.
"""

app = typer.Typer(add_completion=False, no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier à lire. / File to read.")]
Secrets = Annotated[
    Path, typer.Option(envvar="TIERCE_SECRETS", help="Dossier des mots de passe. / Folder of the roles' passwords.")
]
Keys = Annotated[Path, typer.Option(envvar="TIERCE_KEYS", help="Dossier des clés. / Folder of the key files.")]
Host = Annotated[str, typer.Option(envvar="TIERCE_DATABASE_HOST", help="PostgreSQL.")]
Port = Annotated[int, typer.Option(envvar="TIERCE_DATABASE_PORT", help="PostgreSQL.")]
Name = Annotated[str, typer.Option(envvar="TIERCE_DATABASE_NAME", help="Base de données. / Database.")]
Whom = Annotated[
    People,
    typer.Option(
        envvar="TIERCE_PEOPLE", help="Personnes réelles, ou inventées ; jamais les deux. / Real people or invented."
    ),
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
    secrets: Secrets,
    keys: Keys,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    people: Whom = People.REAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire. / Check only.")] = False,
    json: Json = "",
) -> None:
    """Prendre les droits d’un organisme. / Take in one insurer's rights."""
    database = Database(host, port, name, secrets)
    _run(
        lambda intake, listener: intake.rights(file, insurer, listener, dry_run=dry_run),
        file=file, database=database, keys=keys, people=people, json=json,
    )  # fmt: skip


@app.command(epilog=_EPILOG)
def insurers(
    *,
    file: File,
    secrets: Secrets,
    keys: Keys,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    json: Json = "",
) -> None:
    """Prendre la liste des organismes et de leurs formules. / Take in insurers and their products."""
    database = Database(host, port, name, secrets)
    _run(
        lambda intake, listener: intake.insurers(file, listener),
        file=file, database=database, keys=keys, people=People.REAL, json=json,
    )  # fmt: skip


@app.command(epilog=_EPILOG)
def directory(
    *,
    file: File,
    secrets: Secrets,
    keys: Keys,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    json: Json = "",
) -> None:
    """Prendre l’annuaire des professionnels. / Take in the directory of professionals."""
    database = Database(host, port, name, secrets)
    _run(
        lambda intake, listener: intake.directory(file, listener),
        file=file, database=database, keys=keys, people=People.REAL, json=json,
    )  # fmt: skip


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


def _run(
    take: Callable[[Intake, Listener], Report],
    *,
    file: Path,
    database: Database,
    keys: Path,
    people: People,
    json: str,
) -> None:
    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with rejects_beside(file) as rejects, Progress(*columns, console=console) as bar:
            task = bar.add_task(file.name, total=count_lines(file))
            listener = Listener(rejects.add, lambda lines: bar.update(task, completed=lines))
            report = take(open_intake(database, keys, people), listener)
    except TierceError as error:
        console.print(f"[red]✗[/red] {error}")
        raise typer.Exit(2) from None
    if json == "-":
        typer.echo(msgspec.json.encode(report.summary()))
    counts = report.counts
    console.print(
        f"{counts.read} lignes lues : {counts.taken} prises, {counts.unchanged} inchangées, "
        f"{counts.rejected} refusées ; {report.seconds:.1f} s"
        + (f" → {rejects.path}" if counts.rejected else "")
        + (" (essai : rien n’est écrit / dry run)" if report.dry_run else "")
    )
    raise typer.Exit(1 if counts.rejected else 0)
