"""A proof file, checked with nothing but itself and the log's public key."""

import json
from dataclasses import dataclass
from hashlib import sha256

from tierce.journal.errors import ProofRefusedError
from tierce.journal.verifier.notes import read_note


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof that holds says."""

    seq: int
    index: int
    size: int
    kind: int


def check_proof(text: str | bytes, log_key: str) -> Proved:
    """Check that the entry hashes up the path to the root that the log signed.

    Raises:
        ProofRefusedError: the file is malformed, or hash, path, root or signature does not hold.
    """
    try:
        proof = json.loads(text)
        if proof["format"] != "tierce-proof-v1":
            msg = "pas une preuve au format tierce-proof-v1 / the file is not a proof of format tierce-proof-v1"
            raise ProofRefusedError(msg)
        body = bytes.fromhex(proof["entry"])
        path = [bytes.fromhex(node) for node in proof["path"]]
        seq, index, size = int(proof["seq"]), int(proof["index"]), int(proof["size"])
        signed_size, root = read_note(proof["checkpoint"], log_key)
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"un champ manque ou est d’un autre type / the file lacks a field or holds one of another type: {error}"
        raise ProofRefusedError(msg) from None
    except (ValueError, OverflowError, RecursionError) as error:  # what is endless or nested without end, too
        msg = f"illisible comme preuve / the file does not read as a proof: {error}"
        raise ProofRefusedError(msg) from None
    if signed_size != size or not 0 <= index < size:
        msg = (
            "le point de contrôle signe une autre taille que la preuve, ou le rang en sort / "
            "the checkpoint signs another size than the proof's, or the index is outside it"
        )
        raise ProofRefusedError(msg)
    if len(body) != 128 or body[0] != 1:
        msg = "la ligne ne fait pas 128 octets de version 1 / the entry is not 128 bytes of version 1"
        raise ProofRefusedError(msg)
    if _climb(sha256(b"\x00" + body).digest(), index, size, path) != root:
        msg = (
            "la ligne ne mène pas à la racine signée : ligne, rang ou chemin ont été altérés / "
            "the entry does not lead to the signed root: entry, index or path was altered"
        )
        raise ProofRefusedError(msg)
    return Proved(seq, index, size, body[1])


def _climb(node: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Undo PATH of RFC 6962 §2.1.1, from the top: which half holds the leaf says on which side the sibling is."""
    if size == 1:
        return node if not path else b""
    if not path:
        return b""
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return sha256(b"\x01" + _climb(node, index, half, path[:-1]) + path[-1]).digest()
    return sha256(b"\x01" + path[-1] + _climb(node, index - half, size - half, path[:-1])).digest()
