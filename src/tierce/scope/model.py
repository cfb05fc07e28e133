"""What a scope looks for, what it finds, and how sure it is."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum

from tierce.journal.model import Entry
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    DeviceId,
    EntrySeq,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    StaffId,
    VendorId,
)
from tierce.policy.acts import Evidence


class Rule(StrEnum):
    """Which criterion put a journal line into the scope."""

    PROFESSIONAL = "professional"
    DEVICE = "device"
    SESSION = "session"
    ESTABLISHMENT = "establishment"
    SOFTWARE = "software"
    VENDOR = "vendor"
    NETWORK = "network"
    EVIDENCE = "evidence"
    LADDER = "ladder"
    """The line falls in the time during which its subject stood on the ladder."""
    STAFF = "staff"
    """The line is of the operator's own staff, who read somebody's record or took letters away."""


class Status(IntEnum):
    """How sure the journal makes us; numbers are stored. The smaller one wins where lines differ."""

    CONFIRMED = 1
    """A committed line says that data of this person was released."""
    POSSIBLE = 2
    """The journal cannot tell: her data was released by a line whose time is in doubt, or she was asked for, without
    an answer, within a minute of a hole."""
    EXCLUDED = 3
    """She was asked for, every line about her says that nothing was released, and no hole is near."""


class GapKind(StrEnum):
    """Why the journal cannot be read as a whole."""

    NEVER_COMMITTED = "never committed"
    """A block number was drawn and no batch was committed under it: nothing was revealed for it."""
    LOST = "lost"
    """Numbers that `tierce restore accept-loss` left out: lines of before it are lost, with what they showed."""
    LINES_MISSING = "lines missing"
    """A batch holds fewer lines than its signature covers: somebody removed them."""
    UNREADABLE = "unreadable"
    """A line is not of an encoding that this program knows."""
    SILENT = "silent"
    """An instance that says every minute that it lives did not, for minutes: between the lines of two blocks."""
    CLOCK = "clock"
    """Blocks whose times do not follow their numbers by more than two minutes: their lines' times are in doubt."""
    ENDED = "ended"
    """A window begins before the oldest line that is kept: the time of what was written before that is over."""
    WAITING = "waiting"
    """Lines of a window were written, and are not under the list's checkpoint. Said of a list, never within one."""
    OPEN = "open"
    """A window was not over when its list was made, to the time that a line may take: more lines may be in it by now.
    Said of a list, never within one; kept with it where a transaction was still writing lines."""
    NARROWED = "narrowed"
    """The list keeps releases of some categories alone. Said of a list, never within one: its clauses say it."""


SETTLE = timedelta(seconds=5)
"""A block drawn this recently may still be committed: it is not called a hole yet."""
HARMLESS = frozenset({GapKind.NEVER_COMMITTED, GapKind.SILENT})
"""Gaps that hide no release: coverage is given for committed lines alone."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """One clause of what a scope looks for: lines of any of these subjects, in one window of time.

    Subjects add up: a line is in scope when one of them names it. `from_us` is included and `until_us` is not; both
    count microseconds since 1970-01-01T00:00:00Z. Several clauses, each with its window, add up too.

    Attributes:
        networks: keyed pseudonyms of address prefixes, 16 bytes each.
        evidence: lines that the watch suspected this much or more; NONE looks for none.
        categories: only releases that show one of these; NONE takes every release.
        ladder: the window is the time that the subjects stood on the ladder; lines then bear the rule LADDER.
        staff: members of the operator's own staff. A clause that names any looks for what they read, and for nothing
            else: it names no other subject.
    """

    professionals: frozenset[ProfessionalId]
    devices: frozenset[DeviceId]
    sessions: frozenset[SessionId]
    from_us: int
    until_us: int
    establishments: frozenset[EstablishmentId] = frozenset()
    software: frozenset[SoftwareId] = frozenset()
    vendors: frozenset[VendorId] = frozenset()
    networks: frozenset[bytes] = frozenset()
    evidence: Evidence = Evidence.NONE
    categories: DataCategory = DataCategory.NONE
    ladder: bool = False
    staff: frozenset[StaffId] = frozenset()


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One decoded line with its number."""

    seq: EntrySeq
    entry: Entry


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was read of one person under one insurer's copy; of a refused ask, the insurer may be 0: nobody's.

    `categories` is the union over the lines of this status, `entries` their number, `first_us` and `last_us` the
    times of the first and the last (microseconds since the epoch), `rules` the criteria that matched.
    """

    person: PersonId
    insurer: InsurerId
    categories: DataCategory
    first_us: int
    last_us: int
    entries: int
    rules: frozenset[Rule]
    status: Status


@dataclass(frozen=True, slots=True)
class AccountUse:
    """An account that lines named by the criteria stand under: asks, answered or not, and sign-ins.

    Times in microseconds since the epoch.
    """

    professional: ProfessionalId
    first_us: int
    last_us: int
    lines: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One committed batch: its block, its time, how many lines were signed and how many are found."""

    block: int
    at_us: int
    signed: int
    found: int


@dataclass(frozen=True, slots=True, order=True)
class Beat:
    """An instance said that it lives, and within how many seconds it would say so again."""

    instance: int
    at_us: int
    block: int
    every_s: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in the block numbers, or in one block, that touches a window of a scope."""

    kind: GapKind
    first_block: int
    last_block: int
    lines: int
    """Lines missing from a block; 0 for blocks that were never committed."""
    from_us: int = field(default=0, compare=False)
    """The time of the neighbour before; with `until_us`, where in time the hole is."""
    until_us: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A block whose clock is in doubt: its lines were written between these two times, bounds included."""

    block: int
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The checkpoint a scope was computed under."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a list: everything the statement "nobody else" depends on.

    `unattributed` counts released lines that no longer name anybody (redacted) or never did.
    """

    clauses: tuple[Criteria, ...]
    tree: TreeHead
    gaps: tuple[Gap, ...]
    unattributed: int

    @property
    def whole(self) -> bool:
        """Whether the journal is whole here: whoever is not on the list was not read under these criteria.

        A number never committed hides no release, since coverage is given for committed lines alone; nor does the
        silence of an instance.
        """
        return self.unattributed == 0 and all(gap.kind in HARMLESS for gap in self.gaps)
