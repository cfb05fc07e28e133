"""The scope of an incident as a pure function of journal lines: same input, same list, same digest.

Only lines that released something expose anybody: a look-up (DISCLOSURE) or a reopening (REVISIT) whose outcome is
RELEASED, and a MISS whose reason was said because presence was proved (its categories are not empty). Other refusals
and misses answer in one and the same shape and show nothing of anyone.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tierce.identity.model import StaffCaller
from tierce.incidents.errors import CriteriaError, FreeTextError
from tierce.incidents.model import (
    Batch,
    Criteria,
    Exposure,
    Gap,
    GapKind,
    InsurerCount,
    JournalLine,
    Purpose,
    Rule,
    Scope,
    Status,
    TreeHead,
)
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS, micros
from tierce.kernel.ids import NOBODY, ActivityId, DeviceId, IncidentId, InsurerId, PersonId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest

EXPOSING_KINDS = frozenset({EntryKind.DISCLOSURE, EntryKind.REVISIT, EntryKind.MISS})
GAP_SLACK_US = 60 * 1_000_000
"""Blocks are numbered before they are committed, so a hole's time is known to the minute only."""

FREE_TEXT_CHARACTERS_MAX = 300
_DIGITS_13 = re.compile(r"[0-9][0-9AB]{12}|[0-9]{13}", re.IGNORECASE)
_CANONICAL_VERSION = "tierce-scope-v1"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def check_criteria(criteria: Criteria) -> None:
    """Refuse criteria that name nobody, or a window that is empty.

    Raises:
        CriteriaError: with what is missing and what to give instead. Empty criteria never mean "everything".
    """
    if not (criteria.professionals or criteria.devices or criteria.sessions):
        reason = Phrase(
            "Aucun compte, appareil ni session n'est nommé : nommez-en au moins un.",
            "No account, device or session is named; name at least one.",
        )
        raise CriteriaError("criteria", reason)
    if criteria.from_us < 0 or criteria.until_us <= criteria.from_us:
        reason = Phrase(
            "La fin n'est pas après le début : donnez une fin plus tardive.",
            "The end is not after the beginning; give a later end.",
        )
        raise CriteriaError("window", reason)


def account_criteria(
    professional: ProfessionalId, devices: frozenset[DeviceId], from_us: int, until_us: int
) -> Criteria:
    """Criteria of one stolen account: the thief's devices when they are told apart, else the whole account.

    A device is looked for under every account, since one thief may hold several.
    """
    accounts = frozenset[ProfessionalId]() if devices else frozenset({professional})
    return Criteria(accounts, devices, frozenset(), from_us, until_us)


def releases(entry: Entry) -> bool:
    """Tell whether a line says that data left."""
    if entry.kind is EntryKind.MISS:
        return bool(entry.categories)
    return entry.kind in EXPOSING_KINDS and entry.outcome is Outcome.RELEASED


def rules_of(criteria: Criteria, entry: Entry) -> frozenset[Rule]:
    """Give the criteria that put this line in scope; none when it is out of scope or released nothing."""
    if not releases(entry) or not criteria.from_us <= entry.time_us < criteria.until_us:
        return frozenset()
    matched = set()
    if entry.professional in criteria.professionals:
        matched.add(Rule.PROFESSIONAL)
    if entry.device in criteria.devices:
        matched.add(Rule.DEVICE)
    if entry.session in criteria.sessions:
        matched.add(Rule.SESSION)
    return frozenset(matched)


@dataclass(slots=True)
class _Tally:
    """What has been seen so far of one person under one insurer."""

    first_us: int
    last_us: int
    categories: DataCategory = DataCategory.NONE
    entries: int = 0
    rules: set[Rule] = field(default_factory=set)

    def add(self, entry: Entry, matched: frozenset[Rule]) -> None:
        self.first_us = min(self.first_us, entry.time_us)
        self.last_us = max(self.last_us, entry.time_us)
        self.categories |= entry.categories
        self.entries += 1
        self.rules |= matched


