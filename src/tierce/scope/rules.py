"""The scope of an incident as a pure function of journal lines: same input, same list, same digest.

Only lines that released something expose anybody: a look-up (DISCLOSURE) or a reopening (REVISIT) whose outcome is
RELEASED, and a MISS whose reason was said because presence was proved (its categories are not empty). Other refusals
and misses answer in one and the same shape and show nothing of anyone. Where a clause names staff, the lines are
those by which staff read somebody's record or took letters away: they say which categories.

This is the meaning; `engine.py` says the same in columns, and a property test holds the two equal.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import NOBODY, InsurerId, PersonId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Evidence, Outcome
from tierce.scope.errors import CriteriaError
from tierce.scope.model import (
    Batch,
    Beat,
    Criteria,
    Doubt,
    Exposure,
    Gap,
    GapKind,
    Head,
    JournalLine,
    Rule,
    Status,
    TreeHead,
)

ASKS = frozenset({EntryKind.DISCLOSURE, EntryKind.REFUSAL, EntryKind.MISS, EntryKind.REVISIT})
"""The kinds of line that answer somebody's question about a person."""
STAFF_READS = frozenset({EntryKind.STAFF_ACT, EntryKind.EXPORT})
"""The kinds of line by which staff read about people; those that did say which categories."""
GAP_SLACK_US = 60 * 1_000_000
"""Blocks are numbered before they are committed, so a hole's time is known to the minute only."""
CLOCK_SLACK_US = 120 * 1_000_000
"""Clocks agree within two minutes: the database refuses lines further off."""
BEATS_MISSED = 3
"""An instance that missed so many of its signs of life was silent."""
GONE_US = 86_400 * 1_000_000
"""A silence is listed for a day at most: an instance that has not come back was taken away, not cut off."""
LOST_BLOCKS = 1 << 20
"""A run of so many absent numbers is what was left out when lines were lost with an older backup. So many drawn one
by one and given up are told the same: less is then said than could be, never more."""
HIDING = frozenset({GapKind.NEVER_COMMITTED, GapKind.LOST, GapKind.SILENT, GapKind.LINES_MISSING, GapKind.UNREADABLE})
"""The gaps beside which nobody can say what became of an ask."""

_VERSION = "tierce-scope-v2"


def check_criteria(*clauses: Criteria) -> None:
    """Refuse criteria that name nobody, or a window that is empty.

    Raises:
        CriteriaError: with what is missing and what to give instead. Empty criteria never mean "everything".
    """
    if not clauses:
        raise CriteriaError("clause", Phrase("Aucune clause : donnez-en une.", "There is no clause; give one."))
    for one in clauses:
        asked = any(_subjects(one)) or one.evidence is not Evidence.NONE
        if not asked and not one.staff:
            reason = Phrase(
                "Rien n’est nommé : nommez au moins un compte, appareil, session, lieu, logiciel ou réseau.",
                "Nothing is named; name at least one account, device, session, place, software or network.",
            )
            raise CriteriaError("criteria", reason)
        if one.staff and (asked or one.ladder):
            reason = Phrase(
                "Du personnel est nommé avec autre chose : séparez-les, ce ne sont pas les mêmes lignes.",
                "Staff are named beside something else; keep them apart, their lines are others.",
            )
            raise CriteriaError("staff", reason)
        if one.from_us < 0 or one.until_us <= one.from_us:
            reason = Phrase(
                "La fin n’est pas après le début : donnez une fin plus tardive.",
                "The end is not after the beginning; give a later end.",
            )
            raise CriteriaError("window", reason)


def is_over(clauses: Iterable[Criteria], at: datetime, writing: datetime | None = None) -> bool:
    """Whether whoever reads the journal at an instant sees every line that will ever be in a window.

    A line's time may be as far behind the clock, when it is written, as the database lets it; and `writing` is since
    when a transaction that is still open writes lines, if one does (`store.writing_since`).
    """
    seen = micros(at if writing is None else min(at, writing)) - CLOCK_SLACK_US
    return all(one.until_us <= seen for one in clauses)


def _subjects(clause: Criteria) -> tuple[frozenset[int] | frozenset[bytes], ...]:
    """What a clause names of those who ask; staff do not ask."""
    return (
        clause.professionals,
        clause.devices,
        clause.sessions,
        clause.establishments,
        clause.software,
        clause.vendors,
        clause.networks,
    )


