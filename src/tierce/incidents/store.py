"""Incidents' rows, and the journal as a scope reads it: streamed, never all in memory."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import Connection
from psycopg.errors import ProgramLimitExceeded
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from tierce.incidents.errors import CeilingReachedError, JournalUnreadableError
from tierce.incidents.model import (
    Batch,
    Civil,
    Criteria,
    DeviceUse,
    Exposure,
    Gap,
    GapKind,
    Incident,
    InsurerCount,
    JournalLine,
    Rule,
    Scope,
    ScopeSummary,
    Status,
    TreeHead,
)
from tierce.incidents.rules import rule_text
from tierce.journal.encoding import decode
from tierce.journal.errors import EntryFormatError
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.ids import DeviceId, EntrySeq, IncidentId, InsurerId, PersonId, ProfessionalId, SessionId
from tierce.registry.records import decode_civil
from tierce.storage.keys import Compartment, Sealer

SCAN_ROWS = 5_000
"""Rows fetched at a time from the server-side cursor."""

# Bytes 8, 32 and 40 of a body are time, session and device (docs/reference/journal-entry-v1.md). This filter
# keeps at least every line that rules.rules_of keeps, whatever its time; the rule decides.
_SCAN: LiteralString = """
    select e.seq, e.body from journal.entry e join journal.placed p on p.block = e.seq >> 8
    where p.first_idx < %(size)s and (e.kind in (1, 4) or e.kind = 3 and journal.u16(e.body, 90) <> 0)
      and (e.professional = any(%(professionals)s::bigint[])
        or journal.u64(e.body, 40) = any(%(devices)s::bigint[])
        or journal.u64(e.body, 32) = any(%(sessions)s::bigint[]))"""

_PENDING: LiteralString = """
    select count(*) from journal.entry e
    where (e.kind in (1, 4) or e.kind = 3 and journal.u16(e.body, 90) <> 0)
      and (e.professional = any(%(professionals)s::bigint[])
        or journal.u64(e.body, 40) = any(%(devices)s::bigint[])
        or journal.u64(e.body, 32) = any(%(sessions)s::bigint[]))
      and journal.u64(e.body, 8) >= %(from_us)s and journal.u64(e.body, 8) < %(until_us)s
      and not exists (select from journal.placed p where p.block = e.seq >> 8 and p.first_idx < %(size)s)"""

_BATCHES: LiteralString = """
    select b.block, b.at, b.n, (select count(*) from journal.entry e
                                where e.seq between b.block * 256 and b.block * 256 + 255)
    from journal.batch b
    where b.block >= coalesce((select max(block) from journal.batch where at < %(from)s), 0)
      and b.block <= coalesce((select min(block) from journal.batch where at > %(until)s), 9223372036854775807)
      and b.at <= %(settled)s
    order by b.block"""


def _criteria_values(criteria: Criteria) -> dict[str, object]:
    return {
        "professionals": sorted(criteria.professionals),
        "devices": sorted(criteria.devices),
        "sessions": sorted(criteria.sessions),
        "from_us": criteria.from_us,
        "until_us": criteria.until_us,
    }


def _criteria_from(value: dict[str, object]) -> Criteria:
    def numbers(name: str) -> list[int]:
        found = value[name]
        assert isinstance(found, list)
        return [int(number) for number in found]

    return Criteria(
        professionals=frozenset(ProfessionalId(one) for one in numbers("professionals")),
        devices=frozenset(DeviceId(one) for one in numbers("devices")),
        sessions=frozenset(SessionId(one) for one in numbers("sessions")),
        from_us=int(str(value["from_us"])),
        until_us=int(str(value["until_us"])),
    )


def freeze(connection: Connection) -> None:
    """Let every statement of the transaction just begun see one and the same state of the database."""
    connection.execute("set transaction isolation level repeatable read")


def tree_head(connection: Connection) -> TreeHead | None:
    """The last checkpoint, or None while the journal has none."""
    row = connection.execute("select size, root from journal.checkpoint order by size desc limit 1").fetchone()
    return TreeHead(row[0], row[1]) if row else None


def scan(connection: Connection, criteria: Criteria, size: int) -> Iterator[JournalLine]:
    """Stream the lines under the first `size` leaves that may be in scope.

    Raises:
        JournalUnreadableError: a line is not of an encoding this program knows; its number is given.
    """
    with connection.cursor(name="incident_scope") as cursor:
        cursor.itersize = SCAN_ROWS
        cursor.execute(_SCAN, {**_criteria_values(criteria), "size": size})
        for seq, body in cursor:
            try:
                yield JournalLine(EntrySeq(seq), decode(body))
            except EntryFormatError as error:
                msg = f"journal line {seq} cannot be read ({error}); nothing was kept"
                raise JournalUnreadableError(msg) from error


def pending(connection: Connection, criteria: Criteria, size: int) -> int:
    """How many lines of the window are written but not under the first `size` leaves."""
    row = connection.execute(_PENDING, {**_criteria_values(criteria), "size": size}).fetchone()
    assert row is not None
    return int(row[0])


def batches(connection: Connection, criteria: Criteria, settled: datetime) -> Iterator[Batch]:
    """Stream the batches around the window in the order of their blocks, those after `settled` left out."""
    slack = timedelta(minutes=2)
    begun, ended = from_micros(criteria.from_us) - slack, from_micros(criteria.until_us) + slack
    before = connection.execute("select exists (select from journal.batch where at < %s)", (begun,)).fetchone()
    if before is not None and not before[0]:
        # The journal starts inside the window: block numbers start at 1.
        yield Batch(block=0, at_us=0, signed=0, found=0)
    with connection.cursor(name="incident_batches") as cursor:
        cursor.itersize = SCAN_ROWS
        cursor.execute(_BATCHES, {"from": begun, "until": ended, "settled": settled})
        for block, at, signed, found in cursor:
            yield Batch(block, micros(at), signed, found)


def insert_incident(connection: Connection, incident: Incident) -> None:
    """Store a new incident."""
    connection.execute(
        "insert into incident.incident (id, title, signal_at, aware_at, aware_by, aware_why)"
        " values (%s, %s, %s, %s, %s, %s)",
        (
            incident.id,
            incident.title,
            incident.signal_at,
            incident.aware_at,
            incident.aware_by,
            incident.aware_why,
        ),
    )


def set_awareness(connection: Connection, incident: IncidentId, at: datetime, by: str, why: str) -> bool:
    """Write when, by whom and why the breach was established; False when that was already written."""
    cursor = connection.execute(
        "update incident.incident set aware_at = %s, aware_by = %s, aware_why = %s"
        " where id = %s and aware_at is null",
        (at, by, why, incident),
    )
    return cursor.rowcount == 1


_INCIDENT: LiteralString = "select id, title, signal_at, aware_at, aware_by, aware_why from incident.incident"


def incident(connection: Connection, number: IncidentId) -> Incident | None:
    """Read one incident."""
    row = connection.execute(f"{_INCIDENT} where id = %s", (number,)).fetchone()
    return Incident(*row) if row else None


def incidents(connection: Connection) -> list[Incident]:
    """Read every incident, the newest signal first."""
    return [Incident(*row) for row in connection.execute(f"{_INCIDENT} order by signal_at desc").fetchall()]


def insert_scope(connection: Connection, number: IncidentId, scope: Scope, waiting: int, at: datetime) -> int:
    """Store a scope and its list as the incident's next revision; gives the revision's number, from 1."""
    row = connection.execute(
        "select coalesce(max(revision), 0) + 1 from incident.scope where incident = %s", (number,)
    ).fetchone()
    assert row is not None
    revision = int(row[0])
    gaps = [[str(gap.kind), gap.first_block, gap.last_block, gap.lines] for gap in scope.gaps]
    connection.execute(
        "insert into incident.scope (incident, revision, criteria, gaps, unattributed, pending, digest, persons,"
        " entries, tree_size, at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            number,
            revision,
            Jsonb(_criteria_values(scope.criteria)),
            Jsonb(gaps),
            scope.unattributed,
            waiting,
            scope.digest,
            scope.persons,
            scope.entries,
            scope.tree.size,
            at,
        ),
    )
    _copy_exposed(connection, number, revision, scope.exposures)
    connection.execute(
        "insert into incident.insurer_count (incident, revision, insurer, persons)"
        " select incident, revision, insurer, count(*) from incident.exposed"
        " where incident = %s and revision = %s group by incident, revision, insurer",
        (number, revision),
    )
    return revision


def _copy_exposed(connection: Connection, number: IncidentId, revision: int, exposures: Iterable[Exposure]) -> None:
    columns = "incident, revision, person, insurer, categories, first_at, last_at, entries, status, rule"
    with connection.cursor() as cursor, cursor.copy(f"copy incident.exposed ({columns}) from stdin") as copy:
        for one in exposures:
            copy.write_row(
                (
                    number,
                    revision,
                    one.person,
                    one.insurer,
                    int(one.categories),
                    from_micros(one.first_us),
                    from_micros(one.last_us),
                    one.entries,
                    one.status.value,
                    rule_text(one.rules),
                )
            )


def _summary(row: TupleRow) -> ScopeSummary:
    return ScopeSummary(
        incident=row[0],
        revision=row[1],
        criteria=_criteria_from(row[2]),
        gaps=tuple(Gap(GapKind(kind), first, last, lines) for kind, first, last, lines in row[3]),
        unattributed=row[4],
        pending=row[5],
        digest=row[6],
        persons=row[7],
        entries=row[8],
        tree=TreeHead(row[9], row[10]),
        at=row[11],
    )


def last_scope(connection: Connection, number: IncidentId) -> ScopeSummary | None:
    """The newest revision of an incident's scope, without its list."""
    row = connection.execute(
        """
        select s.incident, s.revision, s.criteria, s.gaps, s.unattributed, s.pending, s.digest, s.persons, s.entries,
            s.tree_size, (select c.root from journal.checkpoint c where c.size = s.tree_size), s.at
        from incident.scope s where s.incident = %s order by s.revision desc limit 1""",
        (number,),
    ).fetchone()
    return _summary(row) if row else None


