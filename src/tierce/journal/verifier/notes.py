"""Signed notes, read from the C2SP texts `signed-note` and `tlog-checkpoint`; Ed25519 comes from a library."""

import base64
from functools import lru_cache

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey


def read_note(note: str, log_key: str, *retired: str) -> tuple[int, bytes]:
    """Check the log's signature on a note; give its size and root, or raise ValueError with what is wrong.

    A retired key is given as its line, a space and the last size it may have signed; it vouches for nothing later.
    """
    for line in retired:
        earlier, _space, last = line.partition(" ")
        try:
            size, root = read_note(note, earlier)
        except ValueError:
            continue
        if size > int(last):
            msg = (
                f"signé pour {size} feuilles par une clé retirée à {int(last)} / "
                f"it is signed for {size} leaves by a key retired at {int(last)}"
            )
            raise ValueError(msg)
        return size, root
    name, identifier, raw = read_key(log_key)
    text, blank, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 3 or not (lines[1].isascii() and lines[1].isdigit()):
        msg = (
            "pas trois lignes (journal, taille, racine), une vide et des signatures / "
            "it is not three lines (log, size, root), a blank one and signatures"
        )
        raise ValueError(msg)
    if lines[0] != name:
        msg = f"du journal {lines[0]!r}, non de {name!r} / it is of the log {lines[0]!r}, not of {name!r}"
        raise ValueError(msg)
    for line in signatures.splitlines():
        dash, signer, value = (*line.split(" "), "", "")[:3]
        signed = base64.b64decode(value)
        if (dash, signer, signed[:4].hex()) == ("—", name, identifier):
            if not signed_by(raw, signed[4:], (text + "\n").encode()):
                msg = "la signature du journal est fausse / the log's signature does not hold"
                raise ValueError(msg)
            return int(lines[1]), base64.b64decode(lines[2], validate=True)
    msg = "sans la signature du journal / it does not carry the log's signature"
    raise ValueError(msg)


def read_key(log_key: str) -> tuple[str, str, bytes]:
    """Cut the log's key line into name, identifier and 32 bytes, or raise ValueError."""
    parts = log_key.strip().split("+", 2)
    raw = base64.b64decode(parts[2], validate=True) if len(parts) == 3 else b""
    if len(raw) != 33 or raw[0] != 1:
        msg = (
            "clé du journal : nom+identifiant+base64, comme la donne `tierce journal key` / "
            "the log's key must read name+identifier+base64, as `tierce journal key` prints it"
        )
        raise ValueError(msg)
    return parts[0], parts[1], raw[1:]


def read_witness(line: str) -> tuple[str, bytes, bytes]:
    """Cut a witness's key line into name, identifier and 32 bytes, or raise ValueError (C2SP tlog-cosignature)."""
    parts = line.strip().split("+", 2)
    raw = base64.b64decode(parts[2], validate=True) if len(parts) == 3 else b""
    if len(raw) != 33 or raw[0] != 4:
        msg = (
            "clé d’un témoin : nom+identifiant+base64, comme la donne `tierce witness key` / "
            "a witness's key must read name+identifier+base64, as `tierce witness key` prints it"
        )
        raise ValueError(msg)
    return parts[0], bytes.fromhex(parts[1]), raw[1:]


def cosigned(note: str, line: str, witness: tuple[str, bytes, bytes]) -> bool:
    """Tell whether a signature line is this witness's over a note: of kind 4, with the time that it was made."""
    name, identifier, raw = witness
    dash, signer, value = (*line.split(" "), "", "")[:3]
    try:
        signed = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    if (dash, signer, signed[:4], len(signed)) != ("—", name, identifier, 76):
        return False
    seconds = int.from_bytes(signed[4:12], "big")
    text = note.partition("\n\n")[0] + "\n"
    return signed_by(raw, signed[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())


@lru_cache(maxsize=256)
def _key(raw: bytes) -> VerifyKey:
    return VerifyKey(raw)


def signed_by(raw: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature holds."""
    try:
        _key(raw).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
