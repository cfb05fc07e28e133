"""What a pack says, as text that is the same for the same input: pure."""

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from heapq import nsmallest
from typing import Protocol

from tierce.incidents.clocks.model import Running
from tierce.incidents.clocks.rules import due_of
from tierce.incidents.model import Incident, InsurerCount, ScopeSummary
from tierce.incidents.pack.model import FORMAT, Line, Under
from tierce.incidents.register.model import ROW_LABELS, Row
from tierce.incidents.register.rules import canonical
from tierce.incidents.rules import incident_reference, slice_head
from tierce.incidents.severity.model import Coupled, Score
from tierce.journal.encoding import decode
from tierce.kernel.clock import micros
from tierce.kernel.ids import EntrySeq, InsurerId
from tierce.scope.files import Difference
from tierce.scope.model import Criteria, JournalLine, Status
from tierce.scope.rules import Holes, judge

_CONFIRMED = " confirmed"


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


LINES_MAX = 1_000
"""Pairs of a list whose journal lines are all in the pack; of a longer list, this many drawn by its digest."""


def as_json(value: object) -> bytes:
    """JSON that is always the same for the same content, and that people can read."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def json_line(value: object) -> bytes:
    """JSON on one line."""
    return (
        json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"
    ).encode()


def manifest_text(incident: Incident, under: Under, policy: bytes, files: Iterable[tuple[str, bytes, int]]) -> str:
    """The list that is signed: what the pack is about, then each file by name with its SHA-256 and its bytes."""
    reference = incident_reference(incident.id, incident.day)
    head = [
        FORMAT,
        f"incident {reference} {incident.id}",
        f"tree {under.size} {under.root.hex()}",
        f"at {under.at.isoformat()}",
        f"policy {policy.hex()}",
    ]
    rows = [f"file {digest.hex()} {size} {name}" for name, digest, size in sorted(files)]
    return "\n".join([*head, *rows]) + "\n"


def incident_facts(incident: Incident) -> dict[str, object]:
    """The incident's own row."""
    return {
        "reference": incident_reference(incident.id, incident.day),
        "id": int(incident.id),
        "title": incident.title,
        "signal_at": incident.signal_at.isoformat(),
        "aware_at": _time(incident.aware_at),
        "aware_by": incident.aware_by,
        "aware_why": incident.aware_why,
    }


def row_facts(row: Row) -> dict[str, object]:
    """One row of the register, with everything its digest covers."""
    return {
        "number": row.number,
        "kind": int(row.kind),
        "label": ROW_LABELS[row.kind].fr,
        "at_us": micros(row.at),
        "by": row.by,
        "facts": canonical(row.facts),
        "digest": row.digest.hex(),
        "entry": int(row.entry),
    }


def line_facts(line: Line, path: Sequence[bytes]) -> dict[str, object]:
    """One journal line with the path that leads from it to the checkpoint's root."""
    return {
        "seq": line.seq,
        "index": line.index,
        "entry": line.body.hex(),
        "path": [node.hex() for node in path],
    }


def clock_facts(clock: Running) -> dict[str, object]:
    """One clock, with what its due time is computed from."""
    hours = None
    if clock.started is not None and clock.due is not None:
        hours = next((start.hours for start in clock.rule.starts if due_of(start, clock.started) == clock.due), None)
    return {
        "duty": clock.rule.duty.name.lower(),
        "label": clock.rule.label.fr,
        "provision": clock.rule.text.fr,
        "source": clock.rule.source,
        "standing": str(clock.rule.standing),
        "insurer": int(clock.insurer),
        "started_us": _micros(clock.started),
        "hours": hours,
        "due_us": _micros(clock.due),
        "state": str(clock.state),
        "done_us": _micros(clock.done.at if clock.done and not clock.done.ended else None),
        "reasons": clock.done.reasons if clock.done else "",
    }


def severity_facts(label: str, alone: Score, coupled: Coupled) -> dict[str, object]:
    """The arithmetic of one cohort, alone and coupled."""
    return {
        "label": label,
        "alone": _score(alone),
        "coupled": _score(coupled.score),
        "leaks": [leak.key for leak in coupled.leaks],
        "capabilities": [one.fr for one in coupled.capabilities],
    }