_EXPOSED: LiteralString = """
    select person, insurer, categories, first_at, last_at, entries, status, rule from incident.exposed
    where incident = %(incident)s and revision = %(revision)s"""


def _exposure(row: TupleRow) -> Exposure:
    return Exposure(
        person=PersonId(row[0]),
        insurer=InsurerId(row[1]),
        categories=DataCategory(row[2]),
        first_us=micros(row[3]),
        last_us=micros(row[4]),
        entries=row[5],
        rules=frozenset(Rule(word) for word in row[7].split("+")),
        status=Status(row[6]),
    )


def exposures(connection: Connection, scope: ScopeSummary, *, insurer: InsurerId | None = None) -> list[Exposure]:
    """The list of a revision, or one insurer's part of it, by person and insurer."""
    values = {"incident": scope.incident, "revision": scope.revision, "insurer": insurer}
    rows = connection.execute(
        f"{_EXPOSED} and (%(insurer)s::smallint is null or insurer = %(insurer)s) order by person, insurer", values
    ).fetchall()
    return [_exposure(row) for row in rows]


def exposure_page(connection: Connection, scope: ScopeSummary, offset: int, limit: int) -> list[Exposure]:
    """One page of the list, by the time of the first reading."""
    values = {"incident": scope.incident, "revision": scope.revision, "offset": offset, "limit": limit}
    rows = connection.execute(
        f"{_EXPOSED} order by first_at, person, insurer offset %(offset)s limit %(limit)s", values
    ).fetchall()
    return [_exposure(row) for row in rows]


