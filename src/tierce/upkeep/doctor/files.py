"""The doctor on files: keys, passwords, client secrets, room on disks."""

import shutil
from pathlib import Path

from tierce.deposits.sealing import PUBLIC_FILE
from tierce.journal.kept import LOG_RETIRED_FILE
from tierce.kernel.language import Phrase
from tierce.settings import Settings
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import EVERY_KEY, KEY_BYTES
from tierce.storage.roles import ROLES
from tierce.upkeep.doctor import log
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.service import INSTANCES, LENDING_KEY
from tierce.web.names import LOG_PUBLIC_FILE

ROOM_WARNING, ROOM_BAD = 0.15, 0.05
"""Share of a disk that is still free."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DATABASE_FILES = Path("/var/lib/postgresql")
"""Where Debian keeps them."""


def keys(settings: Settings) -> list[Finding]:
    """Every key file is there, has its length, and is open to nobody else."""
    folder = settings.key_directory()
    names = [f"{name}.key" for name in EVERY_KEY] + [f"instance-{name}.key" for name in INSTANCES]
    found = [*_private(folder, "keys-folder", is_folder=True)]
    if any(one.code != "keys-folder-open" for one in found):
        return found
    for name in names:
        found += _private(folder / name, "key-file")
        if _size(folder / name) not in (None, KEY_BYTES):
            found.append(
                bad("key-length", name, Phrase("n'a pas 32 octets", "does not have 32 bytes"), _RESTORE_KEYS)
            )
    found += _private(folder / LENDING_KEY, "key-file")
    if any(one.code.endswith("-unreadable") for one in found):
        return found
    for name, remedy in ((PUBLIC_FILE, _MADE_AGAIN), (LOG_RETIRED_FILE, _RESTORE_KEYS)):
        if not (folder / name).exists():
            said = Phrase("manque : une unité ne démarrera plus", "is missing: a unit will not start any more")
            found.append(bad("key-file-missing", name, said, remedy))
    if log.line(settings) is None:
        said = Phrase(
            f"manque, ou n'est pas ce qu'il doit être (ou {LOG_RETIRED_FILE})",
            f"is missing, or not what it must be (or {LOG_RETIRED_FILE})",
        )
        found.append(bad("log-public", LOG_PUBLIC_FILE, said, _MADE_AGAIN))
    return found or [
        good("keys", str(folder), "toutes les clés sont là et protégées", "every key is there and private")
    ]


def secrets(settings: Settings) -> list[Finding]:
    """Every password file, the administrator's too, and every client secret is there, and open to nobody else."""
    database = settings.connection()
    found = [one for role in ROLES for one in _private(database.secrets / f"{role}.password", "password-file")]
    found += _private(database.secrets / f"{SUPERUSER}.password", "admin-password")
    if settings.mail is not None:
        found += _private(Path(settings.mail.dkim_key), "mail-key")
    for realm in ("psc", "staff", "persons_provider", "insurers_provider"):
        if hasattr(settings, realm):
            found += _private(Path(getattr(settings, realm).client_secret_file), "client-secret")
    return found or [good("secrets", str(database.secrets), "mots de passe en place", "passwords are in place")]


def room(settings: Settings) -> list[Finding]:
    """There is room where this installation writes."""
    found, measured = [], set()
    for place in written_to(settings):
        try:
            disk, use = place.stat().st_dev, shutil.disk_usage(place)
        except OSError:
            continue  # not there yet, which its own check says, or not this user's to look at
        if disk not in measured:
            measured.add(disk)
            found += free_room(str(place), use.free / use.total)
    return found or [good("room", "/", "il reste de la place", "there is room left")]


def written_to(settings: Settings) -> list[Path]:
    """Every folder that fills up: those of the settings, and the database's own where it is on this machine."""
    database = [DATABASE_FILES] if settings.database.host in LOOPBACK else []
    return [
        *database,
        settings.state_directory() or Path("/var"),
        settings.spool_directory(),
        settings.log_directory(),
        settings.segments_directory(),
        settings.letters_directory(),
        settings.key_directory(),
        Path("/tmp"),  # noqa: S108 - measured, never written to
    ]


def free_room(place: str, share: float) -> list[Finding]:
    """Judge the free share of one disk."""
    if share > ROOM_WARNING:
        return []
    said = Phrase(f"il reste {share:.0%} de place", f"{share:.0%} of the disk is free")
    remedy = Phrase(
        "agrandissez le disque ou déplacez d'anciennes sauvegardes", "enlarge the disk or move old backups away"
    )
    return [bad("room", place, said, remedy, grade=Grade.BAD if share <= ROOM_BAD else Grade.WARNING)]


def state(settings: Settings) -> list[Finding]:
    """The worker has a directory outside the database for its last checkpoint."""
    folder = settings.state_directory()
    if folder is None:
        said = Phrase(
            "aucun dossier `state` : une sauvegarde restaurée trop ancienne passerait inaperçue",
            "no `state` directory: a restored backup that is too old would go unnoticed",
        )
        remedy = Phrase("ajoutez `state` aux réglages", "add `state` to the settings")
        return [bad("state", "state", said, remedy, grade=Grade.WARNING)]
    if not folder.is_dir():
        remedy = Phrase("créez-le pour l'utilisateur du `worker`", "make it for the `worker`'s user")
        return [bad("state", str(folder), Phrase("n'existe pas", "does not exist"), remedy)]
    return [good("state", str(folder), "est en place", "is in place")]


_MADE_AGAIN = Phrase("`tierce upkeep keys DOSSIER` l'écrit à nouveau", "`tierce upkeep keys FOLDER` writes it again")
_RESTORE_KEYS = Phrase(
    "remettez-la depuis la copie scellée : `tierce backup open-keys`",
    "bring it back from the sealed copy: `tierce backup open-keys`",
)


def _private(path: Path, code: str, *, is_folder: bool = False) -> list[Finding]:
    try:
        mode = path.stat().st_mode
        if not is_folder:
            with path.open("rb"):
                pass
    except FileNotFoundError:
        remedy = _RESTORE_KEYS if path.suffix == ".key" else MADE_BY.get(code, _RESTORE_KEYS)
        return [bad(f"{code}-missing", str(path), Phrase("manque", "is missing"), remedy)]
    except PermissionError:
        remedy = Phrase("lancez la commande en tant que root", "run this command as root")
        return [bad(f"{code}-unreadable", str(path), Phrase("ne peut être lu", "cannot be read"), remedy)]
    if mode & (0o022 if is_folder else 0o077):
        wanted = "0711" if is_folder else "0600"
        said = Phrase("est ouvert à d'autres", "is open to others")
        remedy = Phrase(f"`chmod {wanted} {path}`", f"`chmod {wanted} {path}`")
        return [bad(f"{code}-open", str(path), said, remedy)]
    return []


MADE_BY = {
    "password-file": Phrase("`tierce upgrade` le crée", "`tierce upgrade` makes it"),
    "admin-password": Phrase(
        "sauvegardes et mises à niveau échoueront : refaites l'étape 6 de docs/runbooks/install.md",
        "backups and upgrades will fail: do step 6 of docs/runbooks/install.md again",
    ),
    "mail-key": Phrase("remettez-la, ou `tierce notice mail-key`", "bring it back, or `tierce notice mail-key`"),
    "client-secret": Phrase(
        "écrivez-y le secret donné par le fournisseur d'identité", "write the secret given by the identity provider"
    ),
}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # said by its own finding
