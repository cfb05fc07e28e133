"""Incidents' rows: what was found, by whom and when; and the names of persons, after their line."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import Connection
from psycopg.errors import ConfigurationLimitExceeded, ProgramLimitExceeded
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.cohorts.rules import exposed_by
from tierce.incidents.errors import CeilingReachedError, CeilingSoonError
from tierce.incidents.model import (
    ENTERED,
    Civil,
    DeviceUse,
    DismissalAsk,
    Incident,
    InsurerCount,
    OpenedOn,
    ScopeSummary,
    SmallerAsk,
)
from tierce.incidents.register.model import RowKind
from tierce.incidents.rules import incident_reference
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.ids import (
    DeviceId,
    EntrySeq,
    EstablishmentId,
    IncidentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    StaffId,
    VendorId,
)
from tierce.policy.acts import Evidence
from tierce.registry.records import decode_civil
from tierce.scope.model import Criteria, Exposure, Gap, GapKind, Rule, Status, TreeHead
from tierce.scope.rules import rule_text
from tierce.storage.keys import Compartment, Sealer

if TYPE_CHECKING:  # its columns take half a second to load, and who makes a list has loaded them
    from tierce.scope.engine.store import Engine

_NUMBERS = ("professionals", "devices", "sessions", "establishments", "software", "vendors", "staff")
ROWS_AT_A_TIME = 5_000


def _criteria_values(criteria: Criteria) -> dict[str, object]:
    numbers: dict[str, object] = {name: sorted(getattr(criteria, name)) for name in _NUMBERS}
    return {
        **numbers,
        "networks": sorted(one.hex() for one in criteria.networks),
        "evidence": int(criteria.evidence),
        "categories": int(criteria.categories),
        "ladder": criteria.ladder,
        "from_us": criteria.from_us,
        "until_us": criteria.until_us,
    }


def _criteria_from(value: dict[str, Any]) -> Criteria:
    """Read criteria back; those of earlier versions name accounts, devices and sessions alone."""
    numbers = {name: frozenset(int(one) for one in value.get(name, ())) for name in _NUMBERS}
    return Criteria(
        professionals=frozenset(map(ProfessionalId, numbers["professionals"])),
        devices=frozenset(map(DeviceId, numbers["devices"])),
        sessions=frozenset(map(SessionId, numbers["sessions"])),
        establishments=frozenset(map(EstablishmentId, numbers["establishments"])),
        software=frozenset(map(SoftwareId, numbers["software"])),
        vendors=frozenset(map(VendorId, numbers["vendors"])),
        staff=frozenset(map(StaffId, numbers["staff"])),
        networks=frozenset(bytes.fromhex(one) for one in value.get("networks", ())),
        evidence=Evidence(value.get("evidence", 0)),
        categories=DataCategory(value.get("categories", 0)),
        ladder=bool(value.get("ladder", False)),
        from_us=int(value["from_us"]),
        until_us=int(value["until_us"]),
    )


def insert_incident(connection: Connection, number: IncidentId, title: str, signal_at: datetime) -> None:
    """Store a new incident; since when it is known, and whether it is a breach, rows of its register say."""
    connection.execute(
        "insert into incident.incident (id, title, signal_at) values (%s, %s, %s)", (number, title, signal_at)
    )


def insert_opening(connection: Connection, number: IncidentId, on: OpenedOn) -> bool:
    """Say on what a new incident is opened; False, once it is committed, when another was on the same."""
    cursor = connection.execute(
        "insert into incident.opening (incident, subject, seen) values (%s, %s, %s) on conflict do nothing",
        (number, on.subject, on.seen),
    )
    return cursor.rowcount == 1


def opened_on(connection: Connection, on: OpenedOn) -> IncidentId | None:
    """The incident that was opened on exactly this."""
    row = connection.execute(
        "select incident from incident.opening where subject = %s and seen = %s", (on.subject, on.seen)
    ).fetchone()
    return IncidentId(row[0]) if row else None


def entered(connection: Connection) -> int:
    """How many events without an account were entered, as the next one's opener has to have seen."""
    row = connection.execute(
        "select coalesce(max(seen) + 1, 0) from incident.opening where subject = %s", (ENTERED,)
    ).fetchone()
    assert row is not None
    return int(row[0])


_INCIDENT: LiteralString = (
    "select id, title, signal_at, day, aware_at, aware_by, aware_why, dismissed_at from incident.incident"
)


