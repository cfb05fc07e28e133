"""The list of one incident and persons' open sessions, made in SQL; and the look-up that is measured."""

from collections.abc import Sequence

from psycopg import Connection

from tierce.kernel.ids import PersonId, SessionId

INCIDENT = 1
NOBODYS = 1_000_000_000
"""Numbers from here are on no list."""


def prepare(connection: Connection) -> None:
    """One established incident with an empty list; the ceiling of a day as far as a day allows."""
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
        " values (%s, 1, '{}', '[]', 0, 0, sha256(''), 0, 0, 0, now(), 0, 0)",
        (INCIDENT,),
    )


def fill(connection: Connection, people: int) -> None:
    """Let the whole list hold persons 1 to `people`: those that are missing are added."""
    connection.execute(
        "insert into incident.exposed (incident, revision, person, insurer, categories, first_at, last_at, entries,"
        " status, rule) select %(incident)s, 1, n, 1, 31, now(), now(), 1, 1, 'session'"
        " from generate_series((select coalesce(max(person), 0) + 1 from incident.exposed"
        "  where incident = %(incident)s and revision = 1), %(people)s) n",
        {"incident": INCIDENT, "people": people},
    )
    connection.execute(
        "update incident.scope set persons = %s, entries = %s where incident = %s", (people, people, INCIDENT)
    )


def open_others(connection: Connection, people: int) -> None:
    """Spaces that others opened today, as the lines of their openings would have counted them; with those lines."""
    connection.execute(
        "insert into gate.shown (scope, slot, day, n) values ('persons', 15, gate.today(), %s)", (people,)
    )
    connection.execute(
        "insert into journal.instance (name, role, public_key) values ('others', 'tierce_persons', %s)", (bytes(32),)
    )
    connection.execute(
        "insert into journal.batch (block, instance, n, signature)"
        " select n, (select id from journal.instance where name = 'others'), 1, %s"
        " from (select nextval('journal.block_no') as n from generate_series(1, %s)) b",
        (bytes(64), people),
    )
    connection.execute(
        "insert into journal.entry (seq, kind, professional, person, body)"
        " select b.block * 256, 14, %(first)s + b.block, %(first)s + b.block, decode(repeat('01', 128), 'hex')"
        " from journal.batch b",
        {"first": 3 * NOBODYS},
    )


def doubt(connection: Connection, people: list[PersonId]) -> None:
    """People of whom the journal cannot tell whether they were read."""
    connection.execute(
        "insert into incident.possible (incident, revision, person, insurer, categories, first_at, last_at, entries,"
        " rule) select %s, 1, n, 1, 31, now(), now(), 1, 'session' from unnest(%s::bigint[]) n",
        (INCIDENT, people),
    )


def open_sessions(connection: Connection, sessions: Sequence[tuple[SessionId, bytes, PersonId]]) -> None:
    """A live session of the persons' space for each of these people, with a ticket of the handle's own text."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.person_session (id, bound, handle, person, created, expires)"
            " values (%s, sha256('key'), %s, %s, now(), now() + interval '1 hour')",
            [(number, handle, person) for number, handle, person in sessions],
        )
        cursor.executemany(
            "insert into access.ticket (ticket, realm, session, until)"
            " values (%s, 'persons', %s, now() + interval '1 hour')",
            [(handle, number) for number, handle, _ in sessions],
        )


def asked(connection: Connection, handle: bytes) -> int:
    """One look-up as the persons' space makes it: how many incidents name her, so that a wrong run is seen."""
    rows = connection.execute("select insurer from gate.person_concerned(%s)", (handle,)).fetchall()
    if len(rows) != 1:
        msg = "a look-up gave no row: its line is missing"
        raise LookupError(msg)
    return int(rows[0][0] is not None)
