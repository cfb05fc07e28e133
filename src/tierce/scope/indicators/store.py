"""What our registers hold of what another operator names, and every line that bears it, found in one reading.

The engine of scopes folds lines by person; here they are folded by indicator, over the same sources, so that a
thousand indicators cost one scan. Only numbers, and pseudonyms of ours, are looked for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa
from psycopg import Connection

from tierce.journal.model import EntryKind
from tierce.journal.segments.model import Segment
from tierce.kernel.clock import micros
from tierce.kernel.scratch import Scratch
from tierce.scope.engine.store import ASKED, RELEASED, Said, open_database, signed
from tierce.scope.indicators.model import Hits, Indicator, Kind, Reach, Subject
from tierce.scope.rules import CLOCK_SLACK_US
from tierce.scope.sources import Hot, Sealed
from tierce.scope.store import kept_from

COLUMNS: Mapping[Kind, str] = {
    Kind.RPPS: "professional",
    Kind.FINESS: "establishment",
    Kind.DEVICE: "device",
    Kind.NETWORK: "network",
    Kind.SOFTWARE: "software",
}

_CALLED = int(EntryKind.ASKED)
_TOLD = f"{int(EntryKind.DISCLOSURE)}, {int(EntryKind.MISS)}"

Pairs = Sequence[tuple[Indicator, Subject]]


def devices(connection: Connection, thumbprints: Sequence[bytes]) -> dict[bytes, int]:
    """The devices of these thumbprints that are known."""
    rows = connection.execute(
        "select thumbprint, id from access.device where thumbprint = any(%s)", (list(thumbprints),)
    )
    return {bytes(thumbprint): number for thumbprint, number in rows}


def software(connection: Connection, names: Sequence[str]) -> dict[str, frozenset[int]]:
    """The software of these names in small letters; vendors may share one."""
    rows = connection.execute(
        "select lower(name), array_agg(id) from directory.software where lower(name) = any(%s) group by 1",
        (list(names),),
    )
    return {name: frozenset(numbers) for name, numbers in rows}


def reach(connection: Connection, size: int, seen: datetime) -> Reach:
    """How far the journal answers under the first `size` leaves.

    From the earliest line kept when a segment reached the end of its time, else from the beginning; until the first
    batch that no checkpoint covers yet, else until `seen`, after which lines may still be committed. The times of
    lines may be behind either, as far as the database lets them.
    """
    row = connection.execute(
        "select min(b.at) from journal.batch b left join journal.placed p using (block)"
        " where p.first_idx is null or p.first_idx >= %s",
        (size,),
    ).fetchone()
    first = row[0] if row else None
    return Reach(kept_from(connection), micros(min(seen, first) if first else seen) - CLOCK_SLACK_US)


def search(pairs: Pairs, sealed: Sealed, segments: Sequence[Segment], hot: Hot, say: Said) -> dict[int, Hits]:
    """Give what each indicator's lines come to, by its line in the question; those without a line are left out.

    Args:
        pairs: indicators, and what each is looked for by.
        sealed: the segments in force.
        segments: those of them that a window touches.
        hot: the rows that are not sealed.
        say: told how far it is.
    """
    with Scratch("tierce-indicators.") as folder:
        database = open_database(folder.path)
        try:
            return _search(database, pairs, sealed, segments, hot, say)
        finally:
            database.close()


def _search(
    database: duckdb.DuckDBPyConnection,
    pairs: Pairs,
    sealed: Sealed,
    segments: Sequence[Segment],
    hot: Hot,
    say: Said,
) -> dict[int, Hits]:
    columns = "lines bigint, released bigint, called bigint, told bigint"
    database.execute(f"create temp table hit (line integer, person bigint, {columns})")
    kinds = [kind for kind in Kind if _want(database, kind, pairs)]
    for place, segment in enumerate(segments):
        say("segments", place, len(segments))
        entries, blocks = (
            "read_parquet('{}')".format(str(path).replace("'", "''"))
            for path in (segment.entries_path(sealed.folder), segment.blocks_path(sealed.folder))
        )
        for kind in kinds:
            database.execute(_fold(kind, entries, f"join {blocks} b using (block)", "b.at_us + e.late_us"))
    for rows in hot.rows:
        database.register("hot", rows)
        for kind in kinds:
            database.execute(_fold(kind, "hot", "", "e.time_us"))
        database.unregister("hot")
    say("segments", len(segments), len(segments))
    # A released line whose person was redacted showed somebody: counted among the lines, and as nobody.
    found = database.execute(
        "select line, sum(lines + unsaid)::bigint, sum(released + unsaid)::bigint,"
        " count(distinct case when released + unsaid > 0 and person <> 0 then person end)"
        " from (select line, person, sum(lines) as lines, sum(released) as released,"
        "  greatest(sum(called) - sum(told), 0) as unsaid from hit group by line, person) group by line"
    ).fetchall()
    return {line: Hits(lines, released, persons) for line, lines, released, persons in found}


def _want(database: duckdb.DuckDBPyConnection, kind: Kind, pairs: Pairs) -> bool:
    """Lay down what is looked for in one column; False when nothing is."""
    rows = [
        (one.line, value if isinstance(value, bytes) else signed(value), one.from_us, one.until_us)
        for one, subject in pairs
        if subject.kind is kind
        for value in subject.values
    ]
    if not rows:
        return False
    line, value, begun, ended = zip(*rows, strict=True)
    database.register(
        "given",
        pa.table(
            {
                "line": pa.array(line, pa.int32()),
                "value": pa.array(value, pa.binary() if kind is Kind.NETWORK else pa.int64()),
                "from_us": pa.array(begun, pa.int64()),
                "until_us": pa.array(ended, pa.int64()),
            }
        ),
    )
    database.execute(f"create temp table wanted_{COLUMNS[kind]} as select * from given")  # noqa: S608 - a name of ours
    database.unregister("given")
    return True


def _fold(kind: Kind, source: str, blocks: str, time: str) -> str:
    """Add up the lines of a source by indicator and person, and what they showed.

    An ask of an insurer that keeps its people itself has a line before the call, and another one says what came. The
    first ones that the window has more of than of the second have said nothing yet: each may have shown something.
    """
    column = COLUMNS[kind]
    late = "late_us" if blocks else "time_us"
    return f"""
        insert into hit
        select w.line, e.person, count(*) filter (where kind <> {_CALLED}),
               count(*) filter (where kind <> {_CALLED} and e.released),
               count(*) filter (where kind = {_CALLED}), count(*) filter (where kind in ({_TOLD}))
        from (select {column} as value, block, {late}, person, kind, {RELEASED} as released from {source}
              where ({ASKED} or kind = {_CALLED}) and {column} in (select value from wanted_{column})) e
        {blocks} join wanted_{column} w on w.value = e.value and {time} >= w.from_us and {time} < w.until_us
        group by 1, 2"""  # noqa: S608 - names of ours alone
