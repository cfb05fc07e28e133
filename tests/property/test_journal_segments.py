"""Sealed entries come back byte for byte, whatever their fields hold and however they are found."""

import hashlib
import secrets
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.segments import build as building
from tierce.journal.segments.build import build
from tierce.journal.segments.model import Stretch
from tierce.journal.segments.reader import SegmentFiles, shown_of_person
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
)
from tierce.policy.acts import Act, Outcome, Presence

few = st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1])
code = st.integers(0, 255)


def _number(width: int) -> st.SearchStrategy[bytes]:
    top = 2 ** (8 * width) - 1
    return st.one_of(st.sampled_from([0, 1, top]), st.integers(0, top)).map(lambda one: one.to_bytes(width, "big"))


bodies = st.tuples(
    st.lists(code, min_size=7, max_size=7).map(bytes),
    *(_number(8) for _ in range(5)),
    *(_number(4) for _ in range(3)),
    *(_number(2) for _ in range(2)),
    st.binary(min_size=16, max_size=16),
    _number(8),
    _number(4),
    st.just(bytes(4)),
    st.binary(min_size=16, max_size=16),
    _number(8),
    st.binary(min_size=8, max_size=8),
).map(lambda parts: b"\x01" + b"".join(parts))


def seal(folder: Path, first: int, batches: list[tuple[int, list[bytes]]]) -> SegmentFiles:
    """Seal these batches (number, entries) as one segment and open it."""
    numbers, sizes = (np.array(one, np.int64) for one in zip(*((n, len(e)) for n, e in batches), strict=True))
    made = build(folder, Stretch(first, numbers, sizes), [e for _n, e in batches], bytes(32), lambda _step: None)
    return SegmentFiles(folder, made)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(1, 2**54), st.lists(bodies, min_size=1, max_size=9)),
        min_size=1,
        max_size=9,
        unique_by=lambda one: one[0],
    ),
    st.integers(0, 2**40),
)  # fmt: skip - one strategy, one thought
def test_every_entry_comes_back_byte_for_byte(
    tmp_path: Path, batches: list[tuple[int, list[bytes]]], first: int
) -> None:
    sealed = seal(tmp_path, first, batches)
    expected = {}
    leaf = first
    for number, entries in batches:
        for at, body in enumerate(entries):
            expected[leaf] = (number * 256 + at, body)
            leaf += 1
    read = sealed.read(range(sealed.segment.count))
    assert {one.leaf: (one.seq, one.body) for one in read} == expected
    assert all(one.redacted is None for one in read)
    hashes = b"".join(hashlib.sha256(b"\x00" + expected[one][1]).digest() for one in sorted(expected))
    assert sealed.segment.leaves == hashlib.sha256(hashes).digest()
    for seq, body in expected.values():
        row = sealed.of_seq(seq)
        assert row is not None
        assert sealed.read([row])[0].body == body
    for at, kind in ((80, sealed.of_person), (16, sealed.of_professional)):
        for value in {body[at : at + 8] for _seq, body in expected.values()} - {bytes(8)}:
            found = sealed.read(kind(int.from_bytes(value, "big", signed=True)))
            wanted = sorted(seq for seq, body in expected.values() if body[at : at + 8] == value)
            assert sorted(one.seq for one in found) == wanted


@pytest.mark.parametrize("entries", [1, 4_096, 4_097, 140_000])
def test_pages_and_groups_of_any_number_are_read_by_row(tmp_path: Path, entries: int) -> None:
    def entry(at: int) -> bytes:
        who = (at * 7 % 50 + 1).to_bytes(8, "big")
        return (
            b"\x01"
            + bytes(7)
            + at.to_bytes(8, "big")
            + who
            + bytes(56)
            + at.to_bytes(8, "big")
            + bytes(32)
            + secrets.token_bytes(8)
        )

    every = [entry(at) for at in range(entries)]
    batches = [(at // 64 + 5, every[at : at + 64]) for at in range(0, entries, 64)]
    sealed = seal(tmp_path, 10, batches)
    for row in {0, entries // 2, entries - 1, 4_095 % entries, 131_072 % entries}:
        one = sealed.read([row])[0]
        assert one.body == every[one.leaf - 10]
        assert one.seq == (one.leaf - 10) // 64 * 256 + 5 * 256 + (one.leaf - 10) % 64
    assert len(sealed.of_professional(3)) == sum(at * 7 % 50 == 2 for at in range(entries))
    assert building.PART not in "".join(one.name for one in tmp_path.iterdir())


def test_a_history_tells_of_an_entry_what_it_holds_and_blanks_the_rest(tmp_path: Path) -> None:
    entries = [
        Entry(
            kind=EntryKind.DISCLOSURE if at % 3 else EntryKind.REFUSAL,
            act=Act.RIGHTS_ASK,
            outcome=Outcome.RELEASED if at % 3 else Outcome.OUT_OF_SEATS,
            presence=Presence(at % 4),
            domain=Domain(1),
            time_us=1_790_000_000_000_000 + at * 1_000,
            professional=ProfessionalId(at % 7 + 1),
            establishment=EstablishmentId(at % 5 + 1),
            session=SessionId(at + 900),
            device=DeviceId(at % 11 + 1),
            activity=ActivityId(4),
            software=SoftwareId(3),
            insurer=InsurerId(at % 3 + 1),
            seats_after=at % 5,
            network=secrets.token_bytes(16),
            person=PersonId(at % 40 + 1),
            categories=DataCategory(at % 32),
            policy=secrets.token_bytes(16),
            reference=at,
        )
        for at in range(5_000)
    ]
    bodies = [encode(one) for one in entries]
    sealed = seal(tmp_path, 0, [(at // 100 + 1, bodies[at : at + 100]) for at in range(0, len(bodies), 100)])
    found = {one.seq: one.entry for one in shown_of_person([sealed], 13)}
    assert found == {
        (at // 100 + 1) * 256 + at % 100: replace(
            one,
            session=SessionId(0),
            device=DeviceId(0),
            activity=ActivityId(0),
            software=SoftwareId(0),
            seats_after=0,
            network=bytes(16),
            policy=bytes(16),
            salt=bytes(8),
        )
        for at, one in enumerate(entries)
        if one.person == 13
    }
    assert shown_of_person([sealed], 41) == []
