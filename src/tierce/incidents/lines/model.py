"""What staff see of the journal. No type here has a person covered, an insurer or a category of data."""

from dataclasses import dataclass
from datetime import datetime

from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain, Profession
from tierce.kernel.ids import DeviceId, EntrySeq, ProfessionalId, SessionId
from tierce.policy.acts import Act, Evidence, Outcome, Presence
from tierce.policy.ladder import Level, Rung


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
    session: SessionId
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


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody on the ladder: at which level, on which rung, since when, until when, by whom and why."""

    level: Level
    subject: int
    rung: Rung
    since: datetime
    until: datetime
    by: str
    reason: str
    lifted: datetime | None
    professional: ProfessionalId | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The journal as it stands: lines written, lines under the last checkpoint, and when that was signed."""

    written: int
    sealed: int
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reported:
    """Somebody answered "it was not me" to an ask of this account; who is not told."""

    seq: EntrySeq
    at: datetime
    asked_at: datetime
    professional: ProfessionalId
    name: str | None
