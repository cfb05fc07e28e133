"""`tierce feed`: rights of one insurer, the list of insurers, what things cost, the directory, what peers report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec
import psycopg
import typer
from rich.console import Console

from tierce.billing.bank.copying import Seals
from tierce.billing.bank.sealing import read_public
from tierce.billing.pricing.errors import PricesHeldError
from tierce.directory.loads.errors import AbnormalDifferenceError
from tierce.directory.loads.store import DirectoryStore
from tierce.feeds.bar import ProgressBar
from tierce.feeds.folder import ALL_TAKEN, FILE_REFUSED, HELD, LINES_REFUSED, Folder, rights_files
from tierce.feeds.intake import INSTANCE, Intake, Report
from tierce.feeds.rejects import rejects_beside
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, day_of
from tierce.kernel.errors import TierceError
from tierce.presence.store import ReportRows
from tierce.registry.errors import FeedHeldError, ListingHeldError
from tierce.registry.model import People
from tierce.registry.service import CHUNK_LINES, Listener
from tierce.registry.store import RegistryStore
from tierce.settings import Mode, load
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.said import said

ROLE = "tierce_feed"
KEYS = (
    *(one.value for one in (Purpose.INDEX, Purpose.TRAIT, Purpose.FEED, Purpose.DOOR, Purpose.PAIR)),
    "person",
    "coverage",
)
"""The key files an import needs, beside its own signing key."""

_EXAMPLES: Final = {
    "insurers": ("insurers.csv --dry-run",),
    "rights": (
        "99100001.csv --insurer 99100001",
        "99100001.parquet --insurer 99100001 --dry-run --json -",
        "99100001.csv --insurer 99100001 --whole --confirm-shrink 1234",
    ),
    "first-load": ("rights/",),
    "directory": (
        "PS_LibreAcces_Personne_activite.txt --dry-run",
        "etalab-cs1100502-stock.csv --on 2026-11-23",
    ),
    "contracts": ("contracts.csv --dry-run",),
    "tariffs": ("tariffs.csv --dry-run",),
    "benefits": ("benefits.csv",),
    "accounts": ("accounts.csv --dry-run",),
    "presence": ("invoices.csv --peer oct-merle",),
}
_NOTHING: Final = " ; rien n’est écrit : cette liste se prend en entier / nothing was written: it is taken whole"
_INTERRUPTED: Final = (
    "Interrompu, un fichier de droits reprend où il en était : la même commande. / A rights file that was "
    "interrupted goes on where it stood: the same command."
)
_EXITS: Final = (
    "Sortie / exit: 0 tout est pris / all taken, 1 des lignes refusées / lines refused, "
    "2 fichier refusé / file refused"
)
_WAITS: Final = {"rights": "--confirm-shrink"} | dict.fromkeys(
    ("directory", "contracts", "tariffs", "benefits"), "--confirm"
)
"""Commands that wait, when a file would change too much, until its number is repeated."""
_HOLDS: Final = (FeedHeldError, ListingHeldError, PricesHeldError, AbnormalDifferenceError)
_WHOLE: Final = frozenset({"insurers", "tariffs", "benefits"})
"""Lists that are taken whole or not at all."""


def _epilog(command: str) -> str:
    """What a command's help ends with: its own examples, and what its exit says."""
    examples = (f"tierce feed {command} {example} --settings tierce.toml" for example in _EXAMPLES[command])
    more = (_INTERRUPTED,) if command == "rights" else ()
    waits = _WAITS.get(command)
    exits = f"{_EXITS}, 3 en attente de {waits} / waits for it." if waits else f"{_EXITS}."
    return "\n\n".join(("Exemples / examples:", *(f"  {one}" for one in examples), *more, exits))


app = typer.Typer(add_completion=False, no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="Fichier à lire. / File to read.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire. / Check only.")]
MovesFar = Annotated[
    int | None, typer.Option(help="Répéter le nombre de lignes qui changent beaucoup. / Repeat how many move far.")
]


@app.callback()
def feed() -> None:
    """Prendre les fichiers des organismes et de l’annuaire. / Take in files of insurers and directory."""


