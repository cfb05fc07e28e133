"""A person's rows: her own lines and record, through the session whose handle she holds, and her reports."""

from collections.abc import Callable, Collection
from datetime import datetime

from psycopg import Connection

from tierce.journal.encoding import decode
from tierce.journal.model import Entry
from tierce.journal.segments.reader import SealedEntry, ShownEntry
from tierce.kernel.care import Profession
from tierce.kernel.ids import MAX_ID, EntrySeq, EstablishmentId, InsurerId, PersonId, ProfessionalId, new_id
from tierce.kernel.saying import say_name
from tierce.persons.model import Asker, OwnEntry, OwnName, OwnRecord
from tierce.registry.records import decode_civil
from tierce.storage.errors import SealBrokenError
from tierce.storage.keys import Compartment, Sealer

NEWEST = EntrySeq(MAX_ID)
"""Where a history starts."""


Older = Callable[[Connection], list[ShownEntry]]
"""How her sealed lines are read; asked after the others, so that none is missed (journal/segments/sealed.py)."""
Whole = Callable[[Connection], list[SealedEntry]]
"""How they are read to the last byte, which costs three times as much."""


def own_entries(
    connection: Connection, handle: bytes, before: EntrySeq, at_most: int, older: Older
) -> list[OwnEntry]:
    """Her lines below a number, the newest first; `handle` is the SHA-256 of her session's handle."""
    hot = _hot(connection, handle, before, at_most)
    found = {one.seq: one.entry for one in older(connection) if one.seq < before}
    found.update((seq, decode(body)) for seq, body in hot.items())
    newest = sorted(found, reverse=True)[:at_most]
    return [OwnEntry(EntrySeq(seq), found[seq]) for seq in newest]


def own_body(connection: Connection, handle: bytes, seq: EntrySeq, older: Whole) -> bytes | None:
    """The 128 bytes of one of her lines, or None when it is not hers."""
    if not 0 <= seq < MAX_ID:
        return None
    hot = _hot(connection, handle, EntrySeq(seq + 1), 1)
    if seq in hot:
        return hot[seq]
    return next((one.body for one in older(connection) if one.seq == seq), None)


def _hot(connection: Connection, handle: bytes, before: EntrySeq, at_most: int) -> dict[int, bytes]:
    rows = connection.execute("select seq, body from gate.person_history(%s, %s, %s)", (handle, before, at_most))
    return {seq: bytes(body) for seq, body in rows}


class Records:
    """Her own sealed record, opened for her alone."""

    def __init__(self, sealer: Sealer) -> None:
        """Open with the keys of the compartment PERSON."""
        self._sealer = sealer

    def given_names(self, insurer: InsurerId, person: PersonId, sealed: bytes) -> str:
        """The given names in one insurer's copy; none in one that does not open: that alone sends nobody away."""
        try:
            plain = self._sealer.open_(Compartment.PERSON, insurer, person, sealed)
        except SealBrokenError:
            return ""
        return decode_civil(plain).given_names

    def own_name(self, connection: Connection, handle: bytes) -> OwnName | None:
        """Her name from the first insurer's copy, or None when the session has ended."""
        row = connection.execute(
            "select person, insurer, sealed from gate.person_self(%s) order by insurer limit 1", (handle,)
        ).fetchone()
        if row is None:
            return None
        plain = self._sealer.open_(Compartment.PERSON, InsurerId(row[1]), PersonId(row[0]), bytes(row[2]))
        record = decode_civil(plain)
        given = record.given_names.split()
        return OwnName(say_name(given[0]) if given else "", say_name(record.used_name or record.family_name))

    def own_records(self, connection: Connection, handle: bytes) -> tuple[OwnRecord, ...]:
        """Each insurer's copy of her record, numbers masked; empty when the session has ended."""
        rows = connection.execute(
            "select s.person, s.insurer, s.sealed, i.name from gate.person_self(%s) s"
            " join registry.insurer i on i.id = s.insurer order by s.insurer",
            (handle,),
        ).fetchall()
        found = []
        for person, insurer, sealed, name in rows:
            plain = self._sealer.open_(Compartment.PERSON, InsurerId(insurer), PersonId(person), bytes(sealed))
            record = decode_civil(plain)
            found.append(
                OwnRecord(
                    insurer=InsurerId(insurer),
                    insurer_name=name,
                    family_name=record.family_name,
                    used_name=record.used_name,
                    given_names=record.given_names,
                    birth_date=record.birth_date,
                    rank=record.rank,
                    number_end=(record.own_nir or "")[-2:],
                )
            )
        return tuple(found)


def askers(connection: Connection, entries: Collection[Entry]) -> dict[tuple[ProfessionalId, EstablishmentId], Asker]:
    """Who asked, by (professional, establishment), from the open directory."""
    pairs = sorted({(int(entry.professional), int(entry.establishment)) for entry in entries})
    rows = connection.execute(
        """
        select p.id, t.id, p.given_name || ' ' || p.family_name, p.profession, t.name, t.town
        from unnest(%s::bigint[], %s::bigint[]) a(professional, establishment)
        join directory.professional p on p.id = a.professional
        join directory.establishment t on t.id = a.establishment""",
        ([one for one, _ in pairs], [other for _, other in pairs]),
    ).fetchall()
    return {
        (ProfessionalId(row[0]), EstablishmentId(row[1])): Asker(say_name(row[2]), Profession(row[3]), row[4], row[5])
        for row in rows
    }


def places(connection: Connection, establishments: Collection[EstablishmentId]) -> dict[EstablishmentId, str]:
    """Names of establishments, each with its town unless the name already says it."""
    rows = connection.execute(
        "select id, name, town from directory.establishment where id = any(%s)", (sorted(establishments),)
    ).fetchall()
    return {EstablishmentId(row[0]): row[1] if row[2] in row[1] else f"{row[1]} ({row[2]})" for row in rows}


def insurer_names(connection: Connection, insurers: Collection[InsurerId]) -> dict[InsurerId, str]:
    """The names of insurers."""
    rows = connection.execute("select id, name from registry.insurer where id = any(%s)", (sorted(insurers),))
    return {InsurerId(number): name for number, name in rows.fetchall()}


def every_insurer(connection: Connection) -> dict[InsurerId, str]:
    """The names of all insurers: which of them are hers is told by no shorter reading."""
    rows = connection.execute("select id, name from registry.insurer")
    return {InsurerId(number): name for number, name in rows.fetchall()}


def insert_report(connection: Connection, handle: bytes, seq: EntrySeq, at: datetime) -> bool:
    """Keep her answer "it was not me" to a line of hers; False when she had already given it."""
    row = connection.execute("select notice.report_own(%s, %s, %s, %s)", (handle, new_id(), seq, at)).fetchone()
    return row is not None and bool(row[0])
