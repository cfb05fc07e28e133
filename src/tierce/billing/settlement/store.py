"""Batches and transfers in the database, each role by what it has (storage/sql/settlement.sql)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, Connection

from tierce.billing.bank.model import masked
from tierce.billing.settlement.listing import ListedTransfer
from tierce.billing.settlement.model import (
    Batch,
    BatchState,
    Left,
    OwnTransfer,
    PaidLine,
    Said,
    Transfer,
    TransferState,
    Waits,
    Word,
)
from tierce.kernel.ids import EntrySeq, StaffId

AsyncRows = AsyncConnection[Any]

# The process `billing` ---------------------------------------------------------------------------------------------


def to_prepare(connection: Connection, full_at: int) -> list[int]:
    """Insurers of whom something may be paid, and no batch waits or was prepared today."""
    return [row[0] for row in connection.execute("select * from bank.to_prepare(%s)", (full_at,)).fetchall()]


def payable(connection: Connection, insurer: int, at_most: int) -> list[int]:
    """Establishments to which something of one insurer may be sent."""
    rows = connection.execute(
        "select establishment from bank.payable(%s::smallint, %s)", (insurer, at_most)
    ).fetchall()
    return [row[0] for row in rows]


def prepare(
    connection: Connection, insurer: int, batch: int, establishments: Sequence[int], transfers: Sequence[int]
) -> int:
    """Gather what is due to these establishments, each by its transfer; how many transfers there are."""
    row = connection.execute(
        "select transfers from bank.prepare(%s::smallint, %s, %s::bigint[], %s::bigint[])",
        (insurer, batch, list(establishments), list(transfers)),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])


def approved(connection: Connection) -> list[tuple[int, int]]:
    """Batches that wait for their file, and their insurers: the first approved first."""
    rows = connection.execute(
        "select id, insurer from bank.batch where state = %s order by approved, id", (BatchState.APPROVED,)
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


Row = tuple[int, int, int, bytes, str, datetime]
"""Transfer, establishment, cents, what is sealed, holder, approved at."""


def take_up(connection: Connection, batch: int) -> list[Row]:
    """Lock an approved batch and read what is left of it to send, by the number of its transfer."""
    return _rows(connection, "select * from bank.take_up_batch(%s)", batch)


def held_by_file(connection: Connection, batch: int) -> list[Row]:
    """What the file of a batch holds, by the number of its transfer."""
    return _rows(connection, "select * from bank.file_again(%s)", batch)


def _rows(connection: Connection, query: LiteralString, batch: int) -> list[Row]:
    return [
        (row[0], row[1], row[2], bytes(row[3] or b""), row[4] or "", row[5])
        for row in connection.execute(query, (batch,)).fetchall()
    ]


def filed(connection: Connection, batch: int, digest: bytes | None, entry: EntrySeq) -> None:
    """Keep that the file of a batch is written, with its line; without a digest, that nothing was left to write."""
    connection.execute("select bank.filed(%s, %s, %s)", (batch, digest, entry))


def digest_of(connection: Connection, batch: int) -> tuple[int, bytes] | None:
    """Insurer and digest of the file of a batch; None when it has none."""
    row = connection.execute(
        "select insurer, digest from bank.batch where id = %s and digest is not null", (batch,)
    ).fetchone()
    return None if row is None else (row[0], bytes(row[1]))


# Staff, by role tierce_office --------------------------------------------------------------------------------------

_BATCH: LiteralString = """
    select b.id, n.name, b.state, b.prepared, b.transfers, b.total, b.approved, b.filed, b.sent, b.sent_total, b.ended
    from bank.batch b join registry.insurer n on n.id = b.insurer"""


def _batch(row: tuple[Any, ...]) -> Batch:
    return Batch(row[0], row[1], BatchState(row[2]), *row[3:])


def batches(connection: Connection, at_most: int) -> list[Batch]:
    """Those that wait for somebody first, then the newest."""
    rows = connection.execute(
        _BATCH
        + " order by b.state in (4, 5, 6), case when b.state < 4 then b.state end, b.prepared desc, b.id limit %s",
        (at_most,),
    ).fetchall()
    return [_batch(row) for row in rows]


def batch(connection: Connection, number: int) -> Batch | None:
    """One batch."""
    row = connection.execute(_BATCH + " where b.id = %s", (number,)).fetchone()
    return None if row is None else _batch(row)


_TRANSFER: LiteralString = """
    select t.id, t.establishment, e.name, e.town, k.country, k.tail, t.amount,
           t.invoices, t.state, t.why, t.batch,
           not exists (select from bank.transfer o where o.establishment = t.establishment and o.account = t.account
                       and o.state = 2 and o.id <> t.id) as first
    from bank.transfer t join directory.establishment e on e.id = t.establishment
    join bank.account k on k.id = t.account"""


def transfers(connection: Connection, number: int, skipped: int, at_most: int) -> list[Transfer]:
    """Transfers of a batch, the greatest first, past some of them."""
    rows = connection.execute(
        _TRANSFER + " where t.batch = %s order by t.amount desc, t.id offset %s limit %s", (number, skipped, at_most)
    ).fetchall()
    return [_transfer(row) for row in rows]


def _transfer(row: tuple[Any, ...]) -> Transfer:
    id_, establishment, place, town, country, tail, amount, invoices, state, why = row[:10]
    return Transfer(
        id_, establishment, place, town, country, tail, amount, invoices, TransferState(state), why, row[11]
    )


def firsts(connection: Connection, number: int) -> tuple[int, int]:
    """How many transfers of a batch, and how much, go to an account to which none was carried out yet."""
    row = connection.execute(
        "select count(*), coalesce(sum(t.amount), 0)::bigint from bank.transfer t where t.batch = %s and not exists"
        " (select from bank.transfer o where o.establishment = t.establishment and o.account = t.account"
        " and o.state = 2)",
        (number,),
    ).fetchone()
    assert row is not None, "a count has one row"
    return row[0], row[1]


def transfer(connection: Connection, number: int) -> tuple[int, Transfer] | None:
    """One transfer, and its batch."""
    row = connection.execute(_TRANSFER + " where t.id = %s", (number,)).fetchone()
    return None if row is None else (row[10], _transfer(row))


def listed(connection: Connection, number: int) -> list[ListedTransfer]:
    """What the file of a batch holds, by the number of its transfer: as approved, with each account's copy."""
    rows = connection.execute(
        "select t.id, t.establishment, k.id, e.name, e.town, k.country, k.tail, t.amount, k.holder, k.copy"
        " from bank.transfer t join bank.account k on k.id = t.account"
        " join directory.establishment e on e.id = t.establishment"
        " where t.batch = %s and t.state <> %s order by t.id",
        (number, TransferState.LEFT),
    ).fetchall()
    return [
        ListedTransfer(
            f"{row[0]:016x}", f"{row[1]:016x}", f"{row[2]:016x}", ", ".join(filter(None, row[3:5])),
            masked(row[5], row[6]), row[7], row[8] or "", None if row[9] is None else bytes(row[9]),
        )
        for row in rows
    ]  # fmt: skip


