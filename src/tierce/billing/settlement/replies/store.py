"""What the bank replied, in the database (storage/sql/replies.sql)."""

from collections.abc import Iterable, Sequence

from psycopg import Connection

from tierce.billing.settlement.model import BatchState, Left, TransferState
from tierce.billing.settlement.replies.model import (
    BankReply,
    Claim,
    Heard,
    Kind,
    Known,
    SentBatch,
    SentTransfer,
    What,
)
from tierce.kernel.ids import EntrySeq


def alone(connection: Connection) -> None:
    """One file at a time, until the transaction ends: what a second one says is compared with what the first did."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended('bank.reply_file', 0))")


def read_before(connection: Connection, kind: Kind, name: str, made: str) -> bytes | None:
    """The digest of the message of this number and time, where one was taken."""
    row = connection.execute(
        "select digest from bank.reply_file where kind = %s and name = %s and made = %s", (kind, name, made)
    ).fetchone()
    return None if row is None else bytes(row[0])


def known(connection: Connection, batches: Iterable[int], transfers: Iterable[int]) -> Known:
    """What was sent under these numbers, and what the bank said of it."""
    rows = connection.execute(
        "select id, batch, amount, state <> %s or why = %s from bank.transfer where id = any(%s)",
        (TransferState.LEFT, Left.REJECTED, list(transfers)),
    ).fetchall()
    sent = {row[0]: SentTransfer(*row[1:]) for row in rows}
    of = sorted({*batches, *(one.batch for one in sent.values())})
    found = connection.execute(
        "select id, coalesce(sent, 0), coalesce(sent_total, 0), filed is not null, state from bank.batch"
        " where id = any(%s)",
        (of,),
    ).fetchall()
    said = connection.execute(
        "select batch, subject, what, day, amount, code from bank.reply where batch = any(%s)", (of,)
    ).fetchall()
    return Known(
        {row[0]: SentBatch(row[1], row[2], row[3]) for row in found},
        sent,
        tuple(Claim(row[0], row[1], What(row[2]), row[3], row[4], row[5]) for row in said),
        frozenset(row[0] for row in found if row[4] == BatchState.EXECUTED),
        frozenset(row[0] for row in found if row[4] == BatchState.FILED),
    )


def keep(
    connection: Connection, number: int, heard: Heard, digest: bytes, entry: EntrySeq, claims: Sequence[Claim]
) -> list[int]:
    """Keep what one file says, with its line; the batches that it ends."""
    rows = connection.execute(
        "select * from bank.keep_replies(%s, %s::smallint, %s, %s, %s, %s, %s::bigint[], %s::smallint[],"
        " %s::integer[], %s::bigint[], %s::text[])",
        (
            number, heard.kind, heard.name, heard.made, digest, entry, [one.subject for one in claims],
            [one.what.value for one in claims], [one.day for one in claims], [one.amount for one in claims],
            [one.code for one in claims],
        ),
    ).fetchall()  # fmt: skip
    return [row[0] for row in rows]


def of_batch(connection: Connection, batch: int, subject: int | None = None) -> list[BankReply]:
    """What the bank said of a batch, or of one subject in it, in the order in which it was read; for staff."""
    rows = connection.execute(
        "select r.subject, r.what, r.day, r.amount, r.code, f.name, f.at from bank.reply r"
        " join bank.reply_file f on f.id = r.file where r.batch = %s and (%s::bigint is null or r.subject = %s)"
        " order by f.at, r.what, r.subject limit 4000",
        (batch, subject, subject),
    ).fetchall()
    return [BankReply(row[0], What(row[1]), row[2], row[3], row[4], row[5], row[6]) for row in rows]


def answered(connection: Connection, batches: Sequence[int]) -> frozenset[int]:
    """Those of which some file of the bank's speaks; for staff."""
    rows = connection.execute(
        "select distinct batch from bank.reply where batch = any(%s)", (list(batches),)
    ).fetchall()
    return frozenset(row[0] for row in rows)