def looks_at(clause: Criteria, entry: Entry) -> bool:
    """Tell whether a clause looks at lines like this one, whoever they name: what staff read, or what was asked."""
    return entry.kind in STAFF_READS and bool(entry.categories) if clause.staff else entry.kind in ASKS


def releases(entry: Entry) -> bool:
    """Tell whether a line says that data left."""
    if entry.kind is EntryKind.MISS or entry.kind in STAFF_READS:
        return bool(entry.categories)
    return entry.kind in {EntryKind.DISCLOSURE, EntryKind.REVISIT} and entry.outcome is Outcome.RELEASED


def named_by(clause: Criteria, entry: Entry) -> frozenset[Rule]:
    """Give the subjects of a clause that name this line, whatever its time."""
    found = {
        rule
        for rule, named in (
            (Rule.PROFESSIONAL, entry.professional in clause.professionals),
            (Rule.DEVICE, entry.device in clause.devices),
            (Rule.SESSION, entry.session in clause.sessions),
            (Rule.ESTABLISHMENT, entry.establishment in clause.establishments),
            (Rule.SOFTWARE, entry.software in clause.software),
            (Rule.VENDOR, entry.vendor in clause.vendors),
            (Rule.NETWORK, entry.network in clause.networks),
            (Rule.EVIDENCE, Evidence.NONE < clause.evidence <= entry.evidence),
            (Rule.STAFF, entry.professional in clause.staff),
        )
        if named
    }
    return frozenset({Rule.LADDER}) if found and clause.ladder else frozenset(found)


@dataclass(frozen=True, slots=True)
class Holes:
    """What the journal's block numbers and times tell of what is missing: see `find_holes`."""

    gaps: tuple[Gap, ...] = ()
    doubts: dict[int, Doubt] = field(default_factory=dict)

    def near(self, at_us: int) -> bool:
        """Whether a hole is within a minute of this time."""
        return any(
            gap.kind in HIDING and gap.from_us - GAP_SLACK_US <= at_us <= gap.until_us + GAP_SLACK_US
            for gap in self.gaps
        )


def judge(clauses: Iterable[Criteria], line: JournalLine, holes: Holes) -> tuple[Status, frozenset[Rule]] | None:
    """Say what a line makes of the person it names, and by which criteria; None when it is out of scope.

    The smallest status over the clauses, with the rules of the clauses that give it.
    """
    best: Status | None = None
    rules: frozenset[Rule] = frozenset()
    for clause in clauses:
        named = named_by(clause, line.entry) if looks_at(clause, line.entry) else frozenset()
        status = _status(clause, line, holes) if named else None
        if status is None or (best is not None and status > best):
            continue
        rules = named if status != best else rules | named
        best = status
    return None if best is None else (best, rules)


def _status(clause: Criteria, line: JournalLine, holes: Holes) -> Status | None:
    entry = line.entry
    inside = clause.from_us <= entry.time_us < clause.until_us
    if releases(entry):
        if clause.categories and not clause.categories & entry.categories:
            return None
        doubt = holes.doubts.get(line.seq >> 8)
        if inside:
            return Status.CONFIRMED
        maybe = doubt is not None and doubt.from_us < clause.until_us and doubt.until_us >= clause.from_us
        return Status.POSSIBLE if maybe else None
    if not inside or entry.person == NOBODY:
        return None
    return Status.POSSIBLE if holes.near(entry.time_us) else Status.EXCLUDED


