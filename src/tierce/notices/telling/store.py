"""Rows of what insurers are told: chains of contacts, warnings, acknowledgements."""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.incidents.model import ScopeSummary
from tierce.incidents.register.service import Acknowledged
from tierce.kernel.ids import EntrySeq, IncidentId, InsurerId, new_id
from tierce.notices.model import Emptied, InsurerSlice
from tierce.notices.telling.model import NO_INCIDENT, ContactPoint, InsurerWarning, Standing, WarningKind

TURN_LOCK = 0x7469_6E6F_7469
_CHAIN: LiteralString = """
    select c.id, c.insurer, c.position, c.name, c.role, c.email, c.phone,
        (select max(a.at) from notice.warning w join notice.acknowledgement a using (incident, revision, insurer)
         where w.contact = c.id and w.kind = 3)
    from notice.contact_point c where c.ended_at is null"""
_WARNING: LiteralString = (
    "select id, incident, revision, insurer, step, contact, kind, due_at, tries, sent_at, failed from notice.warning"
)


def _contact(row: TupleRow) -> ContactPoint:
    return ContactPoint(row[0], InsurerId(row[1]), *row[2:])


def _warning(row: TupleRow) -> InsurerWarning:
    return InsurerWarning(
        id=row[0],
        incident=IncidentId(row[1]),
        revision=row[2],
        insurer=InsurerId(row[3]),
        step=row[4],
        contact=row[5],
        kind=WarningKind(row[6]),
        due_at=row[7],
        tries=row[8],
        sent_at=row[9],
        failed=row[10],
    )


def take_turn(connection: Connection) -> bool:
    """Whether this connection may do a turn: one process at a time does, until the connection ends or gives it up."""
    row = connection.execute("select pg_try_advisory_lock(%s)", (TURN_LOCK,)).fetchone()
    return row is not None and bool(row[0])


def end_turn(connection: Connection) -> None:
    """Let another process do the next turn."""
    connection.execute("select pg_advisory_unlock(%s)", (TURN_LOCK,))


def chains(connection: Connection) -> dict[InsurerId, list[ContactPoint]]:
    """Each insurer's contacts in order; one without any has the address that its own file gave, if it did."""
    found: dict[InsurerId, list[ContactPoint]] = {}
    for row in connection.execute(f"{_CHAIN} order by insurer, position"):
        found.setdefault(InsurerId(row[1]), []).append(_contact(row))
    return found


def put_chain(connection: Connection, insurer: InsurerId, chain: Iterable[ContactPoint], at: datetime) -> None:
    """Put a whole chain in the place of another; those who are in both, word for word, stay as they are."""
    now = {one.position: one for one in chains(connection).get(insurer, [])}
    new = {one.position: one for one in chain}
    for position, one in now.items():
        there = new.get(position)
        if there is None or _words(there) != _words(one):
            connection.execute("update notice.contact_point set ended_at = %s where id = %s", (at, one.id))
        else:
            new.pop(position)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into notice.contact_point (id, insurer, position, name, role, email, phone, written_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(new_id(), insurer, one.position, *_words(one), at) for one in new.values()],
        )


def _words(one: ContactPoint) -> tuple[str, str, str, str]:
    return one.name, one.role, one.email, one.phone


def first_addresses(connection: Connection) -> dict[InsurerId, str]:
    """The address in the insurers' own file of those that have no chain of contacts."""
    rows = connection.execute(
        "select i.id, i.contact_email from registry.insurer i where i.contact_email <> '' and not exists"
        " (select from notice.contact_point c where c.insurer = i.id and c.ended_at is null)"
    ).fetchall()
    return {InsurerId(number): str(email) for number, email in rows}


def established(connection: Connection) -> list[IncidentId]:
    """Incidents that are established, and not proved since to be no breach, and have a list."""
    rows = connection.execute(
        "select i.id from incident.incident i where i.aware_at is not null and i.dismissed_at is null"
        " and exists (select from incident.scope s where s.incident = i.id) order by i.aware_at"
    ).fetchall()
    return [IncidentId(row[0]) for row in rows]


def to_tell(connection: Connection, scope: ScopeSummary) -> dict[InsurerId, int]:
    """Insurers to tell of this revision, with the revision that they were last told of, 0 for none.

    One that was told already is told again only where its own people, or their data, changed since: also when the new
    list has none of its people any more.
    """
    rows = connection.execute(
        """
        select insurer, coalesce(w.revision, 0)
        from (select insurer, persons from incident.insurer_count
              where incident = %(incident)s and revision = %(revision)s) c
        full join (select insurer, max(revision) as revision from notice.warning
                   where incident = %(incident)s group by insurer) w using (insurer)
        where case when w.revision is null then c.persons > 0 else w.revision < %(revision)s and exists (
                select from incident.difference d where d.incident = %(incident)s and d.insurer = w.insurer
                  and d.revision > w.revision and d.revision <= %(revision)s) end
        order by insurer""",
        {"incident": scope.incident, "revision": scope.revision},
    ).fetchall()
    return {InsurerId(insurer): int(told) for insurer, told in rows}


