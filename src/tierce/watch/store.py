"""What the watch reads of the journal and writes on the ladder."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation

from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.store import number
from tierce.kernel.care import Profession
from tierce.kernel.clock import paris_day
from tierce.kernel.ids import DeviceId, EntrySeq, LineId, ProfessionalId, new_id
from tierce.policy.acts import Outcome, Presence
from tierce.policy.evidence import ACCUSED_DAYS, State, begin, pack, unpack, worth
from tierce.policy.ladder import AUTOMATIC_HOLDS_DAYS, AUTOMATIC_HOLDS_MAX, Level, Rung
from tierce.policy.overdue import OVERDUE_DAYS, USUAL, Counted, score_of
from tierce.watch.model import TWINS, Hold, Known, Looked

LINES_MAX = 5_000
"""Lines looked at in one turn; the rest waits for the next."""
SOURCES_MAX = 500
_GATE = [EntryKind.DISCLOSURE.value, EntryKind.REFUSAL.value, EntryKind.MISS.value, EntryKind.REVISIT.value]


def leaves(connection: Connection) -> int:
    """How many the journal's tree has."""
    row = connection.execute("select journal.leaf_count()").fetchone()
    return 0 if row is None else int(row[0])


def look(connection: Connection) -> tuple[int, list[Looked]]:
    """How many leaves are next in the tree's order, and the gate's of them; the place reached is in this transaction.

    The row of the place is locked: of two workers, one looks at a line, once. The tree's order is used because
    numbers commit out of order: "greater than the last seen" would miss some.
    """
    reached = connection.execute("select idx from access.watched for update").fetchone()
    assert reached is not None, "the migration writes this row"
    rows = connection.execute(
        "select l.idx, e.seq, e.kind, e.body, coalesce(n.id, 0), n.profession, coalesce(t.hint, 0)"
        " from journal.leaves(%(last)s, %(most)s) l join journal.entry e using (seq)"
        " left join access.session s on s.id = journal.u64(e.body, 32) and e.kind = any(%(gate)s)"
        " left join access.line n on n.id = s.line"
        " left join access.trace t on t.seq = e.seq order by l.idx",
        {"gate": _GATE, "last": reached[0], "most": LINES_MAX},
    ).fetchall()
    if not rows:
        return 0, []
    connection.execute("update access.watched set idx = %s", (rows[-1][0],))
    connection.execute("delete from access.trace where seq = any(%s)", ([row[1] for row in rows],))
    return len(rows), [_looked(*row) for _, *row in rows if row[1] in _GATE]


def _looked(seq: int, _kind: int, body: bytes, line: int, profession: int | None, hint: int) -> Looked:
    of = None if profession is None else Profession(profession)
    return Looked(EntrySeq(seq), decode(bytes(body)), LineId(line), of, hint)


def spend_lifts(connection: Connection) -> list[LineId]:
    """Take note, once, of what humans lifted of the watch's own; the lines that its devices draw on begin again.

    The row says so itself: what is later on the clock of whoever lifts may be earlier here.
    """
    devices = connection.execute(
        "update access.ladder set spent = true where level = 2 and by = 'watch' and lifted is not null and not spent"
        " returning subject"
    ).fetchall()
    if not devices:
        return []
    rows = connection.execute(
        "select line from access.evidence where line in (select id from access.line where device = any(%(devices)s)"
        " union select line from access.session where device = any(%(devices)s))",
        {"devices": sorted({device for (device,) in devices})},
    ).fetchall()
    lines = [LineId(line) for (line,) in rows]
    connection.execute("update access.accused set spent = true where line = any(%s)", (lines,))
    return lines


def evidence(connection: Connection, lines: Iterable[LineId], day: int) -> dict[LineId, Known]:
    """The evidence against these lines."""
    rows = connection.execute(
        "select l.id, l.device, l.professional, l.profession, v.state"
        " from access.line l left join access.evidence v on v.line = l.id where l.id = any(%s)",
        (sorted(set(lines)),),
    ).fetchall()
    return {
        LineId(line): Known(
            LineId(line),
            DeviceId(device),
            ProfessionalId(professional),
            begin(Profession(profession), day, line) if state is None else unpack(bytes(state)),
        )
        for line, device, professional, profession, state in rows
    }


