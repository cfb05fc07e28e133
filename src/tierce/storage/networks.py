"""What the journal keeps of an address: its network, under a key, so that lines compare and nobody reads addresses.

The file of that key is a chain, as those of look-ups are (docs/adr/0120): new lines bear the pseudonym under all of
its keys, a line of before the one under the keys of its time. Whoever holds the file makes them all.
"""

from typing import Final

from tierce.kernel.network import address_prefix
from tierce.storage.keys import INDEX_BYTES, KEY_BYTES, KeyedHash, Keyring, Purpose

UNREAD: Final = address_prefix("")
"""What stands for an address that cannot be read. It stays under the first key, whatever came since, so that a
session of before a replacement still says so of itself, and two of them are of no common network."""


def pseudonym(key: KeyedHash, address: str) -> bytes:
    """The pseudonym of an address's network, as new lines bear it."""
    prefix = address_prefix(address)
    return key.lasting(prefix).bytes if prefix == UNREAD else key.digest(prefix)[:INDEX_BYTES]


def pseudonyms(keyring: Keyring, address: str) -> frozenset[bytes]:
    """Every pseudonym that lines may bear of it, under the keys of each time."""
    chain = keyring.raw(Purpose.NETWORK)
    ends = range(KEY_BYTES, len(chain) + 1, KEY_BYTES)
    return frozenset(pseudonym(KeyedHash(chain[:end]), address) for end in ends)