def words(connection: Connection, number: int) -> list[Said]:
    """What staff said of a batch and its transfers, in order."""
    rows = connection.execute(
        "select subject, what, staff, detail, name, said, at from bank.word where batch = %s order by at, staff",
        (number,),
    ).fetchall()
    return [Said(row[0], Word(row[1]), StaffId(row[2]), *row[3:]) for row in rows]


def say(connection: Connection, number: int, said: Said, seen_total: int) -> int:
    """Keep what one of the staff says: 0 a second must, 1 it is so, 2 it is too late, 3 she said it already."""
    row = connection.execute(
        "select bank.say(%s, %s, %s::smallint, %s::smallint, %s, %s, %s, %s)",
        (number, said.subject, said.what, said.detail, said.staff, said.name, said.said, seen_total),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])


def waiting(connection: Connection) -> list[Waits]:
    """What is due and in no batch, by what stands in the way."""
    rows = connection.execute("select why, establishments, invoices, amount from bank.waiting()").fetchall()
    return [Waits(Left(row[0]), *row[1:]) for row in rows]


# A professional's session, by role tierce_api ----------------------------------------------------------------------


async def own(
    connection: AsyncRows,
    session: int,
    *,
    only: int | None = None,
    after: int | None = None,
    at_most: int = 1,
) -> list[OwnTransfer]:
    """Transfers to a session's own place, the newest first."""
    cursor = await connection.execute(
        "select id, insurer, amount, invoices, state, why, country, tail, approved, filed, ended, recovered"
        " from bank.own_transfers(%s, %s, %s, %s)",
        (session, only, after, at_most),
    )
    return [
        OwnTransfer(row[0], row[1], row[2], row[3], TransferState(row[4]), *row[5:])
        for row in await cursor.fetchall()
    ]


async def with_lines(connection: AsyncRows, session: int, one: OwnTransfer) -> OwnTransfer:
    """The same transfer with the invoices that it pays."""
    cursor = await connection.execute(
        "select invoice, reference, care_day, asked, due from bank.own_paid(%s, %s)", (session, one.id)
    )
    lines = [PaidLine(*row) for row in await cursor.fetchall()]
    return replace(one, lines=tuple(lines))
