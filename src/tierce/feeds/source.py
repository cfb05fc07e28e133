"""Reads a rights file in chunks of lines, CSV or Parquet, from any line on, as columns of text.

A chunk is named by where it stands in the file, so that another process can read it, and an import that was
killed can go on behind the last one it committed. Memory holds a chunk at a time, whatever the file.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tierce.feeds.reader import LINE_BYTES_MAX, check_columns, line_cells, read_header, too_long, unreadable
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Column, FeedRow, Rejection
from tierce.registry.errors import FeedRefusedError

RecordBatch = Any
"""Some rows of Arrow's, or None; the library has no type hints."""

_LINE_BYTES_MIN: Final = 128
"""No line with every field that must be filled is shorter."""
_WINDOW: Final = 1 << 23
_HASH_BYTES: Final = 1 << 20
_GROUP_BYTES_MAX: Final = 1 << 31
_PARQUET: Final = b"PAR1"
_LINE_FEED, _RETURN, _QUOTE = b'\n\r"'


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk of a file: `lines` lines of which the first is line `line`, from `start`, `size` long.

    Bytes in a CSV file, rows in a Parquet file. `too_long` marks one line that is larger than any may be.
    """

    line: int
    lines: int
    start: int
    size: int
    too_long: bool = False


@dataclass(slots=True)
class Chunk:
    """What stands in a span: a table of text with the line of each row, single lines that needed care, refusals."""

    span: Span
    table: pa.Table
    lines: NDArray[np.int64]
    rows: list[FeedRow]
    rejections: list[Rejection]

    def only(self, wanted: NDArray[np.int64]) -> "Chunk":
        """Return some of the lines, by their numbers, without the refusals: these were counted when all were read."""
        kept = np.isin(self.lines, wanted)
        rows = [row for row in self.rows if row.line in set(wanted.tolist())]
        return Chunk(self.span, self.table.filter(pa.array(kept)), self.lines[kept], rows, [])

    def __repr__(self) -> str:
        return f"Chunk({self.span.lines} lines from {self.span.line})"


@dataclass(frozen=True, slots=True)
class Measured:
    """A file's digest, its size, and its lines without the header."""

    sha256: bytes
    bytes_total: int
    lines_total: int


OnBytes = Callable[[int, int], None]


class Source(Protocol):
    """A rights file that was opened and whose columns are those of the feed."""

    def lines_about(self) -> int:
        """How many lines there can be, without reading them: never fewer than the good ones there are."""

    def measure(self, on_bytes: OnBytes) -> Measured:
        """Read the whole file once, and tell how many of its bytes were read, of how many."""

    def spans(self, lines: int, *, line: int = 2, start: int = 0) -> Iterator[Span]:
        """Cut the file into chunks of at most so many lines, from a line on; `start` is where that line stands."""

    def read(self, span: Span) -> Chunk:
        """Read one chunk."""


