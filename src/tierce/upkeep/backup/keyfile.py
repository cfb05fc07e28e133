"""The keys in one sealed file: scrypt (RFC 7914) from a passphrase, then AES-256-GCM.

Layout: the line `tierce-keys-v1`, 16 bytes of salt, 12 of nonce, then the sealed JSON object {file name: base64}.
"""

import base64
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tierce.kernel.durable import write_new
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.model import MANIFEST

HEAD = b"tierce-keys-v1\n"
SALT_BYTES, NONCE_BYTES = 16, 12
COST = 2**17
"""128 MiB and some tenths of a second for each guess of the passphrase."""
PASSPHRASE_CHARACTERS_MIN = 20
PATTERNS = ("*.key", "*.pub", "*.age")


def seal(keys: Path, to: Path, passphrase: str) -> list[str]:
    """Seal every key file of a folder into one new file, mode 0600; returns their names.

    Raises:
        BackupError: the passphrase is short, the file exists, or it would lie with a backup of the database.
    """
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        msg = (
            f"la phrase secrète a moins de {PASSPHRASE_CHARACTERS_MIN} caractères : prenez six mots ou plus / "
            f"the passphrase has fewer than {PASSPHRASE_CHARACTERS_MIN} characters: take six words or more"
        )
        raise BackupError(msg)
    if to.exists():
        msg = (
            f"{to} existe déjà, et une copie des clés n’est jamais écrasée : donnez un autre nom, daté / "
            f"{to} is there already, and a copy of the keys is never overwritten: give another name, with a date"
        )
        raise BackupError(msg)
    for folder in (to.resolve().parent, *to.resolve().parent.glob("tierce-*")):
        if (folder / MANIFEST).exists():
            msg = (
                f"{folder} est une sauvegarde de la base : les clés vont ailleurs, sur un autre support / "
                f"{folder} is a backup of the database: keys are kept elsewhere, on another medium"
            )
            raise BackupError(msg)
    files = sorted(file for pattern in PATTERNS for file in keys.glob(pattern))
    if not files:
        msg = f"{keys} ne contient aucune clé : vérifiez `keys` / {keys} holds no key: check `keys`"
        raise BackupError(msg)
    plain = msgspec.json.encode({file.name: base64.b64encode(file.read_bytes()).decode() for file in files})
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    sealed = HEAD + salt + nonce + AESGCM(_derive(passphrase, salt)).encrypt(nonce, plain, HEAD)
    write_new(to, sealed)
    return [file.name for file in files]


def open_sealed(file: Path, to: Path, passphrase: str) -> list[str]:
    """Write the keys of a sealed file into a folder, mode 0600 each; nothing that exists is overwritten.

    Raises:
        BackupError: not such a file, another passphrase, or a key is there already: then nothing was written.
    """
    raw = file.read_bytes()
    start = len(HEAD)
    try:
        if not raw.startswith(HEAD):
            raise InvalidTag
        salt, nonce = raw[start : start + SALT_BYTES], raw[start + SALT_BYTES : start + SALT_BYTES + NONCE_BYTES]
        body = raw[start + SALT_BYTES + NONCE_BYTES :]
        plain = AESGCM(_derive(passphrase, salt)).decrypt(nonce, body, HEAD)
    except (InvalidTag, ValueError):
        msg = (
            f"{file} ne s’ouvre pas : autre phrase secrète, ou pas un fichier de `tierce backup keys` / "
            f"{file} does not open: another passphrase, or not a file of `tierce backup keys`"
        )
        raise BackupError(msg) from None
    found = msgspec.json.decode(plain, type=dict[str, str])
    there = [name for name in found if (to / name).exists()]
    if there:
        held = ", ".join(sorted(there))
        msg = f"{to} contient déjà {held} : donnez un dossier vide / already holds them: give an empty folder"
        raise BackupError(msg)
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in found.items():
        write_new(to / Path(name).name, base64.b64decode(content))
    return sorted(found)


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
