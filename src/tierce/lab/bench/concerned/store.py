"""The list of one incident and persons' open sessions, made in SQL; and the look-up that is measured."""

from collections.abc import Sequence

from psycopg import Connection

from tierce.kernel.ids import PersonId, SessionId

INCIDENT = 1
NOBODYS = 1_000_000_000
"""Numbers from here are on no list."""


def fill(connection: Connection, people: int) -> None:
    """One established incident whose whole list holds persons 1 to `people`; ceilings out of reach."""
    connection.execute("update gate.shown_ceiling set per_day = 2000000000")
    connection.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'A') on conflict do nothing"
    )
    connection.execute(
        "insert into incident.incident (id, title, signal_at, aware_at, aware_by, aware_why)"
        " values (%s, 'bench', now(), now(), 'bench', 'bench')",
        (INCIDENT,),
    )
    connection.execute(
        "insert into incident.scope (incident, revision, criteria, gaps, unattributed, pending, digest, persons,"
        " entries, tree_size, at, possible, excluded)"
        " values (%s, 1, '{}', '[]', 0, 0, sha256(''), %s, %s, 0, now(), 0, 0)",
        (INCIDENT, people, people),
    )
    connection.execute(
        "insert into incident.exposed (incident, revision, person, insurer, categories, first_at, last_at, entries,"
        " status, rule) select %s, 1, n, 1, 31, now(), now(), 1, 1, 'session'"
        " from generate_series(1, %s) n",
        (INCIDENT, people),
    )


def doubt(connection: Connection, people: list[PersonId]) -> None:
    """People of whom the journal cannot tell whether they were read."""
    connection.execute(
        "insert into incident.possible (incident, revision, person, insurer, categories, first_at, last_at, entries,"
        " rule) select %s, 1, n, 1, 31, now(), now(), 1, 'session' from unnest(%s::bigint[]) n",
        (INCIDENT, people),
    )


def open_sessions(connection: Connection, sessions: Sequence[tuple[SessionId, bytes, PersonId]]) -> None:
    """A live session of the persons' space for each of these people."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.person_session (id, handle, person, created, expires)"
            " values (%s, %s, %s, now(), now() + interval '1 hour')",
            [(number, handle, person) for number, handle, person in sessions],
        )


def asked(connection: Connection, handle: bytes) -> int:
    """One look-up as the persons' space makes it: how many incidents name her, so that a wrong run is seen."""
    rows = connection.execute("select insurer from gate.person_concerned(%s)", (handle,)).fetchall()
    if len(rows) != 1:
        msg = "a look-up gave no row: its line is missing"
        raise LookupError(msg)
    return int(rows[0][0] is not None)
