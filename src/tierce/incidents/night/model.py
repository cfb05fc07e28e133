"""The next decision of an incident, and counts whose parts make the whole."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.incidents.clocks.model import EVERYBODY_TOLD, Running, Untold
from tierce.incidents.states.model import Standing
from tierce.kernel.language import Phrase


class Decision(StrEnum):
    """What is to be decided or done next; the words are keys of the page's sentences."""

    LATE = "late"
    """A duty has passed its time and nothing says when it was fulfilled."""
    CHECK = "check"
    ESTABLISH = "establish"
    CONTAIN = "contain"
    LIST = "list"
    TELL = "tell"
    COHORTS = "cohorts"
    CONCLUDE = "conclude"
    NOTIFY = "notify"
    """A duty of the operator runs: the authority, the persons, the complement, the complaint."""
    PUBLISH = "publish"
    """Nothing but a public notice reaches somebody, and none was decided."""
    REACH = "reach"
    """Somebody wrote that people are told, and counts say that some are not."""
    WRITE = "write"
    """The register lacks facts, effects, an action or a decision."""
    CLOSE = "close"
    REOPEN = "reopen"
    """It is closed, and what told somebody came back since, or she waits for a public notice that was not of her."""
    RELEASE = "release"
    """It is closed, and its legal hold lasts."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Next:
    """The next decision; with the clock that it is about, if it is about one."""

    decision: Decision
    clock: Running | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the next decision depends on.

    `listed_at` is when the newest list was made, None while there is none;
    `insurers` how many are on it and `told` how many were told; `open_cohorts` how many await a conclusion, those
    of the list that nobody scored included; `lacking` what the register lacks; `untold` whom the newest audience
    has not told.
    """

    standing: Standing
    clocks: tuple[Running, ...]
    listed_at: datetime | None
    insurers: int
    told: int
    open_cohorts: int
    lacking: int
    untold: Untold = EVERYBODY_TOLD


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a count."""

    label: Phrase
    count: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """A whole and its parts; `off` is how far apart they are, which must be nothing."""

    label: Phrase
    whole: int
    parts: tuple[Part, ...]
    as_of: datetime | None = None
    """When it was counted, where that was not now."""

    @property
    def off(self) -> int:
        """What no part accounts for, or is counted twice."""
        return self.whole - sum(part.count for part in self.parts)
