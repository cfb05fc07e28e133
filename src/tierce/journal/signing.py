"""The signature under a batch: which instance inserted exactly these entries in this block.

Ed25519 (RFC 8032) over `tierce-batch-v1`, a line feed, the instance (16 bits), the block (64 bits), the
number of entries (16 bits) and their leaf hashes. The leaves commit to every byte, salt included, so
that a signature still verifies after a redaction has removed an entry's body.
"""

import struct
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tierce.journal.errors import EntryFieldError, KeyFormatError
from tierce.journal.merkle import HASH_BYTES
from tierce.journal.model import BATCH_ENTRIES_MAX
from tierce.kernel.ids import EntrySeq

_PREFIX = b"tierce-batch-v1\n"
_HEAD = struct.Struct(">HQH")
_BLOCK_MAX = (1 << 55) - 1
"""`block * 256 + place` stays below 2**63, PostgreSQL's bigint."""


def entry_seq(block: int, place: int) -> EntrySeq:
    """The number of the entry at `place` (from 0) of a block."""
    return EntrySeq(block * BATCH_ENTRIES_MAX + place)


def batch_message(instance: int, block: int, leaves: Sequence[bytes]) -> bytes:
    """The bytes that are signed.

    Raises:
        EntryFieldError: the batch is empty or too long, or a number or a leaf hash has the wrong size.
    """
    if not 1 <= len(leaves) <= BATCH_ENTRIES_MAX:
        msg = f"a batch has 1 to {BATCH_ENTRIES_MAX} entries, not {len(leaves)}"
        raise EntryFieldError(msg)
    if not 0 <= block <= _BLOCK_MAX:
        msg = f"block {block} is outside 0..{_BLOCK_MAX}"
        raise EntryFieldError(msg)
    if not 0 <= instance <= 0x7FFF:
        msg = f"instance {instance} is outside 0..32767"
        raise EntryFieldError(msg)
    joined = b"".join(leaves)
    if len(joined) != HASH_BYTES * len(leaves):
        msg = f"a leaf hash has {HASH_BYTES} bytes"
        raise EntryFieldError(msg)
    return _PREFIX + _HEAD.pack(instance, block, len(leaves)) + joined


def sign_batch(key: Ed25519PrivateKey, instance: int, block: int, leaves: Sequence[bytes]) -> bytes:
    """Sign a batch: 64 bytes."""
    return key.sign(batch_message(instance, block, leaves))


def public_key(raw: bytes) -> Ed25519PublicKey:
    """Read a public key from its 32 raw bytes.

    Raises:
        KeyFormatError: these are not 32 bytes.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        msg = (
            f"une clé publique Ed25519 a 32 octets, en voici {len(raw)} / "
            f"an Ed25519 public key has 32 bytes, these are {len(raw)}"
        )
        raise KeyFormatError(msg) from None
