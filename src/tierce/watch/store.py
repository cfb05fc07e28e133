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
from tierce.policy.evidence import ACCUSED_DAYS, State, begin, pack, unpack, worth
from tierce.policy.ladder import AUTOMATIC_HOLDS_DAYS, AUTOMATIC_HOLDS_MAX, Level, Rung
from tierce.watch.model import Hold, Known, Looked

LINES_MAX = 5_000
"""Lines looked at in one turn; the rest waits for the next."""
SOURCES_MAX = 500
_GATE = [EntryKind.DISCLOSURE.value, EntryKind.REFUSAL.value, EntryKind.MISS.value, EntryKind.REVISIT.value]


def look(connection: Connection) -> list[Looked]:
    """The gate's next lines in the tree's order; the place reached is kept in this transaction.

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
        return []
    connection.execute("update access.watched set idx = %s", (rows[-1][0],))
    connection.execute("delete from access.trace where seq = any(%s)", ([row[1] for row in rows],))
    return [_looked(*row) for _, *row in rows if row[1] in _GATE]


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
    return [LineId(line) for (line,) in rows]


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
    """Queue disclosures that nothing explains yet."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.unexplained (seq, at, line, professional, establishment)"
            " values (%s, %s, %s, %s, %s) on conflict do nothing",
            [(one.seq, at, one.line, one.entry.professional, one.entry.establishment) for one in lines],
        )


def put_saturated(connection: Connection, day: int, lines: Sequence[Looked]) -> None:
    """Write which lines are full today, each once, with what they may have in common."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.saturated (day, line, profession, department, software, network)"
            " select %s, l.id, l.profession, coalesce(left(t.finess, 2), ''), %s, %s from access.line l"
            " left join directory.establishment t on t.id = %s where l.id = %s on conflict do nothing",
            [
                (day, one.entry.software, one.entry.network, one.entry.establishment, one.line)
                for one in {one.line: one for one in lines}.values()
            ],
        )


def hit_decoys(connection: Connection, at: datetime, lines: Sequence[Looked]) -> list[LineId]:
    """Write who asked for which decoy; returns a line of seats once for each decoy that is new to it."""
    people = {one.entry.person for one in lines if one.entry.person and one.line}
    decoys = connection.execute(
        "select person from access.decoy where person = any(%s)", (sorted(people),)
    ).fetchall()
    wanted = {person for (person,) in decoys}
    hits = []
    for one in lines:
        if one.entry.person in wanted and one.line:
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
        " where a.at > %(since)s and not exists (select from access.accused k where k.source = a.id # l.id)"
        " limit %(most)s",
        {"since": since, "most": SOURCES_MAX},
    ).fetchall()
    for source, line, _ in rows:
        connection.execute("insert into access.accused (source, line, at) values (%s, %s, %s)", (source, line, now))
    return [(LineId(line), DeviceId(device)) for _, line, device in rows]


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
            "reason": hold.reason,
            "recent": since - timedelta(days=AUTOMATIC_HOLDS_DAYS),
            "most": AUTOMATIC_HOLDS_MAX,
        },
    )
    return cursor.rowcount == 1


def count_shown(connection: Connection) -> int:
    """Add the next leaves to what insurers are told of their own people; returns how many leaves were read."""
    row = connection.execute("select registry.count_shown(%s)", (LINES_MAX,)).fetchone()
    return 0 if row is None else int(row[0])


def settle(connection: Connection, before: datetime) -> None:
    """Mark what proofs have explained since, and forget what is older than `before`."""
    connection.execute("select access.settle_unexplained(%s)", (LINES_MAX,))
    connection.execute("delete from access.unexplained where at < %s", (before,))
    connection.execute("delete from access.decoy_hit where at < %s", (before,))
    connection.execute("delete from access.accused where at < %s", (before,))
    connection.execute("delete from access.saturated where day < %s", (paris_day(before),))


# The mark of access.proofs_since stays: without it, the next connection would take every proof for an old one.
_FORGET_PROOFS: LiteralString = (
    "delete from access.proof where at < %s and id <> '00000000-0000-0000-0000-000000000000'"
)


def tidy(connection: Connection, before: datetime) -> Sequence[int]:
    """Forget used proofs, abandoned sign-ins and traces left behind, older than `before`: they live minutes."""
    return [
        connection.execute(_FORGET_PROOFS, (before,)).rowcount,
        number(connection.execute("select access.sweep_pending(%s)", (before,)).fetchone()),
        connection.execute(
            "delete from access.trace t using journal.batch b where b.block = t.seq >> 8 and b.at < %s", (before,)
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
