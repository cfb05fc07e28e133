"""Cosignatures of version 1, after C2SP `tlog-cosignature`: an Ed25519 signature with the time it was made.

The signed bytes are `cosignature/v1`, a line feed, `time` and the seconds since 1970, a line feed, and the note's
text. The signature line carries, after the key's identifier, the time in eight bytes and the signature.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tierce.journal.errors import KeyFormatError, NoteFormatError

_KIND = b"\x04"
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's public key, under its name."""

    name: str
    key: Ed25519PublicKey

    @property
    def identifier(self) -> bytes:
        """The four bytes by which a signature line names it."""
        return sha256(self.name.encode() + b"\n" + _KIND + self.key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]

    @property
    def line(self) -> str:
        """The key as one line, `name+id+base64`, to be given to the log's operator."""
        tagged = base64.b64encode(_KIND + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.identifier.hex()}+{tagged}"

    @classmethod
    def parse(cls, line: str) -> "WitnessKey":
        """Read a key line.

        Raises:
            KeyFormatError: it has another shape, or its identifier is not its key's.
        """
        try:
            name, identifier, tagged = line.strip().split("+", 2)
            raw = base64.b64decode(tagged, validate=True)
            read = cls(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        except ValueError:
            msg = "clé du témoin mal écrite / a witness's public key must read name+identifier+base64"
            raise KeyFormatError(msg) from None
        if raw[:1] != _KIND or read.identifier.hex() != identifier or not name or " " in name:
            msg = (
                f"{name!r} : ce n’est pas la clé d’un témoin ; `tierce witness key` l’affiche / is not a witness's "
                "key: `tierce witness key` prints it"
            )
            raise KeyFormatError(msg)
        return read


def cosign(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """Cosign a note's text at this time (seconds since 1970); gives the signature line, without its line feed."""
    own = WitnessKey(name, key.public_key())
    signed = own.identifier + seconds.to_bytes(_TIME_BYTES, "big") + key.sign(_message(text, seconds))
    return f"— {name} {base64.b64encode(signed).decode()}"


def read_cosignature(line: str, text: str, witness: WitnessKey) -> int:
    """Check a witness's signature line over a note's text; gives the time in seconds since 1970.

    Raises:
        NoteFormatError: the line is malformed, is another's, or does not hold.
    """
    parts = line.split(" ")
    try:
        signed = base64.b64decode(parts[2], validate=True) if len(parts) == 3 else b""
    except ValueError:
        signed = b""
    if len(signed) != _KEY_ID_BYTES + _TIME_BYTES + _SIGNATURE_BYTES or parts[0] != "—":
        msg = (
            "une cosignature s’écrit : — nom base64, de 76 octets / "
            "a cosignature must read: — name base64, of 76 bytes"
        )
        raise NoteFormatError(msg)
    if parts[1] != witness.name or signed[:_KEY_ID_BYTES] != witness.identifier:
        msg = f"la cosignature n’est pas de {witness.name!r} / the cosignature is not by {witness.name!r}"
        raise NoteFormatError(msg)
    seconds = int.from_bytes(signed[_KEY_ID_BYTES : _KEY_ID_BYTES + _TIME_BYTES], "big")
    try:
        witness.key.verify(signed[_KEY_ID_BYTES + _TIME_BYTES :], _message(text, seconds))
    except InvalidSignature:
        msg = f"la cosignature de {witness.name!r} ne tient pas / the cosignature by {witness.name!r} does not hold"
        raise NoteFormatError(msg) from None
    return seconds


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
