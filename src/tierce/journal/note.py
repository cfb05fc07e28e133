"""Checkpoints as signed notes, after C2SP `signed-note` and `tlog-checkpoint`.

A checkpoint says, under the log's signature, how many leaves the log has and what their root is:

    origin
    size
    base64(root)

    — origin base64(key id || signature)

so that any reader of that format, ours or not, can hold the log to what it once said.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tierce.journal.errors import KeyFormatError, NoteFormatError
from tierce.journal.merkle import HASH_BYTES

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
NOTE_CHARACTERS_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: the log's name, its number of leaves and their root."""

    origin: str
    size: int
    root: bytes


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes by which a signature line names its key: SHA-256(name || LF || 0x01 || key)[:4]."""
    return sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The log's public key as one line, `name+id+base64`, which other tools read."""
    _checked_name(name)
    tagged = base64.b64encode(_ED25519 + key.public_bytes_raw()).decode()
    return f"{name}+{key_id(name, key).hex()}+{tagged}"


def parse_verifier_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """Read a line made by `verifier_key`: the log's name and its key.

    Raises:
        KeyFormatError: the line has another shape, or its identifier does not match its key.
    """
    try:
        name, identifier, tagged = text.strip().split("+", 2)
        raw = base64.b64decode(tagged, validate=True)
        if raw[:1] != _ED25519:
            msg = "la clé publique du journal n’est pas une clé Ed25519 / the log's public key is not an Ed25519 key"
            raise KeyFormatError(msg)
        key = Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError:
        msg = "clé du journal mal écrite / the log's public key must read name+identifier+base64"
        raise KeyFormatError(msg) from None
    if key_id(name, key).hex() != identifier:
        msg = (
            f"l’identifiant {identifier} n’est pas celui de la clé de {name} / "
            f"the identifier {identifier} is not that of the key of {name}"
        )
        raise KeyFormatError(msg)
    return name, key


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The signed part of a checkpoint, its last line feed included."""
    _checked_name(checkpoint.origin)
    if checkpoint.size < 0 or len(checkpoint.root) != HASH_BYTES:
        msg = (
            f"un point de contrôle a une taille de 0 ou plus et une racine de {HASH_BYTES} octets / "
            f"a checkpoint has a size of 0 or more and a root of {HASH_BYTES} bytes"
        )
        raise NoteFormatError(msg)
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def checkpoint_note(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    """Sign a checkpoint under the log's own name and give the whole note."""
    return signed_note(checkpoint_text(Checkpoint(origin, size, root)), origin, key)


def signed_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Sign a text under a name (C2SP signed-note). It ends in a line feed and begins with what it is.

    Raises:
        KeyFormatError: no note may be signed by this name.
    """
    _checked_name(name)
    signed = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signed).decode()}\n"


def read_checkpoint(note: str, origin: str, *keys: Ed25519PublicKey) -> Checkpoint:
    """Check the log's signature, by one of its keys, on a note and give what it says.

    Signatures by others (witnesses) are passed over, as C2SP asks.

    Raises:
        NoteFormatError: the note is malformed, is of another log, or no signature by one of `keys` holds.
    """
    checkpoint = unverified_checkpoint(note)
    if checkpoint.origin != origin:
        msg = (
            f"le point de contrôle est celui du journal {checkpoint.origin!r}, et non de {origin!r} / "
            f"the checkpoint is of log {checkpoint.origin!r}, not of {origin!r}"
        )
        raise NoteFormatError(msg)
    read_signed(note, origin, *keys)
    return checkpoint


def read_signed(note: str, name: str, *keys: Ed25519PublicKey) -> str:
    """Check a signature under a name, by one of its keys, on a note and give the signed text.

    Raises:
        NoteFormatError: the note is malformed, or no signature by one of `keys` holds.
    """
    text, signatures = _cut(note)
    wanted = {key_id(name, key): key for key in keys}
    found = False
    for line in signatures[:-1].split("\n"):
        signer, signed = _parse_signature(line)
        key = wanted.get(signed[:_KEY_ID_BYTES])
        if signer != name or key is None:
            continue
        try:
            key.verify(signed[_KEY_ID_BYTES:], text.encode())
        except InvalidSignature:
            msg = f"la signature de {name!r} est fausse / the signature by {name!r} does not hold: it was altered"
            raise NoteFormatError(msg) from None
        found = True
    if not found:
        msg = f"sans signature d’une clé de {name!r} / not signed by the given key of {name!r}"
        raise NoteFormatError(msg)
    return text


def unverified_checkpoint(note: str) -> Checkpoint:
    """What a note says, its signatures not looked at: for whoever hands the note on with what is to be checked.

    Raises:
        NoteFormatError: the note is malformed.
    """
    return _parse_text(_cut(note)[0])


def note_text(note: str) -> str:
    """The signed text of a note: what any further signature is over.

    Raises:
        NoteFormatError: the note is malformed.
    """
    return _cut(note)[0]


def _cut(note: str) -> tuple[str, str]:
    """The signed text, its last line feed included, and the signature lines."""
    if len(note) > NOTE_CHARACTERS_MAX:
        msg = (
            f"la note a plus de {NOTE_CHARACTERS_MAX} caractères / "
            f"the note is longer than {NOTE_CHARACTERS_MAX} characters"
        )
        raise NoteFormatError(msg)
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        msg = (
            "la note n’a pas de ligne vide suivie de lignes de signature / "
            "the note has no blank line followed by signature lines"
        )
        raise NoteFormatError(msg)
    return text + "\n", signatures


def _parse_text(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4:
        msg = (
            "un point de contrôle a trois lignes : origine, taille et racine / "
            "a checkpoint has three lines: origin, size and root"
        )
        raise NoteFormatError(msg)
    origin, size, root = lines[:3]
    if len(size) > 20 or not size.isascii() or not size.isdigit() or size != str(int(size)):
        msg = (
            "la taille, deuxième ligne du point de contrôle, n’est pas un simple nombre décimal / "
            "the size on the checkpoint's second line is not a plain decimal number"
        )
        raise NoteFormatError(msg)
    try:
        digest = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != HASH_BYTES:
        msg = (
            f"la racine, troisième ligne du point de contrôle, n’est pas {HASH_BYTES} octets en base64 / "
            f"the root on the checkpoint's third line is not {HASH_BYTES} bytes of base64"
        )
        raise NoteFormatError(msg)
    return Checkpoint(origin, int(size), digest)


def _parse_signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        msg = "une ligne de signature s’écrit : — nom base64 / a signature line must read: — name base64"
        raise NoteFormatError(msg)
    try:
        signed = base64.b64decode(parts[2], validate=True)
    except (binascii.Error, ValueError):
        signed = b""
    if len(signed) <= _KEY_ID_BYTES:
        msg = f"la signature de {parts[1]!r} n’est pas en base64 / the signature by {parts[1]!r} is not base64"
        raise NoteFormatError(msg)
    return parts[1], signed


def _checked_name(name: str) -> None:
    if not name or "+" in name or any(one.isspace() or not one.isprintable() for one in name):
        msg = (
            f"{name!r} ne peut pas nommer un journal : ni espace, ni signe plus, ni vide / "
            f"{name!r} cannot name a log: no space, no plus sign, not empty"
        )
        raise NoteFormatError(msg)
