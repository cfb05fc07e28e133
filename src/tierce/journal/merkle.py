"""The Merkle tree of RFC 6962 §2.1 (unchanged in RFC 9162 §2.1): hashes, proofs and their checking.

A tree over n leaves splits at the largest power of two below n. Proofs are named here as ranges of leaves, whose
roots `tiles` reads in O(log n).
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from tierce.journal.errors import ProofError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(body: bytes) -> bytes:
    """Hash one entry's bytes: SHA-256(0x00 || body)."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The size of the left subtree: the largest power of two smaller than `size` (>= 2)."""
    return 1 << ((size - 1).bit_length() - 1)


class Frontier:
    """The roots of the full subtrees of a growing tree, left to right: all that appending needs.

    RFC 9162 calls the same thing a compact range; a tree of n leaves has popcount(n) of them.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Start from the leaf hashes given, in their order."""
        self.size = 0
        self._roots: list[bytes] = []
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right; two hashes on average."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._roots.pop(), node)
            size >>= 1
        self._roots.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self._roots:
            return EMPTY_ROOT
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = node_hash(left, node)
        return node

    def copy(self) -> "Frontier":
        """Give an independent copy, to be kept only if what is appended to it is committed."""
        twin = Frontier()
        twin.size = self.size
        twin._roots = self._roots.copy()
        return twin


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return Frontier(leaves).root()


def audit_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The subtrees whose roots are the audit path of leaf `index`, each as its first leaf and the one after its last.

    Lowest sibling first: PATH(m, D[n]) of RFC 6962 §2.1.1.

    Raises:
        ProofError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        msg = (
            f"la feuille {index} n’est pas dans un arbre de {size} feuilles / "
            f"leaf {index} is not in a tree of {size} leaves"
        )
        raise ProofError(msg)
    ranges: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[tuple[int, int]]:
    """The subtrees whose roots show that the first `old_size` leaves are a prefix: PROOF(m, D[n]) of RFC 6962 §2.1.2.

    Raises:
        ProofError: `old_size` is not in 1..size.
    """
    if not 1 <= old_size <= size:
        msg = (
            f"un arbre de {size} feuilles n’a pas de début de {old_size} feuilles à prouver / "
            f"a tree of {size} leaves has no prefix of {old_size} leaves to prove"
        )
        raise ProofError(msg)
    ranges: list[tuple[int, int]] = []
    low, high, old_is_whole = 0, size, True
    while old_size != high:
        middle = low + split(high - low)
        if old_size <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, old_is_whole = middle, False
    if not old_is_whole:
        ranges.append((low, high))
    return ranges[::-1]


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """True when `proof` shows that the new tree only appended to the old one (RFC 9162 §2.1.4.2)."""
    if not 1 <= old_size <= new_size or any(len(one) != HASH_BYTES for one in proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and old == old_root and new == new_root
