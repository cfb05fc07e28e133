"""Rows of hand-overs: who is on an insurer's part, who may read it, and its encrypted pieces."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.incidents import store as incident_rows
from tierce.incidents.model import ScopeSummary
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import EntrySeq, IncidentId, InsurerId, PersonId
from tierce.notices.slices.model import HandOver, Member, Report, Told
from tierce.registry.records import decode_coverage
from tierce.scope.model import Exposure, Rule, Status
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Sealer

READ_MEMBERS = 5_000
_EXPOSED: LiteralString = (
    "select person, categories, first_at, last_at, entries, status, rule from incident.exposed"
    " where incident = %s and revision = %s and insurer = %s order by person"
)


def exposures(connection: Connection, scope: ScopeSummary, insurer: InsurerId) -> Iterator[Exposure]:
    """One insurer's part of a stored list in the order of persons, streamed; needs a transaction."""
    rules: dict[str, frozenset[Rule]] = {}
    with connection.cursor(name="insurer_part") as cursor:
        cursor.itersize = READ_MEMBERS
        cursor.execute(_EXPOSED, (scope.incident, scope.revision, insurer))
        for person, categories, first, last, entries, status, rule in cursor:
            if rule not in rules:
                rules[rule] = frozenset(Rule(word) for word in rule.split("+"))
            yield Exposure(
                person=PersonId(person),
                insurer=insurer,
                categories=DataCategory(categories),
                first_us=micros(first),
                last_us=micros(last),
                entries=entries,
                rules=rules[rule],
                status=Status(status),
            )


def members(connection: Connection, incident: IncidentId, insurer: InsurerId, revision: int) -> Iterator[Member]:
    """One insurer's part of a list of an established incident, with each one's sealed cover, in pieces."""
    after = -1
    while True:
        rows = connection.execute(
            "select person, categories, extract(epoch from first_at)::bigint, extract(epoch from last_at)::bigint,"
            " entries, sealed from notice.members(%s, %s::smallint, %s::smallint, %s, %s)",
            (incident, insurer, revision, after, READ_MEMBERS),
            binary=True,
        ).fetchall()
        yield from map(Member._make, rows)
        if len(rows) < READ_MEMBERS:
            return
        after = rows[-1][0]


def open_members(
    sealer: Sealer, insurer: InsurerId, found: Iterable[Member]
) -> Iterator[tuple[Member, tuple[str, int]]]:
    """Open who each one is to the insurer: member number and rank; an empty number where no cover is left."""
    open_ = sealer.opener(Compartment.COVERAGE, insurer)
    for one in found:
        if one.sealed is None:
            yield one, ("", 0)
            continue
        record = decode_coverage(open_(one.person, one.sealed))
        yield one, (record.member_number, record.rank)


class Cover:
    """Opens the cover of whoever is on a list, with the master key of the compartment."""

    def __init__(self, keyring: Keyring) -> None:
        """Unwrap insurers' keys with the master `coverage`, when they are needed."""
        self._keyring = keyring

    def opened(
        self, connection: Connection, insurer: InsurerId, found: Iterable[Member]
    ) -> Iterator[tuple[Member, tuple[str, int]]]:
        """Open some members of one insurer."""
        yield from open_members(load_sealer(connection, self._keyring, [Compartment.COVERAGE]), insurer, found)


def persons_of(connection: Connection, scope: ScopeSummary, insurer: InsurerId) -> int:
    """How many people an insurer has on a stored list."""
    row = connection.execute(
        "select persons from incident.insurer_count where incident = %s and revision = %s and insurer = %s",
        (scope.incident, scope.revision, insurer),
    ).fetchone()
    return int(row[0]) if row else 0


