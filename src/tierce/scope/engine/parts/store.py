"""What each source gives of a scope, folded by person: a table while it is small, then files by stretches of persons.

A nation's list has as many partial rows as lines, in no order of persons: folding them stretch by stretch out of one
table would read that table once for each. So past `MANY_ROWS` each goes to the file of its stretch when it is
written, and each stretch is read once.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

MANY_ROWS = 2_000_000
"""Partial rows of the table; more go to files."""
PIECES = 64
"""Stretches of persons, whose numbers are drawn evenly (a power of two): 14 million rows each of 10⁹ entries."""
_PIECE_BITS = 63 - (PIECES.bit_length() - 1)

_TABLES = """
    create temp table part (person bigint, insurer usmallint, status utinyint, first bigint, last bigint,
        entries bigint, categories uinteger, rules integer);
    create temp table near (from_us bigint, until_us bigint)"""
_FOLD = """
    insert into part
    select person, insurer, s, min(t), max(t), count(*), bit_or(categories), bit_or(rules)
    from ({lines}) group by person, insurer, s, case when s = 3 then t end"""
"""An ask without an answer (3) keeps its time: `first` and `last` are one."""
_WRITE = """
    copy (select *, (greatest(person, 0) >> {bits})::utinyint as piece from ({rows})) to {folder}
    (format parquet, partition_by (piece), filename_pattern '{name}_{{uuid}}', overwrite_or_ignore true,
     compression uncompressed, parquet_version v2, dictionary_size_limit 1)"""
"""Numbers drawn at random neither shrink nor repeat: a dictionary or a compressor would only cost time."""
_UNFOLDED = """
    select person, insurer, s as status, t as first, t as last, 1::bigint as entries, categories, rules
    from ({lines})"""
_FILES = "read_parquet({files}, hive_partitioning = true, hive_types = {{'piece': utinyint}})"
_JUDGED = """
    create temp view judged as
    select * from {part} where status < 3
    union all
    select p.* replace (case when n.until_us >= p.first then 2 else 3 end::utinyint as status)
    from (select * from {part} where status = 3) p asof left join near n on p.first >= n.from_us"""
"""An ask without an answer near a hole is possible: `near` holds stretches of time, apart and in order."""
_FINAL = """
    select person, insurer, status, categories, first, last, entries, rules from (
        select person, insurer, status, bit_or(categories)::ubigint as categories, min(first) as first,
            max(last) as last, sum(entries)::bigint as entries, bit_or(rules) as rules
        from {part} where person <> 0 {piece} group by person, insurer, status)
    {strongest} order by person, insurer"""
"""The rows of one stretch of persons, in their order."""
_STRONGEST = """
    qualify status = min(status) over (partition by person, insurer)
        and (status < 3 or min(status) over (partition by person) = 3)"""
"""Where several statuses exist: the smallest of a pair, and excluded for whoever has no other."""


class Parts:
    """The partial rows of one scope, in a database that is thrown away with `folder`."""

    def __init__(self, database: duckdb.DuckDBPyConnection, folder: Path, many: int) -> None:
        """Begin empty; `many` is how many rows the table may hold."""
        self._database, self._folder, self._many = database, folder / "pieces", many
        self._written = 0
        self._statuses = False
        self._run(_TABLES)

    def add(self, lines: str) -> None:
        """Take the lines of a source: a statement that gives person, insurer, s, t, categories, rules."""
        if self._written:
            self._write(_UNFOLDED.format(lines=lines))
            return
        self._run(_FOLD.format(lines=lines))
        if self._one("select count(*) from part") > self._many:
            self._write("select * from part")
            self._run("delete from part")

    def clear(self) -> None:
        """Forget what was taken."""
        self._run("delete from part")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._written = 0

    def end(self, near: Sequence[tuple[int, int]]) -> int:
        """Judge asks without an answer by the stretches of time `near` holes; give the lines that name nobody."""
        given = pa.table([pa.array([one[at] for one in near], pa.int64()) for at in (0, 1)], names=["low", "high"])
        self._database.register("given", given)
        self._run("insert into near select * from given")
        self._database.unregister("given")
        part = self._source()
        self._run(_JUDGED.format(part=part))
        self._statuses = bool(self._one(f"select count(*) from {part} where status <> 1"))  # noqa: S608 - a name or a folder of ours
        return self._one(f"select sum(entries) from {part} where person = 0 {self._only(0)}")  # noqa: S608 - a name or a folder of ours, and a number

    def stretches(self) -> Iterator[tuple[int, int, str]]:
        """The statements that give the list, in the order of persons: which one, of how many, and itself."""
        part = "judged" if self._statuses else self._source()
        pieces = PIECES if self._written else 1
        for piece in range(pieces):
            yield (
                piece,
                pieces,
                _FINAL.format(
                    part=part,
                    piece=self._only(piece),
                    strongest=_STRONGEST if self._statuses else "",
                ),
            )

    def _source(self) -> str:
        return _FILES.format(files=quoted(f"{self._folder}/*/*.parquet")) if self._written else "part"

    def _only(self, piece: int) -> str:
        return f"and piece = {piece}" if self._written else ""

    def _write(self, rows: str) -> None:
        self._run(
            _WRITE.format(rows=rows, bits=_PIECE_BITS, folder=quoted(str(self._folder)), name=f"w{self._written}")
        )
        self._written += 1

    def _run(self, statement: str) -> None:
        """Carry a statement out to its end."""
        self._database.execute(statement).fetchall()

    def _one(self, statement: str) -> int:
        ((value,),) = self._database.execute(statement).fetchall()
        return int(value or 0)


def quoted(text: str) -> str:
    """A text as a literal of a statement."""
    return "'" + text.replace("'", "''") + "'"
