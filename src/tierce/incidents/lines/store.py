"""Reads journal lines, accounts and the ladder for staff; no statement here selects a person covered."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.incidents.evidence.model import Explanation
from tierce.incidents.lines.model import (
    Account,
    Actor,
    Counts,
    Filter,
    Hold,
    Line,
    Passage,
    Reported,
    Standing,
    Stretch,
)
from tierce.journal.encoding import SEATS_NOT_APPLICABLE
from tierce.journal.model import EntryKind
from tierce.journal.segments.reader import SealedEntry
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import from_micros
from tierce.kernel.ids import DeviceId, EntrySeq, ProfessionalId
from tierce.kernel.saying import say_name
from tierce.policy.acts import Act, Evidence, Outcome, Presence
from tierce.policy.ladder import Level, Rung

LINES_MAX = 200
FILTERED_MAX = 20_000
"""Lines among which a filter looks."""

_COLUMNS: LiteralString = """
    select e.seq, journal.u64(e.body, 8), e.kind, get_byte(e.body, 2), get_byte(e.body, 4), get_byte(e.body, 5),
           get_byte(e.body, 6), get_byte(e.body, 7), e.professional, journal.u64(e.body, 40),
           journal.u16(e.body, 62),
           exists (select from journal.placed p where p.block = e.seq >> 8),
           p.given_name || ' ' || p.family_name, p.profession, t.name, t.town, s.name
    from journal.entry e
    left join directory.professional p on p.id = e.professional and e.kind in (1, 2, 3, 4, 14)
    left join directory.establishment t on t.id = journal.u64(e.body, 24) and p.id is not null
    left join access.staff_session s on s.id = journal.u64(e.body, 32) and s.staff = e.professional"""


def _line(row: TupleRow) -> Line:
    seq, time_us, kind, act, outcome, presence, evidence, domain, professional = row[:9]
    device, seats, sealed, name, profession, establishment, town, staff = row[9:]
    actor = None
    if name is not None:
        actor = Actor(say_name(name), Profession(profession), establishment, town)
    elif staff is not None:
        actor = Actor(staff)
    return Line(
        seq=EntrySeq(seq),
        at=from_micros(time_us),
        kind=EntryKind(kind),
        act=Act(act),
        outcome=Outcome(outcome),
        presence=Presence(presence),
        evidence=Evidence(evidence),
        domain=Domain(domain) if domain else None,
        professional=ProfessionalId(professional) if name is not None else None,
        actor=actor,
        device=DeviceId(device),
        seats_after=None if seats == SEATS_NOT_APPLICABLE else seats,
        sealed=sealed,
    )


def latest(connection: Connection, at_most: int) -> list[Line]:
    """The newest lines; persons' own acts are left out, for they say who opened her space."""
    rows = connection.execute(
        f"{_COLUMNS} where e.kind <> 13 and not (e.kind = 14 and e.person <> 0) order by e.seq desc limit %s",
        (min(at_most, LINES_MAX),),
    ).fetchall()
    return [_line(row) for row in rows]


_FITS: LiteralString = """
    where e.kind <> 13 and not (e.kind = 14 and e.person <> 0)
      and e.seq >= coalesce((select min(n.seq) from
          (select seq from journal.entry order by seq desc limit %(last)s) n), 0)
      and (%(outcome)s::int is null or get_byte(e.body, 4) = %(outcome)s)
      and (%(act)s::int is null or get_byte(e.body, 2) = %(act)s)
      and (%(evidence)s::int is null or get_byte(e.body, 6) >= %(evidence)s)
      and (%(profession)s::int is null or p.profession = %(profession)s)
    order by e.seq desc limit %(most)s"""


def filtered(connection: Connection, wanted: Filter, at_most: int) -> list[Line]:
    """The newest lines that fit, among the last FILTERED_MAX: a rare outcome must not read the whole journal."""
    rows = connection.execute(
        f"{_COLUMNS} {_FITS}",
        {
            "last": FILTERED_MAX,
            "outcome": wanted.outcome,
            "act": wanted.act,
            "evidence": wanted.evidence,
            "profession": wanted.profession,
            "most": min(at_most, LINES_MAX),
        },
    ).fetchall()
    return [_line(row) for row in rows]


