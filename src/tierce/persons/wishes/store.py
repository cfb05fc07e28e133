"""Wishes in PostgreSQL: hers through the handle of her session, their sending by role tierce_notices."""

from datetime import datetime

import msgspec
import pyrage
from psycopg import Connection

from tierce.kernel.ids import PersonId
from tierce.kernel.language import Language
from tierce.kernel.mailbox import is_mailbox
from tierce.persons.wishes.model import Asked, Code, Ended, FirstLook, How, Sealed, Wish


def recipient(connection: Connection) -> str | None:
    """To what addresses are sealed; None where nobody sends."""
    row = connection.execute("select notice.wish_recipient()").fetchone()
    return row[0] if row else None


def seal(to: str, kept: Sealed) -> bytes:
    """Seal an address and its code to whoever sends."""
    plain = msgspec.json.encode((kept.address, kept.code))
    return bytes(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(to)]))


def open_(identity: str, sealed: bytes) -> Sealed | None:
    """Open an address by the identities of a file, one a line.

    None when it was sealed to a key that is no more, or when what was sealed is no address: nothing can leave to it.
    """
    try:
        plain = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(one) for one in identity.split()])
        found = Sealed(*msgspec.json.decode(plain, type=tuple[str, str]))
    except (pyrage.DecryptError, msgspec.DecodeError):
        return None
    return found if is_mailbox(found.address) else None


def own(connection: Connection, handle: bytes) -> list[Wish]:
    """Her wishes, the newest first."""
    rows = connection.execute(
        "select id, made, begun, sent, attempts, proved, ended, ended_why, told, last_told"
        " from notice.own_wishes(%s)",
        (handle,),
    )
    return [
        Wish(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6], Ended(row[7]) if row[7] else None, row[8], row[9]
        )
        for row in rows
    ]  # fmt: skip


def ask(connection: Connection, handle: bytes, wish: Asked) -> int:
    """Keep a wish that waits for its code: 0, or why not (notice.ask_wish)."""
    row = connection.execute(
        "select notice.ask_wish(%s, %s, %s, %s, %s, %s)",
        (handle, wish.id, wish.sealed, wish.code, wish.token, wish.language.value),
    ).fetchone()
    assert row is not None
    return int(row[0])


def prove(connection: Connection, handle: bytes, wish: int, digest: bytes) -> int:
    """Take a code: 0 proved, or why not (notice.prove_wish)."""
    row = connection.execute("select notice.prove_wish(%s, %s, %s)", (handle, wish, digest)).fetchone()
    assert row is not None
    return int(row[0])


def stop(connection: Connection, handle: bytes) -> int:
    """End every wish of hers; how many there were."""
    row = connection.execute("select notice.stop_wish(%s)", (handle,)).fetchone()
    assert row is not None
    return int(row[0])


def offer(connection: Connection, to: str) -> None:
    """Write to what addresses are sealed from now on: whoever sends says so."""
    connection.execute(
        "insert into notice.wish_key (recipient) values (%s) on conflict (one) do update"
        " set recipient = excluded.recipient, at = now() where wish_key.recipient <> excluded.recipient",
        (to,),
    )


def codes(connection: Connection, at_most: int) -> list[Code]:
    """Codes to send now, the oldest first."""
    rows = connection.execute(
        "select id, token, language, sealed, attempts from notice.wish"
        " where begun is null and ended is null and due <= now() order by made limit %s",
        (at_most,),
    )
    return [Code(row[0], bytes(row[1]), Language(row[2]), bytes(row[3]), row[4]) for row in rows]


def end_late(connection: Connection) -> None:
    """End each wish whose code left too late, or too late to be typed in time, and forget its address.

    A code serves thirty minutes. One that did not leave in the first twenty leaves no more: whoever was away from the
    page would read a code that works no longer.
    """
    connection.execute(
        "update notice.wish set ended = now(), sealed = null, code = null,"
        " ended_why = case when begun is null then 'unsent' else 'late' end"
        " where proved is null and ended is null"
        " and made < now() - case when begun is null then interval '20 minutes' else interval '30 minutes' end"
    )


def begin_code(connection: Connection, wish: int) -> bool:
    """Write that a code's sending begins; False when it began already or is wanted no more."""
    cursor = connection.execute(
        "update notice.wish set begun = now(), attempts = attempts + 1"
        " where id = %s and begun is null and ended is null",
        (wish,),
    )
    return cursor.rowcount == 1


def code_sent(connection: Connection, wish: int) -> None:
    """Write that the server took a code."""
    connection.execute("update notice.wish set sent = now() where id = %s", (wish,))


def code_put_off(connection: Connection, wish: int, due: datetime) -> None:
    """Write that a code certainly did not leave, and when it is tried again."""
    connection.execute("update notice.wish set begun = null, due = %s where id = %s and ended is null", (due, wish))


def end(connection: Connection, wish: int, why: Ended) -> None:
    """End a wish, and forget its address."""
    connection.execute(
        "update notice.wish set ended = now(), ended_why = %s, sealed = null, code = null"
        " where id = %s and ended is null",
        (why.value, wish),
    )


def find(connection: Connection, at_most: int) -> int:
    """Look at the journal's next leaves for first look-ups; how many leaves were read."""
    row = connection.execute("select notice.find_first_looks(%s)", (at_most,)).fetchone()
    assert row is not None
    return int(row[0] or 0)


def waiting(connection: Connection, at_most: int) -> list[FirstLook]:
    """First look-ups to tell now, those in doubt first."""
    rows = connection.execute(
        "select l.wish, l.person, l.token, w.language, w.sealed, l.attempts, l.begun is not null"
        " from notice.first_look l join notice.wish w on w.id = l.wish"
        " where l.ended is null and l.due <= now() and w.ended is null order by l.begun is null, l.at limit %s",
        (at_most,),
    )
    return [
        FirstLook(row[0], PersonId(row[1]), bytes(row[2]), Language(row[3]), bytes(row[4]), row[5], row[6])
        for row in rows
    ]


def begin(connection: Connection, token: bytes, *, again: bool) -> bool:
    """Write that the sending of a notice begins; False when it is not to be sent any more."""
    row = connection.execute("select notice.begin_first_look(%s, %s)", (token, again)).fetchone()
    return bool(row and row[0])


def told(connection: Connection, token: bytes, how: How, code: str) -> None:
    """Write what became of a notice."""
    connection.execute(
        "update notice.first_look set ended = now(), how = %s, code = %s where token = %s and ended is null",
        (how.value, code[:24], token),
    )


def put_off(connection: Connection, token: bytes, code: str, due: datetime) -> None:
    """Write that a notice certainly did not leave, and when it is tried again."""
    connection.execute(
        "update notice.first_look set begun = null, code = %s, due = %s where token = %s and ended is null",
        (code[:24], due, token),
    )


def drop_stopped(connection: Connection) -> None:
    """Whoever stopped her wish is not told of what was found before."""
    connection.execute(
        "update notice.first_look l set ended = now(), how = 'stopped' from notice.wish w"
        " where w.id = l.wish and l.ended is null and w.ended is not null"
    )


def take_turn(connection: Connection) -> bool:
    """Whether this connection may do a turn: one process at a time does."""
    row = connection.execute("select pg_try_advisory_lock(hashtextextended('tierce-wishes', 0))").fetchone()
    return row is not None and bool(row[0])


def end_turn(connection: Connection) -> None:
    """Let another process do the next turn."""
    connection.execute("select pg_advisory_unlock(hashtextextended('tierce-wishes', 0))")
