"""Rows of the register: they are added and read, never changed."""

import json

from psycopg import Connection

from tierce.incidents.errors import IncidentMissingError
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.register.rules import canonical
from tierce.kernel.ids import EntrySeq, IncidentId, InsurerId


def lock(connection: Connection, incident: IncidentId) -> None:
    """Let one writer at a time add to an incident's rows, until the transaction ends.

    Raises:
        IncidentMissingError: there is no such incident.
    """
    connection.execute("select pg_advisory_xact_lock(hashtextextended('tierce-register', %s))", (incident,))
    if connection.execute("select 1 from incident.incident where id = %s", (incident,)).fetchone() is None:
        raise IncidentMissingError


def rows(connection: Connection, incident: IncidentId) -> list[Row]:
    """Every row of one incident, the oldest first."""
    found = connection.execute(
        'select incident, number, kind, at, "by", staff, facts, digest, entry from incident.register'
        " where incident = %s order by number",
        (incident,),
    ).fetchall()
    return [
        Row(IncidentId(of), number, RowKind(kind), at, by, staff, json.loads(facts), bytes(digest), EntrySeq(entry))
        for of, number, kind, at, by, staff, facts, digest, entry in found
    ]


def insert(connection: Connection, row: Row) -> None:
    """Add a row."""
    connection.execute(
        'insert into incident.register (incident, number, kind, at, "by", staff, facts, digest, entry)'
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.incident, row.number, row.kind.value, row.at, row.by, row.staff, canonical(row.facts), row.digest,
            row.entry,
        ),
    )  # fmt: skip


def head(connection: Connection, incident: IncidentId, insurer: InsurerId) -> tuple[int, bytes, bool, bool]:
    """How many rows there are, the last one's digest, whether the event is closed, whether the receipt is known."""
    row = connection.execute(
        "select number, digest, closed, known from notice.register_head(%s, %s::smallint)", (incident, insurer)
    ).fetchone()
    assert row is not None
    return int(row[0]), bytes(row[1]), bool(row[2]), bool(row[3])


def insert_received(connection: Connection, row: Row, insurer: InsurerId) -> None:
    """Add the row of an insurer's acknowledgement, as role tierce_notices may: the database compares the two."""
    connection.execute(
        "select notice.note_received(%s, %s::smallint, %s, %s, %s, %s, %s)",
        (row.incident, insurer, row.number, row.at, canonical(row.facts), row.digest, row.entry),
    )