def recipient_of(connection: Connection, insurer: InsurerId) -> tuple[int, str] | None:
    """The key to which an insurer's lists are encrypted: the newest that the operator's staff vouched for."""
    row = connection.execute(
        "select id, recipient from notice.recipient where insurer = %s and vouched_at is not null"
        " order by vouched_at desc limit 1",
        (insurer,),
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def is_made(connection: Connection, incident: IncidentId, revision: int, insurer: InsurerId, recipient: int) -> bool:
    """Whether this list was handed over to this key already."""
    row = connection.execute(
        "select from notice.hand_over where incident = %s and revision = %s and insurer = %s and recipient = %s",
        (incident, revision, insurer, recipient),
    ).fetchone()
    return row is not None


def notice_digests(
    connection: Connection, incident: IncidentId, revision: int, insurer: InsurerId
) -> tuple[bytes, str | None] | None:
    """The digest of an insurer's part as its notice states it, and the notice's text."""
    row = connection.execute(
        "select digest, document from notice.insurer_notice where incident = %s and revision = %s and insurer = %s",
        (incident, revision, insurer),
    ).fetchone()
    return (bytes(row[0]), row[1]) if row else None


def told_scope(connection: Connection, incident: IncidentId, insurer: InsurerId) -> ScopeSummary | None:
    """The list of which an insurer's newest notice tells: the newest one, or one since which nothing of it changed.

    None while no notice was made, or when the newest list has news for it that it was not told yet.
    """
    row = connection.execute(
        """
        select max(n.revision) from notice.insurer_notice n
        where n.incident = %(incident)s and n.insurer = %(insurer)s and n.document is not null
        having not exists (select from incident.difference d where d.incident = %(incident)s
                           and d.insurer = %(insurer)s and d.revision > max(n.revision))""",
        {"incident": incident, "insurer": insurer},
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return next(one for one in incident_rows.scopes(connection, incident) if one.revision == row[0])


def keep_hand_over(connection: Connection, one: HandOver, recipient: int, entry: EntrySeq) -> None:
    """Write what was made of a hand-over; its pieces are there in the same transaction."""
    connection.execute(
        "insert into notice.hand_over (id, incident, revision, insurer, recipient, records, digest, sha256, bytes,"
        " made_at, entry) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            one.id,
            one.incident,
            one.revision,
            one.insurer,
            recipient,
            one.records,
            one.digest,
            one.sha256,
            one.size,
            one.made_at,
            entry,
        ),
    )


def keep_piece(connection: Connection, hand_over: int, number: int, sealed: bytes) -> None:
    """Write one piece; what it belongs to is written last, in the same transaction."""
    connection.execute(
        "insert into notice.hand_over_piece (hand_over, n, sealed) values (%s, %s, %s)", (hand_over, number, sealed)
    )


def hand_over_of(row: TupleRow, insurer: InsurerId) -> HandOver:
    """Read a row of (id, incident, revision, records, bytes, sha256, digest, recipient, made, pieces, taken, by)."""
    return HandOver(
        id=row[0],
        incident=IncidentId(row[1]),
        revision=row[2],
        insurer=insurer,
        records=row[3],
        size=row[4],
        sha256=bytes(row[5]),
        digest=bytes(row[6]),
        recipient=row[7],
        made_at=row[8],
        pieces=row[9],
        taken_at=row[10],
        taken_by=row[11],
    )


def last_reports(connection: Connection, incident: IncidentId) -> dict[InsurerId, tuple[int, datetime, Report]]:
    """Each insurer's newest report on an incident: the list's revision, when, and what it says."""
    rows = connection.execute(
        "select distinct on (insurer) insurer, revision, at, matched, minors, deceased, ambiguous, not_found,"
        " unexplained, id from notice.report where incident = %s order by insurer, at desc",
        (incident,),
    ).fetchall()
    told = told_by_report(connection, [row[9] for row in rows])
    return {InsurerId(row[0]): (row[1], row[2], report_of(row[3:9], told.get(row[9], []))) for row in rows}


def report_of(counts: TupleRow, told: list[Told]) -> Report:
    """Read (matched, minors, deceased, ambiguous, not found, unexplained)."""
    return Report(
        matched=counts[0],
        minors=counts[1],
        deceased=counts[2],
        ambiguous=counts[3],
        not_found=counts[4],
        unexplained=tuple(counts[5]),
        told=tuple(told),
    )


def told_by_report(connection: Connection, reports: list[int]) -> dict[int, list[Told]]:
    """What reports say of people told, by channel and hour: feeds the share told and the hours to told."""
    rows = connection.execute(
        "select report, channel, hour, people from notice.told_count where report = any(%s) order by hour, channel",
        (reports,),
    ).fetchall()
    found: dict[int, list[Told]] = {}
    for report, channel, hour, people in rows:
        found.setdefault(report, []).append(Told(channel, hour, people))
    return found


def taken_lists(connection: Connection, incident: IncidentId) -> dict[InsurerId, tuple[datetime, datetime | None]]:
    """When each insurer's newest list was made, and first taken."""
    rows = connection.execute(
        "select distinct on (h.insurer) h.insurer, h.made_at,"
        " (select min(t.at) from notice.taken t where t.hand_over = h.id)"
        " from notice.hand_over h where h.incident = %s order by h.insurer, h.made_at desc",
        (incident,),
    ).fetchall()
    return {InsurerId(row[0]): (row[1], row[2]) for row in rows}