def passages(connection: Connection, professional: ProfessionalId, at_most: int) -> list[Passage]:
    """The last sign-ins, devices and ends of sessions of an account, the oldest first."""
    rows = connection.execute(
        "select e.seq, journal.u64(e.body, 8), get_byte(e.body, 2), journal.u64(e.body, 40) from journal.entry e"
        " where e.professional = %s and e.kind = 14 and e.person = 0 order by e.seq desc limit %s",
        (professional, at_most),
    ).fetchall()
    return [
        Passage(EntrySeq(seq), from_micros(time_us), Act(act), DeviceId(device))
        for seq, time_us, act, device in reversed(rows)
    ]


def line(connection: Connection, seq: EntrySeq) -> Line | None:
    """One line, or None when there is none that staff may read."""
    rows = connection.execute(
        f"{_COLUMNS} where e.kind <> 13 and not (e.kind = 14 and e.person <> 0) and e.seq = %s", (seq,)
    ).fetchall()
    return _line(rows[0]) if rows else None


def counts(connection: Connection) -> Counts:
    """How many lines are written and how many are under the last checkpoint."""
    row = connection.execute(
        "select coalesce(c.size, 0)"
        " + (select coalesce(sum(n), 0) from journal.unplaced(coalesce(c.seen, '2:2:'), 1000000)),"
        " coalesce(c.size, 0) from (select 1) one left join lateral"
        " (select size, seen from journal.checkpoint order by size desc limit 1) c on true"
    ).fetchone()
    assert row is not None
    return Counts(int(row[0]), row[1])


def standing(connection: Connection, now: datetime) -> Standing:
    """What waits for somebody."""
    row = connection.execute(
        "select (select count(*) from incident.incident where aware_at is not null),"
        " (select count(*) from incident.incident where aware_at is null),"
        " (select count(*) from notice.person_report where at >= %(since)s),"
        " (select count(*) from registry.feed where state not in ('done', 'refused')"
        "  or (state = 'refused' and started >= %(since)s))",
        {"since": now - timedelta(days=7)},
    ).fetchone()
    assert row is not None
    return Standing(*row)


def account(connection: Connection, professional: ProfessionalId) -> Account | None:
    """One account, or None when the directory has no such professional."""
    row = connection.execute(
        "select id, given_name || ' ' || family_name, profession from directory.professional where id = %s",
        (professional,),
    ).fetchone()
    if row is None:
        return None
    places = connection.execute(
        "select t.name, t.town from directory.activity a join directory.establishment t on t.id = a.establishment"
        " where a.professional = %s order by a.id",
        (professional,),
    ).fetchall()
    return Account(
        ProfessionalId(row[0]), say_name(row[1]), Profession(row[2]), tuple((name, town) for name, town in places)
    )


Older = Callable[[Connection], list[SealedEntry]]
"""How an account's sealed lines are read."""


def stretches(
    connection: Connection, professional: ProfessionalId, at_most: int, older: Older | None = None
) -> list[Stretch]:
    """The last stretches of an account's asks, the oldest first; what was shown is never folded with anything.

    `older` reads the sealed lines, and is asked only when those of the database do not fill the story.
    """
    found = _stretches(connection, professional, at_most, [])
    sealed = older(connection) if older is not None and len(found) < at_most else []
    return _stretches(connection, professional, at_most, sealed) if sealed else found


def _stretches(
    connection: Connection, professional: ProfessionalId, at_most: int, sealed: Sequence[SealedEntry]
) -> list[Stretch]:
    rows = connection.execute(
        """
        with lines as (
            select seq, kind, body from journal.entry where professional = %s
            union all
            select z.seq, get_byte(z.body, 1), z.body from unnest(%s::bigint[], %s::bytea[]) z(seq, body)
            where not exists (select from journal.entry e where e.seq = z.seq)),
        own as (
            select e.seq, journal.u64(e.body, 8) as at, e.kind, get_byte(e.body, 4) as outcome,
                   get_byte(e.body, 7) as domain, get_byte(e.body, 5) as presence,
                   journal.u64(e.body, 40) as device, journal.u16(e.body, 62) as seats,
                   case when get_byte(e.body, 4) = 1 then e.seq else 0 end as alone
            from lines e where e.kind in (1, 2, 3, 4)),
        placed as (
            select *, row_number() over (order by seq)
                      - row_number() over (partition by kind, outcome, domain, presence, device, alone order by seq)
                      as island
            from own)
        select min(seq), min(at), max(at), kind, outcome, domain, presence, device,
               (array_agg(seats order by seq desc))[1], count(*),
               case when outcome <> 1 then null when presence >= 2 then 2
                    else coalesce((select case when u.explained is not null then 4 when u.declared then 5 else 0 end
                                   from access.unexplained u where u.seq = min(placed.seq)),
                                  case presence when 1 then 3 else 1 end) end
        from placed group by kind, outcome, domain, presence, device, alone, island
        order by min(seq) desc limit %s""",
        (professional, [one.seq for one in sealed], [one.body for one in sealed], at_most),
    ).fetchall()
    return [_stretch(row) for row in reversed(rows)]


