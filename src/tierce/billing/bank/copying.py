"""An account sealed a second time, to whoever takes files to the bank: she checks what `billing` wrote (ADR 0103).

`api` and `tierce feed` make the copy as an account is asked for; `billing` can neither read it nor write it. It is an
age file of one line: establishment, account and IBAN, so that moved to another row it says whose it is.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from tierce.billing.bank.errors import AccountSealError
from tierce.billing.bank.sealing import LONGEST, seal_iban

_BEGINS: Final = "tierce-account-v1"


@dataclass(frozen=True, slots=True)
class Seals:
    """To whom an account is sealed as it is asked for: `billing`, and whoever takes files to the bank."""

    public: Callable[[], X25519PublicKey]
    treasurer: str | None
    """Her age public key; None where nothing is paid from here: an account has no copy then."""

    def seal(self, establishment: int, account: int, iban: str) -> tuple[bytes, bytes | None]:
        """Seal a normalised IBAN to both."""
        copy = None if self.treasurer is None else seal_copy(self.treasurer, establishment, account, iban)
        return seal_iban(self.public(), establishment, iban), copy


def seal_copy(treasurer: str, establishment: int, account: int, iban: str) -> bytes:
    """Seal the copy of an account: the same length for every country."""
    line = f"{_BEGINS} {establishment:016x} {account:016x} {iban.ljust(LONGEST)}"
    copy: bytes = pyrage.encrypt(line.encode("ascii"), [pyrage.x25519.Recipient.from_str(treasurer)])
    return copy


def open_copy(identities: Sequence[pyrage.x25519.Identity], establishment: int, account: int, copy: bytes) -> str:
    """The IBAN that was asked for.

    Raises:
        AccountSealError: it was sealed to another key, for another account or establishment, or was altered.
    """
    with suppress(pyrage.DecryptError, ValueError):
        begins, place, number, iban = pyrage.decrypt(copy, identities).decode("ascii").split(maxsplit=3)
        if (begins, place, number) == (_BEGINS, f"{establishment:016x}", f"{account:016x}"):
            return str(iban.rstrip())
    raise AccountSealError