def put_evidence(connection: Connection, at: datetime, states: Sequence[tuple[LineId, State, Rung]]) -> None:
    """Keep the evidence against these lines."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.evidence (line, state, rung, worth, at) values (%s, %s, %s, %s, %s)"
            " on conflict (line) do update set state = excluded.state, rung = excluded.rung,"
            " worth = excluded.worth, at = excluded.at",
            [(line, pack(state), rung, min(worth(state), 1e30), at) for line, state, rung in states],
        )


def put_unexplained(connection: Connection, at: datetime, lines: Sequence[Looked]) -> None:
    """Queue disclosures that nothing explains yet; those declared, with whose software declared them."""
    if not lines:
        return
    declared = [one.entry.presence is Presence.DECLARED for one in lines]
    connection.execute(
        """
        with put as (
            insert into access.unexplained (seq, at, line, professional, establishment, declared, vendor, profession)
            select seq, %(at)s, line, professional, establishment, declared, vendor, profession
            from unnest(%(seqs)s::bigint[], %(lines)s::bigint[], %(accounts)s::bigint[], %(places)s::bigint[],
                        %(declared)s::boolean[], %(vendors)s::integer[], %(professions)s::smallint[])
                 one(seq, line, professional, establishment, declared, vendor, profession)
            on conflict do nothing returning professional, declared, vendor, profession),
        known as (
            insert into access.overdue (professional) select distinct professional from put on conflict do nothing)
        insert into access.unexplained_day as d (day, declared, vendor, profession, answers)
        select %(day)s, declared, vendor, profession, count(*) from put group by declared, vendor, profession
        on conflict (day, declared, vendor, profession) do update set answers = d.answers + excluded.answers
        """,
        {
            "at": at,
            "day": paris_day(at),
            "seqs": [one.seq for one in lines],
            "lines": [one.line for one in lines],
            "accounts": [one.entry.professional for one in lines],
            "places": [one.entry.establishment for one in lines],
            "declared": declared,
            "vendors": [one.entry.vendor if said else 0 for one, said in zip(lines, declared, strict=True)],
            "professions": [one.profession or 0 if said else 0 for one, said in zip(lines, declared, strict=True)],
        },
    )


def put_saturated(connection: Connection, day: int, lines: Sequence[Looked]) -> None:
    """Write which lines are full today, each once, with what they may have in common."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.saturated (day, line, profession, department, software, network)"
            " select %s, l.id, l.profession, coalesce(directory.department_of(t.finess), ''), %s, %s"
            " from access.line l left join directory.establishment t on t.id = %s where l.id = %s"
            " on conflict do nothing",
            [
                (day, one.entry.software, one.entry.network, one.entry.establishment, one.line)
                for one in {one.line: one for one in lines}.values()
            ],
        )


def hit_decoys(connection: Connection, at: datetime, lines: Sequence[Looked]) -> list[LineId]:
    """Write who asked for which decoy; returns a line of seats once for each decoy that is new to it.

    A twin counts while she is nobody: whoever changes civil sex may be given that very number, and an insurer's file
    then makes it hers.
    """
    people = {one.entry.person for one in lines if one.entry.person and one.line}
    decoys = connection.execute(
        "select person, vendor from access.decoy where person = any(%s)", (sorted(people),)
    ).fetchall()
    wanted: dict[int, int] = dict(decoys)
    hits = []
    for one in lines:
        vendor = wanted.get(one.entry.person) if one.line else None
        if vendor is not None and (vendor != TWINS or one.entry.outcome is Outcome.NOT_COVERED):
            put = connection.execute(
                "insert into access.decoy_hit (person, line, seq, at) values (%s, %s, %s, %s) on conflict do nothing",
                (one.entry.person, one.line, one.seq, at),
            )
            hits += [one.line] * put.rowcount
    return hits