def _stretch(row: TupleRow) -> Stretch:
    return Stretch(
        first_seq=EntrySeq(row[0]),
        first_at=from_micros(row[1]),
        last_at=from_micros(row[2]),
        kind=EntryKind(row[3]),
        outcome=Outcome(row[4]),
        domain=Domain(row[5]) if row[5] else None,
        presence=Presence(row[6]),
        device=DeviceId(row[7]),
        seats_after=None if row[8] == SEATS_NOT_APPLICABLE else row[8],
        lines=row[9],
        explanation=None if row[10] is None else Explanation(row[10]),
    )


_HOLDS: LiteralString = """
    select h.id, h.level, h.subject, h.rung, h.since, h.until, h.by, h.reason, h.lifted, h.lifted_by, h.lifted_why,
           p.id,
           coalesce(p.given_name || ' ' || p.family_name, t.name)
    from access.ladder h
    left join access.login g on h.level = 1 and g.id = h.subject
    left join lateral (select n.professional from access.line n where h.level = 2 and n.device = h.subject
                       order by n.id limit 1) d on true
    left join lateral (select s.professional from access.session s where h.level = 2 and s.device = h.subject
                       order by s.id limit 1) u on true
    left join directory.professional p on p.id = coalesce(g.professional, d.professional, u.professional)
    left join directory.establishment t on h.level = 3 and t.id = h.subject"""


def _hold(row: TupleRow) -> Hold:
    return Hold(
        id=row[0],
        level=Level(row[1]),
        subject=row[2],
        rung=Rung(row[3]),
        since=row[4],
        until=row[5],
        by=row[6],
        reason=row[7],
        lifted=row[8],
        lifted_by=row[9],
        lifted_why=row[10],
        professional=ProfessionalId(row[11]) if row[11] is not None else None,
        name=say_name(row[12]) if row[12] else None,
    )


def live_holds(connection: Connection, now: datetime) -> list[Hold]:
    """Who stands on the ladder at an instant, the highest rung first."""
    rows = connection.execute(
        f"{_HOLDS} where h.lifted is null and h.since <= %(now)s and h.until > %(now)s order by h.rung desc, h.since",
        {"now": now},
    ).fetchall()
    return [_hold(row) for row in rows]


def hold(connection: Connection, number: int) -> Hold | None:
    """One hold, or None when there is none by this number."""
    rows = connection.execute(f"{_HOLDS} where h.id = %s", (number,)).fetchall()
    return _hold(rows[0]) if rows else None


def holds_of(connection: Connection, professional: ProfessionalId) -> list[Hold]:
    """Every hold of an account or of a device it was used from, past ones included, the oldest first."""
    devices = connection.execute(
        "select coalesce(array_agg(device), '{}') from (select device from access.line where professional = %(one)s"
        " union select device from access.session where professional = %(one)s) used",
        {"one": professional},
    ).fetchone()
    assert devices is not None
    rows = connection.execute(
        f"{_HOLDS} where p.id = %s or (h.level = 2 and h.subject = any(%s)) order by h.since",
        (professional, devices[0]),
    ).fetchall()
    return [_hold(row) for row in rows]


def reports(connection: Connection, at_most: int, professional: ProfessionalId | None) -> list[Reported]:
    """The newest answers "it was not me", of every account or of one."""
    rows = connection.execute(
        "select r.seq, r.at, journal.u64(e.body, 8), e.professional, p.given_name || ' ' || p.family_name"
        " from notice.person_report r join journal.entry e on e.seq = r.seq"
        " left join directory.professional p on p.id = e.professional"
        " where %(one)s::bigint is null or e.professional = %(one)s order by r.at desc limit %(most)s",
        {"one": professional, "most": min(at_most, LINES_MAX)},
    ).fetchall()
    return [
        Reported(
            EntrySeq(row[0]), row[1], from_micros(row[2]), ProfessionalId(row[3]), say_name(row[4] or "") or None
        )
        for row in rows
    ]
