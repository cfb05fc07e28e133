"""Engagement numbers: what a professional quotes on the invoice, made from the number of the journal entry.

A 64-bit Feistel network whose round function is HMAC-SHA-256 (Luby and Rackoff, 1988) permutes the entry's
number, so that the printed number says nothing of order or volume and cannot be guessed: of 2**64 numbers
only those issued are bound to a row. Six rounds are what Patarin (CRYPTO 2004) proves indistinguishable
from a random permutation well beyond the birthday bound of 32-bit halves. Printed in
Crockford's base32, 13 symbols and a check symbol: `XXXX-XXXX-XXXXX-C`.
"""

import struct
from functools import lru_cache
from hashlib import sha256
from typing import Any

from tierce.journal.errors import EngagementFormatError, KeyFormatError
from tierce.kernel.ids import MAX_ID, EngagementNo, EntrySeq

KEY_BYTES = 32
ROUNDS = 6
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_SYMBOLS = SYMBOLS + "*~$=U"
PAIRS = [high + low for high in SYMBOLS for low in SYMBOLS]
_PREFIX = b"tierce-engagement-v1"
_ROUND_INPUT = struct.Struct(">BI")
_DIGITS = 13
_MEANT = str.maketrans("OIL", "011")
_LOW = 0xFFFF_FFFF
_CHARACTERS_MAX = 64


def engagement_number(key: bytes, seq: EntrySeq) -> EngagementNo:
    """Permute an entry's number under a 32-byte key: a number in 0..2**64 - 1.

    Raises:
        EngagementFormatError: `seq` is outside 0..2**63 - 1.
        KeyFormatError: the key has another length.
    """
    if not 0 <= seq <= MAX_ID:
        msg = f"le numéro de ligne {seq} est hors de 0..2**63 - 1 / entry number {seq} is outside 0..2**63 - 1"
        raise EngagementFormatError(msg)
    opening, closing = _contexts(key)
    begin, end, packed = opening.copy, closing.copy, _ROUND_INPUT.pack
    left, right = seq >> 32, seq & _LOW
    for step in range(ROUNDS):  # as `_round`, without a call for each: a number is made for every release
        inner, outer = begin(), end()
        inner.update(packed(step, right))
        outer.update(inner.digest())
        left, right = right, left ^ int.from_bytes(outer.digest()[:4], "big")
    return EngagementNo(left << 32 | right)


def entry_number(key: bytes, number: EngagementNo) -> EntrySeq:
    """Undo `engagement_number`.

    Raises:
        EngagementFormatError: no entry can have this engagement number under this key.
        KeyFormatError: the key has another length.
    """
    left, right = number >> 32, number & _LOW
    for step in reversed(range(ROUNDS)):
        left, right = right ^ _round(key, step, left), left
    seq = left << 32 | right
    if seq > MAX_ID:
        msg = "aucun engagement n’a ce numéro : relisez-le / no engagement has this number: please read it again"
        raise EngagementFormatError(msg)
    return EntrySeq(seq)


def format_engagement(key: bytes, seq: EntrySeq) -> str:
    """Print the engagement number of an entry, `XXXX-XXXX-XXXXX-C`."""
    number = engagement_number(key, seq)
    pairs = PAIRS
    digits = (
        f"{SYMBOLS[number >> 60]}{pairs[number >> 50 & 1023]}{pairs[number >> 40 & 1023]}{pairs[number >> 30 & 1023]}"
        f"{pairs[number >> 20 & 1023]}{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
    )
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}-{CHECK_SYMBOLS[number % 37]}"


def parse_engagement(key: bytes, text: str) -> EntrySeq:
    """Read a quoted engagement number back into the entry's number.

    Lower case, spaces and missing hyphens are accepted; O reads as 0, I and L as 1 (Crockford).

    Raises:
        EngagementFormatError: the length, a symbol or the check symbol is wrong, or no entry can have it.
        KeyFormatError: the key has another length.
    """
    if len(text) > _CHARACTERS_MAX:
        msg = (
            f"un numéro d’engagement a {_DIGITS + 1} signes ; ce texte en a plus de {_CHARACTERS_MAX} / "
            f"an engagement number has {_DIGITS + 1} symbols; this text is longer than {_CHARACTERS_MAX}"
        )
        raise EngagementFormatError(msg)
    compact = "".join(text.split()).replace("-", "").upper().translate(_MEANT)
    if len(compact) != _DIGITS + 1:
        msg = (
            f"un numéro d’engagement a {_DIGITS + 1} lettres et chiffres, celui-ci en a {len(compact)} / "
            f"an engagement number has {_DIGITS + 1} letters and digits, this one has {len(compact)}"
        )
        raise EngagementFormatError(msg)
    number = 0
    for place, symbol in enumerate(compact[:-1], start=1):
        value = SYMBOLS.find(symbol)
        if value < 0:
            msg = (
                f"le signe {place} du numéro d’engagement est impossible : relisez-le / "
                f"symbol {place} of the engagement number cannot occur: please read it again"
            )
            raise EngagementFormatError(msg)
        number = number << 5 | value
    if CHECK_SYMBOLS[number % 37] != compact[-1]:
        msg = (
            "le dernier signe du numéro d’engagement ne répond pas aux autres : un signe a été mal lu / "
            "the last symbol of the engagement number does not match: one symbol was misread"
        )
        raise EngagementFormatError(msg)
    if number >> 64:
        msg = "aucun engagement n’a ce numéro : relisez-le / no engagement has this number: please read it again"
        raise EngagementFormatError(msg)
    return entry_number(key, EngagementNo(number))


def _round(key: bytes, step: int, half: int) -> int:
    """HMAC-SHA-256 (RFC 2104) of the round and the half, cut to 32 bits.

    The two padded key blocks are hashed once and copied: several times quicker than `hmac.digest`.
    """
    opening, closing = _contexts(key)
    inner = opening.copy()
    inner.update(_ROUND_INPUT.pack(step, half))
    outer = closing.copy()
    outer.update(inner.digest())
    return int.from_bytes(outer.digest()[:4], "big")


@lru_cache(maxsize=8)
def _contexts(key: bytes) -> tuple[Any, Any]:
    if len(key) != KEY_BYTES:
        msg = (
            f"la clé des engagements a {len(key)} octets : il en faut {KEY_BYTES} / "
            f"the engagement key has {len(key)} bytes: it must have {KEY_BYTES}"
        )
        raise KeyFormatError(msg)
    padded = key.ljust(64, b"\x00")
    opening = sha256(bytes(one ^ 0x36 for one in padded) + _PREFIX)
    closing = sha256(bytes(one ^ 0x5C for one in padded))
    return opening, closing
