"""`tierce backup`: the database into a folder, the keys into a sealed file of their own."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer

from tierce import __version__
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Act
from tierce.settings import Settings, load, secret
from tierce.storage import heartbeat
from tierce.storage.cluster import SUPERUSER
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.storage.version import head_version, stored_version
from tierce.upkeep import lines
from tierce.upkeep.backup import basecopy, keyfile
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.service import forget_old, read_manifest, take
from tierce.upkeep.backup.signature import insist_signed
from tierce.upkeep.progress import bar

app = typer.Typer(add_completion=False, no_args_is_help=True)
Admin = Annotated[str, typer.Option(help="Rôle administrateur de PostgreSQL. / The server's administrator.")]
Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Fichier de la phrase secrète ; sinon demandée. / Asked when left out."),
]


@app.callback()
def backup() -> None:
    """Sauvegarder la base, et les clés à part. / Back the database up, and the keys apart."""


@app.command("take", epilog="Exemple / example:  tierce backup take --to /srv/backup --settings tierce.toml")
def take_one(
    *,
    to: Annotated[Path, typer.Option(help="Dossier des sauvegardes. / Folder of the backups.")],
    settings: SettingsFile,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget-old", help="Retirer ensuite celles qui ont fait leur temps. / Remove those past theirs."
        ),
    ] = False,
    admin: Admin = SUPERUSER,
    json: Json = "",
) -> None:
    """Sauvegarder la base telle qu’à un instant, sans rien arrêter. / Save one instant; nothing is stopped."""
    with refusing():
        read, clock = load(settings), SystemClock()
        with bar("sauvegarde / backup") as advance:
            taken = take(read, to, admin, clock, advance)
        size = taken.manifest.journal_size
        noted = _note(read, size)
        gone = forget_old(to, taken.folder, clock.now()) if forget else []
    stored = sum(file.bytes for file in taken.manifest.files.values())
    rows = sum(taken.manifest.rows.values())
    if json == "-":
        typer.echo(
            msgspec.json.encode(
                {"folder": str(taken.folder), "bytes": stored, "rows": rows, "schema": taken.manifest.schema}
            )
        )
        return
    for folder in gone:
        typer.echo(f"  {folder.name} : retirée / removed")
    typer.echo(f"✓ {taken.folder} : {rows:,} lignes / rows, {stored / 1e6:,.1f} Mo / MB")
    typer.echo(
        "  Sans les clés : `tierce backup keys`, ailleurs. / Without the keys: `tierce backup keys`, elsewhere."
    )
    if not noted:
        typer.echo(
            "  Elle n’est pas inscrite au journal : la base attend `tierce upgrade`. / It is not in the journal: the "
            "database waits for `tierce upgrade`."
        )


def _note(settings: Settings, size: int) -> bool:
    """Write in the journal that a backup was taken; whether an earlier schema, before its upgrade, let us.

    The page of upgrades has the new program save a database that it has not upgraded yet: its backup is whole all the
    same, and a refusal would send whoever reads it to `tierce upgrade`, which asks for that backup.
    """
    try:
        lines.tell(settings, Act.OPERATION_BACKUP, size)
        with settings.connection().connect(lines.ROLE) as connection:
            heartbeat.job_ended(connection, "backup", __version__)
    except psycopg.ProgrammingError:
        with settings.connection().connect(lines.ROLE) as connection:
            if stored_version(connection) == head_version():
                raise
        return False
    return True


@app.command(
    epilog="Exemple / example:  tierce backup base --to /srv/backup --wal /srv/tierce-wal --settings tierce.toml"
)
def base(
    *,
    to: Annotated[Path, typer.Option(help="Dossier des copies. / Folder of the copies.")],
    settings: SettingsFile,
    wal: Annotated[
        Path | None, typer.Option(help="Dossier de l’archive. / The archive's folder, rid of what no copy needs.")
    ] = None,
    admin: Admin = SUPERUSER,
    json: Json = "",
) -> None:
    """Copier les fichiers du serveur pour son archive. / Copy the server's files, for its archive to begin from."""
    with refusing():
        read, clock = load(settings), SystemClock()
        started = clock.now()
        with bar("copie / copy"):
            taken = basecopy.copy(read, to, admin, clock)
        gone = basecopy.forget_old(to, taken, clock.now())
        ended = basecopy.forget_wal(wal, to) if wal is not None else 0
        missing = basecopy.missing_wal(wal, to) if wal is not None else []
        with read.connection().connect(lines.ROLE) as connection:
            heartbeat.job_ended(connection, heartbeat.BASE, __version__)
    size = sum(file.stat().st_size for file in taken.rglob("*") if file.is_file())
    seconds = (clock.now() - started).total_seconds()
    if json == "-":
        told = {"folder": str(taken), "bytes": size, "seconds": seconds, "wal_removed": ended, "wal_missing": missing}
        typer.echo(msgspec.json.encode(told))
    else:
        for folder in gone:
            typer.echo(f"  {folder.name} : retirée / removed")
        typer.echo(f"✓ {taken} : {size / 1e6:,.1f} Mo / MB, {seconds:.0f} s ; archive : -{ended} fichiers / files")
    if missing:
        typer.echo(
            f"✗ {missing[0]} manque à l’archive : aucun instant entre lui et cette copie ne revient / is missing "
            "from the archive: no instant between it and this copy comes back",
            err=True,
        )
        raise typer.Exit(1)


