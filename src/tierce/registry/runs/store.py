"""Reads imports from the register, for the office by its own privilege; insurers read theirs through functions."""

from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.kernel.language import Phrase
from tierce.registry.runs.model import Run, RunLine, RunReason, RunState

RUNS_MAX = 60
REFUSED_MAX = 10_000
"""Refused lines that one download holds; the counts by reason are of them all."""

_RUNS: LiteralString = """
    select f.id, f.kind, i.name, i.amc, f.state, f.started, f.ended, f.updated, greatest(f.lines_read, f.lines_done),
    f.taken, f.unchanged, f.rejected,
    case when f.bytes_total > 0 then f.bytes_done::float / f.bytes_total
         when f.lines_total > 0 then f.lines_done::float / f.lines_total end, f.rate, f.shrink, f.people_ended,
    f.outdated
    from registry.feed f left join registry.insurer i on i.id = f.insurer"""


def run_of(row: TupleRow) -> Run:
    """A row of the columns of `_RUNS`, which registry.own_feeds returns too."""
    number, kind, insurer, amc, state, started, ended, updated, read, taken, unchanged, rejected = row[:12]
    share, rate, shrink, people_ended, outdated = row[12:]
    return Run(
        number, kind, insurer, amc, RunState(state), started, ended, updated, read, taken, unchanged, rejected,
        share, rate, shrink, people_ended, outdated,
    )  # fmt: skip


def reason_of(row: TupleRow) -> RunReason:
    """A row (field, code, reason_fr, reason_en, remedy_fr, remedy_en, lines)."""
    return RunReason(row[0], row[1], Phrase(row[2], row[3]), Phrase(row[4], row[5]), row[6])


def runs(connection: Connection) -> list[Run]:
    """The imports of every insurer and register: those under way first, then the newest."""
    rows = connection.execute(
        f"{_RUNS} order by f.state not in ('running', 'held'), f.started desc limit %s",
        (RUNS_MAX,),
    ).fetchall()
    return [run_of(row) for row in rows]


def run(connection: Connection, number: int) -> Run | None:
    """One import."""
    row = connection.execute(f"{_RUNS} where f.id = %s", (number,)).fetchone()
    return None if row is None else run_of(row)


def reasons(connection: Connection, number: int) -> list[RunReason]:
    """Why lines of one import were refused, the most frequent first."""
    rows = connection.execute(
        "select field, code, reason_fr, reason_en, remedy_fr, remedy_en, lines from registry.feed_reason"
        " where feed = %s order by lines desc, field, code",
        (number,),
    ).fetchall()
    return [reason_of(row) for row in rows]


def refused(connection: Connection, number: int) -> list[RunLine]:
    """The refused lines of one import, in the order of the file."""
    rows = connection.execute(
        "select line, field, code from registry.feed_refused where feed = %s order by line limit %s",
        (number, REFUSED_MAX),
    ).fetchall()
    return [RunLine(*row) for row in rows]