def exposure(connection: Connection, scope: ScopeSummary, person: PersonId, insurer: InsurerId) -> Exposure | None:
    """One person's line under one insurer, or None when she is not on the list."""
    values = {"incident": scope.incident, "revision": scope.revision, "person": person, "insurer": insurer}
    row = connection.execute(f"{_EXPOSED} and person = %(person)s and insurer = %(insurer)s", values).fetchone()
    return _exposure(row) if row else None


def insurer_counts(connection: Connection, scope: ScopeSummary) -> list[InsurerCount]:
    """Pairs and lines per insurer of a stored list, counted by the database."""
    rows = connection.execute(
        "select insurer, count(*), sum(entries), bit_or(categories) from incident.exposed"
        " where incident = %s and revision = %s group by insurer order by insurer",
        (scope.incident, scope.revision),
    ).fetchall()
    return [InsurerCount(InsurerId(row[0]), row[1], int(row[2]), DataCategory(row[3])) for row in rows]


def insurer_names(connection: Connection, insurers: Sequence[InsurerId]) -> dict[InsurerId, str]:
    """The names of insurers."""
    rows = connection.execute("select id, name from registry.insurer where id = any(%s)", (list(insurers),))
    return {InsurerId(number): name for number, name in rows.fetchall()}


def device_uses(connection: Connection, professional: ProfessionalId) -> list[DeviceUse]:
    """Each device that an account's lines name, the first seen first."""
    rows = connection.execute(
        """
        select x.device, d.created, x.first_us, x.last_us, x.asks, x.released, x.persons
        from (select journal.u64(e.body, 40) as device, min(journal.u64(e.body, 8)) as first_us,
                     max(journal.u64(e.body, 8)) as last_us, count(*) as asks,
                     count(*) filter (where get_byte(e.body, 4) = 1) as released,
                     count(distinct e.person) filter (where get_byte(e.body, 4) = 1) as persons
              from journal.entry e where e.professional = %s and e.kind in (1, 2, 3, 4) group by 1) x
        left join access.device d on d.id = x.device order by x.first_us""",
        (professional,),
    ).fetchall()
    return [
        DeviceUse(DeviceId(row[0]), row[1], from_micros(row[2]), from_micros(row[3]), row[4], row[5], row[6])
        for row in rows
    ]


class Records:
    """Persons' sealed records, opened only for committed lines of staff acts that name them."""

    def __init__(self, sealer: Sealer) -> None:
        """Open with the keys of the compartment PERSON."""
        self._sealer = sealer

    def reveal(self, connection: Connection, seq: EntrySeq) -> dict[InsurerId, Civil]:
        """Open the records of the person that a staff line names, by insurer's copy.

        The database gives nothing for a line that is not of a staff act, is not committed yet, or is ten minutes old.

        Raises:
            CeilingReachedError: too many people were shown today.
        """
        try:
            rows = connection.execute(
                "select person, insurer, sealed from gate.staff_reveal(%s::bigint[])", ([seq],)
            ).fetchall()
        except ProgramLimitExceeded:
            raise CeilingReachedError from None
        found = {}
        for person, insurer, sealed in rows:
            plain = self._sealer.open_(Compartment.PERSON, InsurerId(insurer), PersonId(person), sealed)
            record = decode_civil(plain)
            found[InsurerId(insurer)] = Civil(
                record.family_name, record.used_name, record.given_names, record.birth_date
            )
        return found
