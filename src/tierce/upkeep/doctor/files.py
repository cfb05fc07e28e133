"""The doctor on files: keys, passwords, client secrets, room on disks."""

from datetime import datetime, timedelta
from pathlib import Path

from tierce.billing.bank.sealing import PUBLIC_FILE as BANK_PUBLIC_FILE
from tierce.deposits.sealing import PUBLIC_FILE
from tierce.journal.kept import LOG_RETIRED_FILE
from tierce.journal.service import LOG_KEY_NAME
from tierce.kernel.clock import Clock
from tierce.kernel.disks import free_on
from tierce.kernel.durable import PART
from tierce.kernel.language import Phrase
from tierce.settings import Settings
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import (
    ALERTS_KEY,
    BANK_KEY,
    CHAINS,
    COMPARTMENT_KEYS,
    DEPOSIT_KEY,
    EVERY_KEY,
    KEY_BYTES,
    LOOKUPS,
    SIGNER_KEY,
    Purpose,
)
from tierce.storage.roles import ROLES
from tierce.upkeep.doctor import log
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.service import INSTANCES, LENDING_KEY
from tierce.web.names import LOG_PUBLIC_FILE

ROOM_WARNING, ROOM_BAD = 0.15, 0.05
"""Share of a disk that is still free."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DATABASE_FILES = Path("/var/lib/postgresql")
"""Where Debian keeps them: in it a folder for each version, in that one for each cluster, each perhaps a disk."""
KEPT_ELSEWHERE = (Path("/srv/backup"), Path("/srv/tierce-wal"))
"""Where the runbooks and the units put backups and the archive; looked at where they are on this machine."""


KEY_AGE_MAX = timedelta(days=400)
"""The runbook replaces keys each year."""
UNFINISHED_MAX = timedelta(days=1)
LENT_MAX = timedelta(days=31)
"""Insurers go on encrypting to the key before until they have the new one."""
_REPLACED = {
    **{name: f"tierce keys master {name}" for name in COMPARTMENT_KEYS.values()},
    **{f"instance-{name}": f"tierce keys instance {name}" for name in INSTANCES},
    **{name: f"tierce keys {name}" for name in (Purpose.CARD.value, SIGNER_KEY, DEPOSIT_KEY, BANK_KEY, ALERTS_KEY)},
    **{name.value: f"tierce keys lookup {name}" for name in LOOKUPS},
    Purpose.NETWORK.value: "tierce keys network",
    f"instance-{LOG_KEY_NAME}": "tierce keys log",
}
"""What replaces a key, by its file; the others are not replaced (docs/reference/keys.md)."""


def replaced(settings: Settings, clock: Clock) -> list[Finding]:
    """No key that a command replaces is older than a year, and no replacement was left half-way."""
    folder, now, found = settings.key_directory(), clock.now(), []
    lending = {LENDING_KEY: "tierce keys lending"}
    for name, command in {**{f"{one}.key": command for one, command in _REPLACED.items()}, **lending}.items():
        age = _age(folder / name, now)
        if age is not None and age > KEY_AGE_MAX:
            said = Phrase(f"a {age.days} jours : une fois l’an", f"is {age.days} days old: replace it yearly")
            words = f"`{command}` (docs/runbooks/key-rotation.md)"
            found.append(bad("key-old", name, said, Phrase(words, words), grade=Grade.WARNING))
    for one, command in _REPLACED.items():
        for when in ("next", "previous"):
            age = _age(folder / f"{one}.{when}.key", now)
            if age is not None and age > UNFINISHED_MAX:
                found.append(_unfinished(f"{one}.{when}.key", command, one if when == "previous" else None))
    age = _age(folder / LENDING_KEY, now)
    if age is not None and age > LENT_MAX and len((folder / LENDING_KEY).read_text("ascii").split()) > 1:
        found.append(_unfinished(LENDING_KEY, "tierce keys lending", "lending"))
    found += [_left(path) for path in _parts(settings) if (_age(path, now) or timedelta()) > UNFINISHED_MAX]
    return found or [good("keys-replaced", str(folder), "aucune n’est trop vieille", "none is too old")]


def _unfinished(name: str, command: str, forget: str | None) -> Finding:
    said = Phrase("est encore là : un remplacement n’est pas fini", "is still there: a replacement is not finished")
    last = f"tierce keys forget-{'master ' if forget in COMPARTMENT_KEYS.values() else ''}{forget}"
    words = f"`{command if forget is None else last}` (docs/runbooks/key-rotation.md)"
    remedy = Phrase(words, words)
    return bad("key-unfinished", name, said, remedy, grade=Grade.WARNING)


def _parts(settings: Settings) -> list[Path]:
    """What writings of keys and passwords go through: a killed one leaves it, with a whole key in it perhaps."""
    folders = {settings.key_directory(), settings.connection().secrets}
    return sorted(path for folder in folders for of in (f"*{PART}", "*.with-next") for path in folder.glob(of))


def _left(path: Path) -> Finding:
    said = Phrase(
        "est resté d’une écriture interrompue ; une clé entière y est peut-être",
        "was left by a writing that was stopped; a whole key is in it perhaps",
    )
    remedy = Phrase(
        f"finissez le remplacement s’il y en a un, puis `shred -u {path}`",
        f"finish the replacement where there is one, then `shred -u {path}`",
    )
    return bad("key-part-left", path.name, said, remedy, grade=Grade.WARNING)


def keys(settings: Settings, unused: frozenset[str] = frozenset()) -> list[Finding]:
    """Every key file is there, has its length, and is open to nobody else; those of `unused` never made anything."""
    folder = settings.key_directory()
    names = [f"{name}.key" for name in EVERY_KEY] + [f"instance-{name}.key" for name in INSTANCES]
    found = [*_private(folder, "keys-folder", is_folder=True)]
    if any(one.code != "keys-folder-open" for one in found):
        return found
    for name in names:
        is_new = name.removesuffix(".key") in unused
        found += _private(folder / name, "key-file", missing=_made_by_upkeep(folder) if is_new else None)
        size = _size(folder / name)
        chain = name.removesuffix(".key") in CHAINS
        if size is not None and (size % KEY_BYTES or size == 0 if chain else size != KEY_BYTES):
            found.append(
                bad(
                    "key-length",
                    name,
                    Phrase("n’a pas 32 octets par clé", "does not have 32 bytes a key"),
                    _RESTORE_KEYS,
                )
            )
    found += _private(folder / LENDING_KEY, "key-file")
    if any(one.code.endswith("-unreadable") for one in found):
        return found
    made = {PUBLIC_FILE: _MADE_AGAIN, BANK_PUBLIC_FILE: _MADE_AGAIN, LOG_RETIRED_FILE: _RESTORE_KEYS}
    for name, remedy in made.items():
        if not (folder / name).exists():
            said = Phrase("manque : une unité ne démarrera plus", "is missing: a unit will not start any more")
            found.append(bad("key-file-missing", name, said, remedy))
    if log.line(settings) is None:
        said = Phrase(
            f"manque, ou n’est pas ce qu’il doit être (ou {LOG_RETIRED_FILE})",
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
            disk, left = place.stat().st_dev, free_on(place)
        except OSError:
            continue  # not there yet, which its own check says, or not this user's to look at
        if disk not in measured:
            measured.add(disk)
            found += [*free_room(str(place), left.room), *free_files(str(place), left.files)]
    return found or [good("room", "/", "il reste de la place", "there is room left")]


def written_to(settings: Settings) -> list[Path]:
    """Every folder that fills up: those of the settings, and the database's own where it is on this machine."""
    clusters = [DATABASE_FILES, *DATABASE_FILES.glob("*/*/pg_wal"), *DATABASE_FILES.glob("*/*")]
    return [
        *(clusters if settings.database.host in LOOPBACK else ()),
        *(folder for folder in KEPT_ELSEWHERE if folder.is_dir()),
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
    said = Phrase(f"il reste {100 * share:.0f}\u202f% de place", f"{share:.0%} of the disk is free")
    remedy = Phrase(
        "agrandissez le disque ou déplacez d’anciennes sauvegardes", "enlarge the disk or move old backups away"
    )
    return [bad("room", place, said, remedy, grade=Grade.BAD if share <= ROOM_BAD else Grade.WARNING)]


def free_files(place: str, share: float) -> list[Finding]:
    """Judge the share of files that may still be made on one disk, which many small ones use up before its room."""
    if share > ROOM_WARNING:
        return []
    said = Phrase(
        f"il reste {100 * share:.0f}\u202f% de fichiers à créer", f"{share:.0%} of its files can still be made"
    )
    remedy = Phrase(
        "`df -i` le compte : ôtez les petits fichiers qui s’y amassent, ou refaites ce disque avec plus d’inodes",
        "`df -i` counts them: take away small files that gather there, or make that disk anew with more inodes",
    )
    return [bad("files", place, said, remedy, grade=Grade.BAD if share <= ROOM_BAD else Grade.WARNING)]


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
        remedy = Phrase("créez-le pour l’utilisateur du `worker`", "make it for the `worker`'s user")
        return [bad("state", str(folder), Phrase("n’existe pas", "does not exist"), remedy)]
    return [good("state", str(folder), "est en place", "is in place")]


_MADE_AGAIN = Phrase("`tierce upkeep keys DOSSIER` l’écrit à nouveau", "`tierce upkeep keys FOLDER` writes it again")
_RESTORE_KEYS = Phrase(
    "remettez-la depuis la copie scellée : `tierce backup open-keys`",
    "bring it back from the sealed copy: `tierce backup open-keys`",
)


def _made_by_upkeep(folder: Path) -> Phrase:
    words = f"`tierce upkeep keys {folder}`"
    return Phrase(
        f"cette version l’apporte, rien n’en dépend encore : {words}, puis scellez les clés à part",
        f"this version brings it and nothing depends on it yet: {words}, then seal the keys apart",
    )


def _private(path: Path, code: str, *, is_folder: bool = False, missing: Phrase | None = None) -> list[Finding]:
    try:
        mode = path.stat().st_mode
        if not is_folder:
            with path.open("rb"):
                pass
    except FileNotFoundError:
        remedy = missing or (_RESTORE_KEYS if path.suffix == ".key" else MADE_BY.get(code, _RESTORE_KEYS))
        return [bad(f"{code}-missing", str(path), Phrase("manque", "is missing"), remedy)]
    except PermissionError:
        remedy = Phrase("lancez la commande en tant que root", "run this command as root")
        return [bad(f"{code}-unreadable", str(path), Phrase("ne peut être lu", "cannot be read"), remedy)]
    if mode & (0o022 if is_folder else 0o077):
        wanted = "0711" if is_folder else "0600"
        said = Phrase("est ouvert à d’autres", "is open to others")
        remedy = Phrase(f"`chmod {wanted} {path}`", f"`chmod {wanted} {path}`")
        return [bad(f"{code}-open", str(path), said, remedy)]
    return []


MADE_BY = {
    "password-file": Phrase("`tierce upgrade` le crée", "`tierce upgrade` makes it"),
    "admin-password": Phrase(
        "sauvegardes et mises à niveau échoueront : refaites l’étape 6 de docs/runbooks/install.md",
        "backups and upgrades will fail: do step 6 of docs/runbooks/install.md again",
    ),
    "mail-key": Phrase("remettez-la, ou `tierce notice mail-key`", "bring it back, or `tierce notice mail-key`"),
    "client-secret": Phrase(
        "écrivez-y le secret donné par le fournisseur d’identité", "write the secret given by the identity provider"
    ),
}


def _age(path: Path, now: datetime) -> timedelta | None:
    try:
        return now - datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
    except OSError:
        return None  # said by its own finding, or not there as it should be


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # said by its own finding
