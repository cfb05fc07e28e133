"""What must hold for every entry, tree and engagement number."""

from hypothesis import given
from hypothesis import strategies as st

from tests.trees import inclusion_proof, verify_inclusion
from tierce.journal.encoding import ENTRY_BYTES, decode, encode
from tierce.journal.engagement import format_engagement, parse_engagement
from tierce.journal.errors import EntryFormatError
from tierce.journal.merkle import Frontier, leaf_hash, tree_root
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EntrySeq,
    EstablishmentId,
    InsurerId,
    PersonId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Lane, Outcome, Presence

U16, U32, U64 = (st.integers(0, 2**bits - 1) for bits in (16, 32, 64))
entries = st.builds(
    Entry,
    kind=st.sampled_from(EntryKind),
    act=st.sampled_from(Act),
    lane=st.sampled_from(Lane),
    outcome=st.sampled_from(Outcome),
    presence=st.sampled_from(Presence),
    evidence=st.sampled_from(Evidence),
    domain=st.none() | st.sampled_from(Domain),
    time_us=U64,
    professional=U64,
    establishment=U64.map(EstablishmentId),
    session=U64.map(SessionId),
    device=U64.map(DeviceId),
    activity=U32.map(ActivityId),
    software=U32.map(SoftwareId),
    vendor=U32.map(VendorId),
    insurer=U16.map(InsurerId),
    seats_after=st.none() | st.integers(0, 0xFFFE),
    network=st.binary(min_size=16, max_size=16),
    person=U64.map(PersonId),
    categories=st.integers(0, 4095).map(DataCategory),
    policy=st.binary(min_size=16, max_size=16),
    reference=U64,
    salt=st.binary(min_size=8, max_size=8),
)


@given(entries)
def test_what_is_encoded_reads_back_the_same(entry: Entry) -> None:
    body = encode(entry)
    assert len(body) == ENTRY_BYTES
    assert decode(body) == entry


@given(st.binary(min_size=ENTRY_BYTES, max_size=ENTRY_BYTES), entries, st.data())
def test_bytes_are_either_refused_or_the_one_encoding_of_what_they_say(
    noise: bytes, entry: Entry, data: st.DataObject
) -> None:
    body = bytearray(encode(entry))
    for place in data.draw(st.sets(st.integers(0, ENTRY_BYTES - 1), max_size=4)):
        body[place] = noise[place]
    try:
        read = decode(bytes(body))
    except EntryFormatError:
        return
    assert encode(read) == bytes(body)


@given(st.lists(entries, min_size=1, max_size=40), st.data())
def test_any_flipped_bit_of_any_entry_breaks_every_path_to_the_root(lines: list[Entry], data: st.DataObject) -> None:
    bodies = [encode(line) for line in lines]
    leaves = [leaf_hash(body) for body in bodies]
    root = tree_root(leaves)
    index = data.draw(st.integers(0, len(lines) - 1))
    path = inclusion_proof(leaves, index)
    assert verify_inclusion(leaves[index], index, len(leaves), path, root)

    altered = bytearray(bodies[index])
    altered[data.draw(st.integers(0, ENTRY_BYTES - 1))] ^= 1 << data.draw(st.integers(0, 7))
    wrong = leaf_hash(bytes(altered))
    assert not verify_inclusion(wrong, index, len(leaves), path, root)
    assert tree_root([*leaves[:index], wrong, *leaves[index + 1 :]]) != root
    for place, node in enumerate(path):
        bad = bytes([node[0] ^ 1]) + node[1:]
        assert not verify_inclusion(leaves[index], index, len(leaves), [*path[:place], bad, *path[place + 1 :]], root)


@given(st.lists(st.binary(max_size=8), max_size=64), st.integers(0, 64))
def test_appending_in_two_goes_gives_the_same_root(bodies: list[bytes], cut: int) -> None:
    leaves = [leaf_hash(body) for body in bodies]
    frontier = Frontier(leaves[:cut])
    for leaf in leaves[cut:]:
        frontier.append(leaf)
    assert frontier.root() == tree_root(leaves)
    assert frontier.size == len(leaves)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**63 - 1).map(EntrySeq))
def test_an_engagement_number_reads_back(key: bytes, seq: EntrySeq) -> None:
    printed = format_engagement(key, seq)
    assert [len(group) for group in printed.split("-")] == [4, 4, 5, 1]
    assert parse_engagement(key, printed) == seq
