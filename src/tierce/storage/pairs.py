"""The number of a pair, 64 bits under a key of its own: a place has seen whoever is named by these identifiers."""

from tierce.storage.keys import KeyedHash


def pair_number(key: KeyedHash, establishment: int, who: bytes) -> int:
    """The keyed number of (establishment, canonical identifiers); 0 stands for none and is nobody's."""
    return key.int64(establishment.to_bytes(8, "big") + who) or 1
