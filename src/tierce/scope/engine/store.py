"""The scope of a journal in columns: sealed segments as they are, hot rows beside them, memory that does not grow.

DuckDB does the scanning, in a database of its own that is thrown away: nothing is fetched (its extensions are off),
and what does not fit the memory it is given goes to that folder. Sources are folded into partial rows (`parts`), then
these by stretches of persons, in order: the list streams out sorted, whatever its length.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from tierce.journal.model import EntryKind
from tierce.journal.segments.model import Segment
from tierce.kernel.categories import DataCategory
from tierce.kernel.durable import sync_folder
from tierce.kernel.ids import InsurerId, PersonId, ProfessionalId
from tierce.kernel.scratch import Scratch
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.scope.engine.parts.store import MANY_ROWS, Parts, quoted
from tierce.scope.holes import KEPT_SEGMENTS, find_holes_of
from tierce.scope.model import AccountUse, Beat, Criteria, Exposure, Head, Rule, Status, TreeHead
from tierce.scope.rules import (
    GAP_SLACK_US,
    GONE_US,
    HIDING,
    STAFF_READS,
    check_criteria,
    head_lines,
    rule_text,
    silences,
    sort_gaps,
)
from tierce.scope.sources import MARGIN_US, Hot, Sealed

MEMORY_MIB = 1_024
"""What the columnar engine may hold before it writes to its folder."""
BATCH_ROWS = 65_536

RULES = tuple(sorted(Rule))
"""The place of a rule in this order is its bit in a mask."""
MASKS = tuple(
    rule_text(rule for place, rule in enumerate(RULES) if mask >> place & 1) for mask in range(1 << len(RULES))
)
"""What each mask is written as."""
COLUMNS = "block, kind, outcome, person, insurer, categories"
ASKED = f"kind between {int(EntryKind.DISCLOSURE)} and {int(EntryKind.REVISIT)}"
READ_BY_STAFF = f"kind in ({', '.join(str(int(kind)) for kind in sorted(STAFF_READS))}) and categories <> 0"
RELEASED = (
    f"case when kind = {int(EntryKind.MISS)} or {READ_BY_STAFF} then categories <> 0"
    f" else kind <> {int(EntryKind.REFUSAL)} and outcome = {int(Outcome.RELEASED)} end"
)


SIGNED_IN = f"kind = {int(EntryKind.IDENTITY)} and act in ({int(Act.SESSION_OPEN)}, {int(Act.DEVICE_ENROL)})"


def signed(number: int) -> int:
    """The same 64 bits as a signed number, as columns hold them."""
    return number - (1 << 64) if number >> 63 else number


def _terms(clause: Criteria) -> list[tuple[Rule, str]]:
    """The conditions of a clause on columns, one for each kind of subject."""
    numbers: tuple[tuple[Rule, Iterable[int]], ...] = (
        (Rule.PROFESSIONAL, clause.professionals),
        (Rule.DEVICE, clause.devices),
        (Rule.SESSION, clause.sessions),
        (Rule.ESTABLISHMENT, clause.establishments),
        (Rule.SOFTWARE, clause.software),
        (Rule.VENDOR, clause.vendors),
    )
    terms = [(rule, f"{rule.value} in ({_numbers(named)})") for rule, named in numbers if named]
    if clause.networks:
        blobs = ", ".join(f"unhex('{one.hex()}')" for one in sorted(clause.networks))
        terms.append((Rule.NETWORK, f"network in ({blobs})"))
    if clause.evidence is not Evidence.NONE:
        terms.append((Rule.EVIDENCE, f"evidence >= {int(clause.evidence)}"))
    if clause.staff:
        terms.append((Rule.STAFF, f"professional in ({_numbers(clause.staff)})"))
    return terms


def _numbers(named: Iterable[int]) -> str:
    return ", ".join(str(signed(one)) for one in sorted(named))


def _predicate(clauses: Sequence[Criteria], kinds: str) -> str:
    """The condition that keeps every line that a clause names, whatever its time: what a scan is pruned by.

    `kinds` is the condition on kinds of a clause that names those who ask.
    """
    some = (
        (READ_BY_STAFF if staff else kinds, [one for one in clauses if bool(one.staff) is staff])
        for staff in (False, True)
    )
    return " or ".join(
        f"({' or '.join(condition for clause in named for _, condition in _terms(clause))}) and ({kept})"
        for kept, named in some
        if named
    )


def _mask(clause: Criteria, *, mixed: bool) -> str:
    """The rules by which a clause names a line, as bits; 0 when it does not.

    `mixed` tells that lines of the other kinds are kept too, for another clause.
    """
    if clause.ladder:
        named = " or ".join(condition for _, condition in _terms(clause))
        bits = f"case when {named} then {1 << RULES.index(Rule.LADDER)} else 0 end"
    else:
        bits = " | ".join(
            f"case when {condition} then {1 << RULES.index(rule)} else 0 end" for rule, condition in _terms(clause)
        )
    return f"case when {READ_BY_STAFF if clause.staff else ASKED} then {bits} else 0 end" if mixed else bits


def _candidates(source: str, clauses: Sequence[Criteria], columns: str, kinds: str) -> str:
    """The lines of a source that a clause names, with the mask of each clause."""
    mixed = len({bool(one.staff) for one in clauses}) > 1
    masks = ", ".join(f"{_mask(clause, mixed=mixed)} as m{place}" for place, clause in enumerate(clauses))
    late = "late_us" if source.startswith("read_parquet") else "time_us"
    return f"select {columns}, {late}, {masks} from {source} where {_predicate(clauses, kinds)}"  # noqa: S608 - numbers, digits and names of ours alone


def _lines(timed: str, clauses: Sequence[Criteria], *, doubts: bool) -> str:
    """Timed candidates with their status: person, insurer, s, t, categories, rules."""
    # Status of each clause: 1 confirmed, 2 possible by the clock, 3 an ask without an answer, null out of scope.
    maybe = "and d.block is not null and d.from_us < {until} and d.until_us >= {begun}" if doubts else ""
    status = []
    for place, clause in enumerate(clauses):
        window = f"t >= {clause.from_us} and t < {clause.until_us}"
        shows = f"categories & {int(clause.categories)} <> 0" if clause.categories else "true"
        possible = maybe.format(begun=clause.from_us, until=clause.until_us)
        status.append(
            f"case when m{place} = 0 then null when released then case when not ({shows}) then null"
            f" when {window} then 1{f' when true {possible} then 2' if doubts else ''} end"
            f" when person <> 0 and {window} then 3 end as s{place}"
        )
    each = range(len(clauses))
    least = f"least({', '.join(f's{place}' for place in each)})" if len(clauses) > 1 else "s0"
    rules = " | ".join(f"case when s{place} = s then m{place} else 0 end" for place in each)
    joined = "left join doubt d on d.block = l.block" if doubts else ""
    return f"""
        select person, insurer, s::utinyint as s, t, categories, ({rules})::integer as rules
        from (select *, {least} as s from (select l.*, {", ".join(status)}
              from (select *, {RELEASED} as released from ({timed})) l {joined}))
        where s is not null"""  # noqa: S608 - numbers, digits and names of ours alone


def _used(timed: str, clauses: Sequence[Criteria], *, doubts: bool) -> str:
    """Fold timed candidates by account; a line whose time is in doubt counts where it may stand in a window."""
    maybe = " or d.block is not null and d.from_us < {until} and d.until_us >= {begun}" if doubts else ""
    met = " or ".join(
        f"m{place} <> 0 and (t >= {one.from_us} and t < {one.until_us}"
        f"{maybe.format(begun=one.from_us, until=one.until_us)})"
        for place, one in enumerate(clauses)
    )
    joined = "left join doubt d on d.block = l.block" if doubts else ""
    return f"""
        insert into account
        select professional, min(t), max(t), count(*) from ({timed}) l {joined}
        where professional <> 0 and ({met}) group by 1"""  # noqa: S608 - numbers, digits and names of ours alone


def _timed(named: str, blocks: str) -> str:
    """The candidates of a sealed file with their times, which are those of their blocks and what came after."""
    return f"select e.*, b.at_us + e.late_us as t from ({named}) e join {blocks} b using (block)"  # noqa: S608 - numbers, digits and names of ours alone


_BEATS = """
    select professional, late_us, block, reference from {entries}
    where professional between 1 and 32767 and kind = {kind}"""
"""Numbers of instances are small: the rows stand together at one place of a segment."""
_TABLES = """
    create temp table account (professional bigint, first bigint, last bigint, lines bigint);
    create temp table doubt (block bigint, from_us bigint, until_us bigint);
    create temp table word (mask integer, text varchar)"""


def _disjoint(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join stretches that overlap, bounds included, in order."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(stretches):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined


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
        sealed: Sealed | None,
        hot: Hot = NOTHING_HOT,
        say: Said = lambda _what, _done, _of: None,
        scratch: Path | None = None,
        many: int = MANY_ROWS,
    ) -> None:
        """Prepare; `scratch` is where the throw-away folder is made, `many` the partial rows that one table may hold.

        Raises:
            CriteriaError: the criteria name nobody or no time.
        """
        check_criteria(*clauses)
        self._clauses, self._tree, self._say = tuple(clauses), tree, say
        self._sealed, self._hot = sealed, hot
        self._folder = Scratch("tierce-scope.", scratch)
        self._database = open_database(self._folder.path)
        self._parts = Parts(self._database, self._folder.path, many)
        self._doubts = False
        self._segments: Sequence[Segment] = ()
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
        self._folder.close()

    def _compute(self) -> None:
        self._run(_TABLES)
        self._segments = segments = self._sealed.around(self._clauses) if self._sealed else []
        asked = self._sealed, segments, self._hot.blocks, self._clauses
        if len(segments) <= KEPT_SEGMENTS:
            # Nearly always no clock is in doubt: the lines are read meanwhile as if that were known.
            with ThreadPoolExecutor(1) as beside:
                finding = beside.submit(find_holes_of, *asked)
                self._take()
                holes = finding.result()
        else:
            holes = find_holes_of(*asked)
        if len(holes.doubts):
            self._load("doubt", [pa.array(column) for column in holes.doubts.T])
            self._doubts = True
            self._parts.clear()
        if self._doubts or len(segments) > KEPT_SEGMENTS:
            self._take()
        gaps = sort_gaps([*holes.gaps, *silences(self._beats(), self._clauses), *self._hot.gaps])
        near = _disjoint(
            (gap.from_us - GAP_SLACK_US, gap.until_us + GAP_SLACK_US) for gap in gaps if gap.kind in HIDING
        )
        self.head = Head(self._clauses, self._tree, gaps, self._parts.end(near))

    def _take(self) -> None:
        """Fold the lines that a clause names."""
        for timed in self._sources(COLUMNS, ASKED, self._clauses):
            self._parts.add(_lines(timed, self._clauses, doubts=self._doubts))

    def _sources(self, columns: str, kinds: str, clauses: Sequence[Criteria]) -> Iterator[str]:
        """The lines that a clause names, with their times: few segments in one statement, then the hot rows."""
        groups = [self._segments] if len(self._segments) <= KEPT_SEGMENTS else [[one] for one in self._segments]
        for place, group in enumerate(groups if self._segments else ()):
            assert self._sealed is not None
            self._say("segments", place, len(groups))
            entries, blocks = (_files(paths) for paths in zip(*_paths(self._sealed, group), strict=True))
            yield _timed(_candidates(entries, clauses, columns, kinds), blocks)
        for rows in self._hot.rows:
            self._database.register("hot", rows)
            yield f"select *, time_us as t from ({_candidates('hot', clauses, columns, kinds)})"  # noqa: S608 - numbers, digits and names of ours alone
            self._database.unregister("hot")
        self._say("segments", len(groups), len(groups))

    def _beats(self) -> list[Beat]:
        """The signs of life of the windows, and of a day around them."""
        beats = list(self._hot.beats)
        for one in self._sealed.around(self._clauses, GONE_US + MARGIN_US) if self._sealed else ():
            assert self._sealed is not None
            entries = _files([one.entries_path(self._sealed.folder)])
            found = self._database.execute(_BEATS.format(entries=entries, kind=int(EntryKind.HEARTBEAT))).fetchall()
            if found:
                blocks = self._sealed.blocks(one)
                at_us = blocks.at_us[np.searchsorted(blocks.block, [row[2] for row in found])].tolist()
                beats += [
                    Beat(instance, at + late, block, every)
                    for at, (instance, late, block, every) in zip(at_us, found, strict=True)
                ]
        return beats

    def _load(self, table: str, columns: Sequence[pa.Array]) -> None:
        self._database.register("given", pa.table(list(columns), names=[f"c{n}" for n in range(len(columns))]))
        self._run(f"insert into {table} select * from given")  # noqa: S608 - numbers, digits and names of ours alone
        self._database.unregister("given")

    def _run(self, statement: str) -> None:
        """Carry a statement out to its end."""
        self._database.execute(statement).fetchall()

    def _stretches(self) -> Iterator[str]:
        """The statements that give the list, in the order of persons."""
        pieces = 0
        for piece, pieces, statement in self._parts.stretches():
            self._say("list", piece, pieces)
            yield statement
        self._say("list", pieces, pieces)

    def totals(self) -> dict[Status, Total]:
        """How many people and lines the list has, by status; nobody is counted twice under one."""
        persons, entries = dict.fromkeys(Status, 0), dict.fromkeys(Status, 0)
        for statement in self._stretches():
            counted = self._database.execute(
                "select status, count(distinct person), sum(entries) from"  # noqa: S608 - numbers, digits and names of ours alone
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
                        frozenset(Rule(word) for word in MASKS[rules].split("+")),
                        Status(status),
                    )

    def accounts(self) -> list[AccountUse]:
        """The professionals' accounts that lines of the windows stand under, in order: read in a pass of its own."""
        self._run("delete from account")
        asking = [one for one in self._clauses if not one.staff]
        for timed in self._sources("block, professional", f"{ASKED} or {SIGNED_IN}", asking) if asking else ():
            self._run(_used(timed, asking, doubts=self._doubts))
        found = self._database.execute(
            "select professional, min(first), max(last), sum(lines)::bigint from account group by 1 order by 1"
        ).fetchall()
        return [AccountUse(ProfessionalId(who), first, last, lines) for who, first, last, lines in found]

    def text(self) -> Iterator[bytes]:
        """The canonical lines (docs/reference/scope.md), head first, many at a time."""
        yield "".join(head_lines(self.head)).encode()
        self._run("delete from word")
        self._load("word", [pa.array(range(len(MASKS)), pa.int32()), pa.array(MASKS)])
        status = " ".join(f"when {one.value} then '{one.name.lower()}'" for one in Status)
        for statement in self._stretches():
            found = self._database.sql(
                "select concat_ws(' ', person, insurer, categories, first, last, entries, text,"  # noqa: S608 - numbers, digits and names of ours alone
                f" case status {status} end) || chr(10) as line"
                f" from ({statement}) f join word w on w.mask = f.rules order by person, insurer"
            )
            for batch in found.to_arrow_reader(BATCH_ROWS):
                yield _bytes_of(batch.column(0))


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a database that is thrown away with `folder`: bounded memory, nothing fetched, nothing loaded."""
    return duckdb.connect(
        str(folder / "scope.duckdb"),
        config={
            "threads": os.cpu_count() or 1,
            "memory_limit": f"{MEMORY_MIB}MiB",
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        },
    )


def write_list(
    engine: Engine, folder: Path, note: Callable[[bytes], None] = lambda _digest: None
) -> tuple[Path, bytes]:
    """Write a computed scope into `folder` under the name of its digest; give the path and the digest.

    The file is whole or not there: written beside its place, flushed, then named. `note` is given the digest before
    the file has its name: what it raises leaves no file.
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
        note(digest.digest())
        path = folder / f"{digest.hexdigest()}.scope"
        os.replace(part, path)
        sync_folder(folder)
    finally:
        part.unlink(missing_ok=True)
    return path, digest.digest()


def _paths(sealed: Sealed, segments: Sequence[Segment]) -> Iterator[tuple[Path, Path]]:
    for one in segments:
        yield one.entries_path(sealed.folder), one.blocks_path(sealed.folder)


def _files(paths: Iterable[Path]) -> str:
    return f"read_parquet([{', '.join(quoted(str(one)) for one in paths)}])"


def _bytes_of(column: pa.Array) -> bytes:
    """The text of a column of lines, one after another, without making a string of each."""
    if not len(column):
        return b""
    narrow = column.cast(pa.large_utf8())
    offsets = memoryview(narrow.buffers()[1]).cast("q")
    start, end = offsets[narrow.offset], offsets[narrow.offset + len(narrow)]
    return bytes(memoryview(narrow.buffers()[2])[start:end])
