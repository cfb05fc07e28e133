"""What a first load rests on: a filter that never forgets, seals made many at once, chunks handed over in memory."""

import os

import numpy as np
import pytest

from tierce.feeds.pipeline import Part, parts_of
from tierce.feeds.source import Span
from tierce.kernel.ids import InsurerId, PersonId
from tierce.registry.first_load import Seen
from tierce.registry.prepared import Pieces
from tierce.storage.errors import SealBrokenError
from tierce.storage.keys import Compartment, Sealer

OAK = InsurerId(7)


def keys(count: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16)


def test_the_filter_forgets_no_key_and_seldom_takes_one_for_another() -> None:
    seen, known = Seen(200_000), keys(200_000)
    for at in range(0, len(known), 10_000):
        seen.add(known[at : at + 10_000])
    assert seen.perhaps(known).all()
    assert not seen.perhaps(keys(100_000)).any(), "at this fill one in tens of millions is taken for another"


def test_keys_of_one_word_are_both_remembered() -> None:
    one = keys(1)
    crowded = np.repeat(one, 512, axis=0)
    crowded[:, 8:] = keys(512)[:, 8:]
    seen = Seen(1_000)
    seen.add(crowded)
    assert seen.perhaps(crowded).all()


def test_the_filter_has_room_for_a_country() -> None:
    """Places that share a line of bits for a small file do not for one of thirty-three million lines."""
    full, asked = keys(4_096).copy(), keys(100).copy()
    full[:, :8], asked[:, :8] = 0, 0
    asked[:, 2] = 1 << 5  # a line of bits further by 2²¹
    for file_lines, taken in ((1_000_000, True), (33_000_000, False)):
        seen = Seen(file_lines)
        seen.add(full)
        assert seen.perhaps(full).all()
        assert seen.perhaps(asked).all() == seen.perhaps(asked).any() == taken, f"{file_lines} lines"


@pytest.mark.parametrize("size", [256, 1024])
def test_many_seals_open_one_by_one_for_their_own_person_alone(size: int) -> None:
    sealer = Sealer({(Compartment.PERSON, OAK): {1: bytes(32), 2: bytes(range(32))}})
    persons = np.array([5, 2**62, 9], dtype=np.int64)
    plain = np.frombuffer(os.urandom(3 * size), dtype=np.uint8).reshape(3, size)
    sealed = [one.tobytes() for one in sealer.seal_many(Compartment.PERSON, OAK, persons, plain)]
    assert len({one[2:14] for one in sealed}) == 3, "each has a nonce of its own"
    for person, row, record in zip(persons.tolist(), plain, sealed, strict=True):
        assert sealer.open_(Compartment.PERSON, OAK, PersonId(person), record) == row.tobytes()
        with pytest.raises(SealBrokenError):
            sealer.open_(Compartment.PERSON, OAK, PersonId(person + 1), record)
        with pytest.raises(SealBrokenError):
            sealer.open_(Compartment.COVERAGE, OAK, PersonId(person), record)


def test_records_are_grouped_by_size_in_the_order_of_their_rows() -> None:
    records = [bytes([number]) * size for number, size in enumerate((256, 512, 256, 1024, 512))]
    ends = np.cumsum([0, *map(len, records)], dtype=np.int64)
    pieces = Pieces(np.frombuffer(b"".join(records), dtype=np.uint8), ends)
    found = {
        row: one.tobytes()
        for there, matrix in pieces.sized(np.array([0, 2, 3, 4]))
        for row, one in zip(there.tolist(), matrix, strict=True)
    }
    assert found == {0: records[0], 1: records[2], 2: records[3], 3: records[4]}


def test_of_lines_put_off_only_the_chunks_that_hold_them_are_read_again() -> None:
    spans = [Span(2 + 10 * place, 10, 100 * place, 100) for place in range(4)]
    again = list(parts_of(iter(spans), np.array([3, 11, 32, 41])))
    assert [(part.span.line, [] if part.wanted is None else part.wanted.tolist()) for part in again] == [
        (2, [3, 11]), (32, [32, 41]),
    ]  # fmt: skip
    assert list(parts_of(iter(spans))) == [Part(span) for span in spans]
