"""A small Parquet file that would be a large table stays small, and its lines are refused one by one."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierce.feeds.reader import LINE_BYTES_MAX
from tierce.feeds.source import ParquetSource, open_source
from tierce.kernel.feed import names
from tierce.registry.columns import RIGHTS
from tierce.registry.errors import FeedRefusedError

ROWS, CELL = 2_000, 4_000_000
READ = """
import resource, sys
from pathlib import Path
from tierce.feeds.source import ParquetSource
from tierce.registry.columns import RIGHTS
source = ParquetSource(Path(sys.argv[1]), RIGHTS)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
refused = sum(len(source.read(span).rejections) for span in source.spans(5_000))
print(refused, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def table(name: str, cell: str, rows: int) -> pa.Table:
    """Rows of empty cells but one, which is the same in each."""
    columns = {one: pa.array([""], pa.string()).take(pa.array([0] * rows)) for one in names(RIGHTS)}
    return pa.table(columns | {name: pa.DictionaryArray.from_arrays(pa.array([0] * rows), pa.array([cell]))})


def test_eight_gigabytes_in_a_file_of_a_few_kilobytes_are_never_made(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    pq.write_table(table("given_names", "A" * CELL, ROWS), path, compression="zstd")
    assert path.stat().st_size < 100_000
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    refused, kilobytes = (int(one) for one in done.stdout.split())
    assert refused == ROWS
    assert kilobytes < 300_000, f"{kilobytes} kB of {ROWS * CELL // 1000}"


def test_a_line_may_be_as_long_as_in_a_csv_file_and_no_longer(tmp_path: Path) -> None:
    for size, refused in ((LINE_BYTES_MAX, 0), (LINE_BYTES_MAX + 1, 3)):
        path = tmp_path / f"{size}.parquet"
        pq.write_table(table("family_name", "é" * (size // 2) + "A" * (size % 2), 3), path)
        source = ParquetSource(path, RIGHTS)
        (chunk,) = [source.read(span) for span in source.spans(10)]
        assert [one.line for one in chunk.rejections] == [2, 3, 4][:refused]
        assert chunk.table.num_rows == 3 - refused == len(chunk.lines)


def varint(number: int) -> bytes:
    """A number as Parquet's footer writes it."""
    number, out = number << 1, b""
    while number >= 128:
        out, number = out + bytes([number % 128 | 128]), number // 128
    return out + bytes([number])


def lying(path: Path, rows: int, said: bytes, *, everywhere: bool) -> Path:
    """The file with another number of rows in its footer: in its last row group, or wherever it stands."""
    whole = path.read_bytes()
    size = int.from_bytes(whole[-8:-4], "little")
    before, footer, after = whole[: -8 - size], whole[-8 - size : -8], whole[-8:]
    at = footer.rfind(varint(rows))
    changed = footer.replace(varint(rows), said) if everywhere else footer[:at] + said + footer[at + len(said) :]
    found = path.with_name("lying.parquet")
    found.write_bytes(before + changed + after)
    return found


def read_whole(path: Path) -> None:
    source = open_source(path, RIGHTS)
    for span in source.spans(300):
        source.read(span)


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("said", [varint(2_000), b"\x81\x00"])
def test_a_file_that_says_another_number_of_rows_than_it_has_is_refused(
    tmp_path: Path, said: bytes, *, everywhere: bool
) -> None:
    """It was an unforeseen error, or an empty file taken in whole."""
    honest = tmp_path / "honest.parquet"
    pq.write_table(pa.table({column.name: ["x"] * 1_000 for column in RIGHTS}), honest, compression="none")
    with pytest.raises(FeedRefusedError, match="damaged"):
        read_whole(lying(honest, 1_000, said, everywhere=everywhere))