@app.command(epilog=_epilog("rights"))
def rights(
    *,
    file: File,
    insurer: Annotated[str, typer.Option(help="Numéro AMC de l’organisme. / The insurer's AMC number.")],
    settings: SettingsFile,
    dry_run: DryRun = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="Toute la population : les absents sont clos. / The whole population: the absent are ended.",
        ),
    ] = False,
    confirm_shrink: Annotated[
        int | None,
        typer.Option(help="Répéter combien perdraient des droits. / Repeat how many would lose cover."),
    ] = None,
    json: Json = "",
) -> None:
    """Prendre les droits d’un organisme, CSV ou Parquet. / Take in one insurer's rights, CSV or Parquet."""

    def take(intake: Intake, to: Listener) -> Report:
        return intake.rights(file, insurer, to, dry_run=dry_run, whole=whole, confirm_shrink=confirm_shrink)

    _run(file, settings, json, take)


@app.command("first-load", epilog=_epilog("first-load"))
def first_load(
    *,
    folder: Annotated[
        Path,
        typer.Argument(help="Dossier : un fichier par organisme, nommé par son numéro AMC. / One file an insurer."),
    ],
    settings: SettingsFile,
    json: Json = "",
) -> None:
    """Remplir un registre vide : tous les organismes à la fois. / Fill an empty register, all insurers at once."""
    console, taken = Console(stderr=True), Folder()
    with refusals_told(console):
        taken.take(_opened(settings), rights_files(folder), console)
    if json == "-":
        typer.echo(msgspec.json.encode(taken.summary()))
    console.print(taken.said(), markup=False, soft_wrap=True)
    raise typer.Exit(taken.code)


@app.command(epilog=_epilog("insurers"))
def insurers(*, file: File, settings: SettingsFile, dry_run: DryRun = False, json: Json = "") -> None:
    """Prendre la liste des organismes et de leurs formules. / Take in insurers and their products."""
    _run(file, settings, json, lambda intake, to: intake.insurers(file, to, dry_run=dry_run))


@app.command(epilog=_epilog("directory"))
def directory(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: DryRun = False,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour du fichier ; aujourd’hui au plus. / Its day, today at most."),
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
        lambda intake, to: intake.directory(file, to, dry_run=dry_run, day=day, confirmed=confirm),
    )


@app.command(epilog=_epilog("contracts"))
def contracts(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: DryRun = False,
    confirm: Annotated[
        int | None, typer.Option(help="Répéter le nombre de domaines fermés. / Repeat the number of domains closed.")
    ] = None,
    json: Json = "",
) -> None:
    """Prendre les conventions entre organismes et professionnels. / Take in contracts with professionals."""
    _run(file, settings, json, lambda intake, to: intake.contracts(file, to, dry_run=dry_run, confirmed=confirm))


@app.command(epilog=_epilog("tariffs"))
def tariffs(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: DryRun = False,
    confirm: MovesFar = None,
    json: Json = "",
) -> None:
    """Prendre les tarifs des actes et articles. / Take in what acts and articles are worth."""
    _run(file, settings, json, lambda intake, to: intake.tariffs(file, to, dry_run=dry_run, confirmed=confirm))


@app.command(epilog=_epilog("benefits"))
def benefits(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: DryRun = False,
    confirm: MovesFar = None,
    json: Json = "",
) -> None:
    """Prendre ce que paient les formules des organismes. / Take in what insurers' products pay."""
    _run(file, settings, json, lambda intake, to: intake.benefits(file, to, dry_run=dry_run, confirmed=confirm))


@app.command(epilog=_epilog("accounts"))
def accounts(
    *,
    file: File,
    settings: SettingsFile,
    dry_run: DryRun = False,
    json: Json = "",
) -> None:
    """Prendre les comptes bancaires des établissements, scellés. / Take in establishments' bank accounts, sealed."""
    with refusals_told(Console(stderr=True)):
        read = load(settings)
        read_public(read.key_directory())
        seals = Seals(partial(read_public, read.key_directory()), read.treasurer())
    _run(file, settings, json, lambda intake, to: intake.accounts(file, seals, to, dry_run=dry_run))


