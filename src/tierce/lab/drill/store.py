"""Rows that the drill writes and reads beside what the platform's own services do."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from tierce.gate.rules import PAIR_PROVED
from tierce.journal.encoding import encode
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import Entry
from tierce.journal.signing import entry_seq, sign_batch
from tierce.kernel.ids import DeviceId, EstablishmentId, IncidentId, InsurerId, PersonId, ProfessionalId
from tierce.notices.deliveries.model import Step
from tierce.policy.ladder import HOLD_RUNG, Level

BLOCK_LINES = 64
KNOWN_FOR_DAYS = 30
Pair = tuple[PersonId, InsurerId]


def write_lines(admin: Connection, key: Ed25519PrivateKey, entries: Sequence[Entry], at: datetime) -> None:
    """Write lines as the gate's process writes them, in blocks signed by its key; commits every block.

    The gate itself would refuse so many under one stolen account: a drill of a large theft writes what a gate without
    bounds would have left.
    """
    row = admin.execute(
        "insert into journal.instance (name, role, public_key) values ('api', 'tierce_api', %s)"
        " on conflict (name) do update set name = excluded.name returning id",
        (key.public_key().public_bytes_raw(),),
    ).fetchone()
    assert row is not None
    for first in range(0, len(entries), BLOCK_LINES):
        part = entries[first : first + BLOCK_LINES]
        drawn = admin.execute("select nextval('journal.block_no')").fetchone()
        assert drawn is not None
        bodies = [encode(entry) for entry in part]
        signature = sign_batch(key, row[0], drawn[0], [leaf_hash(body) for body in bodies])
        admin.execute(
            "insert into journal.batch (block, instance, n, at, signature) values (%s, %s, %s, %s, %s)",
            (drawn[0], row[0], len(bodies), at, signature),
        )
        with (
            admin.cursor() as cursor,
            cursor.copy("copy journal.entry (seq, kind, professional, person, body) from stdin") as copy,
        ):
            for place, (entry, body) in enumerate(zip(part, bodies, strict=True)):
                number = entry_seq(drawn[0], place)
                copy.write_row((number, entry.kind.value, entry.professional, entry.person, body))
        admin.commit()


def pairs(connection: Connection, seed: str) -> Iterator[Pair]:
    """Every (person, insurer) of the register in an order drawn from the seed."""
    rows = connection.execute(
        "select person, insurer from person.record order by md5(person::text || %s), insurer", (seed,)
    )
    for person, insurer in rows:
        yield PersonId(person), InsurerId(insurer)


def people(connection: Connection, indexes: Sequence[str]) -> dict[str, list[PersonId]]:
    """The persons behind each keyed identifier."""
    rows = connection.execute(
        "select idx::text, person from person.key where idx = any(%s::uuid[])", (list(indexes),)
    )
    found: dict[str, list[PersonId]] = {index: [] for index in indexes}
    for index, person in rows:
        found[index].append(PersonId(person))
    return found


def remember_pairs(admin: Connection, keys: Sequence[int], day: int) -> None:
    """People whom an establishment has known for a month: their presence was proved there."""
    with (
        admin.cursor() as cursor,
        cursor.copy("copy access.pair (key, state, day, line, seen_day, seen_line) from stdin") as copy,
    ):
        for key in keys:
            copy.write_row((key, PAIR_PROVED, day - KNOWN_FOR_DAYS, 0, 0, 0))
    admin.commit()


def insurers(connection: Connection) -> dict[InsurerId, tuple[str, str]]:
    """AMC number and name of every insurer."""
    rows = connection.execute("select id, amc, name from registry.insurer order by id")
    return {InsurerId(row[0]): (row[1], row[2]) for row in rows}


def establishment(connection: Connection, name: str) -> EstablishmentId:
    """The number of an establishment of the directory."""
    row = connection.execute("select id from directory.establishment where name = %s limit 1", (name,)).fetchone()
    assert row is not None
    return EstablishmentId(row[0])


def held(connection: Connection, device: DeviceId) -> datetime | None:
    """Since when a device is held by the watch, if it is."""
    row = connection.execute(
        "select since from access.ladder where level = %s and subject = %s and rung >= %s and lifted is null",
        (Level.DEVICE, device, HOLD_RUNG),
    ).fetchone()
    return row[0] if row else None


def open_insurer_session(
    admin: Connection, number: int, insurer: InsurerId, handle: bytes, name: str, at: datetime
) -> None:
    """A session of an insurer's staff, as its sign-in would have opened it."""
    admin.execute(
        "insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)"
        " values (%s, sha256('key'), %s, %s, %s, %s, %s, %s)",
        (number, handle, insurer, number, name, at, at + timedelta(hours=1)),
    )


def put_client_contact(admin: Connection, professional: ProfessionalId, at: datetime) -> None:
    """How the operator writes to its own client."""
    admin.execute(
        'insert into directory.contact (professional, email, at, "by") values (%s, %s, %s, %s)'
        " on conflict (professional) do nothing",
        (professional, "claire.morvan@foyer.example", at, "drill"),
    )


def listed(connection: Connection, incident: IncidentId) -> set[Pair]:
    """The pairs of an incident's newest list."""
    rows = connection.execute(
        "select person, insurer from incident.exposed where incident = %s"
        " and revision = (select max(revision) from incident.scope where incident = %s)",
        (incident, incident),
    )
    return {(PersonId(row[0]), InsurerId(row[1])) for row in rows}


def insurer_counts(connection: Connection, incident: IncidentId) -> dict[InsurerId, int]:
    """What the incident says of each insurer's people."""
    rows = connection.execute(
        "select insurer, persons from incident.insurer_count where incident = %s"
        " and revision = (select max(revision) from incident.scope where incident = %s)",
        (incident, incident),
    )
    return {InsurerId(row[0]): int(row[1]) for row in rows}


def told_at(connection: Connection, audience: int) -> list[list[datetime]]:
    """For each adult of an audience, when a message or a letter was accepted or printed."""
    rows = connection.execute(
        "select i.number, coalesce(array_agg(s.at order by s.at) filter (where s.step = any(%s)), '{}'),"
        " (select b.made_at from notice.letter_batch b where b.audience = i.audience and b.number = i.batch)"
        " from notice.item i left join notice.step s on s.audience = i.audience and s.item = i.number"
        " where i.audience = %s and i.state <> 7 group by i.audience, i.number, i.batch order by i.number",
        ([Step.ACCEPTED.value], audience),
    )
    return [[*sent, printed] if printed else list(sent) for _, sent, printed in rows]
