"""An incident, the criteria of its scope, and the exact list of people exposed."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from tierce.journal.model import Entry
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import DeviceId, EntrySeq, IncidentId, InsurerId, PersonId, ProfessionalId, SessionId
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_name


class Rule(StrEnum):
    """Which criterion put a journal line into the scope."""

    PROFESSIONAL = "professional"
    DEVICE = "device"
    SESSION = "session"


class Status(IntEnum):
    """How sure the journal makes us; numbers are stored."""

    CONFIRMED = 1
    """A committed line says that data of this person was released."""
    POSSIBLE = 2


class GapKind(StrEnum):
    """Why the journal has a hole."""

    NEVER_COMMITTED = "never committed"
    """A block number was drawn and no batch was committed under it: nothing was revealed for it."""
    LINES_MISSING = "lines missing"
    """A batch holds fewer lines than its signature covers: somebody removed them."""


class Purpose(IntEnum):
    """Why a member of staff looks at one person; kept in the `activity` field of her journal line."""

    ANSWER_PERSON = 1
    MATCH_IDENTITY = 2
    PREPARE_LETTER = 3
    AUTHORITY_REQUEST = 4


PURPOSES: dict[Purpose, Phrase] = {
    Purpose.ANSWER_PERSON: Phrase(
        "répondre à cette personne, qui nous a contactés", "answer this person, who has contacted us"
    ),
    Purpose.MATCH_IDENTITY: Phrase(
        "vérifier une correspondance d’identité avec l’assureur", "check an identity match with the insurer"
    ),
    Purpose.PREPARE_LETTER: Phrase("préparer ou relire sa lettre", "prepare or proofread her letter"),
    Purpose.AUTHORITY_REQUEST: Phrase(
        "répondre à une demande écrite d’une autorité", "answer an authority’s written request"
    ),
}
"""The purposes a member of staff may state, in the words of the form."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a scope looks for: lines of any of these accounts, devices or sessions, in a window of time.

    The criteria add up: a line is in scope when one of them names it. `from_us` is included and `until_us`
    is not; both count microseconds since 1970-01-01T00:00:00Z.
    """

    professionals: frozenset[ProfessionalId]
    devices: frozenset[DeviceId]
    sessions: frozenset[SessionId]
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One decoded line with its number."""

    seq: EntrySeq
    entry: Entry


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was read of one person under one insurer's copy.

    `categories` is the union over her lines, `entries` their number, `first_us` and `last_us` the times of
    the first and the last (microseconds since the epoch), `rules` the criteria that matched.
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
class Batch:
    """One committed batch: its block, its time, how many lines were signed and how many are found."""

    block: int
    at_us: int
    signed: int
    found: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in the block numbers, or in one block, that touches the window of a scope."""

    kind: GapKind
    first_block: int
    last_block: int
    lines: int
    """Lines missing from a block; 0 for blocks that were never committed."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The checkpoint a scope was computed under."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """The answer to "who was exposed, to what, when", with the digest that makes it checkable.

    `exposures` are sorted by person and insurer. `unattributed` counts released lines that no longer name
    anybody (redacted) or never did. `digest` is the SHA-256 of the canonical lines (rules.canonical_lines).
    """

    criteria: Criteria
    tree: TreeHead
    exposures: tuple[Exposure, ...]
    gaps: tuple[Gap, ...]
    unattributed: int
    digest: bytes

    @property
    def persons(self) -> int:
        """How many different people are on the list, whatever the number of insurers."""
        return len({one.person for one in self.exposures})

    @property
    def entries(self) -> int:
        """How many released lines the list rests on, unattributed ones included."""
        return sum(one.entries for one in self.exposures) + self.unattributed


@dataclass(frozen=True, slots=True)
class InsurerCount:
    """One insurer's part of a scope: (person, insurer) pairs, and the released lines under them."""

    insurer: InsurerId
    persons: int
    entries: int
    categories: DataCategory


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: its three times are apart, since different clocks start from each.

    `signal_at` is when something was first noticed; `aware_at` when it was established, with reasonable
    certainty, that personal data was compromised, by whom and on what ground (GDPR article 33; EDPB 9/2022).
    """

    id: IncidentId
    title: str
    signal_at: datetime
    aware_at: datetime | None
    aware_by: str | None
    aware_why: str | None


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """A stored revision of a scope, without its list."""

    incident: IncidentId
    revision: int
    criteria: Criteria
    gaps: tuple[Gap, ...]
    unattributed: int
    pending: int
    """Lines of the window that were written but not yet under the checkpoint when the list was computed."""
    digest: bytes
    persons: int
    entries: int
    tree: TreeHead
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """What one device did with one account, for staff to tell the owner's from the thief's.

    `asks` counts every line, `released` those that showed somebody, `persons` the different people shown.
    """

    device: DeviceId
    created: datetime | None
    first_at: datetime
    last_at: datetime
    asks: int
    released: int
    persons: int


@dataclass(frozen=True, slots=True, repr=False)
class Civil:
    """A person's civil status as staff read it after a journalled act. Its repr shows nothing."""

    family_name: str
    used_name: str
    given_names: str
    birth_date: str

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Civil(...)"

    @property
    def full_name(self) -> str:
        """First given name and the name she uses, as one writes it on an envelope."""
        given = self.given_names.split()[0] if self.given_names.split() else ""
        return f"{say_name(given)} {say_name(self.used_name or self.family_name)}".strip()