def incident(connection: Connection, number: IncidentId) -> Incident | None:
    """Read one incident."""
    row = connection.execute(f"{_INCIDENT} where id = %s", (number,)).fetchone()
    return Incident(*row) if row else None


def incidents(connection: Connection) -> list[Incident]:
    """Read every incident, the newest signal first."""
    return [Incident(*row) for row in connection.execute(f"{_INCIDENT} order by signal_at desc").fetchall()]


_OPEN: LiteralString = """
    where (select r.kind from incident.register r where r.incident = i.id and r.kind = any(%s)
           order by r.number desc limit 1) is distinct from %s order by signal_at desc"""


def open_incidents(connection: Connection) -> list[Incident]:
    """Every incident whose register does not end closed, the newest signal first; no other row of it is read."""
    said, closed = [RowKind.CLOSED.value, RowKind.REOPENED.value], RowKind.CLOSED.value
    rows = connection.execute(f"{_INCIDENT} i {_OPEN}", (said, closed)).fetchall()
    return [Incident(*row) for row in rows]


def named(connection: Connection, text: str) -> IncidentId | None:
    """The incident of a reference, as people quote it, or of a number."""
    wanted = text.strip().upper()
    found = (one for one in incidents(connection) if wanted in {incident_reference(one.id, one.day), str(one.id)})
    return next((one.id for one in found), None)


def insert_scope(
    connection: Connection, number: IncidentId, found: "Engine", waiting: int, at: datetime, *, writing: bool
) -> int:
    """Store a scope as the incident's next revision; gives the revision's number, from 1.

    Its list holds whom a committed line names: insurers and persons are told of these alone. Who is *possible* is
    kept apart, told "not established" when she asks; whatever makes anybody so is among the gaps, which withhold
    the statement "nobody else", as does `writing`: lines of the window were being written. Counts by cohort and
    controller, and what changed since the list before, go with it.
    """
    row = connection.execute(
        "select coalesce(max(revision), 0) + 1 from incident.scope where incident = %s", (number,)
    ).fetchone()
    assert row is not None
    revision = int(row[0])
    gaps = [[str(gap.kind), gap.first_block, gap.last_block, gap.lines] for gap in found.head.gaps]
    gaps += [[str(GapKind.OPEN), 0, 0, 0]] * writing
    totals = found.totals()
    confirmed = totals[Status.CONFIRMED]
    connection.execute(
        "insert into incident.scope (incident, revision, criteria, gaps, unattributed, pending, digest, persons,"
        " entries, tree_size, at, possible, excluded)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            number,
            revision,
            Jsonb(_criteria_values(found.head.clauses[0])),
            Jsonb(gaps),
            found.head.unattributed,
            waiting,
            found.digest(),
            confirmed.persons,
            confirmed.entries + found.head.unattributed,
            found.head.tree.size,
            at,
            totals[Status.POSSIBLE].persons,
            totals[Status.EXCLUDED].persons,
        ),
    )
    _copy_exposed(connection, number, revision, _of(found, Status.CONFIRMED))
    if totals[Status.POSSIBLE].persons:
        cohort_rows.insert_possible(connection, number, revision, _of(found, Status.POSSIBLE))
    cohort_rows.insert_professionals(connection, number, revision, exposed_by(found.accounts()))
    connection.execute(
        "insert into incident.insurer_count (incident, revision, insurer, persons)"
        " select incident, revision, insurer, count(*) from incident.exposed"
        " where incident = %s and revision = %s group by incident, revision, insurer",
        (number, revision),
    )
    cohort_rows.count(connection, number, revision)
    return revision


def _of(found: "Engine", status: Status) -> Iterator[Exposure]:
    return (one for one in found.exposures() if one.status is status)


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


def ask_smaller(connection: Connection, number: IncidentId, ask: SmallerAsk | DismissalAsk, entry: EntrySeq) -> bool:
    """Keep what one asks for; False when another's waits."""
    criteria = _criteria_values(ask.criteria) if isinstance(ask, SmallerAsk) else None
    values = (number, Jsonb(criteria), ask.gone, ask.why, ask.staff, ask.name, entry)
    row = connection.execute("select incident.ask_smaller(%s, %s, %s, %s, %s, %s, %s)", values).fetchone()
    return bool(row and row[0])


def smaller_asked(connection: Connection, number: IncidentId) -> SmallerAsk | None:
    """The smaller list that waits for a second person, for as long as the database lets her confirm it."""
    row = connection.execute(
        "select criteria, gone, why, staff, name, at from incident.smaller_ask"
        " where incident = %s and criteria <> 'null' and at > now() - interval '1 day'",
        (number,),
    ).fetchone()
    return SmallerAsk(_criteria_from(row[0]), row[1], row[2], StaffId(row[3]), row[4], row[5]) if row else None


