"""Reads evidence, the queue of the unexplained and crowds for staff; no statement here selects a person covered."""

from datetime import datetime, timedelta

from psycopg import Connection

from tierce.incidents.evidence.model import Crowd, Day, Decoy, Suspicion, Unexplained
from tierce.kernel.care import Profession
from tierce.kernel.ids import DeviceId, EntrySeq, ProfessionalId
from tierce.kernel.saying import say_name
from tierce.policy.crowds import CROWD_DAYS, is_crowd
from tierce.policy.evidence import unpack
from tierce.policy.ladder import Rung

QUEUE_MAX = 20_000
"""Unexplained answers, the newest, among which the queue is made: whoever is drained today comes first."""
PAGE = 25
CHART_DAYS = 14
CROWDS_MAX = 50


def of_account(connection: Connection, professional: ProfessionalId) -> list[Suspicion]:
    """The evidence against each device of an account, the strongest first."""
    rows = connection.execute(
        "select l.device, l.profession, v.rung, v.worth, v.at, v.state from access.evidence v"
        " join access.line l on l.id = v.line where l.professional = %s order by v.worth desc, l.id",
        (professional,),
    ).fetchall()
    return [
        Suspicion(DeviceId(device), Profession(profession), Rung(rung), worth, at, unpack(bytes(state)))
        for device, profession, rung, worth, at, state in rows
    ]


def queue(connection: Connection, page: int) -> tuple[list[Unexplained], bool]:
    """One page of accounts with unexplained answers, the strongest evidence first, and whether another follows."""
    rows = connection.execute(
        """
        with newest as (
            select seq, at, line, professional, establishment from access.unexplained
            where explained is null order by seq desc limit %(newest)s),
        accounts as (
            select n.professional, count(*) as answers, max(n.at) as at, max(n.seq) as seq,
                   (array_agg(n.establishment order by n.seq desc))[1] as establishment,
                   coalesce(max(v.worth), 0) as worth
            from newest n left join access.evidence v on v.line = n.line group by n.professional)
        select a.professional, p.given_name || ' ' || p.family_name, p.profession, t.name || ', ' || t.town,
               a.answers, a.at, a.seq, a.worth,
               exists (select from access.line l join access.ladder h on h.level = 2 and h.subject = l.device
                       where l.professional = a.professional and h.lifted is null and h.until > now())
        from accounts a join directory.professional p on p.id = a.professional
        left join directory.establishment t on t.id = a.establishment
        order by a.worth >= 20 desc, a.answers desc, a.seq desc limit %(most)s offset %(offset)s""",
        {"newest": QUEUE_MAX, "most": PAGE + 1, "offset": page * PAGE},
    ).fetchall()
    found = [
        Unexplained(
            ProfessionalId(row[0]), say_name(row[1]), Profession(row[2]), row[3] or "", row[4], row[5],
            EntrySeq(row[6]), row[7], row[8],
        )
        for row in rows[:PAGE]
    ]  # fmt: skip
    return found, len(rows) > PAGE


def queue_size(connection: Connection) -> tuple[int, int]:
    """(unexplained answers, accounts) among the newest QUEUE_MAX."""
    row = connection.execute(
        "select count(*), count(distinct professional) from (select professional from access.unexplained"
        " where explained is null order by seq desc limit %s) n",
        (QUEUE_MAX,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def queue_days(connection: Connection, now: datetime) -> list[Day]:
    """First-time answers without proof of the last days: how many, and how many were explained since."""
    rows = connection.execute(
        "select (at at time zone 'Europe/Paris')::date - date '1970-01-01' as day, count(*),"
        " count(explained) from access.unexplained where at > %s group by day order by day",
        (now - timedelta(days=CHART_DAYS),),
    ).fetchall()
    return [Day(day, count, explained) for day, count, explained in rows]


def crowds(connection: Connection, today: int) -> list[Crowd]:
    """Cells (profession and département) and networks with devices at their limit today, the unusual first."""
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
