"""Turns prepared columns into keyed indexes: the only thing of a line's identifiers that the database ever holds."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tierce.registry.arrays import Bytes, Ints
from tierce.registry.batch import Batch, Column
from tierce.registry.prepared import ELSEWHERE, NOBODY, Linked, Pieces, Prepared, ints
from tierce.storage.keys import KeyedHash

_AT_ONCE: Final = 512
"""Values made objects at a time, so that each lot takes the memory of the one before, in the caches still."""

_LOOSE: Final = r"^1\|[A-Z]+\|(?P<who>[A-Z])[A-Z]*\|(?P<born>[0-9]{8}\|[MF])\|"
"""Of canonical traits (`normalise_traits`): the letter with which the given names begin, birth date and sex."""


class Hasher:
    """Makes every keyed number of a batch of one insurer."""

    def __init__(self, index: bytes, trait: bytes, feed: bytes, amc: str) -> None:
        """Take the raw keys of the purposes INDEX, TRAIT and FEED."""
        self._index = KeyedHash(index)
        self._trait = KeyedHash(trait)
        self._feed = KeyedHash(feed)
        self._amc = amc

    def prepare(self, batch: Batch) -> Prepared:
        """Hash every column of a batch."""
        members = self._members(batch.members)
        return Prepared(
            lines=batch.lines,
            effective=batch.effective,
            since=batch.since,
            until=batch.until,
            domains=batch.domains,
            priority=batch.priority,
            ended=batch.ended,
            borrowed=batch.borrowed,
            key_rows=batch.identities.rows,
            keys=_matrix(_many(self._index, batch.identities.values)),
            card_rows=batch.cards.rows,
            cards=_matrix(_many(self._index, batch.cards.values)),
            members=members,
            holders=self._linked(batch, batch.holders),
            representatives=self._linked(batch, batch.representatives),
            contracts=self._contracts(batch.contracts),
            digests=_matrix(_many(self._feed, batch.told, b"line|3|")),
            traits=_matrix(_many(self._trait, batch.traits)),
            alike=self._alike(batch.traits),
            civil=_pieces(batch.civil),
            coverage=_pieces(batch.coverage),
            corrects={
                row: (self._index.digest(identity)[:16], self._index.digest(card)[:16])
                for row, (identity, card) in batch.corrects.items()
            },
        )

    def member(self, number: str) -> bytes:
        """Key one member number."""
        return bytes(self._members(pa.array([number], pa.string()))[0])

    def _members(self, numbers: Column) -> Bytes:
        head = f"member|1|{self._amc}|".encode()
        return _matrix(_many(self._feed, numbers.cast(pa.binary()), head))

    def _alike(self, traits: Column) -> Ints:
        """Key what two copies of one person share, however she is spelled: four bytes that many people have too."""
        loose = pc.binary_join_element_wise(
            *(pc.struct_field(pc.extract_regex(traits.cast(pa.string()), _LOOSE), one) for one in ("who", "born")),
            "|",
        )
        coded = pc.dictionary_encode(loose)
        keyed = np.frombuffer(_many(self._feed, coded.dictionary.cast(pa.binary()), b"alike|1|"), dtype=">i4")
        return ints(keyed.reshape(-1, 8)[coded.indices.to_numpy(zero_copy_only=False), 0])

    def _linked(self, batch: Batch, numbers: Column) -> Linked:
        """Find whose member number it is among the chunk's earlier lines."""
        found = pc.index_in(numbers, value_set=batch.members).fill_null(ELSEWHERE)
        rows = ints(found.to_numpy(zero_copy_only=False))
        rows[rows > np.arange(len(rows))] = ELSEWHERE
        rows[pc.binary_length(numbers).to_numpy(zero_copy_only=False) == 0] = NOBODY
        away = np.flatnonzero(rows == ELSEWHERE)
        keyed = self._members(numbers.take(pa.array(away)))
        return Linked(rows, {row: keyed[place].tobytes() for place, row in enumerate(away.tolist())})

    def _contracts(self, numbers: Column) -> Ints:
        coded = pc.dictionary_encode(numbers)
        head = f"contract|1|{self._amc}|".encode()
        keyed = _many(self._feed, coded.dictionary.cast(pa.binary()), head)
        firsts = np.frombuffer(keyed, dtype=">i8").reshape(-1, 4)[:, 0].astype(np.int64)
        return ints(firsts[coded.indices.to_numpy(zero_copy_only=False)])


def _many(keyed: KeyedHash, values: Column, head: bytes = b"") -> bytes:
    """Hash a column, a few values at a time."""
    lots = range(0, len(values), _AT_ONCE)
    return b"".join([keyed.many(values.slice(at, _AT_ONCE).to_pylist(), head) for at in lots])


def _matrix(digests: bytes) -> Bytes:
    return np.ascontiguousarray(np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32)[:, :16])


def _pieces(column: Column) -> Pieces:
    if len(column) == 0:
        return Pieces(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    _validity, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32, count=column.offset + len(column) + 1)[column.offset :]
    return Pieces(np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]], ints(ends) - ends[0])