def open_source(path: Path, columns: tuple[Column, ...]) -> Source:
    """Open a rights file and check its columns.

    Raises:
        FeedRefusedError: there is no such file, it cannot be read, or its columns are not those of the feed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise unreadable(path, error) from None
    if head.startswith(_PARQUET):
        return ParquetSource(path, columns)
    return CsvSource(path, columns)


class CsvSource:
    """Delimited text; see feeds/reader.py for its form."""

    def __init__(self, path: Path, columns: tuple[Column, ...]) -> None:
        self._path = path
        self._names = [column.name for column in columns]
        with path.open("rb") as file:
            self._delimiter, self._places = read_header(file, path.name, columns)
            self._body = file.tell()

    def lines_about(self) -> int:
        """How many good lines there can be, by the size of the file."""
        return self._path.stat().st_size // _LINE_BYTES_MIN

    def measure(self, on_bytes: OnBytes) -> Measured:
        """Read the whole file once."""
        digest = hashlib.sha256()
        size = lines = 0
        last = b""
        total = self._path.stat().st_size
        with self._path.open("rb") as file:
            while block := file.read(_HASH_BYTES):
                digest.update(block)
                size += len(block)
                on_bytes(size, total)
                # Eight times quicker than bytes.count, while nothing else can begin.
                lines += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_FEED))
                last = block[-1:]
        return Measured(digest.digest(), size, max(lines + (last != b"\n") - 1, 0))

    def spans(self, lines: int, *, line: int = 2, start: int = 0) -> Iterator[Span]:
        """Cut the file into chunks, from a line on."""
        start = start or self._body
        with self._path.open("rb") as file:
            while True:
                file.seek(start)
                window = file.read(_WINDOW)
                if not window:
                    return
                ends = np.flatnonzero(np.frombuffer(window, dtype=np.uint8) == _LINE_FEED)
                if len(ends) == 0 and len(window) < _WINDOW:
                    yield Span(line, 1, start, len(window), len(window) > LINE_BYTES_MAX)
                    return
                if len(ends) == 0:
                    span = Span(line, 1, start, self._end_of_line(file) - start, too_long=True)
                    yield span
                    line, start = line + 1, start + span.size
                    continue
                for first in range(0, len(ends), lines):
                    last = min(first + lines, len(ends)) - 1
                    if last - first + 1 < lines and len(window) == _WINDOW and first > 0:
                        break  # the rest of the window begins the next one
                    size = int(ends[last]) + 1 - (int(ends[first - 1]) + 1 if first else 0)
                    yield Span(line, last - first + 1, start, size)
                    line, start = line + last - first + 1, start + size

    def _end_of_line(self, file: BinaryIO) -> int:
        """Skip to the end of a line larger than a window, a bounded piece at a time."""
        while block := file.read(_HASH_BYTES):
            place = block.find(b"\n")
            if place >= 0:
                return int(file.tell()) - len(block) + place + 1
        return int(file.tell())

    def read(self, span: Span) -> Chunk:
        """Read one chunk."""
        if span.too_long:
            empty = pa.table({name: pa.array([], pa.string()) for name in self._names})
            return Chunk(span, empty, np.zeros(0, np.int64), [], [Rejection.of(span.line, too_long())])
        with self._path.open("rb") as file:
            file.seek(span.start)
            block = file.read(span.size)
        if b"\r" in block:  # a tenth of the time of looking for both bytes, of which there mostly are none
            block = block.replace(b"\r\n", b"\n")
        if not block.endswith(b"\n"):
            block += b"\n"
        return self._parse(span, block)

    def _parse(self, span: Span, block: bytes) -> Chunk:
        """Cut lines of plain text with the right number of delimiters into columns; the others go one by one."""
        raw = np.frombuffer(block, dtype=np.uint8)
        width = len(self._places)
        cuts = np.flatnonzero((raw == ord(self._delimiter)) | (raw == _LINE_FEED))
        at = np.flatnonzero(raw[cuts] == _LINE_FEED)
        ends = cuts[at]
        starts = np.concatenate([[0], ends[:-1] + 1])
        odd = ends - starts + 1 > LINE_BYTES_MAX
        odd |= np.diff(at, prepend=-1) != width
        odd |= ends - starts + 1 == width  # separators alone
        for byte in (_QUOTE, _RETURN):
            if bytes((byte,)) in block:
                odd[np.searchsorted(ends, np.flatnonzero(raw == byte))] = True
        if not _is_utf8(block):
            odd |= ~np.array([_is_utf8(block[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
        rows: list[FeedRow] = []
        rejections: list[Rejection] = []
        for place in np.flatnonzero(odd).tolist():
            self._read_odd(span.line + place, block[starts[place] : ends[place] + 1], rows, rejections)
        if odd.any():
            cuts = cuts[np.repeat(~odd, np.diff(at, prepend=-1))]
        lines = span.line + np.flatnonzero(~odd)
        return Chunk(span, self._table(block, cuts, starts[~odd]), lines, rows, rejections)

    def _read_odd(self, line: int, raw: bytes, rows: list[FeedRow], rejections: list[Rejection]) -> None:
        try:
            cells = line_cells(raw, self._delimiter, len(self._places))
        except FieldError as error:
            rejections.append(Rejection.of(line, error))
            return
        if cells:
            row = dict(zip(self._places, cells, strict=True))
            rows.append(FeedRow(line, {name: row.get(name, "") for name in self._names}))

    def _table(self, block: bytes, cuts: NDArray[np.int64], starts: NDArray[np.int64]) -> pa.Table:
        """Make columns of text of the cells that end at `cuts`, line after line; lines begin at `starts`.

        Every cell, and what lies between two, is an entry of one long column over the very bytes of the file; the
        columns of the feed are taken out of it.
        """
        width, count = len(self._places), len(starts)
        if not count:
            return pa.table({name: pa.array([], pa.string()) for name in self._names})
        bounds = np.empty(2 * len(cuts) + 1, dtype=np.int32)
        bounds[1::2] = cuts
        firsts = np.concatenate([[0], cuts[:-1] + 1])
        firsts[::width] = starts
        bounds[0:-1:2] = firsts
        bounds[-1] = bounds[-2]
        cells = pa.StringArray.from_buffers(2 * len(cuts), pa.py_buffer(bounds), pa.py_buffer(block))
        columns = {}
        for name in self._names:
            if name in self._places:
                place = 2 * self._places.index(name)
                columns[name] = cells.take(pa.array(np.arange(place, 2 * len(cuts), 2 * width)))
            else:
                columns[name] = pa.array([""], pa.string()).take(pa.array(np.zeros(count, dtype=np.int64)))
        return pa.table(columns)


class ParquetSource:
    """A Parquet file with the same columns, every one of text; its first row is line 2, as in a CSV file."""

    def __init__(self, path: Path, columns: tuple[Column, ...]) -> None:
        self._path = path
        self._names = [column.name for column in columns]
        try:
            # A text that stands a million times in a column stands once in the file: so it does in memory too.
            schema = pq.read_schema(path)
            text = [field.name for field in schema if _is_text(field.type)]
            self._file = pq.ParquetFile(path, read_dictionary=text)
        except (pa.ArrowException, OSError, ValueError):
            raise _damaged(path) from None
        check_columns(schema.names, path.name, columns)
        wrong = [name for name in schema.names if not _is_text(schema.field(name).type)]
        if wrong:
            msg = (
                f"{path.name} : colonnes qui ne sont pas du texte / columns that are not text: "
                f"{', '.join(wrong[:5])}; "
                "écrivez-les comme dans un CSV / write them as in a CSV"
            )
            raise FeedRefusedError(msg)
        meta = self._file.metadata
        self._groups = [meta.row_group(number).num_rows for number in range(meta.num_row_groups)]
        if min(self._groups, default=0) < 0 or sum(self._groups) != meta.num_rows:
            raise _damaged(path)
        if any(meta.row_group(number).total_byte_size > _GROUP_BYTES_MAX for number in range(meta.num_row_groups)):
            msg = f"{path.name} : groupes de lignes trop grands / row groups too large: 2 GiB at most"
            raise FeedRefusedError(msg)
        self._reading: tuple[int, Iterator[Any], Any] | None = None

    def lines_about(self) -> int:
        """How many lines there are."""
        return sum(self._groups)

    def measure(self, on_bytes: OnBytes) -> Measured:
        """Read the whole file once."""
        digest = hashlib.sha256()
        size = 0
        total = self._path.stat().st_size
        with self._path.open("rb") as file:
            while block := file.read(_HASH_BYTES):
                digest.update(block)
                size += len(block)
                on_bytes(size, total)
        return Measured(digest.digest(), size, sum(self._groups))

    def spans(self, lines: int, *, line: int = 2, start: int = 0) -> Iterator[Span]:
        """Cut the file into chunks, from a line on."""
        total = sum(self._groups)
        row = line - 2
        while row < total:
            count = min(lines, total - row)
            yield Span(row + 2, count, row, count)
            row += count

    def read(self, span: Span) -> Chunk:
        """Read one chunk."""
        try:
            table = self._rows(span.start, span.size)
        except (pa.ArrowException, OSError, StopIteration):  # the last: fewer rows than the file says it has
            msg = f"{self._path.name} : pages abîmées, renvoyez le fichier / damaged pages: send the file again"
            raise FeedRefusedError(msg) from None
        lines = span.line + np.arange(span.lines, dtype=np.int64)
        long = _row_bytes(table) > LINE_BYTES_MAX
        refused = [Rejection.of(line, too_long()) for line in lines[long].tolist()]
        if refused:
            table, lines = table.filter(pa.array(~long)), lines[~long]
        return Chunk(span, _whole(table, self._names), lines, [], refused)

    def _rows(self, first: int, count: int) -> pa.Table:
        """Read rows on from behind the last chunk, or find the row group to begin with."""
        group, before = 0, 0
        while before + self._groups[group] <= first:
            before += self._groups[group]
            group += 1
        if self._reading is None or not before <= self._reading[0] <= first:
            batches = self._file.iter_batches(batch_size=count, row_groups=list(range(group, len(self._groups))))
            self._reading = (before, batches, None)
        at, batches, rest = self._reading
        rest = _past(batches, rest, first - at)
        table, rest = self._take(batches, rest, count)
        self._reading = (first + count, batches, rest)
        return table

    def _take(self, batches: Iterator[Any], rest: RecordBatch, count: int) -> tuple[pa.Table, Any]:
        """Take so many rows, from what is left and then from the batches; return them and what is left."""
        taken = []
        have = 0
        while have < count:
            batch = rest if rest is not None and rest.num_rows else next(batches)
            piece = batch.slice(0, count - have)
            rest = batch.slice(piece.num_rows)
            taken.append(piece)
            have += piece.num_rows
        return pa.Table.from_batches(taken, schema=self._file.schema_arrow), rest


def _damaged(path: Path) -> FeedRefusedError:
    msg = f"{path.name} : fichier Parquet abîmé, renvoyez-le / damaged Parquet file: send it again"
    return FeedRefusedError(msg)


def _past(batches: Iterator[Any], rest: RecordBatch, count: int) -> RecordBatch:
    """Go past so many rows, a batch in memory at a time; return what is left of the last."""
    while count:
        batch = rest if rest is not None and rest.num_rows else next(batches)
        gone = min(count, batch.num_rows)
        rest, count = batch.slice(gone), count - gone
    return rest


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _row_bytes(table: pa.Table) -> NDArray[np.int64]:
    """How many bytes of text each row has, without making the text of any."""
    sizes = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        at = 0
        for chunk in column.chunks:
            if pa.types.is_dictionary(chunk.type):
                lengths = pc.binary_length(chunk.dictionary).take(chunk.indices)
            else:
                lengths = pc.binary_length(chunk)
            sizes[at : at + len(chunk)] += lengths.fill_null(0).to_numpy(zero_copy_only=False)
            at += len(chunk)
    return sizes


def _whole(table: pa.Table, names: list[str]) -> pa.Table:
    """Put the columns in the order of the feed, as plain text, empty where the file has none."""
    empty = pa.array([""], pa.string()).take(pa.array(np.zeros(table.num_rows, dtype=np.int64)))
    columns = {}
    for name in names:
        if name not in table.column_names:
            columns[name] = empty
            continue
        column = table.column(name).cast(pa.string()).combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
        columns[name] = column.fill_null("") if column.null_count else column
    return pa.table(columns)
