"""A backup's manifest, signed under the log's name: who can only write where backups are kept makes none of ours.

The journal in a backup is held to its own signatures. Who may ask, who is held, who is on the staff is not in it: a
manifest that anybody may write again beside an altered dump would bring a thief back as a client.
"""

from hashlib import sha256
from pathlib import Path

from tierce.journal.errors import JournalError
from tierce.journal.kept import LOG_RETIRED_FILE
from tierce.journal.note import parse_verifier_key, read_signed, signed_note
from tierce.journal.service import LOG_KEY_NAME
from tierce.storage.keys import Keyring
from tierce.upkeep.backup.errors import BackupBrokenError
from tierce.upkeep.backup.model import MANIFEST, SIGNATURE, Manifest
from tierce.web.names import LOG_PUBLIC_FILE


def sign(folder: Path, keys: Path) -> None:
    """Sign the manifest of a backup that is being made, by the log's key."""
    name, _key = parse_verifier_key((keys / LOG_PUBLIC_FILE).read_text("utf-8"))
    key = Keyring(keys, ()).instance(LOG_KEY_NAME)
    (folder / SIGNATURE).write_text(signed_note(_text(name, folder), name, key), "utf-8")


def insist_signed(folder: Path, keys: Path, manifest: Manifest) -> None:
    """Refuse a backup whose manifest no key of this log signed; a retired key signs no size beyond its last.

    Raises:
        BackupBrokenError: it is not signed, or the manifest is not the one that was.
    """
    name, current = parse_verifier_key((keys / LOG_PUBLIC_FILE).read_text("utf-8"))
    known = [current]
    retired = keys / LOG_RETIRED_FILE
    for line in retired.read_text("utf-8").splitlines() if retired.exists() else ():
        earlier, _space, last = line.strip().partition(" ")
        if earlier and manifest.journal_size <= int(last):
            known.append(parse_verifier_key(earlier)[1])
    try:
        signed = read_signed((folder / SIGNATURE).read_text("utf-8"), name, *known)
    except FileNotFoundError:
        msg = (
            f"{folder} n’a pas de {SIGNATURE} : un programme d’avant les signatures l’a prise ({manifest.version}), "
            "ou quelqu’un l’a refaite. Ramenez-la avec ce programme-là, puis `tierce upgrade` / "
            f"it has no {SIGNATURE}: a program from before signatures took it, or somebody made it again. Bring it "
            "back with that program, then `tierce upgrade`"
        )
        raise BackupBrokenError(msg) from None
    except (JournalError, UnicodeDecodeError) as error:
        msg = (
            f"aucune clé de ce journal n’a signé {folder / MANIFEST} : prenez une autre sauvegarde, ou des clés "
            "scellées plus récentes / no key of this log signed it: take another backup, or keys sealed later "
            f"({error})"
        )
        raise BackupBrokenError(msg) from None
    if signed != _text(name, folder):
        msg = (
            f"{folder / MANIFEST} n’est pas celui qui fut signé : prenez une autre sauvegarde / it is not the one "
            "that was signed: take another backup"
        )
        raise BackupBrokenError(msg)


def _text(name: str, folder: Path) -> str:
    """What is signed: a first line that no checkpoint has, and the manifest's digest."""
    return f"{name}/backup\n{sha256((folder / MANIFEST).read_bytes()).hexdigest()}\n"
