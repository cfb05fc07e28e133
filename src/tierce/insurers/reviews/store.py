"""Requests under review, through the handle of a session of their insurer; no table is read."""

from datetime import datetime

from psycopg import Connection

from tierce.insurers.reviews.model import Answer, Kept, Listed, Review, ReviewLine, Shown
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq
from tierce.kernel.language import Phrase
from tierce.policy.documents import kinds_of


def waiting(
    connection: Connection, handle: bytes, line: EntrySeq, after: int | None, at_most: int
) -> tuple[list[Listed], int]:
    """Those that wait, the oldest first, and how many there are in all; once `line` is committed."""
    rows = connection.execute(
        "select id, domain, at, answer_by, closed, waiting from care.own_reviews(%s, %s, %s::bigint, %s)",
        (handle, line, after, at_most),
    ).fetchall()
    found = [Listed(row[0], Domain(row[1]), row[2], date_of(row[3]), row[4]) for row in rows]
    return found, rows[0][5] if rows else 0


def read(connection: Connection, handle: bytes, line: EntrySeq, number: int) -> tuple[Shown, Review | None]:
    """One of them, counted for whoever reads it, once `line` is committed."""
    with connection.transaction():
        row = connection.execute(
            "select outcome, domain, at, care_day, until_day, answer_by, finess, profession, grantable,"
            " documents"
            " from care.own_review(%s, %s, %s)",
            (handle, line, number),
        ).fetchone()
        if row is None or row[0] != Shown.YES:
            return Shown(row[0]) if row else Shown.GONE, None
        return Shown.YES, _review(number, row[1:], _lines(connection, handle, number))


def _lines(connection: Connection, handle: bytes, number: int) -> tuple[ReviewLine, ...]:
    rows = connection.execute(
        "select n, item, label_fr, label_en, quantity, price, amo, asked, due from care.own_review_lines(%s, %s)",
        (handle, number),
    ).fetchall()
    return tuple(
        ReviewLine(row[0], row[1], None if row[2] is None else Phrase(row[2], row[3]), *row[4:]) for row in rows
    )


def _review(
    number: int,
    row: tuple[int, datetime, int, int, int, str, int | None, bool, int],
    lines: tuple[ReviewLine, ...],
) -> Review:
    domain, at, first, last, answer_by, finess, profession, grantable, documents = row
    return Review(
        number, Domain(domain), at, date_of(first), date_of(last), date_of(answer_by), finess,
        None if profession is None else Profession(profession), grantable, lines, kinds_of(documents),
    )  # fmt: skip


def decide(connection: Connection, handle: bytes, number: int, answer: Answer, entry: EntrySeq) -> Kept:
    """Keep an answer, in the transaction of its journal line, which is `entry`."""
    row = connection.execute(
        "select care.decide_review(%s, %s, %s::integer[], %s::smallint, %s)",
        (handle, number, list(answer.dues), answer.reason.value, entry),
    ).fetchone()
    assert row is not None
    return Kept(row[0])