def find_holes(
    batches: Iterable[Batch],
    clauses: Sequence[Criteria],
    unreadable: Iterable[int] = (),
    beats: Iterable[Beat] = (),
) -> Holes:
    """List what is missing or in doubt around the windows.

    Args:
        batches: committed batches in the order of their block numbers.
        clauses: whose windows count.
        unreadable: the blocks of lines that cannot be read; their batches are among `batches`.
        beats: the signs of life of the instances: see `silences`.

    A run of absent block numbers is a hole when the time between its neighbours meets a window, to the minute. Such a
    block was drawn and its transaction never committed, hence nothing was revealed for it, unless the run is so long
    that it was left out for lines that a restore lost (LOST_BLOCKS); a block with fewer lines than it signed is a
    removal, and worse. Times that go back by more than two minutes put every block on either side in doubt: the true
    time of each lies between the earliest time after it and the latest before it.
    """
    every = list(batches)
    gaps = []
    for before, after in pairwise(every):
        low, high = sorted((before.at_us, after.at_us))
        if after.block > before.block + 1 and _meets(clauses, low, high):
            gaps.append(hole(before.block + 1, after.block - 1, low, high))
    for one in every:
        if one.found != one.signed and _meets(clauses, one.at_us, one.at_us):
            missing = one.signed - one.found
            gaps.append(Gap(GapKind.LINES_MISSING, one.block, one.block, missing, one.at_us, one.at_us))
    times = {one.block: one.at_us for one in every}
    for block in set(unreadable):
        at = times[block]
        if _meets(clauses, at, at):
            gaps.append(Gap(GapKind.UNREADABLE, block, block, 0, at, at))
    doubts, runs = _doubts(every, clauses)
    return Holes(sort_gaps([*gaps, *runs, *silences(beats, clauses)]), doubts)


def silences(beats: Iterable[Beat], clauses: Sequence[Criteria]) -> list[Gap]:
    """List the times, meeting a window, in which an instance that lives did not say so.

    Args:
        beats: of every instance, in any order; those further than GONE_US from the windows count for nothing.
        clauses: whose windows count.

    Between two beats of an instance, or between its last and the last of all: while another one beat, time went by.
    """
    near = sorted(one for one in beats if _meets(clauses, one.at_us, one.at_us, GONE_US + GAP_SLACK_US))
    if not near:
        return []
    newest = max(near, key=lambda one: (one.at_us, one.block))
    found = []
    for place, one in enumerate(near):
        following = near[place + 1] if place + 1 < len(near) else newest
        then = following if following.instance == one.instance else newest
        until = min(then.at_us, one.at_us + GONE_US)
        if until - one.at_us > BEATS_MISSED * one.every_s * 1_000_000 and _meets(clauses, one.at_us, until):
            first, last = sorted((one.block, then.block))
            found.append(Gap(GapKind.SILENT, first, last, 0, one.at_us, until))
    return found


def hole(first: int, last: int, low: int, high: int) -> Gap:
    """A run of absent block numbers, between the times of its neighbours."""
    kind = GapKind.LOST if last - first + 1 >= LOST_BLOCKS else GapKind.NEVER_COMMITTED
    return Gap(kind, first, last, 0, low, high)