@app.command(
    epilog="Exemple / example:  tierce backup check /srv/backup/tierce-20261125T200000Z --settings tierce.toml"
)
def check(
    folder: Annotated[Path, typer.Argument(help="Une sauvegarde. / One backup.")], *, settings: SettingsFile
) -> None:
    """Relire une sauvegarde, la comparer à son manifeste signé. / Read a backup, hold it to its signed manifest."""
    with refusing(), bar("lecture / reading") as advance:
        manifest = read_manifest(folder, advance)
        insist_signed(folder, load(settings).key_directory(), manifest)
    typer.echo(
        f"✓ {folder} : {manifest.taken_at}, schéma / schema {manifest.schema}, {len(manifest.files)} fichiers / files"
    )


@app.command(epilog="Exemple / example:  tierce backup keys --to /media/usb/tierce-keys --settings tierce.toml")
def keys(
    *,
    to: Annotated[Path, typer.Option(help="Fichier scellé à créer. / Sealed file to make.")],
    settings: SettingsFile,
    passphrase_file: Passphrase = None,
) -> None:
    """Sceller toutes les clés dans un fichier, sous une phrase secrète. / Seal every key under a passphrase."""
    with refusing():
        names = keyfile.seal(load(settings).key_directory(), to, _passphrase(passphrase_file, twice=True))
    typer.echo(f"✓ {to} : {len(names)} fichiers / files")
    typer.echo("  Gardez-le loin des sauvegardes de la base. / Keep it away from the database's backups.")


@app.command(
    "open-keys", epilog="Exemple / example:  tierce backup open-keys /media/usb/tierce-keys --to /etc/tierce/keys"
)
def open_keys(
    file: Annotated[Path, typer.Argument(help="Fichier scellé. / Sealed file.", exists=True, dir_okay=False)],
    *,
    to: Annotated[Path, typer.Option(help="Dossier des clés. / Folder of the keys.")],
    passphrase_file: Passphrase = None,
) -> None:
    """Remettre en place les clés scellées ; rien n’est écrasé. / Bring sealed keys back; nothing is overwritten."""
    with refusing():
        names = keyfile.open_sealed(file, to, _passphrase(passphrase_file, twice=False))
    typer.echo(f"✓ {to} : {len(names)} fichiers / files")


def _passphrase(file: Path | None, *, twice: bool) -> str:
    if file is not None:
        return secret(file)
    if not sys.stdin.isatty():
        raise BackupError(
            "personne au clavier pour la phrase secrète : donnez --passphrase-file / "
            "nobody is at the keyboard for the passphrase: give --passphrase-file"
        )
    asked: str = typer.prompt("Phrase secrète / Passphrase", hide_input=True, confirmation_prompt=twice)
    return asked