def acknowledged(connection: Connection, incident: IncidentId) -> list[Acknowledged]:
    """Each insurer's first acknowledgement of an incident."""
    rows = connection.execute(
        "select distinct on (insurer) insurer, at, staff, name from notice.acknowledgement where incident = %s"
        " order by insurer, at, revision",
        (incident,),
    ).fetchall()
    return [Acknowledged(InsurerId(row[0]), *row[1:]) for row in rows]


def keep_document(
    connection: Connection, scope: ScopeSummary, part: InsurerSlice | Emptied, document: str, draft: str, at: datetime
) -> None:
    """Freeze what an insurer is told of a revision: once, also where staff had read the notice before it left."""
    connection.execute(
        "insert into notice.insurer_notice as n (id, incident, revision, insurer, persons, digest, made_at, document,"
        " draft) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (incident, revision, insurer) do update"
        " set document = coalesce(n.document, excluded.document), draft = coalesce(n.draft, excluded.draft)",
        (
            new_id(),
            scope.incident,
            scope.revision,
            part.insurer,
            part.persons,
            part.digest,
            at,
            document,
            draft,
        ),
    )


def document_of(connection: Connection, incident: IncidentId, revision: int, insurer: InsurerId) -> str | None:
    """The frozen document of a notice."""
    row = connection.execute(
        "select document from notice.insurer_notice where incident = %s and revision = %s and insurer = %s",
        (incident, revision, insurer),
    ).fetchone()
    return row[0] if row else None


def told_before(connection: Connection, incident: IncidentId, revision: int, insurer: InsurerId) -> int:
    """The revision that an insurer was last told of before this one, 0 for none."""
    row = connection.execute(
        "select coalesce(max(revision), 0) from notice.warning"
        " where incident = %s and revision < %s and insurer = %s",
        (incident, revision, insurer),
    ).fetchone()
    return int(row[0]) if row else 0


def insert_warning(connection: Connection, one: InsurerWarning, entry: EntrySeq) -> bool:
    """Write a warning that is due; False when that step was already written."""
    cursor = connection.execute(
        "insert into notice.warning (id, incident, revision, insurer, step, contact, kind, due_at, next_try, entry)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (incident, revision, insurer, step) do nothing",
        (
            one.id,
            one.incident,
            one.revision,
            one.insurer,
            one.step,
            one.contact,
            one.kind.value,
            one.due_at,
            one.due_at,
            entry,
        ),
    )
    return cursor.rowcount == 1


def waiting(connection: Connection, now: datetime, tries_max: int) -> list[tuple[InsurerWarning, str]]:
    """Warnings to send now, with the address of each.

    None goes to somebody whom the insurer has replaced, nor of what proved meanwhile to be no breach.
    """
    rows = connection.execute(
        "select w.id, w.incident, w.revision, w.insurer, w.step, w.contact, w.kind, w.due_at, w.tries, w.sent_at,"
        " w.failed, c.email from notice.warning w join notice.contact_point c on c.id = w.contact"
        " where c.ended_at is null and w.sent_at is null and w.next_try <= %s and w.tries < %s"
        " and not exists (select from incident.incident i where i.id = w.incident and i.dismissed_at is not null)"
        " order by w.due_at, w.insurer, w.step",
        (now, tries_max),
    ).fetchall()
    return [(_warning(row[:11]), str(row[11])) for row in rows]


def sent(connection: Connection, warning: int, at: datetime) -> None:
    """Write that the server took a warning."""
    connection.execute(
        "update notice.warning set sent_at = %s, tries = tries + 1, failed = null where id = %s", (at, warning)
    )


def refused(connection: Connection, warning: int, why: str, tries: int, again: datetime) -> None:
    """Write that the server did not take a warning, how many tries that counts, and when it is tried again."""
    connection.execute(
        "update notice.warning set tries = %s, failed = %s, next_try = %s where id = %s",
        (tries, why[:200], again, warning),
    )


def standings(connection: Connection, incident: IncidentId) -> dict[InsurerId, Standing]:
    """How far each insurer was told of its newest notice of an incident."""
    rows = connection.execute(
        f"{_WARNING} where incident = %s order by insurer, revision, step", (incident,)
    ).fetchall()
    newest: dict[InsurerId, list[InsurerWarning]] = {}
    for one in map(_warning, rows):
        known = newest.setdefault(one.insurer, [])
        if known and known[-1].revision != one.revision:
            known.clear()
        known.append(one)
    seen = {
        (InsurerId(row[0]), row[1]): (row[2], row[3])
        for row in connection.execute(
            "select insurer, revision, at, name from notice.acknowledgement where incident = %s", (incident,)
        )
    }
    return {
        insurer: Standing(
            found[0].kind,
            found[0].revision,
            tuple(found),
            *seen.get((insurer, found[0].revision), (None, None)),
        )
        for insurer, found in newest.items()
    }


def next_test(connection: Connection, insurer: InsurerId) -> int:
    """The number of an insurer's next test."""
    row = connection.execute(
        "select coalesce(max(revision), 0) + 1 from notice.warning where incident = %s and insurer = %s",
        (NO_INCIDENT, insurer),
    ).fetchone()
    assert row is not None
    return int(row[0])
