"""SQL of the replacement of look-up keys, as the import role, which reads and writes these rows anyway."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.errors import LockNotAvailable

from tierce.registry.progress.store import REMOVAL_LOCK
from tierce.registry.store import IMPORT_LOCK
from tierce.storage.keys import Purpose
from tierce.storage.lookup_keys import Progress

Row = tuple[UUID, int]
After = tuple[UUID | None, int | None]

_READ: Final[dict[Purpose, LiteralString]] = {
    Purpose.INDEX: "select idx, person from person.key where generation is distinct from %(of)s"
    " and (%(idx)s::uuid is null or (idx, person) > (%(idx)s, %(person)s)) order by idx, person limit %(most)s",
    Purpose.TRAIT: "select idx, person from person.trait where generation is distinct from %(of)s"
    " and (%(idx)s::uuid is null or (idx, person) > (%(idx)s, %(person)s)) order by idx, person limit %(most)s",
}
_ADD: Final[dict[Purpose, LiteralString]] = {
    Purpose.INDEX: "insert into person.key (idx, person, generation)"
    " select n.made, n.person, %(of)s from unnest(%(made)s::uuid[], %(persons)s::bigint[]) n(made, person)"
    " order by n.made",
    Purpose.TRAIT: "insert into person.trait (idx, person, contested, generation)"
    " select n.made, t.person, t.contested, %(of)s"
    " from unnest(%(made)s::uuid[], %(persons)s::bigint[], %(idx)s::uuid[]) n(made, person, idx)"
    " join person.trait t on (t.idx, t.person) = (n.idx, n.person) order by n.made",
}
_REMOVE: Final[dict[Purpose, LiteralString]] = {
    Purpose.INDEX: "delete from person.key k using unnest(%(idx)s::uuid[], %(persons)s::bigint[]) g(idx, person)"
    " where (k.idx, k.person) = (g.idx, g.person) and k.generation is distinct from %(of)s",
    Purpose.TRAIT: "delete from person.trait t using unnest(%(idx)s::uuid[], %(persons)s::bigint[]) g(idx, person)"
    " where (t.idx, t.person) = (g.idx, g.person) and t.generation is distinct from %(of)s",
}
_GIVE_UP: Final[dict[Purpose, LiteralString]] = {
    Purpose.INDEX: "delete from person.key where generation = %s",
    Purpose.TRAIT: "delete from person.trait where generation = %s",
}
_OTHERS: Final[tuple[tuple[LiteralString, LiteralString], ...]] = (
    ("select idx, insurer::bigint from person.asked where xmin <> pg_current_xact_id()::xid",
     "update person.asked set idx = %s where idx = %s and insurer = %s"),
    ("select distinct idx, person from person.former_key where xmin <> pg_current_xact_id()::xid",
     "update person.former_key set idx = %s where idx = %s and person = %s"),
)  # fmt: skip
"""Tables of the same index whose rows are replaced in the transaction of the switch: nobody has two rows there."""


@contextmanager
def imports_kept_out(connection: Connection) -> Iterator[None]:
    """Hold the lock of imports; what is not committed at its end is not done.

    It is given back by name: the server notices the end of a connection a moment later, and the next command with it.

    Raises:
        LockNotAvailable: an import holds it.
    """
    if connection.execute("select pg_try_advisory_lock(%s)", (IMPORT_LOCK,)).fetchone() != (True,):
        raise LockNotAvailable
    try:
        yield
    finally:
        if not connection.broken:  # a broken one has given it back
            connection.rollback()
            connection.execute("select pg_advisory_unlock(%s)", (IMPORT_LOCK,))


def keep_removal_out(connection: Connection) -> None:
    """Let nobody remove people until this transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s)", (REMOVAL_LOCK,))


