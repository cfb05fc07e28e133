"""Sealed to the worker alone: HPKE (RFC 9180) with X25519, HKDF-SHA-256 and AES-256-GCM.

`api` holds the public half and cannot read back what it sealed; the private half is the key file `deposit.key`,
which the worker is given and nobody else. What is sealed holds the very bytes that the browser signed, so that
the resolution verifies them and not somebody's account of them.
"""

from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tierce.deposits.errors import DepositError
from tierce.deposits.model import Typed
from tierce.kernel.nir import normalise

PUBLIC_FILE: Final = "deposit.pub"
"""The public half, in hexadecimal, beside the key files."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO: Final = b"tierce-deposit-v1"


class Envelope(msgspec.Struct, frozen=True):
    """What is sealed: the bytes as received, and what their proof must fit."""

    number: int
    at: datetime
    handle: bytes
    """SHA-256 of the session's handle, as the store keeps it."""
    ath: str
    url: str
    body: bytes
    proof: bytes | None


def public_of(private: bytes) -> str:
    """The public half of 32 private bytes, as PUBLIC_FILE holds it."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw().hex()


def read_public(keys: Path) -> X25519PublicKey:
    """Read the public half from the folder of keys."""
    try:
        return X25519PublicKey.from_public_bytes(bytes.fromhex((keys / PUBLIC_FILE).read_text().strip()))
    except (OSError, ValueError):
        msg = (
            f"{keys / PUBLIC_FILE} manque ou est abîmé : refaites-le par `tierce upkeep keys {keys}` / is missing or "
            "damaged; make it again by that command"
        )
        raise DepositError(msg) from None


def seal(public: X25519PublicKey, envelope: Envelope) -> bytes:
    """Seal one envelope."""
    return _SUITE.encrypt(msgspec.msgpack.encode(envelope), public, info=_INFO)


class Opener:
    """Opens envelopes and tells deposits about the same care apart; the worker's alone."""

    def __init__(self, private: bytes, *others: bytes) -> None:
        """Take the 32 bytes of `deposit.key`, and of the key that it replaced until nothing is sealed to that one."""
        every = (private, *others)
        self._privates = [X25519PrivateKey.from_private_bytes(one) for one in every]
        self._twins = [sha256(b"tierce-deposit-twin-v1" + one).digest() for one in every]

    def open_(self, sealed: bytes, number: int) -> Envelope | None:
        """Open the envelope of a number; None when it is not one of ours, was altered, or is another's."""
        for private in self._privates:
            with suppress(InvalidTag, ValueError, msgspec.DecodeError):
                found = msgspec.msgpack.decode(_SUITE.decrypt(sealed, private, info=_INFO), type=Envelope)
                return found if found.number == number else None
        return None

    def twins(self, establishment: int, typed: Typed) -> list[UUID]:
        """Keyed numbers, the same for two deposits of one establishment about the same care of the same person.

        One for each key, the present one's first: it is the one to keep.
        """
        who = normalise(typed.nir, typed.birth_date, typed.rank)
        what = f"|{establishment}|{typed.domain.value}|{typed.care_date.isoformat()}|{typed.amount}".encode()
        return [UUID(bytes=hmac_digest(key, who + what, "sha256")[:16]) for key in self._twins]