class ScopeBuilder:
    """Adds journal lines up to the list of people exposed; memory grows with the list, not the journal."""

    def __init__(self, criteria: Criteria) -> None:
        """Look for `criteria`; raises CriteriaError when they name nobody or no time."""
        check_criteria(criteria)
        self._criteria = criteria
        self._tallies: dict[tuple[PersonId, InsurerId], _Tally] = {}
        self._unattributed = 0

    def add(self, line: JournalLine) -> None:
        """Take one line into account, in any order, each once; a line out of scope is passed over."""
        entry = line.entry
        matched = rules_of(self._criteria, entry)
        if not matched:
            return
        if entry.person == NOBODY:
            self._unattributed += 1
            return
        pair = (entry.person, entry.insurer)
        if pair not in self._tallies:
            self._tallies[pair] = _Tally(first_us=entry.time_us, last_us=entry.time_us)
        self._tallies[pair].add(entry, matched)

    def finish(self, tree: TreeHead, gaps: Iterable[Gap] = ()) -> Scope:
        """Give the list: `tree` is the checkpoint under which the lines were read, part of the digest."""
        exposures = tuple(_exposure(pair, tally) for pair, tally in sorted(self._tallies.items()))
        sorted_gaps = tuple(sorted(gaps, key=lambda gap: (gap.first_block, gap.last_block, gap.kind)))
        lines = canonical_lines(self._criteria, tree, exposures, sorted_gaps, self._unattributed)
        return Scope(self._criteria, tree, exposures, sorted_gaps, self._unattributed, _digest(lines))


def compute_scope(
    criteria: Criteria, lines: Iterable[JournalLine], tree: TreeHead, gaps: Iterable[Gap] = ()
) -> Scope:
    """Give the exact list of people exposed by these lines; see ScopeBuilder.

    Raises:
        CriteriaError: the criteria name nobody or no time.
    """
    builder = ScopeBuilder(criteria)
    for line in lines:
        builder.add(line)
    return builder.finish(tree, gaps)


def _exposure(pair: tuple[PersonId, InsurerId], tally: _Tally) -> Exposure:
    return Exposure(
        person=pair[0],
        insurer=pair[1],
        categories=tally.categories,
        first_us=tally.first_us,
        last_us=tally.last_us,
        entries=tally.entries,
        rules=frozenset(tally.rules),
        status=Status.CONFIRMED,
    )


def rule_text(rules: frozenset[Rule]) -> str:
    """Write the criteria that matched as one word, always in the same order: ``device+professional``."""
    return "+".join(sorted(rules))


def exposure_line(one: Exposure) -> str:
    """Write one person's exposure as a canonical line: eight fields apart by one space, no line feed."""
    return (
        f"{one.person} {one.insurer} {int(one.categories)} {one.first_us} {one.last_us} {one.entries}"
        f" {rule_text(one.rules)} {one.status.name.lower()}"
    )


def canonical_lines(
    criteria: Criteria,
    tree: TreeHead,
    exposures: Iterable[Exposure],
    gaps: Iterable[Gap],
    unattributed: int,
) -> Iterator[str]:
    """Write a scope as text that is always the same for the same content, one line feed after each line."""
    yield f"{_CANONICAL_VERSION}\n"
    yield f"tree {tree.size} {tree.root.hex()}\n"
    yield f"window {criteria.from_us} {criteria.until_us}\n"
    for name, numbers in (
        ("professional", criteria.professionals),
        ("device", criteria.devices),
        ("session", criteria.sessions),
    ):
        for number in sorted(numbers):
            yield f"{name} {number}\n"
    for gap in gaps:
        yield f"gap {gap.first_block} {gap.last_block} {gap.lines} {gap.kind}\n"
    yield f"unattributed {unattributed}\n"
    for one in exposures:
        yield f"{exposure_line(one)}\n"


def slice_digest(scope_digest: bytes, insurer: InsurerId, exposures: Iterable[Exposure]) -> bytes:
    """Digest one insurer's part of a list, bound to the whole list's digest: 32 bytes, SHA-256.

    The lines of other insurers are left out, so that an insurer can check its own part alone.
    """
    own = sorted((one.person, exposure_line(one)) for one in exposures if one.insurer == insurer)
    head = [f"tierce-slice-v1\n{scope_digest.hex()} {insurer}\n"]
    return _digest([*head, *(f"{line}\n" for _, line in own)])


def _digest(lines: Iterable[str]) -> bytes:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.digest()


def by_insurer(exposures: Iterable[Exposure]) -> list[InsurerCount]:
    """Count pairs and lines per insurer, in the order of insurers; the sums are those of the whole list.

    A person with two contracts is counted at both insurers only if data of both was released: the journal
    line carries the insurer whose copy was read.
    """
    persons: dict[InsurerId, int] = {}
    entries: dict[InsurerId, int] = {}
    categories: dict[InsurerId, DataCategory] = {}
    for one in exposures:
        persons[one.insurer] = persons.get(one.insurer, 0) + 1
        entries[one.insurer] = entries.get(one.insurer, 0) + one.entries
        categories[one.insurer] = categories.get(one.insurer, DataCategory.NONE) | one.categories
    return [InsurerCount(key, persons[key], entries[key], categories[key]) for key in sorted(persons)]


