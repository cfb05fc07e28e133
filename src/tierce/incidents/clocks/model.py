"""Times of an incident and the clocks they start."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.kernel.ids import InsurerId
from tierce.policy.clocks import ClockRule, Duty, Moment


class State(StrEnum):
    """Where a clock stands."""

    WAITING = "waiting"
    """What it is counted from has not happened, or is not written."""
    RUNNING = "running"
    OVERDUE = "overdue"
    DONE = "done"
    DONE_LATE = "done late"
    ENDED = "ended"
    """It does not apply, or ends without being done: the register has why."""


@dataclass(frozen=True, slots=True)
class Written:
    """One time as somebody wrote it; `insurer` is 0 for the operator. A later one replaces it, and both stay."""

    moment: Moment
    insurer: InsurerId
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """A duty somebody says was fulfilled at `at`; `reasons` are those of its delay, empty when it was in time."""

    duty: Duty
    insurer: InsurerId
    at: datetime
    by: str
    reasons: str
    where: str = ""
    """Of a public notice: the address of the page, or the newspaper and its page."""
    text: str = ""
    """Of a public notice: the digest of what was published, in both languages."""
    ended: bool = False
    """Nothing was done: `reasons` say why the duty does not apply, or ends all the same."""


@dataclass(frozen=True, slots=True)
class Running:
    """One clock: `due` is None while it waits, and for a duty that is owed without undue delay."""

    rule: ClockRule
    insurer: InsurerId
    started: datetime | None
    due: datetime | None
    done: Fulfilled | None
    state: State


@dataclass(frozen=True, slots=True)
class Untold:
    """Adults and pairs of an incident's newest audience that nothing has told.

    `unfinished` adults to whom a message or a letter is still owed; `waiting` those whom a public notice alone
    reaches, and whom none that came out was of; `come_back` pairs of an earlier audience whose message or letter came
    back since; `newer_list` whether a list was made since that has anybody.
    """

    unfinished: int = 0
    waiting: int = 0
    come_back: int = 0
    newer_list: bool = False

    @property
    def nobody(self) -> bool:
        """Whether everybody was told."""
        return not (self.unfinished or self.waiting or self.come_back or self.newer_list)


EVERYBODY_TOLD = Untold()
