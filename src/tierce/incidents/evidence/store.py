"""Reads evidence, the queue of the unexplained and crowds for staff; no statement here selects a person covered."""

from datetime import datetime

from psycopg import Connection

from tierce.incidents.evidence.model import Crowd, Day, Decoy, Suspicion, Unexplained, Vendor
from tierce.kernel.care import Profession
from tierce.kernel.clock import paris_day
from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.kernel.saying import say_name
from tierce.policy.crowds import CROWD_DAYS, is_crowd
from tierce.policy.evidence import OBSERVE_AT, unpack
from tierce.policy.ladder import Level, Rung
from tierce.policy.overdue import LOOK_AT, OVERDUE_DAYS, USUAL, OfVendor, beside_others

PAGE = 25
PAGES_MAX = 40
"""Pages of the queue that are shown: what a person may go through, and the most that one page reads."""
CHART_DAYS = 14
CROWDS_MAX = 50


def of_account(connection: Connection, professional: ProfessionalId) -> list[Suspicion]:
    """The evidence against each line of seats of an account, the strongest first."""
    rows = connection.execute(
        "select array(select l.device union select s.device from access.session s"
        "             where s.line = l.id and s.professional = l.professional and s.device is not null order by 1),"
        " l.profession, v.rung, v.worth, v.at, v.state from access.evidence v"
        " join access.line l on l.id = v.line where l.professional = %s order by v.worth desc, l.id",
        (professional,),
    ).fetchall()
    return [
        Suspicion(tuple(map(DeviceId, devices)), Profession(profession), Rung(rung), worth, at, unpack(bytes(state)))
        for devices, profession, rung, worth, at, state in rows
    ]


def queue(connection: Connection, page: int, *, declared: bool) -> tuple[list[Unexplained], bool]:
    """One page of accounts, whoever has evidence first, then the most unusual; and whether another page follows.

    `declared`: accounts alone with declared readings that nothing followed.
    Each part is read in the order of its index and no further than the page: nothing here grows with the answers.
    """
    rows = connection.execute(
        """
        with suspect as (select * from access.suspects(%(at)s)),
        listed as (
            (select professional, worth, 0::real as score from suspect
             where not %(declared)s or professional in (select professional from access.overdue where declared > 0)
             order by worth desc, professional limit %(to)s)
            union all
            (select professional, 0, score from access.overdue o
             where answers > 0 and (not %(declared)s or declared > 0)
             and not exists (select from access.line l join access.evidence v on v.line = l.id
                             where l.professional = o.professional and v.rung > 0 and v.worth >= %(at)s)
             order by score desc, professional limit %(to)s)),
        shown as (select * from listed order by worth desc, score desc, professional limit %(most)s offset %(offset)s)
        select s.professional, p.given_name || ' ' || p.family_name, p.profession, t.name || ', ' || t.town,
               coalesce(o.answers, 0), coalesce(o.declared, 0), u.at, s.worth, coalesce(o.score, 0),
               exists (select from access.ladder h where h.level = 2 and h.lifted is null and h.until > now()
                       and h.subject in (select device from access.line where professional = s.professional
                                         union select device from access.session where professional = s.professional))
        from shown s join directory.professional p on p.id = s.professional
        left join access.overdue o on o.professional = s.professional
        left join access.unexplained u on u.seq = o.newest
        left join directory.establishment t on t.id = u.establishment
        order by s.worth desc, s.score desc, s.professional""",
        {
            "at": OBSERVE_AT,
            "declared": declared,
            "to": (page + 1) * PAGE + 1,
            "most": PAGE + 1,
            "offset": page * PAGE,
        },
    ).fetchall()
    found = [
        Unexplained(ProfessionalId(row[0]), say_name(row[1]), Profession(row[2]), row[3] or "", *row[4:])
        for row in rows[:PAGE]
    ]
    return found, len(rows) > PAGE


