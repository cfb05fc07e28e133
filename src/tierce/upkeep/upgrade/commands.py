"""`tierce upgrade`: say what will be done, insist on a backup, do it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.policy.acts import Act
from tierce.registry.proving.store import prove_keys
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.command_line import Admin, Json, SettingsFile, refuse, refusing
from tierce.storage.migrate import migrate, pending, register_portal
from tierce.storage.said import upgrading
from tierce.storage.version import head_version, stored_version
from tierce.upkeep import lines
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.service import read_manifest
from tierce.upkeep.backup.store import has_database
from tierce.upkeep.progress import bar

BACKUP_AGE_MAX = timedelta(hours=6)
"""What is older lacks hours of what people did."""

_IN_PLACE = (
    "  schéma {0} en place : relancez les processus dès maintenant ; les index se construisent / schema {0} is in "
    "place: restart the processes now; indexes are being built"
)

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
        if not dry_run and steps and before is not None and not without_backup:
            _insist(backup, before, read.database.name, SystemClock().now())
    if not dry_run:
        _bring(read, admin, told=before is not None and bool(steps))
    if json == "-":
        typer.echo(
            msgspec.json.encode({"before": before, "after": before if dry_run else head_version(), "steps": steps})
        )
    elif not dry_run:
        typer.echo(f"✓ schéma / schema {head_version()}")


def _bring(settings: Settings, admin: str, *, told: bool) -> None:
    """Upgrade, and tell of a refusal whether the new schema is there already; with `told`, tell when it is."""
    undone = ""

    def stands() -> None:
        nonlocal undone
        undone = _stands()
        if told:
            typer.echo(_IN_PLACE.format(head_version()), err=True)

    try:
        with bar("mise à niveau / upgrade"):
            migrate(settings.connection(), admin=admin, stands=stands)
            register_portal(settings.connection(), settings.portal_software, f"Portail {settings.operator.name}")
        lines.tell(settings, Act.OPERATION_UPGRADE, int(head_version()))
        prove_keys(settings.connection(), settings.key_directory(), admin)
    except (TierceError, OSError, psycopg.Error) as error:
        refuse(error, undone=undone)


def _stands() -> str:
    """What is said before a refusal that comes once the schema is in place: running it again is what is left."""
    head = head_version()
    return (
        f"la base est au schéma {head} et y reste, mais ses index et l’épreuve de ses clés ne sont pas finis : "
        f"corrigez ceci, puis relancez `tierce upgrade` / the database is at schema {head} and stays there, but its "
        "indexes and the proof of its keys are not finished: mend what follows, then run `tierce upgrade` again"
    )


def _stored(settings: Settings, admin: str) -> str | None:
    database = settings.connection()
    with upgrading(admin):
        with database.named("postgres").connect(admin) as server:
            if not has_database(server, database.name):
                return None
        with database.connect(admin) as connection:
            return stored_version(connection)


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
