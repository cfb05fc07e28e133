"""The stages of an incident, the one table of what each needs, and a move as somebody wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.kernel.language import Phrase


class Stage(StrEnum):
    """A stage of an incident; the words are stored."""

    SIGNAL = "signal"
    CHECK = "check"
    AWARE = "aware"
    CONTAINED = "contained"
    SCOPED = "scoped"
    COHORTS = "cohorts"
    NOTICES = "notices"
    COMPLEMENTS = "complements"
    CLOSED = "closed"
    NOT_A_BREACH = "not_a_breach"
    """It proved not to be a breach: said with its reasons, and kept in the register all the same."""
    REOPENED = "reopened"
    HOLD_RELEASED = "hold_released"
    """The legal hold ends: what the incident needed may reach the end of its time again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table.

    `needs` are stages of which one must have been reached, for each group; `bars` are stages as which the incident
    must not stand. `reasoned` asks for a reasoning, `said` for a sentence; `again` lets it be written more than once.
    """

    label: Phrase
    needs: tuple[frozenset[Stage], ...]
    bars: frozenset[Stage] = frozenset({Stage.CLOSED})
    said: bool = False
    reasoned: bool = False
    again: bool = False


def _one(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


_S = Stage
STEPS: Mapping[Stage, Step] = {
    _S.SIGNAL: Step(Phrase("Premier signal", "First signal"), ()),
    _S.CHECK: Step(Phrase("Vérification", "Check"), (_one(_S.SIGNAL),)),
    _S.AWARE: Step(Phrase("Connaissance", "Awareness"), (_one(_S.SIGNAL),), said=True, again=True),
    _S.CONTAINED: Step(Phrase("Confinement", "Containment"), (_one(_S.SIGNAL),), said=True, again=True),
    _S.SCOPED: Step(Phrase("Périmètre", "Scope"), (_one(_S.SIGNAL),), again=True),
    _S.COHORTS: Step(Phrase("Populations", "Cohorts"), (_one(_S.SCOPED),), again=True),
    _S.NOTICES: Step(
        Phrase("Notifications", "Notices"), (_one(_S.AWARE),), bars=_one(_S.CLOSED, _S.NOT_A_BREACH), again=True
    ),
    _S.COMPLEMENTS: Step(
        Phrase("Compléments", "Complements"), (_one(_S.AWARE), _one(_S.NOTICES)), said=True, again=True
    ),
    _S.NOT_A_BREACH: Step(
        Phrase("Pas une violation", "Not a breach"), (_one(_S.CHECK),), bars=_one(_S.CLOSED, _S.NOT_A_BREACH),
        reasoned=True, again=True,
    ),
    _S.CLOSED: Step(
        Phrase("Clôture", "Closure"), (_one(_S.AWARE, _S.NOT_A_BREACH),), reasoned=True, again=True
    ),
    _S.REOPENED: Step(
        Phrase("Réouverture", "Reopening"), (_one(_S.CLOSED),), bars=frozenset(), said=True, again=True
    ),
    _S.HOLD_RELEASED: Step(
        Phrase("Fin de la conservation", "End of the legal hold"), (_one(_S.CLOSED),), bars=frozenset(),
        reasoned=True, again=True,
    ),
}  # fmt: skip
"""The one table of stages: docs/reference/incidents.md is compared with it by a test."""

FURTHER: tuple[Stage, ...] = (
    Stage.SIGNAL, Stage.CHECK, Stage.AWARE, Stage.CONTAINED, Stage.SCOPED, Stage.COHORTS, Stage.NOTICES,
    Stage.COMPLEMENTS,
)  # fmt: skip
"""The usual order; a notice waits for none but awareness."""


@dataclass(frozen=True, slots=True)
class Move:
    """A stage reached: when it happened, when that was written, by whom, why.

    `number` is the row of the register that says so, 0 for what the incident's own row says.
    """

    stage: Stage
    happened: datetime
    written: datetime
    by: str
    why: str
    number: int = 0

    @property
    def late(self) -> bool:
        """Whether it was written more than an hour after it happened."""
        return (self.written - self.happened).total_seconds() > 3_600


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an incident stands: its stage, every move in the order written, what may come next, its legal hold."""

    stage: Stage
    moves: tuple[Move, ...]
    next: tuple[Stage, ...]
    held: bool
    """Whether the legal hold lasts: nothing that the incident may need reaches the end of its time."""

    def reached(self, stage: Stage) -> Move | None:
        """The last time a stage was reached, as it was written last; None when it never was."""
        return next((move for move in reversed(self.moves) if move.stage is stage), None)
