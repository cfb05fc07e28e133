"""From a chunk of a file to lines ready to be settled; works alone, so that another process can do it."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from tierce.kernel.card import MEMBER
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedRow, Rejection
from tierce.registry.arrays import Ints
from tierce.registry.batch import Batch, batch_of, join
from tierce.registry.model import RightsLine, Sender
from tierce.registry.plain import read_plain
from tierce.registry.prepared import Prepared
from tierce.registry.rules import read_rights


class Keyed(Protocol):
    """Makes keyed numbers of a batch."""

    def prepare(self, batch: Batch) -> Prepared:
        """Hash every column of a batch."""

    def member(self, number: str) -> bytes:
        """Key one member number."""


def prepare(
    table: pa.Table, lines: Ints, rows: Sequence[FeedRow], refused: Sequence[Rejection], sender: Sender, keyed: Keyed
) -> Prepared:
    """Read the lines of a table and single rows, all in the order of the file; key what is accepted."""
    batch, plain = read_plain(table, lines, sender)
    rest = [*_rows(table.filter(pa.array(~plain)), lines[~plain]), *rows] if not plain.all() or rows else []
    read: list[RightsLine] = []
    rejections = list(refused)
    spared: list[bytes] = []
    unread = len(rejections)
    for row in sorted(rest, key=lambda one: one.line):
        try:
            read.append(read_rights(row.cells, row.line, sender))
        except FieldError as error:
            rejections.append(Rejection.of(row.line, error))
            if MEMBER.fullmatch(row.cells["member_number"]):
                spared.append(keyed.member(row.cells["member_number"]))
            else:
                unread += 1
    prepared = keyed.prepare(join(batch, batch_of(read, sender)) if read else batch)
    prepared.rejections = sorted(rejections, key=lambda one: one.line)
    prepared.spared, prepared.unread = spared, unread
    return prepared


def _rows(table: pa.Table, lines: Ints) -> list[FeedRow]:
    return [FeedRow(line, cells) for line, cells in zip(lines.tolist(), table.to_pylist(), strict=True)]