def _score(score: Score) -> dict[str, object]:
    return {
        "steps": [{"term": step.term.fr, "value": str(step.value), "reason": step.reason.fr} for step in score.steps],
        "value": str(score.value),
        "level": score.level.name.lower(),
        "floors": [{"least": floor.least.name.lower(), "reason": floor.reason.fr} for floor in score.floors],
    }


def revision_facts(
    revision: ScopeSummary,
    *,
    file: str,
    whole: bool,
    differences: str,
    parts: Sequence[tuple[InsurerCount, str, bytes]],
) -> dict[str, object]:
    """One revision of the list: what it was asked, under which tree, what is missing, and each insurer's part.

    Args:
        revision: as it was stored.
        file: the file of its list.
        whole: whether the file is the whole list, whose SHA-256 is the digest, or the stored rows alone.
        differences: the file of what changed since the revision before, or nothing for the first.
        parts: each insurer's count, name, and the digest of its part.
    """
    return {
        "revision": revision.revision,
        "at": revision.at.isoformat(),
        "criteria": criteria_facts(revision.criteria),
        "tree": [revision.tree.size, revision.tree.root.hex()],
        "gaps": [[gap.kind, gap.first_block, gap.last_block, gap.lines] for gap in revision.gaps],
        "unattributed": revision.unattributed,
        "pending": revision.pending,
        "digest": revision.digest.hex(),
        "persons": revision.persons,
        "entries": revision.entries,
        "file": file,
        "whole": whole,
        "differences": differences,
        "insurers": [
            {
                "insurer": int(count.insurer),
                "name": name,
                "persons": count.persons,
                "entries": count.entries,
                "categories": int(count.categories),
                "slice": digest.hex(),
            }
            for count, name, digest in parts
        ],
    }


def criteria_facts(criteria: Criteria) -> dict[str, object]:
    """What a list was asked."""
    return {
        "professionals": sorted(criteria.professionals),
        "devices": sorted(criteria.devices),
        "sessions": sorted(criteria.sessions),
        "establishments": sorted(criteria.establishments),
        "software": sorted(criteria.software),
        "vendors": sorted(criteria.vendors),
        "staff": sorted(criteria.staff),
        "networks": sorted(one.hex() for one in criteria.networks),
        "evidence": int(criteria.evidence),
        "categories": int(criteria.categories),
        "ladder": criteria.ladder,
        "from_us": criteria.from_us,
        "until_us": criteria.until_us,
    }


def difference_lines(found: Iterable[Difference]) -> Iterator[bytes]:
    """What changed, one row a line."""
    for one in found:
        yield f"{one.sign} {one.line}\n".encode()


def confirmed(rows: Iterable[str]) -> Iterator[tuple[tuple[int, int], str]]:
    """The pairs that a list confirms, with their lines, in the list's order."""
    for row in rows:
        if row.endswith(_CONFIRMED):
            person, insurer, _ = row.split(" ", 2)
            yield (int(person), int(insurer)), row


def drawn(digest: bytes, rows: Iterable[str], most: int = LINES_MAX) -> list[tuple[int, int]]:
    """The pairs whose lines are given: all, or as many as `most`, drawn by the list's digest.

    Nobody chooses them: another list has other ones, and whoever has the list draws them again.
    """

    def weight(pair: tuple[int, int]) -> bytes:
        return sha256(digest + f"{pair[0]} {pair[1]}".encode()).digest()

    return sorted(nsmallest(most, (pair for pair, _ in confirmed(rows)), key=weight))


def slices(digest: bytes, rows: Iterable[str]) -> dict[InsurerId, bytes]:
    """The digest of each insurer's part of a list, all in one pass."""
    found: dict[int, _Hash] = {}
    for (_, insurer), row in confirmed(rows):
        if insurer not in found:
            found[insurer] = sha256(slice_head(digest, InsurerId(insurer)).encode())
        found[insurer].update(f"{row}\n".encode())
    return {InsurerId(insurer): each.digest() for insurer, each in found.items()}


def rests_on(criteria: Criteria, line: Line, pairs: Container[tuple[int, int]]) -> bool:
    """Whether a line released something, under these criteria, of one of these pairs."""
    entry = decode(line.body)
    if (entry.person, entry.insurer) not in pairs:
        return False
    judged = judge([criteria], JournalLine(EntrySeq(line.seq), entry), Holes())
    return judged is not None and judged[0] is Status.CONFIRMED


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _micros(at: datetime | None) -> int | None:
    return micros(at) if at is not None else None
