"""The scope of a journal in columns: sealed segments as they are, hot rows beside them, memory that does not grow.

DuckDB does the scanning, in a database of its own that is thrown away: nothing is fetched (its extensions are off),
and what does not fit the memory it is given goes to that folder. Each segment is folded alone into partial rows, then
these are folded by stretches of persons, in order: the list streams out sorted, whatever its length.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import InsurerId, PersonId
from tierce.scope import sql
from tierce.scope.holes import find_holes_of
from tierce.scope.model import Criteria, Exposure, Head, Rule, Status, TreeHead
from tierce.scope.rules import GAP_SLACK_US, HIDING, check_criteria, head_lines, sort_gaps
from tierce.scope.sources import Hot, Sealed

MEMORY_MIB = 1_024
"""What the columnar engine may hold before it writes to its folder."""
STRETCH_ROWS = 2_000_000
"""Partial rows folded at once when the list is written."""
BATCH_ROWS = 65_536
_MAX = (1 << 63) - 1

Said = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how many."""


NOTHING_HOT = Hot()


@dataclass(frozen=True, slots=True)
class Total:
    """People of one status, and the lines that say so."""

    persons: int
    entries: int


class Engine:
    """One scope, computed once and read in order. Use as a context manager: its folder goes with it."""

    def __init__(
        self,
        clauses: Sequence[Criteria],
        tree: TreeHead,
        *,
        sealed: Sealed | None = None,
        hot: Hot = NOTHING_HOT,
        say: Said = lambda _what, _done, _of: None,
        scratch: Path | None = None,
    ) -> None:
        """Prepare; `scratch` is where the throw-away folder is made.

        Raises:
            CriteriaError: the criteria name nobody or no time.
        """
        check_criteria(*clauses)
        self._clauses, self._tree, self._say = tuple(clauses), tree, say
        self._sealed, self._hot = sealed, hot
        self._folder = tempfile.TemporaryDirectory(prefix="tierce-scope-", dir=scratch)
        self._database = duckdb.connect(
            str(Path(self._folder.name) / "scope.duckdb"),
            config={
                "threads": os.cpu_count() or 1,
                "memory_limit": f"{MEMORY_MIB}MiB",
                "temp_directory": str(Path(self._folder.name) / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
            },
        )
        self._statuses = False
        self.head = Head(self._clauses, tree, (), 0)

    def __enter__(self) -> Self:
        """Compute."""
        try:
            self._compute()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Throw the folder away."""
        self.close()

    def close(self) -> None:
        """Throw the folder away."""
        self._database.close()
        self._folder.cleanup()

    def _compute(self) -> None:
        run = self._run
        run(sql.TABLES)
        segments = self._sealed.around(self._clauses) if self._sealed else []
        holes = find_holes_of(self._sealed, segments, self._hot.blocks, self._clauses)
        gaps = sort_gaps([*holes.gaps, *self._hot.gaps])
        near = sql.disjoint(
            (gap.from_us - GAP_SLACK_US, gap.until_us + GAP_SLACK_US) for gap in gaps if gap.kind in HIDING
        )
        self._load("near", [pa.array([one[place] for one in near], pa.int64()) for place in (0, 1)])
        if len(holes.doubts):
            self._load("doubt", [pa.array(column) for column in holes.doubts.T])
        doubts = bool(len(holes.doubts))
        for place, segment in enumerate(segments):
            assert self._sealed is not None
            self._say("segments", place, len(segments))
            source, blocks = (
                f"read_parquet('{_quoted(path)}')"
                for path in (segment.entries_path(self._sealed.folder), segment.blocks_path(self._sealed.folder))
            )
            run(sql.partial(sql.timed(source, blocks, self._clauses), self._clauses, doubts=doubts))
        for rows in self._hot.rows:
            self._database.register("hot", rows)
            hot = f"select *, time_us as t from ({sql.candidates('hot', self._clauses)})"  # noqa: S608 - ours
            run(sql.partial(hot, self._clauses, doubts=doubts))
            self._database.unregister("hot")
        self._say("segments", len(segments), len(segments))
        run(sql.NEAR)
        self._statuses = bool(self._one("select count(*) from part where status <> 1"))
        self.head = Head(self._clauses, self._tree, gaps, self._one("select sum(entries) from part where person = 0"))

    def _load(self, table: str, columns: Sequence[pa.Array]) -> None:
        self._database.register("given", pa.table(list(columns), names=[f"c{n}" for n in range(len(columns))]))
        self._run(f"insert into {table} select * from given")  # noqa: S608 - a name of ours
        self._database.unregister("given")

    def _run(self, statement: str) -> None:
        """Carry a statement out to its end."""
        self._database.execute(statement).fetchall()

    def _one(self, statement: str) -> int:
        ((value,),) = self._database.execute(statement).fetchall()
        return int(value or 0)

    def _stretches(self) -> Iterator[str]:
        """The statements that give the list, by stretches of persons, whose numbers are drawn evenly."""
        count = self._one("select count(*) from part")
        pieces = -(-count // STRETCH_ROWS) or 1
        bounds = [_MAX // pieces * place for place in range(pieces)]
        for place, low in enumerate(bounds):
            self._say("list", place, pieces)
            high = bounds[place + 1] - 1 if place + 1 < pieces else _MAX
            yield sql.FINAL.format(
                part="judged" if self._statuses else "part",
                low=low if place else -_MAX - 1,
                high=high,
                strongest=sql.STRONGEST if self._statuses else "",
            )
        self._say("list", pieces, pieces)

    def totals(self) -> dict[Status, Total]:
        """How many people and lines the list has, by status; nobody is counted twice under one."""
        persons, entries = dict.fromkeys(Status, 0), dict.fromkeys(Status, 0)
        for statement in self._stretches():
            counted = self._database.execute(
                "select status, count(distinct person), sum(entries) from"  # noqa: S608 - ours
                f" ({statement}) group by status"
            ).fetchall()
            for status, some, lines in counted:
                persons[Status(status)] += some
                entries[Status(status)] += lines
        return {one: Total(persons[one], int(entries[one])) for one in Status}

    def digest(self) -> bytes:
        """The SHA-256 of the canonical lines."""
        digest = hashlib.sha256()
        for text in self.text():
            digest.update(text)
        return digest.digest()

    def exposures(self) -> Iterator[Exposure]:
        """The list, by person and insurer."""
        for statement in self._stretches():
            found = self._database.execute(statement)
            while rows := found.fetchmany(BATCH_ROWS):
                for person, insurer, status, categories, first, last, entries, rules in rows:
                    yield Exposure(
                        PersonId(person),
                        InsurerId(insurer),
                        DataCategory(categories),
                        first,
                        last,
                        entries,
                        frozenset(Rule(word) for word in sql.MASKS[rules].split("+")),
                        Status(status),
                    )

    def text(self) -> Iterator[bytes]:
        """The canonical lines (docs/reference/scope.md), head first, many at a time."""
        yield "".join(head_lines(self.head)).encode()
        self._run("delete from word")
        self._load("word", [pa.array(range(len(sql.MASKS)), pa.int32()), pa.array(sql.MASKS)])
        status = " ".join(f"when {one.value} then '{one.name.lower()}'" for one in Status)
        for statement in self._stretches():
            found = self._database.sql(
                "select concat_ws(' ', person, insurer, categories, first, last, entries, text,"  # noqa: S608 - ours
                f" case status {status} end) || chr(10) as line"
                f" from ({statement}) f join word w on w.mask = f.rules order by person, insurer"
            )
            for batch in found.to_arrow_reader(BATCH_ROWS):
                yield _bytes_of(batch.column(0))


def write_list(engine: Engine, folder: Path) -> tuple[Path, bytes]:
    """Write a computed scope into `folder` under the name of its digest; give the path and the digest.

    The file is whole or not there: written beside its place, flushed, then named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    part = folder / f".{os.getpid()}.scope.part"
    try:
        with part.open("xb") as file:
            for text in engine.text():
                digest.update(text)
                file.write(text)
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{digest.hexdigest()}.scope"
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path, digest.digest()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _bytes_of(column: pa.Array) -> bytes:
    """The text of a column of lines, one after another, without making a string of each."""
    if not len(column):
        return b""
    narrow = column.cast(pa.large_utf8())
    offsets = memoryview(narrow.buffers()[1]).cast("q")
    start, end = offsets[narrow.offset], offsets[narrow.offset + len(narrow)]
    return bytes(memoryview(narrow.buffers()[2])[start:end])
