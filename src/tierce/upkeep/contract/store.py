"""Ends of contracts in PostgreSQL: what may be done is in storage/sql/ending.sql."""

from psycopg import Connection

from tierce.kernel.ids import InsurerId
from tierce.registry.store import IMPORT_LOCK
from tierce.upkeep.contract.model import Deleted, Ending, Insurer, Obstacle
from tierce.upkeep.rotation.store import hold_data, let_data_go

__all__ = ["hold_data", "let_data_go"]


def insurer(connection: Connection, amc: str) -> Insurer | None:
    """The insurer of this AMC number."""
    row = connection.execute("select id, amc, name from registry.insurer where amc = %s", (amc,)).fetchone()
    return None if row is None else Insurer(InsurerId(row[0]), row[1], row[2])


def endings(connection: Connection, of: InsurerId | None = None) -> list[Ending]:
    """Contracts that have ended and were not begun again, the last to end first."""
    rows = connection.execute(
        "select i.id, i.amc, i.name, e.ended, e.ended_by, e.why, e.deleting, e.people, e.periods, e.deleted,"
        " e.certificate from registry.ending e join registry.insurer i on i.id = e.insurer"
        " where e.resumed is null and (%(of)s::smallint is null or e.insurer = %(of)s) order by e.ended desc",
        {"of": of},
    ).fetchall()
    return [Ending(Insurer(InsurerId(row[0]), row[1], row[2]), *row[3:]) for row in rows]


def no_import_runs(connection: Connection) -> bool:
    """Keep imports away until the transaction ends; False when one is running."""
    row = connection.execute("select pg_try_advisory_xact_lock(%s)", (IMPORT_LOCK,)).fetchone()
    return row == (True,)


def has_running_file(connection: Connection, of: InsurerId) -> bool:
    """Whether a file of this insurer was begun and not taken in to its end."""
    row = connection.execute(
        "select exists (select from registry.feed where insurer = %s and state = 'running')", (of,)
    ).fetchone()
    return row == (True,)


def end(connection: Connection, of: InsurerId, by: str, why: str) -> None:
    """Write that the contract has ended."""
    connection.execute("select registry.end_contract(%s::smallint, %s, %s)", (of, by, why))


def resume(connection: Connection, of: InsurerId, by: str, why: str) -> bool:
    """Write that it goes on; False when it has not ended, or is being deleted."""
    return connection.execute("select registry.resume_contract(%s::smallint, %s, %s)", (of, by, why)).fetchone() == (
        True,
    )


def obstacles(connection: Connection, of: InsurerId) -> list[Obstacle]:
    """What stands in the way of the deletion."""
    rows = connection.execute("select what, number from registry.ending_obstacles(%s::smallint)", (of,)).fetchall()
    return [Obstacle(*row) for row in rows]


def begin_deletion(connection: Connection, of: InsurerId) -> None:
    """Begin what is then not taken back."""
    connection.execute("select registry.begin_deletion(%s::smallint)", (of,))


def delete_next(connection: Connection, of: InsurerId, behind: int) -> tuple[int, int | None]:
    """Delete the next lot of its copies; how many, and where the lot ends (None: it was the last)."""
    row = connection.execute(
        "select removed, upto from registry.delete_ended(%s::smallint, %s)", (of, behind)
    ).fetchone()
    assert row is not None
    return int(row[0]), row[1]


def finish(connection: Connection, of: InsurerId) -> Deleted:
    """Destroy its keys once nothing is left."""
    row = connection.execute(
        "select people, periods, keys, ended from registry.finish_deletion(%s::smallint)", (of,)
    ).fetchone()
    assert row is not None
    return Deleted(row[0], row[1], tuple(row[2]), row[3])


def keep_certificate(connection: Connection, of: InsurerId, text: str) -> None:
    """Keep the certificate of the deletion."""
    connection.execute("select registry.keep_certificate(%s::smallint, %s)", (of, text))
