"""Notices' rows, and the few facts of other schemas that a document states."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.incidents.model import ScopeSummary
from tierce.kernel.clock import from_micros
from tierce.kernel.ids import InsurerId, PersonId, StaffId, new_id
from tierce.notices.model import InsurerSlice
from tierce.notices.rules import last_stay
from tierce.policy.acts import Evidence
from tierce.policy.ladder import Level, Rung
from tierce.scope.model import Criteria


@dataclass(frozen=True, slots=True)
class Hold:
    """A time during which a subject of the criteria could read nobody without proof of presence."""

    since: datetime
    until: datetime


def insurer_name(connection: Connection, insurer: InsurerId) -> str | None:
    """The name of an insurer."""
    row = connection.execute("select name from registry.insurer where id = %s", (insurer,)).fetchone()
    return str(row[0]) if row else None


def insurer_of(connection: Connection, amc: str) -> InsurerId | None:
    """The insurer that has an AMC number."""
    row = connection.execute("select id from registry.insurer where amc = %s", (amc,)).fetchone()
    return InsurerId(row[0]) if row else None


def insurers(connection: Connection) -> dict[InsurerId, tuple[str, str]]:
    """The AMC number and the name of every insurer."""
    rows = connection.execute("select id, amc, name from registry.insurer order by amc").fetchall()
    return {InsurerId(number): (amc, name) for number, amc, name in rows}


def told_before(connection: Connection, scope: ScopeSummary, insurer: InsurerId) -> int:
    """The list that an insurer was told of before this one; 0 where it was told of this one first, or not at all."""
    row = connection.execute(
        "select max(revision) filter (where revision < %(revision)s) from notice.warning"
        " where incident = %(incident)s and insurer = %(insurer)s and revision <= %(revision)s"
        " having bool_or(revision = %(revision)s)",
        {"incident": scope.incident, "revision": scope.revision, "insurer": insurer},
    ).fetchone()
    return int(row[0] or 0) if row else 0


def hold_of(connection: Connection, criteria: Criteria) -> Hold | None:
    """Since when everything that the criteria name has been held, or None when something of it was not.

    A subject counts as held during its last stay without a break that reaches into the window or comes after it:
    what was let go of in between was not held. Ladder rows of a rung that still lets known people through do not
    count; nor can a session, a network, a suspicion or a member of staff be held. The end is when the first was, or
    will be, free again.
    """
    if criteria.sessions or criteria.networks or criteria.staff or criteria.evidence is not Evidence.NONE:
        return None
    rows = connection.execute(
        """
        select s.level, s.subject, h.since, least(h.until, coalesce(h.lifted, h.until))
        from (select %(device)s::smallint as level, unnest(%(devices)s::bigint[]) as subject
              union all select %(establishment)s::smallint, unnest(%(establishments)s::bigint[])
              union all select %(software)s::smallint, unnest(%(softwares)s::bigint[])
              union all select %(vendor)s::smallint, unnest(%(vendors)s::bigint[])
              union all
              select %(login)s::smallint, g.id
              from unnest(%(professionals)s::bigint[]) p(id) left join access.login g on g.professional = p.id) s
        left join access.ladder h on h.level = s.level and h.subject = s.subject and h.rung >= %(rung)s
            and least(h.until, coalesce(h.lifted, h.until)) > %(from)s""",
        {
            "device": Level.DEVICE.value,
            "establishment": Level.ESTABLISHMENT.value,
            "software": Level.SOFTWARE.value,
            "vendor": Level.VENDOR.value,
            "login": Level.LOGIN.value,
            "devices": sorted(criteria.devices),
            "establishments": sorted(criteria.establishments),
            "softwares": sorted(criteria.software),
            "vendors": sorted(criteria.vendors),
            "professionals": sorted(criteria.professionals),
            "rung": Rung.PRESENCE_ONLY.value,
            "from": from_micros(criteria.from_us),
        },
    ).fetchall()
    stays: dict[tuple[int, int | None], list[tuple[datetime, datetime]]] = {}
    for level, subject, since, until in rows:
        stays.setdefault((level, subject), []).extend([(since, until)] if since is not None else [])
    last = [last_stay(some) for some in stays.values()]
    held = [one for one in last if one is not None]
    if not last or len(held) < len(last):
        return None
    since, until = max(one[0] for one in held), min(one[1] for one in held)
    return Hold(since, until) if since < until else None


def sessions_ended(connection: Connection, staff: Collection[StaffId], now: datetime) -> datetime | None:
    """When the last session of these members of staff was ended, or None while one is open or none was ended."""
    row = connection.execute(
        "select max(revoked), bool_or(revoked is null and expires > %s) from access.staff_session"
        " where staff = any(%s)",
        (now, sorted(staff)),
    ).fetchone()
    assert row is not None
    return None if row[1] else row[0]


def names_behind(connection: Connection, person: PersonId) -> tuple[str, ...]:
    """Names that a person's letter may not hold: the professionals who asked about her, and their places."""
    rows = connection.execute(
        """
        select p.given_name || ' ' || p.family_name from journal.entry e
        join directory.professional p on p.id = e.professional
        where e.person = %(person)s and e.person <> 0 and e.kind in (1, 2, 4)
        union
        select t.name from journal.entry e join directory.establishment t on t.id = journal.u64(e.body, 24)
        where e.person = %(person)s and e.person <> 0 and e.kind in (1, 2, 4)""",
        {"person": person},
    ).fetchall()
    return tuple(row[0] for row in rows)


def keep_notice(connection: Connection, scope: ScopeSummary, part: InsurerSlice, at: datetime) -> datetime:
    """Store that an insurer's notice was made, once per revision; gives when it first was."""
    connection.execute(
        "insert into notice.insurer_notice (id, incident, revision, insurer, persons, digest, made_at)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (incident, revision, insurer) do nothing",
        (new_id(), scope.incident, scope.revision, part.insurer, part.persons, part.digest, at),
    )
    row = connection.execute(
        "select made_at, digest from notice.insurer_notice where incident = %s and revision = %s and insurer = %s",
        (scope.incident, scope.revision, part.insurer),
    ).fetchone()
    assert row is not None
    assert bytes(row[1]) == part.digest
    made: datetime = row[0]
    return made


def notices_made(connection: Connection, scope: ScopeSummary) -> dict[InsurerId, datetime]:
    """When each insurer's notice of this revision was first made."""
    rows = connection.execute(
        "select insurer, made_at from notice.insurer_notice where incident = %s and revision = %s",
        (scope.incident, scope.revision),
    ).fetchall()
    return {InsurerId(insurer): at for insurer, at in rows}
