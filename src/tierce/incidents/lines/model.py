"""What staff see of the journal. No type here has a person covered, an insurer or a category of data."""

from dataclasses import dataclass
from datetime import datetime

from tierce.incidents.evidence.model import Explanation
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain, Profession
from tierce.kernel.ids import DeviceId, EntrySeq, ProfessionalId
from tierce.kernel.language import Language
from tierce.policy.acts import Act, Evidence, Outcome, Presence
from tierce.policy.ladder import Level, Rung

WATCH = "watch"
"""Who put what nobody of the staff put, in access.ladder."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: a professional and a place of the open directory, or a member of staff, or a process."""

    name: str
    profession: Profession | None = None
    establishment: str | None = None
    town: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One journal line, without the person it concerns.

    `seats_after` is the number of seats still free once the line was written, None where seats do not apply;
    `sealed` says whether the line is under a checkpoint.
    """

    seq: EntrySeq
    at: datetime
    kind: EntryKind
    act: Act
    outcome: Outcome
    presence: Presence
    evidence: Evidence
    domain: Domain | None
    professional: ProfessionalId | None
    actor: Actor | None
    device: DeviceId
    seats_after: int | None
    sealed: bool


@dataclass(frozen=True, slots=True)
class Account:
    """One professional's account."""

    professional: ProfessionalId
    name: str
    profession: Profession
    places: tuple[tuple[str, str], ...]
    """(establishment, town) of each activity."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of one account in a row that say the same: one line when something was shown, many when not."""

    first_seq: EntrySeq
    first_at: datetime
    last_at: datetime
    kind: EntryKind
    outcome: Outcome
    domain: Domain | None
    presence: Presence
    device: DeviceId
    seats_after: int | None
    lines: int
    explanation: Explanation | None = None
    """Why what was shown was honest, as far as is known; None when nothing was shown."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody on the ladder: at which level, on which rung, since when, until when, by whom and why."""

    id: int
    level: Level
    subject: int
    rung: Rung
    since: datetime
    until: datetime
    by: str
    reason: str
    lifted: datetime | None
    lifted_by: str | None
    lifted_why: str | None
    professional: ProfessionalId | None
    name: str | None

    def why(self, language: Language) -> str:
        """The reason as staff wrote it; the watch writes its own in both languages, a line each."""
        french, _, english = self.reason.partition("\n") if self.by == WATCH else (self.reason, "", "")
        return english if english and language is Language.EN else french


@dataclass(frozen=True, slots=True)
class Passage:
    """A sign-in, a device or a session of an account that changed: kind IDENTITY."""

    seq: EntrySeq
    at: datetime
    act: Act
    device: DeviceId


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines of the live list are wanted; None for all."""

    outcome: Outcome | None = None
    act: Act | None = None
    profession: Profession | None = None
    evidence: Evidence | None = None

    @property
    def wanted(self) -> bool:
        """Whether anything is left out."""
        return any(one is not None for one in (self.outcome, self.act, self.profession, self.evidence))


@dataclass(frozen=True, slots=True)
class Counts:
    """The journal as it stands: lines written, and lines under the last checkpoint."""

    written: int
    sealed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits for somebody, in counts: the first thing that the office's home says."""

    incidents: int
    """Incidents that are established."""
    doubts: int
    """Incidents that are not established yet."""
    reports: int
    """Answers "it was not me" of the last seven days."""
    feeds: int
    """Files under way, or refused in the last seven days."""


@dataclass(frozen=True, slots=True)
class Reported:
    """Somebody answered "it was not me" to an ask of this account; who is not told."""

    seq: EntrySeq
    at: datetime
    asked_at: datetime
    professional: ProfessionalId
    name: str | None