def dismissal_asked(connection: Connection, number: IncidentId) -> DismissalAsk | None:
    """That it was no breach, as long as it waits for a second person and the database lets her confirm it."""
    row = connection.execute(
        "select gone, why, staff, name, at from incident.smaller_ask"
        " where incident = %s and criteria = 'null' and at > now() - interval '1 day'",
        (number,),
    ).fetchone()
    return DismissalAsk(row[0], row[1], StaffId(row[2]), row[3], row[4]) if row else None


def _summary(row: TupleRow) -> ScopeSummary:
    gaps = [Gap(GapKind(kind), first, last, lines) for kind, first, last, lines in row[3]]
    return ScopeSummary(
        incident=row[0],
        revision=row[1],
        criteria=_criteria_from(row[2]),
        gaps=tuple(gap for gap in gaps if gap.kind is not GapKind.OPEN),
        unattributed=row[4],
        pending=row[5],
        digest=row[6],
        persons=row[7],
        entries=row[8],
        tree=TreeHead(row[9], row[10]),
        at=row[11],
        possible=row[12],
        excluded=row[13],
        writing=any(gap.kind is GapKind.OPEN for gap in gaps),
    )


_SCOPES: LiteralString = """
    select s.incident, s.revision, s.criteria, s.gaps, s.unattributed, s.pending, s.digest, s.persons, s.entries,
        s.tree_size, (select c.root from journal.checkpoint c where c.size = s.tree_size), s.at,
        s.possible, s.excluded
    from incident.scope s where s.incident = %s order by s.revision"""


def last_scope(connection: Connection, number: IncidentId) -> ScopeSummary | None:
    """The newest revision of an incident's scope, without its list."""
    row = connection.execute(f"{_SCOPES} desc limit 1", (number,)).fetchone()
    return _summary(row) if row else None


def read_period(
    connection: Connection, scope: ScopeSummary, insurer: InsurerId | None
) -> tuple[datetime, datetime] | None:
    """When the first and the last answer of a list, or of one insurer's part, were read; None of a list of nobody."""
    row = connection.execute(
        "select min(first_at), max(last_at) from incident.exposed where incident = %(incident)s"
        " and revision = %(revision)s and (%(insurer)s::int is null or insurer = %(insurer)s::int)",
        {"incident": scope.incident, "revision": scope.revision, "insurer": insurer},
    ).fetchone()
    return (row[0], row[1]) if row and row[0] is not None else None


def scopes(connection: Connection, number: IncidentId) -> list[ScopeSummary]:
    """Every revision of an incident's scope, without its list, the oldest first."""
    rows = connection.execute(_SCOPES, (number,))
    return [_summary(row) for row in rows.fetchall()]


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


def each_exposure(connection: Connection, scope: ScopeSummary) -> Iterator[Exposure]:
    """The list of a revision in the same order, some rows at a time; in a transaction."""
    values = {"incident": scope.incident, "revision": scope.revision}
    with connection.cursor(name="each_exposure") as cursor:
        cursor.itersize = ROWS_AT_A_TIME
        for row in cursor.execute(f"{_EXPOSED} order by person, insurer", values):
            yield _exposure(row)


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


def insurers_of(connection: Connection, scope: ScopeSummary) -> list[InsurerId]:
    """The insurers of a stored list, as they were counted when it was stored; no row of a person is read."""
    rows = connection.execute(
        "select insurer from incident.insurer_count where incident = %s and revision = %s order by insurer",
        (scope.incident, scope.revision),
    )
    return [InsurerId(row[0]) for row in rows.fetchall()]


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
            CeilingSoonError: too many were in the last minutes.
        """
        try:
            rows = connection.execute(
                "select person, insurer, sealed from gate.staff_reveal(%s::bigint[])", ([seq],)
            ).fetchall()
        except ProgramLimitExceeded:
            raise CeilingReachedError from None
        except ConfigurationLimitExceeded:
            raise CeilingSoonError from None
        found = {}
        for person, insurer, sealed in rows:
            plain = self._sealer.open_(Compartment.PERSON, InsurerId(insurer), PersonId(person), sealed)
            record = decode_civil(plain)
            found[InsurerId(insurer)] = Civil(
                record.family_name, record.used_name, record.given_names, record.birth_date
            )
        return found
