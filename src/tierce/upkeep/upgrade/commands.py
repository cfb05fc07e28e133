"""`tierce upgrade`: say what will be done, insist on a backup, do it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer

from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Act
from tierce.registry.proving.store import prove_keys
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.command_line import Admin, Json, SettingsFile, refusing
from tierce.storage.migrate import migrate, pending, register_portal
from tierce.storage.version import head_version, stored_version
from tierce.upkeep import lines
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.service import read_manifest
from tierce.upkeep.progress import bar

BACKUP_AGE_MAX = timedelta(hours=6)
"""What is older lacks hours of what people did."""

app = typer.Typer(add_completion=False)


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce upgrade --settings tierce.toml --dry-run"
        "\n\n  tierce upgrade --settings tierce.toml --backup /srv/backup/tierce-20261125T200000Z"
    )
)
def upgrade(
    *,
    settings: SettingsFile,
    backup: Annotated[Path | None, typer.Option(help="Sauvegarde prise avant. / The backup taken before.")] = None,
    without_backup: Annotated[bool, typer.Option("--without-backup", help="S’en passer. / Do without one.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Dire sans faire. / Say, do nothing.")] = False,
    admin: Admin = SUPERUSER,
    json: Json = "",
) -> None:
    """Mettre la base à la version du programme. / Bring the database to this version; there is no way back."""
    with refusing():
        read = load(settings)
        before = _stored(read, admin)
        steps = pending(before)
        _say(before, steps)
        if not dry_run:
            if steps and before is not None and not without_backup:
                _insist(backup, before, read.database.name, SystemClock().now())
            with bar("mise à niveau / upgrade"):
                migrate(read.connection(), admin=admin)
                register_portal(read.connection(), read.portal_software, f"Portail {read.operator.name}")
            with refusing(_stands()):
                lines.tell(read, Act.OPERATION_UPGRADE, int(head_version()))
                prove_keys(read.connection(), read.key_directory(), admin)
    if json == "-":
        typer.echo(
            msgspec.json.encode({"before": before, "after": before if dry_run else head_version(), "steps": steps})
        )
    elif not dry_run:
        typer.echo(f"✓ schéma / schema {head_version()}")


def _stands() -> str:
    """What is said before a refusal that comes once the schema is in place: running it again is what is left."""
    head = head_version()
    return (
        f"la base est au schéma {head} et y reste, mais ses clés ne sont pas toutes éprouvées : corrigez ceci, "
        f"puis relancez `tierce upgrade` / the database is at schema {head} and stays there, but not all of its keys "
        "are proved: mend what follows, then run `tierce upgrade` again"
    )


def _stored(settings: Settings, admin: str) -> str | None:
    database = settings.connection()
    try:
        with database.connect(admin) as connection:
            return stored_version(connection)
    except psycopg.OperationalError as error:
        if "does not exist" in str(error):
            return None
        raise


def _say(before: str | None, steps: list[tuple[str, str]]) -> None:
    typer.echo(f"schéma / schema {before or '—'} → {head_version()}", err=True)
    for version, words in steps:
        typer.echo(f"  {version}  {words}", err=True)
    typer.echo("  puis / then: fonctions, droits, planchers, durées / functions, grants, floors, durations", err=True)


def _insist(backup: Path | None, before: str, name: str, now: datetime) -> None:
    """Refuse to change data without a backup of this very database as it stands, of today, read back whole."""
    if backup is None:
        msg = (
            "ceci change des données, sans retour : `tierce backup take`, puis donnez son dossier par --backup (ou "
            "--without-backup, si vous préférez perdre les données qu’attendre) / this changes data and there is no "
            "way back: `tierce backup take`, then give the folder with --backup (or --without-backup, if you would "
            "rather lose the data than wait)"
        )
        raise BackupError(msg)
    manifest = read_manifest(backup)
    if manifest.schema != before:
        msg = (
            f"{backup} est au schéma {manifest.schema}, la base au {before} : prenez une sauvegarde maintenant / "
            f"the backup is at schema {manifest.schema}, the database at {before}: take a backup now"
        )
        raise BackupError(msg)
    if manifest.database != name:
        msg = (
            f"{backup} est de la base {manifest.database}, et celle-ci est {name} : sauvegardez-la maintenant / "
            f"the backup is of the database {manifest.database}, and this one is {name}: take a backup of it now"
        )
        raise BackupError(msg)
    age = now - datetime.fromisoformat(manifest.taken_at)
    if age > BACKUP_AGE_MAX:
        hours = age // timedelta(hours=1)
        msg = (
            f"{backup} a {hours} heures, et ce qui fut écrit depuis serait perdu : prenez une sauvegarde / "
            f"it was taken {hours} hours ago, and whatever was written since would be lost: take a backup now"
        )
        raise BackupError(msg)