def accusations(connection: Connection, now: datetime) -> list[tuple[LineId, DeviceId]]:
    """Count the reports and alerts not counted yet; returns the line and the device that each names."""
    since = now - timedelta(days=ACCUSED_DAYS)
    rows = connection.execute(
        "select r.id, s.line, coalesce(s.device, 0) from notice.person_report r join journal.entry e on e.seq = r.seq"
        " join access.session s on s.id = journal.u64(e.body, 32)"
        " where r.at > %(since)s and s.line is not null"
        " and not exists (select from access.accused a where a.source = r.id)"
        " union all select a.id # l.id, l.id, l.device from access.alert a join access.line l using (professional)"
        " where a.at > %(since)s and a.ended is null"
        " and not exists (select from access.accused k where k.source = a.id # l.id)"
        " limit %(most)s",
        {"since": since, "most": SOURCES_MAX},
    ).fetchall()
    for source, line, _ in rows:
        connection.execute("insert into access.accused (source, line, at) values (%s, %s, %s)", (source, line, now))
    return [(LineId(line), DeviceId(device)) for _, line, device in rows]


def withdrawals(connection: Connection, now: datetime) -> list[LineId]:
    """Forget what was counted of alerts that were taken back or set aside; returns the line of each, once for each.

    What a human's lift had spent already is not taken off what came after it.
    """
    rows = connection.execute(
        "with gone as (delete from access.accused k using access.alert a, access.line l where a.ended > %(since)s"
        " and l.professional = a.professional and k.source = a.id # l.id returning k.line, k.at, k.spent)"
        " select line from gone where not spent and at > %(since)s",
        {"since": now - timedelta(days=ACCUSED_DAYS)},
    ).fetchall()
    return [LineId(line) for (line,) in rows]


def put_hold(connection: Connection, number: int, hold: Hold, since: datetime, until: datetime) -> bool:
    """Put a device on a rung unless it stands there or was put there too often; tells whether it did."""
    cursor = connection.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " select %(id)s, %(level)s, %(device)s, %(rung)s, %(since)s, %(until)s, 'watch', %(reason)s"
        " where not exists (select from access.ladder where level = %(level)s and subject = %(device)s"
        "  and rung >= %(rung)s and lifted is null and until > %(since)s)"
        " and (select count(*) from access.ladder where level = %(level)s and subject = %(device)s and by = 'watch'"
        "  and rung >= %(rung)s and since > %(recent)s) < %(most)s",
        {
            "id": number,
            "level": Level.DEVICE,
            "device": hold.device,
            "rung": hold.rung,
            "since": since,
            "until": until,
            "reason": f"{hold.reason.fr}\n{hold.reason.en}",  # each reader is given her own line: incidents/lines
            "recent": since - timedelta(days=AUTOMATIC_HOLDS_DAYS),
            "most": AUTOMATIC_HOLDS_MAX,
        },
    )
    return cursor.rowcount == 1


def count_shown(connection: Connection) -> int:
    """Add the next leaves to what insurers are told of their own people; returns how many leaves were read."""
    row = connection.execute("select registry.count_shown(%s)", (LINES_MAX,)).fetchone()
    return 0 if row is None else int(row[0])


def settle(connection: Connection, now: datetime, at_most: int) -> None:
    """Settle the accounts that were counted longest ago, count them anew, forget those without any answer left."""
    accounts = [row[0] for row in connection.execute("select access.settle_unexplained(%s, %s)", (at_most, now))]
    found = _overdue(connection, now, accounts)
    with connection.cursor() as cursor:
        cursor.executemany(
            "update access.overdue set answers = %s, declared = %s, score = %s, newest = %s, counted = %s"
            " where professional = %s",
            [(*found.get(account, (0, 0, 0.0, None)), now, account) for account in accounts],
        )
    connection.execute(
        "delete from access.overdue o where professional = any(%s)"
        " and not exists (select from access.unexplained u where u.professional = o.professional)",
        (accounts,),
    )


