"""SQL of rotation: data keys, wrapped keys, instances, passwords, signers of cards, what is sealed to a key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection, sql

from tierce.deposits.store import RESOLVER_LOCK
from tierce.kernel.ids import InsurerId
from tierce.storage.keys import Compartment

_READ: dict[Compartment, LiteralString] = {
    Compartment.PERSON: "select 0, person, 0, sealed from person.record"
    " where insurer = %(insurer)s and get_byte(sealed, 1) <> %(version)s",
    Compartment.COVERAGE: "select 0, person, from_day, sealed from coverage.coverage"
    " where insurer = %(insurer)s and get_byte(sealed, 1) <> %(version)s"
    " union all select seq, person, 0, sealed from coverage.answered"
    " where insurer = %(insurer)s and get_byte(sealed, 1) <> %(version)s",
}
# `sealed` is compared too: a record that a feed replaced meanwhile is left as the feed wrote it.
_ANSWERED: LiteralString = "update coverage.answered set sealed = %(new)s where seq = %(answer)s and sealed = %(old)s"
_WRITE: dict[Compartment, LiteralString] = {
    Compartment.PERSON: "update person.record set sealed = %(new)s"
    " where insurer = %(insurer)s and person = %(person)s and sealed = %(old)s",
    Compartment.COVERAGE: "update coverage.coverage set sealed = %(new)s where insurer = %(insurer)s"
    " and person = %(person)s and from_day = %(from_day)s and sealed = %(old)s",
}


class Record(NamedTuple):
    """A record sealed under an older version of its key."""

    answer: int
    """The engagement of what an insurer answered on the way; 0 for a record of the register."""
    person: int
    from_day: int
    """First day of a period of cover, 0 for others."""
    sealed: bytes


def insurers(connection: Connection) -> list[tuple[int, str]]:
    """Every insurer's number and AMC number."""
    return connection.execute("select id, amc from registry.insurer order by id").fetchall()


def versions(connection: Connection, insurer: int, compartment: Compartment) -> list[int]:
    """The versions of a data key, oldest first."""
    rows = connection.execute(
        "select version from registry.insurer_key where insurer = %s and compartment = %s order by version",
        (insurer, compartment.value),
    ).fetchall()
    return [int(row[0]) for row in rows]


def add_version(connection: Connection, insurer: int, compartment: Compartment, version: int, wrapped: bytes) -> None:
    """Add a version of a data key; two at once: the second is refused by the table's key."""
    connection.execute(
        "insert into registry.insurer_key (insurer, compartment, version, wrapped) values (%s, %s, %s, %s)",
        (insurer, compartment.value, version, wrapped),
    )


def hold_data(connection: Connection, insurer: int) -> bool:
    """Hold what an insurer stored and its keys, until this connection ends; False when another command holds them.

    A replacement of its keys, and the end of its contract: each would undo what the other counts on.
    """
    return connection.execute(
        "select pg_try_advisory_lock(hashtextextended('tierce-data', %s))", (insurer,)
    ).fetchone() == (True,)


def let_data_go(connection: Connection, insurer: int) -> None:
    """Let another command hold them."""
    connection.execute("select pg_advisory_unlock(hashtextextended('tierce-data', %s))", (insurer,))


def sealed_before(
    reader: Connection, insurer: int, compartment: Compartment, version: int, size: int
) -> Iterator[list[Record]]:
    """Records not sealed under `version`, streamed in pieces of `size` from one reading of the table."""
    with reader.cursor(name="to_seal_again") as cursor:
        cursor.itersize = size
        cursor.execute(_READ[compartment], {"insurer": insurer, "version": version})
        while rows := cursor.fetchmany(size):
            yield [Record(int(seq), int(person), int(day), bytes(sealed)) for seq, person, day, sealed in rows]
    reader.rollback()


def write_sealed(
    connection: Connection, insurer: int, compartment: Compartment, pairs: list[tuple[Record, bytes]]
) -> None:
    """Replace records by the same sealed anew."""
    with connection.cursor() as cursor:
        for answered, words in ((False, _WRITE[compartment]), (True, _ANSWERED)):
            cursor.executemany(
                words,
                [
                    {
                        "insurer": insurer, "answer": one.answer, "person": one.person, "from_day": one.from_day,
                        "old": one.sealed, "new": new,
                    }
                    for one, new in pairs
                    if (one.answer != 0) is answered
                ],
            )  # fmt: skip