@app.command(epilog=_epilog("presence"))
def presence(
    *,
    file: File,
    peer: Annotated[str, typer.Option(help="L’émetteur inscrit, qui a signé le fichier. / The peer that signed it.")],
    settings: SettingsFile,
    signature: Annotated[
        Path | None, typer.Option(help="Sa signature ; FICHIER.sig par défaut. / FILE.sig when left out.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = "",
) -> None:
    """Prendre les soins facturés que signale un concentrateur ou un organisme. / Take in invoiced care."""
    signed = signature or file.with_name(file.name + ".sig")
    _run(file, settings, json, lambda intake, to: intake.presence(file, signed, peer, to, dry_run=dry_run))


def people_of(mode: Mode) -> People:
    """Whom an installation keeps: real people in production and nowhere else, invented ones nowhere in production."""
    return People.REAL if mode is Mode.PRODUCTION else People.INVENTED


def open_intake(database: Database, keys: Path, people: People, chunk_lines: int = CHUNK_LINES) -> Intake:
    """Connect as the import role, enrol its signing key, and return what imports files."""
    connection = database.connect(ROLE)
    keyring = Keyring(keys, KEYS)
    return Intake(
        connection,
        registry=RegistryStore(connection, keyring),
        reports=ReportRows(connection, keyring),
        directory=DirectoryStore(connection),
        appender=Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE)),
        clock=SystemClock(),
        people=people,
        chunk_lines=chunk_lines,
    )


@contextmanager
def refusals_told(console: Console) -> Iterator[None]:
    """Say why a file is refused or held, or what went away, and leave with the code of it."""
    try:
        yield
    except TierceError as error:
        console.print(f"✗ {said(error)}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(HELD if isinstance(error, _HOLDS) else FILE_REFUSED) from None
    except psycopg.OperationalError as error:
        told = said(error)
        if error.sqlstate is None:
            # What the driver says of a lost connection, never of a statement: nothing in it was read from the file.
            told = (
                "la base ne répond pas ; relancez la même commande / the database is away: run the same command again"
            )
            told += f" ({' '.join(str(error).split())})"
        console.print(f"✗ {told}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FILE_REFUSED) from None
    except (EOFError, ConnectionError):
        # The process that reads beside (feeds/pipeline.py) was ended by somebody, or by a system short of memory.
        told = "le processus qui lit le fichier s’est arrêté ; relancez la même commande / the process that reads "
        told += "the file has ended: run the same command again"
        console.print(f"✗ {told}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FILE_REFUSED) from None
    except OSError as error:
        # Of the files, the list of refused lines alone is written: its folder is full, or another's.
        told = f"{said(error)} ; la liste des lignes refusées n’est pas entière : faites de la place, rendez le "
        told += "dossier inscriptible, et relancez la même commande / the list of refused lines is not whole: make "
        told += "room, have the folder writable, and run the same command again"
        console.print(f"✗ {told}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FILE_REFUSED) from None


def _opened(settings_file: Path) -> Intake:
    settings = load(settings_file)
    return open_intake(settings.connection(), settings.key_directory(), people_of(settings.mode))


def _run(file: Path, settings: Path, json: str, take: Callable[[Intake, Listener], Report]) -> None:
    console = Console(stderr=True)
    with refusals_told(console):
        intake = _opened(settings)
        with rejects_beside(file) as rejects, ProgressBar(console, file.name) as bar:
            report = take(intake, Listener(rejects.add, bar.count, bar.follow, bar.measure))
    if json == "-":
        typer.echo(msgspec.json.encode(report.summary()))
    counts = report.counts
    console.print(
        f"{counts.read} lignes lues / lines read : {counts.taken} prises / taken, "
        f"{counts.unchanged} inchangées / unchanged, {counts.rejected} refusées / refused ; {report.seconds:.1f} s"
        + (f" ; {counts.outdated} antérieures, sans effet / outdated, without effect" if counts.outdated else "")
        + (f" ; {counts.ended} personnes closes / people ended" if counts.ended else "")
        + (f" → {rejects.path}" if counts.rejected else "")
        + (" (essai : rien n’est écrit / dry run)" if report.dry_run else "")
        + (_NOTHING if counts.rejected and report.kind in _WHOLE else ""),
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(LINES_REFUSED if counts.rejected else ALL_TAKEN)
