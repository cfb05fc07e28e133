"""What the bank replied, in the database (storage/sql/replies.sql)."""

from collections.abc import Iterable, Sequence

from psycopg import Connection

from tierce.billing.settlement.model import BatchState, Left, TransferState
from tierce.billing.settlement.replies.model import (
    FILE_CHARS,
    BankReply,
    Claim,
    Heard,
    Known,
    SentBatch,
    SentTransfer,
    What,
)
from tierce.kernel.ids import EntrySeq


def alone(connection: Connection) -> None:
    """One file at a time, until the transaction ends: what a second one says is compared with what the first did."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended('bank.reply_file', 0))")


def read_before(connection: Connection, digest: bytes, marks: Sequence[bytes]) -> bytes | None:
    """The digest of this very file, or else of another of its number and time, where one was taken."""
    row = connection.execute(
        "select digest from bank.reply_file where digest = %(digest)s or mark = any(%(marks)s::bytea[])"
        " order by digest = %(digest)s desc limit 1",
        {"digest": digest, "marks": list(marks)},
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
        "select batch, subject, what, day, amount, code, mark from bank.reply where batch = any(%s)", (of,)
    ).fetchall()
    return Known(
        {row[0]: SentBatch(row[1], row[2], row[3]) for row in found},
        sent,
        tuple(
            Claim(row[0], row[1], What(row[2]), row[3], row[4], row[5], () if row[6] is None else (bytes(row[6]),))
            for row in said
        ),
        frozenset(row[0] for row in found if row[4] == BatchState.EXECUTED),
        frozenset(row[0] for row in found if row[4] == BatchState.FILED),
    )


def keep(connection: Connection, number: int, heard: Heard, mark: bytes, entry: EntrySeq) -> list[int]:
    """Keep what one file says, with its line; the batches that it ends."""
    said = heard.claims
    rows = connection.execute(
        "select * from bank.keep_replies(%s, %s::smallint, %s, %s, %s, %s::bigint[], %s::smallint[], %s::integer[],"
        " %s::bigint[], %s::text[], %s::bytea[])",
        (
            number, heard.kind, mark, heard.digest, entry, [one.subject for one in said],
            [one.what.value for one in said], [one.day for one in said], [one.amount for one in said],
            [one.code for one in said], [one.marks[0] if one.marks else None for one in said],
        ),
    ).fetchall()  # fmt: skip
    return [row[0] for row in rows]


def of_batch(connection: Connection, batch: int, subject: int | None = None) -> list[BankReply]:
    """What the bank said of a batch, or of one subject in it, in the order in which it was read; for staff."""
    rows = connection.execute(
        "select r.subject, r.what, r.day, r.amount, r.code, encode(f.digest, 'hex'), f.at from bank.reply r"
        " join bank.reply_file f on f.id = r.file where r.batch = %s and (%s::bigint is null or r.subject = %s)"
        " order by f.at, r.what, r.subject limit 4000",
        (batch, subject, subject),
    ).fetchall()
    return [BankReply(row[0], What(row[1]), row[2], row[3], row[4], row[5][:FILE_CHARS], row[6]) for row in rows]


def answered(connection: Connection, batches: Sequence[int]) -> frozenset[int]:
    """Those of which some file of the bank's speaks; for staff."""
    rows = connection.execute(
        "select distinct batch from bank.reply where batch = any(%s)", (list(batches),)
    ).fetchall()
    return frozenset(row[0] for row in rows)
