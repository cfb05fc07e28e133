"""Sealed segments, read from docs/reference/journal-segment-v1.md alone and held to the tiles, row by row.

A row that is redacted keeps its leaf hash: it is accepted when two people asked for it, each in a line of the log. A
segment whose time was over is accepted when a line says so.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from psycopg import Connection

from tierce.journal.verifier import store, tiles
from tierce.journal.verifier.model import Report, Sealed
from tierce.journal.verifier.store import SealedRow

JOURNAL_DAYS = 1095
"""How long the format's page says that lines are kept."""
_ENTRY, _HASH = 128, 32
_REDACTION, _UPKEEP, _JOURNAL_END = 12, 17, 151
_NUMBERS = (
    ("kind", 1, 1),
    ("act", 2, 1),
    ("lane", 3, 1),
    ("outcome", 4, 1),
    ("presence", 5, 1),
    ("evidence", 6, 1),
    ("domain", 7, 1),
    ("professional", 16, 8),
    ("establishment", 24, 8),
    ("session", 32, 8),
    ("device", 40, 8),
    ("activity", 48, 4),
    ("software", 52, 4),
    ("vendor", 56, 4),
    ("insurer", 60, 2),
    ("seats_after", 62, 2),
    ("person", 80, 8),
    ("categories", 88, 4),
    ("reference", 112, 8),
)  # fmt: skip - the layout of an entry: column, offset, width
_BYTES = (("network", 64, 16), ("policy", 96, 16), ("salt", 120, 8))


