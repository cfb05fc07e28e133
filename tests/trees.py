"""Proofs of a Merkle tree computed plainly from all its leaf hashes, and the checking of inclusion by RFC 9162."""

from collections.abc import Sequence

from tierce.journal.merkle import HASH_BYTES, audit_ranges, consistency_ranges, node_hash, tree_root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` (from 0), lowest sibling first, computed plainly from all leaf hashes."""
    return [tree_root(leaves[low:high]) for low, high in audit_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Show that the tree over the first `old_size` leaves is a prefix, computed plainly from all leaf hashes."""
    return [tree_root(leaves[low:high]) for low, high in consistency_ranges(old_size, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """True when `path` leads from `leaf` at `index` to the `root` of `size` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0 or len(sibling) != HASH_BYTES:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and node == root
