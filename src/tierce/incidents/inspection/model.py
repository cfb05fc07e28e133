"""Counts of the people exposed and of those told, with the shares and delays made from them."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tierce.kernel.ids import InsurerId


@dataclass(frozen=True, slots=True)
class Exposed:
    """Pairs (person, controller) of one cohort; controller 0 is the operator itself."""

    insurer: InsurerId
    cohort: str
    pairs: int


@dataclass(frozen=True, slots=True)
class Told:
    """Pairs first told in one minute after awareness (below zero: before). An insurer’s own report has no cohort."""

    insurer: InsurerId
    cohort: str
    minute: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a group were told, and how fast.

    `p50` and `p95` are the hours after awareness by which half, and 95 %, of all exposed were told: None while fewer
    are. Counting only those told would look the better the fewer they are.
    """

    exposed: int
    told: int
    p50: Fraction | None
    p95: Fraction | None

    @property
    def percent(self) -> int:
        """Hundredths told, rounded down: 100 means all of them."""
        return 100 * self.told // self.exposed if self.exposed else 100


@dataclass(frozen=True, slots=True)
class InsurerLine:
    """One insurer: its people, and when it was warned and acknowledged."""

    insurer: InsurerId
    name: str
    share: Share
    warned: datetime | None
    acknowledged: datetime | None


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages of the newest audience in one state and channel."""

    channel: int
    state: int
    count: int


@dataclass(frozen=True, slots=True)
class Inspected:
    """Everything the page of one incident says of people told."""

    whole: Share
    cohorts: tuple[tuple[str, Share], ...]
    insurers: tuple[InsurerLine, ...]
    messages: tuple[Messages, ...]
    as_of: datetime | None = None
    """When the operator's own messages were counted, where that was not now."""