def begin(connection: Connection, purpose: Purpose, step: Progress, proof: bytes | None = None) -> None:
    """Begin a pass over a table; from the clearing on, nobody is looked up by the generation before."""
    connection.execute(
        "update gate.lookup set step = %(step)s, oldest = generation, proof = coalesce(%(proof)s, proof),"
        " before = case when %(step)s = 'filling' then proof end, at_idx = null, at_person = null, since = now()"
        " where purpose = %(purpose)s",
        {"step": step.value, "proof": proof, "purpose": purpose.value},
    )


def rows_before(connection: Connection, purpose: Purpose, generation: int, after: After, most: int) -> list[Row]:
    """The next rows that are not of `generation`, in the order of their index."""
    idx, person = after
    asked = {"of": generation, "idx": idx, "person": person, "most": most}
    return connection.execute(_READ[purpose], asked).fetchall()


def add(connection: Connection, purpose: Purpose, generation: int, rows: Sequence[tuple[UUID, int, UUID]]) -> None:
    """Add rows (index, person, next index) beside those that they are made of."""
    connection.execute(
        _ADD[purpose],
        {
            "of": generation,
            "idx": [idx for idx, _person, _made in rows],
            "persons": [person for _idx, person, _made in rows],
            "made": [made for _idx, _person, made in rows],
        },
    )


def remove(connection: Connection, purpose: Purpose, generation: int, rows: Sequence[Row]) -> None:
    """Take away rows that are not of `generation`."""
    asked = {"of": generation, "idx": [idx for idx, _person in rows], "persons": [person for _idx, person in rows]}
    connection.execute(_REMOVE[purpose], asked)


def give_up(connection: Connection, purpose: Purpose, generation: int) -> int:
    """Take away the rows of a generation that never was in force, and say that no replacement is under way."""
    removed = connection.execute(_GIVE_UP[purpose], (generation,)).rowcount
    connection.execute("update gate.lookup set proof = before where purpose = %s", (purpose.value,))
    end(connection, purpose)
    return removed


def come_to(connection: Connection, purpose: Purpose, after: After) -> None:
    """Note how far the pass has come, in the transaction of its rows."""
    connection.execute(
        "update gate.lookup set at_idx = %s, at_person = %s where purpose = %s", (*after, purpose.value)
    )


def switch(connection: Connection, purpose: Purpose) -> None:
    """Put the next generation in force beside the one before; whoever gives numbers waits until this is committed."""
    connection.execute(
        "update gate.lookup set generation = generation + 1, step = %s, before = null, at_idx = null,"
        " at_person = null, since = now() where purpose = %s",
        (Progress.BOTH.value, purpose.value),
    )


def layer_others(connection: Connection, made: Callable[[UUID], UUID], size: int) -> None:
    """Replace the index of each row of these tables that this transaction did not replace yet."""
    for read, write in _OTHERS:
        with connection.cursor(name="to_layer") as reading, connection.cursor() as writing:
            reading.execute(read)
            while rows := reading.fetchmany(size):
                writing.executemany(write, [(made(idx), idx, other) for idx, other in rows])


def end(connection: Connection, purpose: Purpose) -> None:
    """Say that one generation alone is left."""
    connection.execute(
        "update gate.lookup set step = %s, before = null, at_idx = null, at_person = null, since = now()"
        " where purpose = %s",
        (Progress.NONE.value, purpose.value),
    )


def lock_generation(connection: Connection, purpose: Purpose) -> int:
    """How many keys are in force, which nobody else changes until this transaction ends."""
    row = connection.execute(
        "select generation from gate.lookup where purpose = %s for update", (purpose.value,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def put_in_force(connection: Connection, purpose: Purpose, generation: int, proof: bytes) -> None:
    """Say of a key by which nobody is looked up that so many of its file are in force."""
    connection.execute(
        "update gate.lookup set generation = %(now)s, oldest = %(now)s, proof = %(proof)s, since = now()"
        " where purpose = %(purpose)s",
        {"now": generation, "proof": proof, "purpose": purpose.value},
    )
