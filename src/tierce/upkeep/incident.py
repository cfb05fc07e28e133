"""`tierce incident`: an incident's evidence pack, for whoever inspects it without us."""

import getpass
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import psycopg
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents import store
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.errors import IncidentMissingError
from tierce.incidents.pack.errors import CheckpointMissingError, PackExistsError
from tierce.incidents.pack.service import Packs, Seal
from tierce.incidents.register.service import Register
from tierce.incidents.rules import incident_reference
from tierce.journal.kept import retired_log_lines
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import FieldError, TierceError
from tierce.kernel.ids import IncidentId, SessionId, StaffId, staff_id
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.scope.commands import progress
from tierce.settings import Settings, SettingsError, load
from tierce.storage.command_line import By, Json, SettingsFile
from tierce.storage.keys import Keyring
from tierce.storage.said import said
from tierce.web.names import log_key

ROLE, INSTANCE = "tierce_office", "office"
_EPILOG = """
Exemples / examples:

  tierce incident list --settings tierce.toml

  tierce incident pack I-20261120-7K2M --out dossier.zip --by "Marc Tessier" --settings tierce.toml

  tierce incident pack I-20261120-7K2M --out dossier.zip --under 48211 --json - --by "Marc Tessier" --settings tierce.toml

Puis / then: unzip dossier.zip -d dossier, lire / read dossier/LISEZMOI.md.

Sortie / exit: 0 le dossier est écrit / the pack is written, 2 refusé / refused.
"""  # noqa: E501 - an example is copied as it stands, on one line

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def incident() -> None:
    """Les incidents et leurs preuves. / Incidents and their evidence."""


@app.command("list", epilog=_EPILOG)
def list_(*, settings: SettingsFile) -> None:
    """Dire les incidents et leurs références. / Say the incidents and their references."""
    try:
        with load(settings).connection().connect(ROLE) as connection:
            for one in store.incidents(connection):
                typer.echo(f"{incident_reference(one.id, one.day)}  {one.title}")
    except (TierceError, psycopg.OperationalError) as error:
        _refuse(error)


@app.command(epilog=_EPILOG)
def pack(
    *,
    incident: Annotated[str, typer.Argument(help="Référence ou numéro. / Reference or number.")],
    out: Annotated[Path, typer.Option(help="Le fichier à écrire. / The file to write.")],
    settings: SettingsFile,
    by: By = "",
    under: Annotated[
        int | None,
        typer.Option(min=1, help="Taille d’un point de contrôle antérieur. / Size of an earlier checkpoint."),
    ] = None,
    json: Json = "",
) -> None:
    """Écrire le dossier de preuves d’un incident ; une ligne du journal le dit avant qu’il sorte.

    / Write an incident's evidence pack; a line of the journal says so before it is out.
    """
    try:
        read = load(settings)
        database, clock = read.connection(), SystemClock()
        key = Keyring(read.key_directory(), ()).instance(INSTANCE)
        who = by.strip() or getpass.getuser()
        with (
            database.connect(ROLE, autocommit=True) as connection,
            database.connect(ROLE, autocommit=True) as writing,
            progress() as say,
        ):
            appender = Appender.enrol(writing, INSTANCE, key)
            number = _number(connection, incident)
            caller = StaffCaller(StaffId(staff_id(f"command:{who}")), SessionId(0), who, frozenset())

            register = Register(appender, clock)

            def note(digest: bytes) -> None:
                register.note_export(writing, caller, number, Act.STAFF_PACK, digest=digest)

            packs = Packs(
                Clocks(register),
                LogFolder(read.log_directory()),
                read.segments_directory(),
                _seal(read, key),
            )
            if not out.absolute().parent.is_dir():
                raise FieldError("--out", _NO_FOLDER, _OTHER_FOLDER)
            made = packs.make(connection, number, out, note, size=under, say=say)
    except (TierceError, OSError, psycopg.OperationalError) as error:
        _refuse(error)
    if json == "-":
        found = {"file": str(made.path), "sha256": made.digest.hex(), "files": made.files, "tree_size": made.size}
        typer.echo(msgspec.json.encode({**found, "lines": made.lines}))
        return
    typer.echo(
        f"{made.files} fichiers / files, {made.lines} lignes prouvées / lines proved, arbre de / tree of {made.size}"
    )
    typer.echo(f"{made.digest.hex()}  {made.path}")


def _seal(settings: Settings, key: Ed25519PrivateKey) -> Seal:
    keys, witnesses = settings.key_directory(), tuple(one.key for one in settings.witnesses)
    return Seal(key, log_key(keys), witnesses, retired_log_lines(keys))


def _number(connection: Connection, text: str) -> IncidentId:
    """The incident of a reference or a number.

    Raises:
        IncidentMissingError: there is none.
    """
    found = store.named(connection, text)
    if found is None:
        raise IncidentMissingError
    return found


_NO_FOLDER = Phrase("Ce dossier n’existe pas.", "This folder does not exist.")
_OTHER_FOLDER = Phrase("Créez-le, ou donnez-en un autre.", "Make it, or give another.")
_WORDS = {
    IncidentMissingError: "incident : aucun de ce nom ; voyez `tierce incident list` / none of this name: see it",
    CheckpointMissingError: (
        "--under : aucun point de contrôle de cette taille ; sans --under, le plus récent"
        " / no checkpoint of this size; without --under, the newest"
    ),
    PackExistsError: "--out : ce fichier existe déjà, donnez-en un autre / this file exists already, give another",
}


def _refuse(error: Exception) -> NoReturn:
    told = next((words for kind, words in _WORDS.items() if isinstance(error, kind)), said(error))
    if isinstance(error, SettingsError):
        told = f"--settings : {error}"
    typer.echo(f"✗ {told}", err=True)
    raise typer.Exit(2) from None
