"""What is asked of the gate, what it read, and what it decided; all values."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from tierce.identity.model import Caller
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import EntrySeq, InsurerId, PersonId
from tierce.policy.acts import Act, Lane, Outcome, Presence
from tierce.policy.seats import Line
from tierce.presence.model import Claim


@dataclass(frozen=True, slots=True)
class Remote:
    """An insurer that keeps its people itself, of whom one is asked about (docs/adr/0108)."""

    insurer: InsurerId
    number: PersonId
    """Drawn for this ask: what the person is called here from now on, unless she has a number already."""
    seal: Callable[[PersonId], bytes]
    """Her member number, sealed under that insurer's key and bound to the number that she has."""


@dataclass(slots=True)
class Ask:
    """One question about one person, already normalised: keyed numbers only, never an identifier in clear.

    Ask, Read, Revealed and Answer are values, though not frozen: each is made for every ask, and a frozen one of as
    many fields takes three times as long.
    """

    caller: Caller
    act: Act
    domain: Domain
    care_day: int
    """Day of care, in days since 1970-01-01."""
    person: UUID | None
    """Keyed index of the person; None for a revisit."""
    pair: int | None
    """Keyed number of (establishment, identifiers); None for a revisit."""
    engagement: EntrySeq | None
    """The entry opened again; None for a first ask."""
    once: UUID | None
    """Identifier of the browser's proof; None when the ask is not signed."""
    card: str | None = None
    """The AMC number of the card that was read; None when asked by NIR."""
    payer: int = 1
    """1: the card's insurer, else the first by priority; 2: the other one that covers too."""
    issued: int = 0
    """The second in which the browser says it made the proof; it counts with `once` alone."""
    label: str | None = None
    lane: Lane = Lane.INTERACTIVE
    presence: Presence = Presence.NONE
    mark: bytes = b""
    """Eight keyed bytes by which the same ask is recognised when it comes again; empty when nothing marks it."""
    hint: int = 0
    """What the watch may know of the identifiers (policy.evidence.hint_of); 0 when there is nothing to know."""
    claim: Claim | None = None
    """The proof behind `presence`, which the database has still to look at; None for an ask without proof."""
    remote: Remote | None = None
    """The insurer to ask, when it keeps its people itself; None for whoever is in the register."""


class Standing(IntEnum):
    """What a person's coverage says of one domain on one day of care. Numbers are those of `gate.standing_of`."""

    NONE = 0
    """No period at all."""
    COVERED = 1
    NOT_CONTRACTED = 2
    """Covered, and that insurer has no contract with this professional for the domain on the day."""
    NOT_ELIGIBLE = 3
    """A period holds the day, but not the domain."""
    FUTURE = 4
    ENDED = 5
    NO_OTHER_PAYER = 6
    """A second insurer was asked for, and none covers."""


class Distant(NamedTuple):
    """What is known here of an ask that its insurer is to answer: nothing of the person but a number."""

    known: bool
    """Whether that insurer was asked about her before, so that she has a number."""
    contracted: bool
    """Whether the insurer has a contract with whoever asks, or asks for none."""


@dataclass(slots=True)
class Read:
    """What the database knew when the ask was opened."""

    live: bool
    """The session stands: neither ended nor revoked."""
    fresh: bool
    """The browser's proof was never used before."""
    rung: int
    person: PersonId
    insurer: InsurerId
    """The insurer whose period answers; 0 when none does."""
    until_day: int
    pair: int
    pair_state: int
    """0 unknown, 1 open, 2 proved."""
    pair_day: int
    seen_day: int
    seen_line: int
    from_day: int
    standing: Standing
    others: bool
    """Another insurer covers the domain on the day too."""
    engaged_until: int
    """The last day of the engagement opened again; for a first ask, its insurer's last, 0 where that says none."""
    closed: int = 0
    """The level that is closed for this ask (policy.ladder.CLOSABLE): 0 none; INSURER only when no other is."""
    unproved: Outcome | None = None
    """Why the proof that came with the ask does not stand; None when it stands, or when there is none."""
    distant: Distant | None = None
    """Set when her insurer is to be asked; None too when it is declared no more."""


@dataclass(frozen=True, slots=True)
class Release:
    """The coverage is shown: these categories, of one person, for one domain."""

    fields: DataCategory


@dataclass(frozen=True, slots=True)
class AskInsurer:
    """Nothing is known here: her insurer is asked, and these categories at most are shown of what it answers."""

    fields: DataCategory
    outcome: Outcome = Outcome.ASKED


@dataclass(frozen=True, slots=True)
class StepUp:
    """Nothing is shown; a proof of presence would open the answer. Every reason looks the same from outside.

    `precise` is set once presence is proved: then the reason may be said, so that an honest mistake can be mended.
    """

    outcome: Outcome
    precise: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing was looked up; the reason does not depend on the person and may be said."""

    outcome: Outcome
    retry_day: int | None = None


Decision = Release | AskInsurer | StepUp | Refuse


class PairSeen(NamedTuple):
    """The pair memory after the ask."""

    key: int
    state: int
    day: int


class DeclaredLines(NamedTuple):
    """The lines of which a declared reading takes its seat."""

    own: Line
    """That of the login on its device."""
    place: Line
    """That of the establishment."""


@dataclass(slots=True)
class Verdict:
    """A decision with the state it leaves; a value, though not frozen: one is made for each ask."""

    decision: Decision
    outcome: Outcome
    line: Line
    pair: PairSeen | None
    place: Line
    """The establishment's line."""
    seats: int = 0
    """Seats that the ask took, on every line it touched."""
    declared: DeclaredLines | None = None
    """The declared lines, when the ask took its seat there and nowhere else."""


@dataclass(slots=True)
class Revealed:
    """What a release shows, opened after its line was committed."""

    seq: EntrySeq
    insurer: InsurerId
    from_day: int
    until_day: int
    sealed: bytes
    person: PersonId


@dataclass(slots=True)
class Answer:
    """The gate's answer; `revealed` is set exactly when the decision is a release."""

    decision: Decision
    seq: EntrySeq
    revealed: Revealed | None
    others: bool = False
    """Another insurer covers too; told with a release alone."""
    engaged_until: int = 0
    """The last day on which the engagement may be quoted; set with a release alone, and where an insurer is asked."""
    line: bytes = b""
    """The journal's line, where an insurer is asked: the line of its answer says the same of everything else."""
    contracted: bool = True
    """Whether the insurer that is asked has a contract with whoever asks, or asks for none."""
