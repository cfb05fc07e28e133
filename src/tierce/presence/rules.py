"""The bytes of a dynamic card and of a place's code; every function is pure.

Layout (docs/reference/presence.md), big-endian: version (1), signing key (2), establishment (8), handle (8), second
of issue (4), life in seconds (1), nonce (8), then the Ed25519 signature of those 32 bytes (64). 96 bytes are 154
characters of base32 (RFC 4648) without padding: what a QR code of version 6, level M, holds.
"""

import struct
from base64 import b32decode, b32encode
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from tierce.kernel.ids import EstablishmentId, PersonId
from tierce.policy.presence import SKEW_SECONDS
from tierce.presence.model import Card, Reason

_CARD = struct.Struct(">BHQ8sIB8s")
_VERSION = 1
_SIGNATURE_BYTES = 64
NONCE_BYTES = HANDLE_BYTES = 8
CARD_CHARS = 154
SPOKEN_DIGITS = PLACE_DIGITS = 8
_PLACE_DRAWN = 10 ** (PLACE_DIGITS - 1)


def pack_card(card: Card) -> bytes:
    """The 32 bytes that are signed."""
    return _CARD.pack(
        _VERSION, card.signer, card.establishment, card.handle, card.issued, card.seconds, card.nonce
    )  # fmt: skip


def write_card(payload: bytes, signature: bytes) -> str:
    """The text of a card."""
    return b32encode(payload + signature).decode("ascii").rstrip("=")


def read_card(text: str) -> tuple[Card, bytes, bytes] | None:
    """Card, signed bytes and signature of a text; None when it is not a card of this version."""
    compact = "".join(text.split()).upper()
    if len(compact) != CARD_CHARS or not compact.isascii():
        return None
    try:
        whole = b32decode(compact + "======")
    except ValueError:
        return None
    payload, signature = whole[: _CARD.size], whole[_CARD.size :]
    version, signer, establishment, handle, issued, seconds, nonce = _CARD.unpack(payload)
    if version != _VERSION or len(signature) != _SIGNATURE_BYTES or write_card(payload, signature) != compact:
        return None
    return Card(signer, EstablishmentId(establishment), handle, issued, seconds, nonce), payload, signature


def refusal(card: Card, establishment: EstablishmentId, now: datetime) -> Reason | None:
    """Why a card of good signature does not serve here and now; None when it does."""
    second = now.timestamp()
    if card.issued > second + SKEW_SECONDS:
        return Reason.EARLY
    if second > card.expires + SKEW_SECONDS:
        return Reason.EXPIRED
    return None if card.establishment == establishment else Reason.AUDIENCE


def named(nonce: bytes, person: PersonId, establishment: EstablishmentId) -> bytes:
    """What the keyed digest of a card is made of: another one at every place and every time."""
    return nonce + person.to_bytes(8, "big") + establishment.to_bytes(8, "big")


def once_of(payload: bytes) -> UUID:
    """The number under which a card is spent."""
    return UUID(bytes=sha256(b"tierce-card-once-v1" + payload).digest()[:16])


def place_code(drawn: int) -> int:
    """A place's code: seven digits drawn and a check digit (Luhn), so that a slip of a finger finds none."""
    drawn %= _PLACE_DRAWN
    return drawn * 10 + _luhn(drawn)


def read_place_code(text: str) -> int | None:
    """A code as somebody typed it, or None when it is not one."""
    digits = "".join(text.split())
    if len(digits) != PLACE_DIGITS or not digits.isascii() or not digits.isdecimal():
        return None
    code = int(digits)
    return code if code % 10 == _luhn(code // 10) else None


def read_spoken(text: str) -> int | None:
    """Eight digits said aloud in place of a card, or None when the text is something else."""
    digits = "".join(text.split())
    return int(digits) if len(digits) == SPOKEN_DIGITS and digits.isascii() and digits.isdecimal() else None


def spaced(number: int, digits: int = PLACE_DIGITS) -> str:
    """A code as it is shown: two groups of four."""
    text = f"{number:0{digits}d}"
    return f"{text[:4]} {text[4:]}"


def _luhn(number: int) -> int:
    total = 0
    for place, character in enumerate(reversed(str(number))):
        digit = int(character) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return -total % 10