def find_gaps(batches: Iterable[Batch], from_us: int, until_us: int) -> list[Gap]:
    """List the holes of the journal that touch a window, to the minute.

    Args:
        batches: committed batches in the order of their block numbers; a few on either side of the window
            let a hole at its edge be seen.
        from_us: beginning of the window, microseconds since the epoch.
        until_us: its end.

    A run of absent block numbers is a hole when the time between its neighbours meets the window. Such a
    block was drawn and its transaction never committed, hence nothing was revealed for it; a block with
    fewer lines than it signed is a removal, and worse.
    """
    gaps = []
    previous: Batch | None = None
    for batch in batches:
        meets = batch.at_us >= from_us - GAP_SLACK_US
        if previous is not None and batch.block > previous.block + 1:
            begun = min(previous.at_us, batch.at_us) <= until_us + GAP_SLACK_US
            ended = max(previous.at_us, batch.at_us) >= from_us - GAP_SLACK_US
            if begun and ended:
                gaps.append(Gap(GapKind.NEVER_COMMITTED, previous.block + 1, batch.block - 1, 0))
        if batch.found != batch.signed and meets and batch.at_us <= until_us + GAP_SLACK_US:
            gaps.append(Gap(GapKind.LINES_MISSING, batch.block, batch.block, batch.signed - batch.found))
        previous = batch
    return gaps


def check_free_text(field: str, text: str, most: int = FREE_TEXT_CHARACTERS_MAX) -> str:
    """Give back a text that staff typed, trimmed; refuse one that is empty, too long, not text, or holds a NIR.

    Raises:
        FreeTextError: 13 digits in a row (spaces, dots and hyphens aside) may be a social security number.
    """
    trimmed = " ".join(text.split())
    if not trimmed:
        raise FreeTextError(
            field, Phrase("Rien n'est écrit : dites-le en une phrase.", "Nothing is written; say it in a sentence.")
        )
    if len(trimmed) > most:
        reason = Phrase(
            f"Plus de {most} caractères : raccourcissez.",
            f"Longer than {most} characters; shorten it.",
        )
        raise FreeTextError(field, reason)
    if not trimmed.isprintable():
        reason = Phrase("Ce texte contient un caractère de commande.", "This text holds a control character.")
        raise FreeTextError(field, reason)
    if _DIGITS_13.search(re.sub(r"[\s.\-]", "", trimmed)):
        reason = Phrase(
            "Ce texte semble contenir un numéro de sécurité sociale : ne nommez personne ici.",
            "This text seems to hold a social security number; name nobody here.",
        )
        raise FreeTextError(field, reason)
    return trimmed


def staff_line(
    caller: StaffCaller,
    act: Act,
    at: datetime,
    *,
    incident: IncidentId | None = None,
    person: PersonId = NOBODY,
    insurer: InsurerId | None = None,
    categories: DataCategory = DataCategory.NONE,
    purpose: Purpose | None = None,
) -> Entry:
    """Make the journal line of a staff act: who, what, for which incident, which person and why.

    The stated purpose stands in `activity`, the incident in `reference`.
    """
    return Entry(
        kind=EntryKind.STAFF_ACT,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=caller.staff,
        session=caller.session,
        activity=ActivityId(purpose.value if purpose else 0),
        insurer=insurer or InsurerId(0),
        person=person,
        categories=categories,
        policy=policy_digest(),
        reference=incident or 0,
    )


def incident_reference(incident: IncidentId, signal_at: datetime) -> str:
    """Name an incident for people to quote: the Paris day of its first signal and four characters of its number."""
    day = signal_at.astimezone(PARIS).date()
    return f"I-{day:%Y%m%d}-{crockford(incident.to_bytes(8, 'big'), 4)}"


def crockford(data: bytes, length: int) -> str:
    """Write the last `length` times five bits of `data` in Crockford's base 32 (no I, L, O, U)."""
    number = int.from_bytes(data, "big")
    return "".join(_CROCKFORD[number >> (5 * place) & 31] for place in reversed(range(length)))