def in_use(connection: Connection, insurer: int, compartment: Compartment) -> dict[int, int]:
    """How many records are sealed under each version."""
    rows = connection.execute(
        "select version, records from upkeep.keys_in_use(%s::smallint, %s::smallint)", (insurer, compartment.value)
    ).fetchall()
    return dict(rows)


def drop_version(connection: Connection, insurer: int, compartment: Compartment, version: int) -> None:
    """Destroy a version that no record uses."""
    connection.execute(
        "select upkeep.drop_key(%s::smallint, %s::smallint, %s::smallint)", (insurer, compartment.value, version)
    )


def wrapped_keys(connection: Connection, compartment: Compartment) -> list[tuple[int, int, bytes]]:
    """(insurer, version, wrapped) of a compartment, locked against another rotation."""
    rows = connection.execute(
        "select insurer, version, wrapped from registry.insurer_key where compartment = %s"
        " order by insurer, version for no key update",
        (compartment.value,),
    ).fetchall()
    return [(int(insurer), int(version), bytes(wrapped)) for insurer, version, wrapped in rows]


def rewrap(connection: Connection, compartment: Compartment, rows: list[tuple[int, int, bytes]]) -> None:
    """Replace wrapped keys."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "update registry.insurer_key set wrapped = %s where compartment = %s and insurer = %s and version = %s",
            [(wrapped, compartment.value, insurer, version) for insurer, version, wrapped in rows],
        )


def retire_instance(connection: Connection, name: str) -> bool:
    """Free an instance's name for a new key; tells whether there was one."""
    row = connection.execute("select upkeep.retire_instance(%s)", (name,)).fetchone()
    return row is not None and row[0] is not None


def set_password(connection: Connection, role: str, password: str) -> None:
    """Give a role a new password; connections that stand are not touched."""
    connection.execute(sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(password)))


def live_signers(connection: Connection) -> list[tuple[int, InsurerId, bytes]]:
    """(number, insurer, public key) of each key that signs cards, locked against another rotation."""
    rows = connection.execute(
        "select id, insurer, public_key from presence.signer where revoked is null order by id for no key update"
    ).fetchall()
    return [(int(number), InsurerId(insurer), bytes(public or b"")) for number, insurer, public in rows]


@dataclass(frozen=True, slots=True)
class SealedDeposit:
    """A deposit whose envelope is kept."""

    number: int
    sealed: bytes
    establishment: int
    """As its twin was made of it: 0 when nobody signed it."""
    has_twin: bool


def kept_deposits(connection: Connection) -> int:
    """How many deposits have their envelope."""
    row = connection.execute("select count(*) from care.deposit where sealed is not null").fetchone()
    return 0 if row is None else int(row[0])


def known_deposits(connection: Connection, numbers: list[int]) -> set[int]:
    """Which of these numbers are in the database."""
    rows = connection.execute("select number from care.deposit where number = any(%s)", (numbers,)).fetchall()
    return {int(row[0]) for row in rows}


def sealed_deposits(connection: Connection, after: int, at_most: int) -> list[SealedDeposit]:
    """The next envelopes by number; nobody judges a deposit until this transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s)", (RESOLVER_LOCK,))
    rows = connection.execute(
        "select number, sealed, coalesce(establishment, 0), twin is not null from care.deposit"
        " where sealed is not null and number > %s order by number limit %s for update",
        (after, at_most),
    ).fetchall()
    return [SealedDeposit(int(row[0]), bytes(row[1]), int(row[2]), bool(row[3])) for row in rows]


def seal_deposit(connection: Connection, number: int, sealed: bytes, twin: UUID | None) -> None:
    """Replace an envelope by the same sealed anew, and its twin."""
    connection.execute("update care.deposit set sealed = %s, twin = %s where number = %s", (sealed, twin, number))


def offered(connection: Connection) -> str | None:
    """To what addresses are sealed from now on."""
    row = connection.execute("select recipient from notice.wish_key").fetchone()
    return None if row is None else str(row[0])


def sealed_wishes(connection: Connection) -> list[tuple[int, bytes]]:
    """(number, sealed) of each address that is kept, none of which is ended until this transaction is."""
    rows = connection.execute("select id, sealed from notice.wish where sealed is not null for update").fetchall()
    return [(int(wish), bytes(sealed)) for wish, sealed in rows]


def seal_wish(connection: Connection, wish: int, sealed: bytes) -> None:
    """Replace an address by the same sealed anew."""
    connection.execute("update notice.wish set sealed = %s where id = %s", (sealed, wish))
