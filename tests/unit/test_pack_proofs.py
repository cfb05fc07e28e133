"""The inspector's own Ed25519 and hash trees, beside RFC 8032's vectors and libraries that are not ours.

The vectors hold for the independent reader of the journal too.
"""

import importlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.incidents.pack.inspector.proofs import (
    ORDER,
    WrongError,
    check_consistency,
    leaf_hash,
    root_from,
    signed_by,
)
from tierce.incidents.pack.rules import criteria_facts
from tierce.incidents.rules import account_criteria
from tierce.journal.merkle import audit_ranges, consistency_ranges
from tierce.journal.verifier.notes import signed_by as reader_signed_by
from tierce.kernel.ids import ProfessionalId
from tierce.scope.model import Criteria

pymerkle: Any = importlib.import_module("pymerkle")  # it has no types; a plain import would want stubs

VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
)
"""RFC 8032, section 7.1, tests 1 to 3."""


def by_the_reader(key: bytes, message: bytes, signature: bytes) -> bool:
    return reader_signed_by(key, signature, message)


@pytest.mark.parametrize("signed_by", [signed_by, by_the_reader])
@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold_and_no_changed_byte_does(
    signed_by: Callable[[bytes, bytes, bytes], bool], key: str, message: str, signature: str
) -> None:
    raw = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert signed_by(*raw)
    assert not signed_by(raw[0], raw[1] + b"x", raw[2])
    assert not signed_by(raw[0][:31], raw[1], raw[2])
    assert not signed_by(b"", raw[1], raw[2])
    for place in (0, 31, 32, 63):
        changed = bytes(byte ^ (1 if at == place else 0) for at, byte in enumerate(raw[2]))
        assert not signed_by(raw[0], raw[1], changed)
    larger = int.from_bytes(raw[2][32:], "little") + ORDER
    assert not signed_by(raw[0], raw[1], raw[2][:32] + larger.to_bytes(32, "little")), "a second form of the same"
    assert not signed_by(raw[0], raw[1], raw[2][:63])


@pytest.mark.parametrize("number", range(8))
def test_signatures_of_a_library_hold(number: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(sha256(bytes([number])).digest())
    message = bytes(range(number * 17))
    public = key.public_key().public_bytes_raw()
    assert signed_by(public, message, key.sign(message))
    assert not signed_by(sha256(public).digest(), message, key.sign(message))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21])
def test_paths_of_a_library_lead_to_its_root_and_its_old_roots_are_prefixes(size: int) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    entries = [bytes([number]) for number in range(size)]
    for one in entries:
        tree.append_entry(one)

    def over(low: int, high: int) -> bytes:
        part = pymerkle.InmemoryTree(algorithm="sha256")
        for one in entries[low:high]:
            part.append_entry(one)
        return bytes(part.get_root())

    root = bytes(tree.get_root())
    for index in range(size):
        path = [over(low, high) for low, high in audit_ranges(index, size)]
        assert root_from(leaf_hash(entries[index]), index, size, path) == root
        with pytest.raises(WrongError):
            root_from(leaf_hash(entries[index]), index, size, [*path, root])
    for old in range(1, size):
        path = [over(low, high) for low, high in consistency_ranges(old, size)]
        check_consistency(old, over(0, old), size, root, path)
        with pytest.raises(WrongError):
            check_consistency(old, root, size, root, path)


def test_a_pack_says_all_that_a_list_was_asked() -> None:
    asked = criteria_facts(account_criteria(ProfessionalId(501), frozenset(), 0, 1))
    assert set(asked) == set(Criteria.__slots__)