def queue_size(connection: Connection) -> tuple[int, int, int]:
    """(accounts to look at, accounts in the queue, those of them with declared readings)."""
    row = connection.execute(
        """
        with suspect as (select * from access.suspects(%(at)s))
        select (select count(*) from suspect)
               + count(*) filter (where score >= %(score)s
                                  and professional not in (select professional from suspect)),
               count(*), count(*) filter (where declared > 0)
        from access.overdue where answers > 0""",
        {"at": OBSERVE_AT, "score": LOOK_AT},
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def queue_days(connection: Connection, now: datetime, *, declared: bool) -> list[Day]:
    """First-time answers of the last days, without a card or with a declared one; how many were explained since."""
    rows = connection.execute(
        "select day, sum(answers)::bigint, sum(explained)::bigint from access.unexplained_day"
        " where day > %s and declared = %s group by day order by day",
        (paris_day(now) - CHART_DAYS, declared),
    ).fetchall()
    return [Day(day, count, explained) for day, count, explained in rows]


def vendors(connection: Connection, now: datetime) -> list[Vendor]:
    """Each vendor's declared answers past the usual delay beside the others', the most unusual first."""
    rows = connection.execute(
        "select d.vendor, d.profession, sum(d.answers)::bigint, sum(d.answers - d.explained)::bigint"
        " from access.unexplained_day d"
        " join unnest(%(professions)s::smallint[], %(days)s::integer[]) w(profession, days) using (profession)"
        " where d.declared and d.vendor <> 0"
        " and d.day <= %(today)s - w.days and d.day > %(today)s - w.days - %(over)s"
        " group by d.vendor, d.profession",
        {
            "professions": [profession.value for profession in USUAL],
            "days": [usual.days for usual in USUAL.values()],
            "today": paris_day(now),
            "over": OVERDUE_DAYS,
        },
    ).fetchall()
    stand = beside_others(
        OfVendor(vendor, Profession(profession), answers, overdue) for vendor, profession, answers, overdue in rows
    )
    told = connection.execute(
        "select v.vendor, coalesce(min(s.name), ''), coalesce(min(c.clients), 0) from unnest(%s::integer[]) v(vendor)"
        " left join directory.software s on s.vendor = v.vendor"
        " left join gate.common c on c.kind = %s and c.subject = v.vendor group by v.vendor",
        ([one.vendor for one in stand], Level.VENDOR),
    ).fetchall()
    named = {vendor: (name, users) for vendor, name, users in told}
    return [
        Vendor(*named[one.vendor], one.answers, one.overdue, round(one.expected), one.score >= LOOK_AT)
        for one in stand
    ]


def crowds(connection: Connection, today: int) -> list[Crowd]:
    """Cells, software and networks with devices at their limit today, the unusual first."""
    rows = connection.execute(
        "select profession, department, day, count(*) from access.saturated where day > %s"
        " group by profession, department, day",
        (today - CROWD_DAYS - 1,),
    ).fetchall()
    cells: dict[tuple[int, str], dict[int, int]] = {}
    for profession, department, day, count in rows:
        cells.setdefault((profession, department), {})[day] = count
    found = [_crowd(Crowd.Of.CELL, cell[0], cell[1], days, today) for cell, days in cells.items() if days.get(today)]
    shared = connection.execute(
        "select encode(substring(network from 1 for 4), 'hex'), count(*) from access.saturated"
        " where day = %s and network <> %s group by network having count(*) > 1 order by count(*) desc limit %s",
        (today, bytes(16), CROWDS_MAX),
    ).fetchall()
    found += [_crowd(Crowd.Of.NETWORK, 0, network, {today: count}, today) for network, count in shared]
    used = connection.execute(
        "select a.software, coalesce(s.name, a.software::text), a.day, count(*) from access.saturated a"
        " left join directory.software s on s.id = a.software where a.day > %s and a.software <> 0"
        " group by a.software, s.name, a.day",
        (today - CROWD_DAYS - 1,),
    ).fetchall()
    software: dict[tuple[int, str], dict[int, int]] = {}
    for number, name, day, count in used:
        software.setdefault((number, name), {})[day] = count
    found += [
        _crowd(Crowd.Of.SOFTWARE, 0, name, days, today) for (_, name), days in software.items() if days.get(today)
    ]
    return sorted(found, key=lambda one: (not one.unusual, -one.today))[:CROWDS_MAX]


def _crowd(of: Crowd.Of, profession: int, name: str, days: dict[int, int], today: int) -> Crowd:
    before = tuple(days.get(day, 0) for day in range(today - CROWD_DAYS, today))
    return Crowd(of, profession, name, days[today], before, is_crowd(days[today], before))


def full_days(connection: Connection, today: int) -> list[Day]:
    """How many devices reached their limit, each of the last days."""
    rows = connection.execute(
        "select day, count(*) from access.saturated where day > %s group by day order by day", (today - CHART_DAYS,)
    ).fetchall()
    return [Day(day, count) for day, count in rows]


def decoys(connection: Connection) -> list[Decoy]:
    """By vendor: decoys in place, those asked for, and by how many accounts."""
    rows = connection.execute(
        "select d.vendor, coalesce(min(s.name), ''), count(distinct d.person), count(distinct h.person),"
        " count(distinct l.professional) from access.decoy d"
        " left join directory.software s on s.vendor = d.vendor"
        " left join access.decoy_hit h on h.person = d.person left join access.line l on l.id = h.line"
        " group by d.vendor order by count(distinct h.person) desc, d.vendor"
    ).fetchall()
    return [Decoy(*row) for row in rows]
