"""What a pack reads from PostgreSQL, in one state of it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.model import InsurerCount, ScopeSummary
from tierce.incidents.pack.model import Line, Under
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.segments.store import segments
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.notices.audience import store as audience_rows
from tierce.notices.audience.model import STATE_LABELS, WHY_LABELS
from tierce.notices.audience.service import counts as audience_counts
from tierce.policy.reached import State
from tierce.scope import store as scope_rows
from tierce.scope.engine.store import Engine, Said
from tierce.scope.model import SETTLE, Exposure
from tierce.scope.sources import Sealed
from tierce.storage.granted import render

_LEAF = "p.first_idx + (e.seq & 255)"


def under(connection: Connection, size: int | None) -> Under | None:
    """The checkpoint of this size, or the newest, with what witnesses said of it."""
    row = connection.execute(
        "select size, root, at, note from journal.checkpoint where %(size)s::bigint is null or size = %(size)s"
        " order by size desc limit 1",
        {"size": size},
    ).fetchone()
    if row is None:
        return None
    lines = connection.execute("select line from journal.cosignature where size = %s order by witness", (row[0],))
    note = str(row[3]) + "".join(f"{line}\n" for (line,) in lines.fetchall())
    return Under(row[0], bytes(row[1]), row[2], note)


def instance_keys(connection: Connection, name: str) -> list[bytes]:
    """Every public key that an instance is or was registered with, in 32 bytes each, in the order of their coming."""
    rows = connection.execute(
        "select public_key from journal.instance where name = %s or starts_with(name, %s) order by id",
        (name, f"{name} until "),
    ).fetchall()
    return [bytes(row[0]) for row in rows]


def grants(connection: Connection) -> str:
    """What each role may do, as the database has it."""
    return render(connection)


def notes(connection: Connection, sizes: Iterable[int]) -> list[tuple[int, str]]:
    """The checkpoints of these sizes, by size."""
    rows = connection.execute(
        "select size, note from journal.checkpoint where size = any(%s) order by size", (sorted(set(sizes)),)
    )
    return [(size, note) for size, note in rows.fetchall()]


def revisions(connection: Connection, number: IncidentId, size: int) -> list[ScopeSummary]:
    """Every revision of an incident's list that was computed under this tree or a smaller one."""
    return [one for one in incident_rows.scopes(connection, number) if one.tree.size <= size]


@contextmanager
def recomputed(connection: Connection, revision: ScopeSummary, folder: Path, say: Said) -> Iterator[Engine | None]:
    """The list of a revision, computed again under its own tree; None when part of the journal is no longer there."""
    clauses = [revision.criteria]
    hot = scope_rows.hot(connection, clauses, revision.tree.size, revision.at - SETTLE)
    hot = replace(hot, gaps=[*hot.gaps, *scope_rows.ended(connection, clauses)])
    try:
        sealed = Sealed(folder, segments(connection))
        with Engine(clauses, revision.tree, sealed=sealed, hot=hot, say=say) as engine:
            yield engine
    except (duckdb.Error, FileNotFoundError):
        yield None


def stored(connection: Connection, revision: ScopeSummary) -> Iterator[Exposure]:
    """The stored rows of a revision: whoever the journal confirms."""
    yield from incident_rows.each_exposure(connection, revision)


def parts(connection: Connection, revision: ScopeSummary) -> list[tuple[InsurerCount, str]]:
    """Each insurer's part of a revision, with its name."""
    counted = incident_rows.insurer_counts(connection, revision)
    names = incident_rows.insurer_names(connection, [one.insurer for one in counted])
    return [(one, names.get(one.insurer, "")) for one in counted]


def acts(connection: Connection, number: IncidentId, since: datetime, size: int) -> list[Line]:
    """The lines of what staff did for an incident and took out of it, among those not dropped yet.

    Sealed ones are not looked for: the pages in the pack say so.
    """
    rows = connection.execute(
        f"select e.seq, {_LEAF}, e.body from journal.entry e join journal.placed p on p.block = e.seq >> 8"  # noqa: S608 - a constant of ours
        " where e.seq >= (select coalesce(min(block), 0) from journal.batch where at >= %(since)s) * 256"
        f" and e.kind in (5, 6) and journal.u64(e.body, 112) = %(number)s and {_LEAF} < %(size)s",
        {"since": since - timedelta(days=1), "number": number, "size": size},
    )
    return [Line(seq, index, bytes(body)) for seq, index, body in rows.fetchall()]


def numbered(connection: Connection, sealed: SealedLog, seqs: Sequence[int], size: int) -> list[Line]:
    """The lines of these numbers, hot or sealed, that are under the tree."""
    rows = connection.execute(
        f"select e.seq, {_LEAF}, e.body from journal.entry e join journal.placed p on p.block = e.seq >> 8"  # noqa: S608 - a constant of ours
        f" where e.seq = any(%s) and {_LEAF} < %s",
        (list(seqs), size),
    )
    found = [Line(seq, index, bytes(body)) for seq, index, body in rows.fetchall()]
    there = {one.seq for one in found}
    for seq in seqs:
        entry = None if seq in there else sealed.of_seq(connection, seq)
        if entry is not None and entry.redacted is None and entry.leaf < size:
            found.append(Line(entry.seq, entry.leaf, entry.body))
    return found


