"""Sealed to `billing` alone: HPKE (RFC 9180) with X25519, HKDF-SHA-256 and AES-256-GCM, bound to the establishment.

`api` and `tierce feed` hold the public half and cannot read back what they sealed; the private half is the key file
`bank.key`, which `billing` is given and nobody else. Moved to another establishment's row, it no longer opens.
"""

from contextlib import suppress
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tierce.billing.bank.errors import AccountError, AccountSealError

PUBLIC_FILE: Final = "bank.pub"
"""The public half, in hexadecimal, beside the key files."""
LONGEST: Final = 34
"""Every IBAN is sealed as so many bytes: the length of what is sealed tells no country."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


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
        raise AccountError(msg) from None


def _info(establishment: int) -> bytes:
    return b"tierce-bank-v1" + establishment.to_bytes(8, "big", signed=True)


def seal_iban(public: X25519PublicKey, establishment: int, iban: str) -> bytes:
    """Seal a normalised IBAN for one establishment."""
    return _SUITE.encrypt(iban.encode("ascii").ljust(LONGEST), public, info=_info(establishment))


class Opener:
    """Opens accounts and tells whether two are the same; `billing`'s alone."""

    def __init__(self, private: bytes, *others: bytes) -> None:
        """Take the 32 bytes of `bank.key`, and of the key that it replaced until nothing is sealed to that one."""
        every = (private, *others)
        self._privates = [X25519PrivateKey.from_private_bytes(one) for one in every]
        self._twins = [sha256(b"tierce-bank-twin-v1" + one).digest() for one in every]

    def iban(self, establishment: int, sealed: bytes) -> str:
        """The IBAN that was sealed for this establishment.

        Raises:
            AccountSealError: it was sealed to another key or for another establishment, or was altered.
        """
        for private in self._privates:
            with suppress(InvalidTag, ValueError):
                return _SUITE.decrypt(sealed, private, info=_info(establishment)).decode("ascii").rstrip()
        raise AccountSealError

    def twin(self, iban: str) -> UUID:
        """A keyed number, the same for one IBAN asked at several establishments; it tells nothing without the key."""
        return UUID(bytes=hmac_digest(self._twins[0], iban.encode("ascii"), "sha256")[:16])

    def marks(self, text: str) -> list[bytes]:
        """Keyed numbers of a text of the bank's, which is not kept: by the key of today, then those of before."""
        return [hmac_digest(key, b"text\0" + text.encode("utf-8"), "sha256")[:16] for key in self._twins]