def sort_gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Put gaps in the order in which they are written."""
    return tuple(sorted(gaps, key=lambda gap: (gap.first_block, gap.last_block, gap.kind)))


def _meets(clauses: Iterable[Criteria], low: int, high: int, slack: int = GAP_SLACK_US) -> bool:
    return any(low <= one.until_us + slack and high >= one.from_us - slack for one in clauses)


def _doubts(every: list[Batch], clauses: Sequence[Criteria]) -> tuple[dict[int, Doubt], list[Gap]]:
    latest: list[int] = []
    earliest: list[int] = []
    for at in (one.at_us for one in every):
        latest.append(max(at, latest[-1]) if latest else at)
    for at in (one.at_us for one in reversed(every)):
        earliest.append(min(at, earliest[-1]) if earliest else at)
    found: dict[int, Doubt] = {}
    runs: list[Gap] = []
    previous: int | None = None
    for place, (one, high, low) in enumerate(zip(every, latest, reversed(earliest), strict=True)):
        if max(high - one.at_us, one.at_us - low) <= CLOCK_SLACK_US or not _meets(clauses, low, high, 0):
            continue
        found[one.block] = Doubt(one.block, low, high)
        if previous == place - 1:
            begun = runs.pop()  # neither the earliest nor the latest time ever goes back from one block to the next
            runs.append(Gap(GapKind.CLOCK, begun.first_block, one.block, 0, begun.from_us, high))
        else:
            runs.append(Gap(GapKind.CLOCK, one.block, one.block, 0, low, high))
        previous = place
    return found, runs


@dataclass(slots=True)
class _Tally:
    """What has been seen so far of one person under one insurer, with one status."""

    first_us: int
    last_us: int
    categories: DataCategory = DataCategory.NONE
    entries: int = 0
    rules: set[Rule] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """The answer to "who was exposed, to what, when", held in memory; `digest` is that of its canonical lines."""

    head: Head
    exposures: tuple[Exposure, ...]
    digest: bytes


def compute_scope(
    clauses: Sequence[Criteria], lines: Iterable[JournalLine], tree: TreeHead, holes: Holes | None = None
) -> Scope:
    """Give the exact list of people exposed by these lines, in any order, each once.

    One row for each person and insurer, with the smallest status; *excluded* only for whoever has no other row.

    Raises:
        CriteriaError: the criteria name nobody or no time.
    """
    check_criteria(*clauses)
    known = holes or Holes()
    tallies: dict[tuple[PersonId, InsurerId, Status], _Tally] = {}
    unattributed = 0
    for line in lines:
        judged = judge(clauses, line, known)
        if judged is None:
            continue
        entry, (status, rules) = line.entry, judged
        if entry.person == NOBODY:
            unattributed += 1
            continue
        tally = tallies.setdefault((entry.person, entry.insurer, status), _Tally(entry.time_us, entry.time_us))
        tally.first_us, tally.last_us = min(tally.first_us, entry.time_us), max(tally.last_us, entry.time_us)
        tally.categories |= entry.categories
        tally.entries += 1
        tally.rules |= rules
    head = Head(tuple(clauses), tree, known.gaps, unattributed)
    exposures = tuple(_strongest(tallies))
    return Scope(head, exposures, digest_of(canonical_lines(head, exposures)))


def _strongest(tallies: dict[tuple[PersonId, InsurerId, Status], _Tally]) -> Iterator[Exposure]:
    by_pair: dict[tuple[PersonId, InsurerId], Status] = {}
    by_person: dict[PersonId, Status] = {}
    for person, insurer, status in tallies:
        by_pair[person, insurer] = min(status, by_pair.get((person, insurer), status))
        by_person[person] = min(status, by_person.get(person, status))
    for (person, insurer), status in sorted(by_pair.items()):
        if status is Status.EXCLUDED and by_person[person] is not Status.EXCLUDED:
            continue
        one = tallies[person, insurer, status]
        yield Exposure(
            person, insurer, one.categories, one.first_us, one.last_us, one.entries, frozenset(one.rules), status
        )


def rule_text(rules: Iterable[Rule]) -> str:
    """Write the criteria that matched as one word, always in the same order: ``device+professional``."""
    return "+".join(sorted(rules))


def exposure_line(one: Exposure) -> str:
    """Write one person's exposure as a canonical line: eight fields apart by one space, no line feed."""
    return (
        f"{one.person} {one.insurer} {int(one.categories)} {one.first_us} {one.last_us} {one.entries}"
        f" {rule_text(one.rules)} {one.status.name.lower()}"
    )


def head_lines(head: Head) -> Iterator[str]:
    """Write what stands before a list, one line feed after each line."""
    yield f"{_VERSION}\n"
    yield f"tree {head.tree.size} {head.tree.root.hex()}\n"
    for clause in head.clauses:
        yield f"window {clause.from_us} {clause.until_us}{' ladder' if clause.ladder else ''}\n"
        numbers: tuple[tuple[str, frozenset[int]], ...] = (
            ("professional", frozenset(clause.professionals)),
            ("device", frozenset(clause.devices)),
            ("session", frozenset(clause.sessions)),
            ("establishment", frozenset(clause.establishments)),
            ("software", frozenset(clause.software)),
            ("vendor", frozenset(clause.vendors)),
            ("staff", frozenset(clause.staff)),
        )
        for name, named in numbers:
            for number in sorted(named):
                yield f"{name} {number}\n"
        for network in sorted(clause.networks):
            yield f"network {network.hex()}\n"
        if clause.evidence:
            yield f"evidence {int(clause.evidence)}\n"
        if clause.categories:
            yield f"categories {int(clause.categories)}\n"
    for gap in head.gaps:
        yield f"gap {gap.first_block} {gap.last_block} {gap.lines} {gap.kind}\n"
    yield f"unattributed {head.unattributed}\n"


def canonical_lines(head: Head, exposures: Iterable[Exposure]) -> Iterator[str]:
    """Write a scope as text that is always the same for the same content, one line feed after each line."""
    yield from head_lines(head)
    for one in exposures:
        yield f"{exposure_line(one)}\n"


def digest_of(lines: Iterable[str]) -> bytes:
    """The SHA-256 of lines of text, one after another."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.digest()
