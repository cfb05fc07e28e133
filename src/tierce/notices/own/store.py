"""E-mails to professionals in the database, by role tierce_notices; triggers and bank.tell write them."""

from datetime import datetime

from psycopg import Connection

from tierce.kernel.language import Language
from tierce.notices.own.model import Entered, Mail, Moved, Told


def mails(connection: Connection, at_most: int) -> list[Mail]:
    """Messages to send now, those in doubt first."""
    rows = connection.execute(
        "select t.token, t.what, t.email, t.language, t.attempts, t.begun is not null, coalesce(e.name, t.place),"
        " k.country, k.tail, k.asked, k.due, t.times, t.first, t.latest, t.software, t.device"
        " from notice.own_mail t left join bank.account k on k.id = t.account"
        " left join directory.establishment e on e.id = k.establishment"
        " where t.ended is null and t.due <= now() order by t.begun is null, t.at limit %s",
        (at_most,),
    ).fetchall()
    return [
        Mail(
            bytes(row[0]), Told(row[1]), row[2], Language(row[3]), row[4], row[5], row[6],
            Entered(*row[11:]) if row[7] is None else Moved(*row[7:11]),
        )
        for row in rows
    ]  # fmt: skip


def begin(connection: Connection, token: bytes, *, again: bool) -> bool:
    """Write that the sending of a message begins; False when it is not to be sent any more."""
    row = connection.execute("select notice.begin_own_mail(%s, %s)", (token, again)).fetchone()
    return bool(row and row[0])


def ended(connection: Connection, token: bytes, how: str, code: str) -> None:
    """Write what became of a message."""
    connection.execute(
        "update notice.own_mail set ended = now(), how = %s, code = %s where token = %s and ended is null",
        (how, code[:24], token),
    )


def put_off(connection: Connection, token: bytes, code: str, due: datetime) -> None:
    """Write that a message certainly did not leave, and when it is tried again."""
    connection.execute(
        "update notice.own_mail set begun = null, code = %s, due = %s where token = %s and ended is null",
        (code[:24], due, token),
    )


def take_turn(connection: Connection) -> bool:
    """Whether this connection may do a turn: one process at a time does."""
    row = connection.execute("select pg_try_advisory_lock(hashtextextended('tierce-own-mail', 0))").fetchone()
    return row is not None and bool(row[0])


def end_turn(connection: Connection) -> None:
    """Let another process do the next turn."""
    connection.execute("select pg_advisory_unlock(hashtextextended('tierce-own-mail', 0))")