def of_person(connection: Connection, sealed: SealedLog, person: int, size: int) -> list[Line]:
    """The lines that name a person, hot or sealed, under the tree."""
    rows = connection.execute(
        f"select e.seq, {_LEAF}, e.body from journal.entry e join journal.placed p on p.block = e.seq >> 8"  # noqa: S608 - a constant of ours
        f" where e.person = %s and e.person <> 0 and {_LEAF} < %s",
        (person, size),
    )
    found = {seq: Line(seq, index, bytes(body)) for seq, index, body in rows.fetchall()}
    for entry in sealed.of_person(connection, person):
        if entry.redacted is None and entry.leaf < size:
            found.setdefault(entry.seq, Line(entry.seq, entry.leaf, entry.body))
    return [found[seq] for seq in sorted(found)]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice made to an insurer, and the digest of the part that it tells of."""

    insurer: InsurerId
    revision: int
    persons: int
    digest: bytes
    at: datetime


def notices(connection: Connection, number: IncidentId) -> list[Notice]:
    """The notices made to insurers, the oldest first."""
    rows = connection.execute(
        "select insurer, revision, persons, digest, made_at from notice.insurer_notice where incident = %s"
        " order by made_at, insurer",
        (number,),
    )
    return [Notice(*row) for row in rows.fetchall()]


@dataclass(frozen=True, slots=True)
class Telling:
    """Something done so that somebody is told, with its journal line; insurer 0 is nobody's in particular."""

    what: str
    insurer: InsurerId
    at: datetime | None
    entry: int


def tellings(connection: Connection, number: IncidentId) -> list[Telling]:
    """Notices that left and acknowledgements, lists handed over and reports, audiences, texts and their approvals."""
    rows = connection.execute(
        """
        select 'notice', insurer, sent_at, entry from notice.warning where incident = %(n)s
        union all select 'acknowledgement', insurer, at, entry from notice.acknowledgement where incident = %(n)s
        union all select 'hand-over', insurer, made_at, entry from notice.hand_over where incident = %(n)s
        union all select 'report', insurer, at, entry from notice.report where incident = %(n)s
        union all select 'audience', 0, frozen_at, entry from notice.audience where incident = %(n)s
        union all select 'text', 0, at, entry from notice.message where incident = %(n)s
        union all select 'approval', 0, p.at, p.entry from notice.approval p
            join notice.audience a on a.id = p.audience where a.incident = %(n)s
        order by 4, 1, 2""",
        {"n": number},
    )
    return [Telling(what, InsurerId(insurer), at, entry) for what, insurer, at, entry in rows.fetchall()]


def counts(connection: Connection, number: IncidentId) -> list[dict[str, object]]:
    """The sums of the newest list that must be right, each with its parts."""
    found: list[dict[str, object]] = []
    scope = incident_rows.last_scope(connection, number)
    if scope is not None:
        parts = incident_rows.insurer_counts(connection, scope)
        pairs = connection.execute(
            "select count(*) from incident.exposed where incident = %s and revision = %s", (number, scope.revision)
        ).fetchone()
        assert pairs is not None
        split = {f"organisme {one.insurer}": one.persons for one in parts}
        found.append(_sum("paires personne et organisme", pairs[0], split))
    audience = audience_rows.newest(connection, number)
    if audience is not None:
        told = audience_counts(connection, audience)
        found += [
            _sum(
                "paires exposées, et leur sort",
                told.exposed,
                {
                    "l’organisme écrit": told.insurer_sends,
                    "aucun mandat": told.no_mandate,
                    "déjà prévenues": told.already_told,
                    "coordonnées prêtées": told.matched,
                    "sans coordonnées": told.unmatched,
                },
            ),
            _sum(
                "paires que l’opérateur prévient",
                told.matched + told.unmatched,
                {"groupées avec une autre": told.grouped, "adultes": told.adults},
            ),
            _sum(
                "adultes, et où en est chacun",
                told.adults,
                {STATE_LABELS[state].fr: count for state, count in told.states.items()},
            ),
            _sum(
                "annonce publique, et pourquoi",
                told.states.get(State.PUBLIC, 0),
                {WHY_LABELS[why].fr: count for why, count in told.public.items()},
            ),
            _sum(
                "messages acceptés par le serveur",
                told.sent,
                {"revenus": told.bounced, "arrivés": told.states.get(State.SENT, 0)},
            ),
        ]
    return found


def _sum(what: str, whole: int, parts: dict[str, int]) -> dict[str, object]:
    split = [{"what": name, "count": count} for name, count in sorted(parts.items())]
    return {"what": what, "whole": whole, "parts": split}
