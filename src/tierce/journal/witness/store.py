"""What the worker keeps of witnesses, and what the office reads of it."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Seen:
    """What one witness last said."""

    witness: str
    size: int
    """The size of the last checkpoint that it cosigned; 0 for none."""
    at: datetime | None
    theirs: int | None
    """The size that it says it has, when that contradicts ours: a split view."""
    since: datetime | None
    """When it last said so."""

    @property
    def split(self) -> bool:
        """Whether it holds another history than ours, and has not cosigned since."""
        return self.since is not None and (self.at is None or self.since > self.at)


def put_cosignature(connection: Connection, witness: str, size: int, line: str) -> None:
    """Keep a cosignature."""
    connection.execute(
        "insert into journal.cosignature (witness, size, line) values (%s, %s, %s) on conflict do nothing",
        (witness, size, line),
    )


def put_dissent(connection: Connection, witness: str, ours: int, theirs: int) -> None:
    """Keep that a witness holds another history."""
    connection.execute(
        "insert into journal.dissent (witness, ours, theirs) values (%s, %s, %s) on conflict do nothing",
        (witness, ours, theirs),
    )


def last_cosigned(connection: Connection, witness: str) -> int:
    """The size of the last checkpoint that a witness cosigned; 0 for none."""
    row = connection.execute(
        "select size from journal.cosignature where witness = %s order by size desc limit 1", (witness,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def seen(connection: Connection) -> list[Seen]:
    """What each witness last said, by name."""
    rows = connection.execute(
        """
        with recursive cosigning as (   -- from one name to the next: there may be a row for each second
            (select witness from journal.cosignature order by witness limit 1)
            union all
            select (select c.witness from journal.cosignature c where c.witness > o.witness
                    order by c.witness limit 1) from cosigning o where o.witness is not null),
        names as (select witness from cosigning where witness is not null
                  union select witness from journal.dissent)
        select n.witness, coalesce(c.size, 0), c.at, d.theirs, d.at from names n
        left join lateral (select size, at from journal.cosignature c where c.witness = n.witness
                           order by size desc limit 1) c on true
        left join lateral (select theirs, at from journal.dissent d where d.witness = n.witness
                           order by at desc limit 1) d on true
        order by 1"""
    )
    return [Seen(*row) for row in rows.fetchall()]
