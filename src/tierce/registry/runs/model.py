"""One import as its row of the register says it (docs/reference/feed-rights.md)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.kernel.language import Phrase


class RunState(StrEnum):
    """Where an import stands; the words are those of registry.feed."""

    RUNNING = "running"
    HELD = "held"
    """It waits for somebody to repeat the number of people who would lose their cover."""
    DONE = "done"
    REFUSED = "refused"
    LEFT = "left"
    """Another file came before this one was finished."""


@dataclass(frozen=True, slots=True)
class Run:
    """One import. `share` is how far it is, from 0 to 1, None while its length is not known."""

    id: int
    kind: str
    insurer: str | None
    """The insurer's name, None for files that are no insurer's."""
    amc: str | None
    state: RunState
    started: datetime
    ended: datetime | None
    updated: datetime | None
    read: int
    taken: int
    unchanged: int
    rejected: int
    share: float | None
    rate: float | None
    """Lines a second."""
    shrink: int | None
    """People who would lose their cover, when the file was held for it."""
    people_ended: int
    outdated: int
    """Of the unchanged, those that spoke of a day before what was known, and so changed nothing."""

    @property
    def percent(self) -> int | None:
        """How far, in whole percents; never 100 before the end."""
        if self.state is RunState.DONE:
            return 100
        return None if self.share is None else min(int(self.share * 100), 99)


@dataclass(frozen=True, slots=True)
class RunReason:
    """Why lines were refused: field, reason, remedy, and how many."""

    field: str
    code: str
    reason: Phrase
    remedy: Phrase
    lines: int


@dataclass(frozen=True, slots=True)
class RunLine:
    """One refused line: its number in the file and the reason's code; never what it said."""

    line: int
    field: str
    code: str
