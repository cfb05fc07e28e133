"""The left part of a tree as complete subtrees, and its root: RFC 6962 §2.1 with nothing but a stack."""

from hashlib import sha256
from struct import Struct

_PAIRS = Struct("64s")


def hash_pair(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return sha256(b"\x01" + left + right).digest()


def complete(hashes: bytes) -> bytes:
    """The root over a power of two of joined hashes."""
    while len(hashes) > 32:
        hashes = b"".join([sha256(b"\x01" + pair).digest() for (pair,) in _PAIRS.iter_unpack(hashes)])
    return hashes


class Front:
    """Complete subtrees from left to right, each at most half as high as the one before it."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: list[tuple[int, bytes]] | None = None) -> None:
        """Begin with the empty tree, or with these subtrees: height and root of each."""
        self.size = size
        self.nodes = nodes or []

    def copy(self) -> "Front":
        """Give an independent copy."""
        return Front(self.size, self.nodes.copy())

    def add(self, height: int, node: bytes) -> None:
        """Append a complete subtree of 2**height leaves, where the tree's size is a multiple of that."""
        self.size += 1 << height
        while self.nodes and self.nodes[-1][0] == height:
            node = hash_pair(self.nodes.pop()[1], node)
            height += 1
        self.nodes.append((height, node))

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self.nodes:
            return sha256(b"").digest()
        node = self.nodes[-1][1]
        for _height, left in reversed(self.nodes[:-1]):
            node = hash_pair(left, node)
        return node