@dataclass(slots=True)
class _Lines:
    """The lines of the journal that account for what is gone."""

    redactions: dict[int, dict[int, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """By entry and reason: who asked."""
    ends: set[int] = field(default_factory=set)
    """First leaves of segments whose time was over."""

    def add(self, body: bytes) -> None:
        reference = int.from_bytes(body[112:120], "big")
        if body[1] == _REDACTION:
            reason, author = int.from_bytes(body[48:52], "big"), int.from_bytes(body[16:24], "big")
            self.redactions[reference][reason].add(author)
        elif (body[1], body[2]) == (_UPKEEP, _JOURNAL_END):
            self.ends.add(reference)

    def both_asked(self, seq: int) -> bool:
        return any(len(authors) > 1 for authors in self.redactions[seq].values())


def check_sealed(
    report: Report, connection: Connection, folder: Path | None, log: Path | None, published: int
) -> Sealed:
    """Hold each segment of the manifest to its files and to the tiles of `published` leaves; say what they cover."""
    segments, ended = store.sealed(connection), store.ended(connection)
    found, lines = Sealed(), _Lines()
    redacted: list[tuple[int, int]] = []
    for body in store.accounts(connection) if segments or ended else ():
        lines.add(body)
    _follow_on(report, sorted([*ended, *((row.first, row.end) for row in segments)]))
    if segments and (folder is None or log is None):
        report.error("segments-unread", "segments are in the manifest: give their folder and that of the tiles")
        return found
    for row in segments:
        assert folder is not None
        assert log is not None
        if _check(report, row, _Where(folder, log, published), lines, redacted):
            found.held.append((row.first, row.end))
    for seq, leaf in redacted:
        if not lines.both_asked(seq):
            message = "the entry was redacted and no two people asked for it"
            report.error("redaction-unlisted", message, seq=seq, index=leaf)
    early = store.ended_early(connection, JOURNAL_DAYS) if ended else set()
    found.ended.extend(one for one in ended if _is_over(report, one, early, lines.ends))
    report.sealed, report.redacted = sum(row.end - row.first for row in segments), len(redacted)
    return found


def _follow_on(report: Report, stretches: list[tuple[int, int]]) -> None:
    """Hold stretches of leaves, ascending, to beginning at leaf 0 and each where the one before ends."""
    due = 0
    for first, end in stretches:
        if first != due:
            message = f"a segment is due at leaf {due}, the next one begins at {first}"
            report.error("segment-missing", message, index=due)
        due = end


def _is_over(report: Report, stretch: tuple[int, int], early: set[int], said: set[int]) -> bool:
    """Whether a segment that is gone was over, and a line says so; `said` are the first leaves of such lines."""
    first, end = stretch
    if first in early:
        report.error("ended-early", "a segment is gone whose time was not over", index=first)
        return False
    if first not in said:
        report.error("end-unlisted", "a segment is gone and no line of the journal says so", index=first)
        return False
    report.gap("segment-ended", f"the time of leaves {first} to {end - 1} was over", index=first)
    return True


@dataclass(frozen=True, slots=True)
class _Where:
    folder: Path
    log: Path
    published: int

    def file(self, row: SealedRow, kind: str) -> Path:
        return self.folder / f"{row.first:013d}-{row.end:013d}-{row.revision:03d}.{kind}.parquet"


def _check(report: Report, row: SealedRow, where: _Where, lines: _Lines, redacted: list[tuple[int, int]]) -> bool:
    """Check one segment; tell whether its rows stand for its leaves."""
    names = {kind: where.file(row, kind) for kind in ("entries", "blocks")}
    for kind, digest in (("entries", row.entries_sha256), ("blocks", row.blocks_sha256)):
        if not names[kind].exists():
            report.error("segment-missing", f"{names[kind].name} is not there", index=row.first)
            return False
        with names[kind].open("rb") as file:
            if file_digest(file, "sha256").digest() != digest:
                report.error(
                    "segment-altered", f"{names[kind].name} is not the file of the manifest", index=row.first
                )
    seen = np.zeros(row.end - row.first, bool)
    hashes = np.zeros((row.end - row.first, _HASH), np.uint8)
    before = len(redacted)
    try:
        for leaf, seq, bodies, kept in _groups(names["entries"], names["blocks"]):
            at = leaf - row.first
            if ((at < 0) | (at >= len(seen))).any() or seen[at].any() or len(np.unique(at)) < len(at):
                message = f"{names['entries'].name} has a leaf twice, or one of another segment"
                report.error("segment-altered", message, index=row.first)
                return False
            seen[at] = True
            for place, body in enumerate(bodies):
                of_row = kept[place]
                if of_row is None:
                    of_row = sha256(b"\x00" + body).digest()
                    if body[1] in {_REDACTION, _UPKEEP}:
                        lines.add(body)
                else:
                    redacted.append((int(seq[place]), int(leaf[place])))
                    if any(body[80:88]) or any(body[120:128]):
                        message = "a redacted row still holds a person or a salt"
                        report.error("redaction-unfinished", message, seq=int(seq[place]))
                hashes[at[place]] = np.frombuffer(of_row, np.uint8)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        report.error("segment-altered", f"{names['entries'].name} cannot be read: {error}", index=row.first)
        return False
    if len(redacted) - before != row.redacted:
        report.error("segment-altered", "another number of rows is redacted than the manifest says", index=row.first)
    if not seen.all():
        report.error("entry-removed", "a sealed entry is gone", index=row.first + int(seen.argmin()))
        return False
    return _hold_to_tiles(report, row, where, hashes.tobytes())


def _hold_to_tiles(report: Report, row: SealedRow, where: _Where, own: bytes) -> bool:
    """Compare the rows' hashes with the tiles', and name the first that differs."""
    for first in range(row.first - row.first % tiles.WIDTH, row.end, tiles.WIDTH):
        low, high = max(first, row.first), min(first + tiles.WIDTH, row.end)
        tile = tiles.find(where.log, 0, first // tiles.WIDTH, min(tiles.WIDTH, where.published - first))
        for leaf in range(low, high):
            at, there = (leaf - row.first) * _HASH, (leaf - first) * _HASH
            if own[at : at + _HASH] != tile[there : there + _HASH]:
                report.error("entry-altered", "the sealed entry is not the one in the tree", index=leaf)
                return False
    return True


def _groups(
    entries: Path, blocks: Path
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], list[bytes], list[bytes | None]]]:
    """Some rows at a time: leaf, number, bytes, and the hash kept of a redacted one."""
    beside = pq.read_table(blocks, use_threads=False)
    numbers, first, at_us = (np.asarray(beside[name]) for name in ("block", "first", "at_us"))
    order = np.argsort(numbers, kind="stable")
    numbers, first, at_us = numbers[order], first[order], at_us[order]
    with pq.ParquetFile(entries) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, use_threads=False)
            block, place = np.asarray(rows["block"]), np.asarray(rows["place"]).astype(np.int64)
            at = np.searchsorted(numbers, block)
            if (at >= len(numbers)).any() or (numbers[at] != block).any():
                msg = "a row names a block that is not beside it"
                raise ValueError(msg)
            time = at_us[at].view(np.uint64) + np.asarray(rows["late_us"]).view(np.uint64)
            raw = _bodies(rows, time).tobytes()
            bodies = [raw[low : low + _ENTRY] for low in range(0, len(raw), _ENTRY)]
            yield first[at] + place, block * 256 + place, bodies, rows["leaf"].to_pylist()


def _bodies(rows: pa.Table, time: NDArray[np.uint64]) -> NDArray[np.uint8]:
    made = np.zeros((rows.num_rows, _ENTRY), np.uint8)
    made[:, 0] = 1
    _put(made, time, 8, 8)
    for name, offset, width in _NUMBERS:
        _put(made, np.asarray(rows[name]), offset, width)
    for name, offset, width in _BYTES:
        joined = b"".join(rows[name].to_pylist())
        made[:, offset : offset + width] = np.frombuffer(joined, np.uint8).reshape(-1, width)
    return made


def _put(made: NDArray[np.uint8], values: NDArray[Any], offset: int, width: int) -> None:
    """Write numbers big-endian at their offset."""
    kind = ">u8" if values.dtype == np.uint64 else ">i8" if width == 8 else f">u{width}"
    made[:, offset : offset + width] = np.ascontiguousarray(values.astype(kind)).view(np.uint8).reshape(-1, width)