def _overdue(
    connection: Connection, now: datetime, accounts: Sequence[int]
) -> dict[int, tuple[int, int, float, int | None]]:
    """By account with answers past the usual delay: how many nothing explains, declared, score, the last."""
    rows = connection.execute(
        "select u.professional, l.profession,"
        " count(*) filter (where not u.declared), count(*) filter (where not u.declared and u.explained is null),"
        " count(*) filter (where u.declared), count(*) filter (where u.declared and u.explained is null),"
        " max(u.seq) filter (where u.explained is null)"
        " from access.unexplained u join access.line l on l.id = u.line"
        " join unnest(%(professions)s::smallint[], %(days)s::integer[]) w(profession, days)"
        " on w.profession = l.profession where u.professional = any(%(accounts)s)"
        " and u.at <= %(now)s - w.days * interval '1 day'"
        " and u.at > %(now)s - (w.days + %(over)s) * interval '1 day' group by u.professional, l.profession, u.line",
        {
            "professions": [profession.value for profession in USUAL],
            "days": [usual.days for usual in USUAL.values()],
            "accounts": accounts,
            "now": now,
            "over": OVERDUE_DAYS,
        },
    ).fetchall()
    lines: dict[int, list[tuple[Profession, Counted, int | None]]] = {}
    for account, profession, *counts, newest in rows:
        lines.setdefault(account, []).append((Profession(profession), Counted(*counts), newest))
    return {
        account: (
            sum(counted.overdue + counted.overdue_declared for _, counted, _ in of),
            sum(counted.overdue_declared for _, counted, _ in of),
            score_of(of[0][0], [counted for _, counted, _ in of]),
            max((newest for _, _, newest in of if newest is not None), default=None),
        )
        for account, of in lines.items()
    }


def forget(connection: Connection, keep: timedelta) -> None:
    """Forget what the queue and the crowds kept and is older than that, by the database's clock."""
    connection.execute("delete from access.unexplained where at < now() - %s", (keep,))
    connection.execute(
        "delete from access.unexplained_day"
        " where day < (now() at time zone 'Europe/Paris' - %s)::date - date '1970-01-01'",
        (keep,),
    )
    connection.execute("delete from access.decoy_hit where at < now() - %s", (keep,))
    connection.execute("delete from access.accused where at < now() - %s", (keep,))
    connection.execute(
        "delete from access.saturated where day < (now() at time zone 'Europe/Paris' - %s)::date - date '1970-01-01'",
        (keep,),
    )


# The mark of access.proofs_since stays: without it, the next connection would take every proof for an old one.
_FORGET_PROOFS: LiteralString = (
    "delete from access.proof where at < now() - greatest(%s, interval '4 minutes')"
    " and id <> '00000000-0000-0000-0000-000000000000'"
)


def tidy(connection: Connection, keep: timedelta) -> Sequence[int]:
    """Forget used proofs, abandoned sign-ins and traces left behind, older than that by the database's clock.

    They live minutes: by the clock of a process that is ahead, whoever signs in now would have come too late.
    """
    return [
        connection.execute(_FORGET_PROOFS, (keep,)).rowcount,
        number(connection.execute("select access.sweep_pending(now() - %s)", (keep,)).fetchone()),
        connection.execute(
            "delete from access.trace t using journal.batch b where b.block = t.seq >> 8 and b.at < now() - %s",
            (keep,),
        ).rowcount,
    ]


def plant(connection: Connection, indexes: Sequence[UUID], vendor: int, note: str, at: datetime) -> int:
    """Add invented people, known by their keyed indexes alone and covered by nobody, to one vendor's decoys.

    Raises:
        psycopg.errors.UniqueViolation: one of them is in the register already; nothing was planted.
    """
    for index in indexes:
        person = new_id()
        taken = connection.execute("select from person.key where idx = %s", (index,)).fetchone()
        if taken is not None:
            raise UniqueViolation
        connection.execute("insert into person.key (idx, person) values (%s, %s)", (index, person))
        connection.execute(
            "insert into access.decoy (person, vendor, note, planted) values (%s, %s, %s, %s)",
            (person, vendor, note, at),
        )
    return len(indexes)


def plant_twins(connection: Connection, indexes: Sequence[UUID], note: str, at: datetime) -> int:
    """Add twins, known by their keyed indexes alone, but for those that are somebody's; returns how many."""
    row = connection.execute(
        "with free as (insert into person.key (idx, person)"
        " select t.idx, t.person from unnest(%s::uuid[], %s::bigint[]) t(idx, person)"
        " where not exists (select from person.key k where k.idx = t.idx) returning person),"
        " planted as (insert into access.decoy (person, vendor, note, planted)"
        " select person, %s, %s, %s from free returning 1) select count(*) from planted",
        (list(indexes), [new_id() for _ in indexes], TWINS, note, at),
    ).fetchone()
    return int(row[0]) if row else 0
