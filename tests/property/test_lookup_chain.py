"""A chain of look-up keys is the same as its layers, one after the other, made of what is stored."""

from hypothesis import given
from hypothesis import strategies as st

from tierce.storage.keys import INDEX_BYTES, KEY_BYTES, KeyedHash

KEYS = st.lists(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), min_size=1, max_size=5)


@given(KEYS, st.lists(st.binary(max_size=60), max_size=6), st.binary(max_size=8))
def test_a_chain_is_its_layers_over_what_was_stored(keys: list[bytes], items: list[bytes], head: bytes) -> None:
    chain = KeyedHash(b"".join(keys))
    expected = []
    for item in items:
        stored = KeyedHash(keys[0]).digest(head + item)
        for key in keys[1:]:
            stored = KeyedHash(key).digest(stored[:INDEX_BYTES])
        expected.append(stored)
    assert [chain.digest(head + item) for item in items] == expected
    assert chain.many(items, head) == b"".join(expected)
    assert [chain.lasting(one) for one in items] == [KeyedHash(keys[0]).uuid(one) for one in items]
    assert [chain.uuid(head + item).bytes for item in items] == [one[:INDEX_BYTES] for one in expected]
