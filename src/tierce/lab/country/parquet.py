"""Rights feeds as Parquet: the columns of the CSV, all of them text."""

from io import BytesIO
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from tierce.kernel.feed import names
from tierce.registry.columns import RIGHTS

WAITING_BYTES_MAX: Final = 256 << 20
"""Lines that wait for a row group, of all insurers together."""

SCHEMA: Final = pa.schema([(name, pa.string()) for name in names(RIGHTS)])


class ParquetFeeds:
    """Writes one Parquet file an insurer, in row groups as large as memory allows; closed by `close`."""

    def __init__(self, folder: Path, amcs: list[str]) -> None:
        """Create `<amc>.parquet` for each insurer."""
        self._writers = [parquet.ParquetWriter(folder / f"{amc}.parquet", SCHEMA, compression="zstd") for amc in amcs]
        self._waiting: list[list[str]] = [[] for _ in amcs]
        self._bytes = [0] * len(amcs)

    def add(self, insurer: int, text: str) -> None:
        """Append lines; the largest feed is written when too much waits."""
        self._waiting[insurer].append(text)
        self._bytes[insurer] += len(text)
        while sum(self._bytes) > WAITING_BYTES_MAX:
            self._flush(self._bytes.index(max(self._bytes)))

    def close(self) -> None:
        """Write what waits and end every file."""
        for insurer, writer in enumerate(self._writers):
            self._flush(insurer)
            writer.close()

    def _flush(self, insurer: int) -> None:
        if not self._waiting[insurer]:
            return
        text = "".join(self._waiting[insurer]).encode()
        self._waiting[insurer].clear()
        self._bytes[insurer] = 0
        table = arrow_csv.read_csv(
            BytesIO(text),
            read_options=arrow_csv.ReadOptions(column_names=SCHEMA.names, use_threads=False),
            convert_options=arrow_csv.ConvertOptions(column_types=SCHEMA, strings_can_be_null=False),
        )
        self._writers[insurer].write_table(table.combine_chunks())
