"""Keyed hashes are HMAC-SHA-256 as the RFCs and Python's own library say."""

import hmac
import os

import pytest

from tierce.storage.keys import KeyedHash

RFC_4231 = {
    bytes([0x0B]) * 20: (b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    b"Jefe": (b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
}


@pytest.mark.parametrize("key", RFC_4231, ids=["case 1", "case 2"])
def test_the_vectors_of_rfc_4231_come_out(key: bytes) -> None:
    data, expected = RFC_4231[key]
    assert KeyedHash(key).digest(data).hex() == expected


def test_one_and_many_are_what_pythons_own_hmac_says() -> None:
    key = os.urandom(32)
    hashed = KeyedHash(key)
    items = [os.urandom(size) for size in (0, 1, 31, 55, 56, 63, 64, 65, 127, 128, 300)]
    assert [hashed.digest(item) for item in items] == [hmac.digest(key, item, "sha256") for item in items]
    assert hashed.many(items, b"head|") == b"".join(hmac.digest(key, b"head|" + item, "sha256") for item in items)
    assert hashed.many([]) == b""
