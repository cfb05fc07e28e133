"""Use cases of severity: score a cohort, conclude on it.

What stands is the last row of each cohort in the register; earlier ones stay.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.rules import is_list
from tierce.incidents.register.service import Register
from tierce.incidents.rules import check_free_text
from tierce.incidents.severity.catalogue import CATALOGUE_VERSION
from tierce.incidents.severity.facts import cohort_of, facts_of, scoring_of
from tierce.incidents.severity.model import Bridge, Cohort, Coupled, Score, Scoring
from tierce.incidents.severity.rules import (
    check_bridge,
    check_count,
    couple,
    score,
)
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Risk

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class Scored:
    """One cohort as it stands: alone and coupled, its conclusion if somebody wrote one."""

    cohort: Cohort
    scoring: Scoring
    alone: Score
    coupled: Coupled
    by: str
    at: datetime
    bridge: Bridge | None
    concluded_by: str
    before: bool = False
    """It was scored before the newest list."""
    earlier: Bridge | None = None
    """What was concluded of an earlier list, and nobody has concluded since: it decides nothing."""


def cohorts_in(rows: Iterable[Row]) -> list[Scored]:
    """The cohorts as they stand, in the order they were first scored."""
    last: dict[str, Row] = {}
    bridges: dict[str, Row] = {}
    earlier: dict[str, Row] = {}
    before: set[str] = set()
    for row in rows:
        if row.kind is RowKind.SEVERITY:
            last[str(row.facts["key"])] = row
            bridges.pop(str(row.facts["key"]), None)  # a new score asks for a new conclusion
            earlier.pop(str(row.facts["key"]), None)
            before.discard(str(row.facts["key"]))
        elif row.kind is RowKind.BRIDGE:
            bridges[str(row.facts["cohort"])] = row
            earlier.pop(str(row.facts["cohort"]), None)
        elif is_list(row):  # what was drawn from the list before is of that list
            before.update(last)
            earlier |= bridges
            bridges.clear()
    return [_scored(row, bridges.get(key), earlier.get(key), key in before) for key, row in last.items()]


def _scored(row: Row, concluded: Row | None, earlier: Row | None, before: bool) -> Scored:
    cohort, scoring, said = cohort_of(row.facts), scoring_of(row.facts), concluded or earlier
    return Scored(
        cohort, scoring, score(cohort, scoring), couple(cohort, scoring), row.by, row.at, _bridge(cohort, concluded),
        said.by if said else "", before, _bridge(cohort, earlier),
    )  # fmt: skip


def _bridge(cohort: Cohort, concluded: Row | None) -> Bridge | None:
    if concluded is None:
        return None
    risk = Risk(concluded.whole("risk"))
    return Bridge(cohort.key, risk, str(concluded.facts["reasoning"]), str(concluded.facts["against_floor"]))


class Severity:
    """Severity in one process, on its register; connections are in autocommit mode."""

    def __init__(self, register: Register) -> None:
        """Write rows through `register`."""
        self.register = register

    def score(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, cohort: Cohort, scoring: Scoring
    ) -> Row:
        """Write a cohort and its score, alone and coupled; a cohort scored again replaces itself, and both stay.

        Raises:
            FormError: a term has no reason, a count no method, the cohort no data.
        """
        if not _KEY.fullmatch(cohort.key):
            reason = Phrase(
                "Un nom court : lettres sans accent, chiffres, tirets.", "A short name: letters, digits, hyphens."
            )
            raise FormError("key", reason)
        check_free_text("label", cohort.label)
        if not cohort.categories:
            raise FormError("categories", Phrase("Cochez au moins une donnée.", "Tick at least one kind of data."))
        check_count("people", cohort.people)
        check_count("records", cohort.records)
        alone, coupled = score(cohort, scoring), couple(cohort, scoring)
        result = {
            "alone": str(alone.value),
            "level": alone.level.name.lower(),
            "coupled": str(coupled.score.value),
            "coupled_level": coupled.score.level.name.lower(),
            "floors": [floor.key for floor in alone.floors],
            "leaks": [leak.key for leak in coupled.leaks],
            "catalogue": CATALOGUE_VERSION,
        }
        facts = {**facts_of(cohort, scoring), "result": result}
        return self.register.add(connection, caller, number, RowKind.SEVERITY, lambda _rows, _now: facts)

    def conclude(self, connection: Connection, caller: StaffCaller, number: IncidentId, bridge: Bridge) -> Row:
        """Write a person's conclusion on a cohort: nothing computes it.

        Raises:
            FormError: no such cohort was scored.
            ReasonRefusedError: the reasoning is empty or generic.
            BridgeRefusedError: it passes under a floor and does not say why.
        """

        def make(rows: list[Row], _now: datetime) -> Facts:
            found = next((one for one in cohorts_in(rows) if one.cohort.key == bridge.cohort), None)
            if found is None:
                raise FormError("cohort", Phrase("Cotez d’abord cette population.", "Score this cohort first."))
            kept = check_bridge(bridge, found.coupled.score)
            return {
                "cohort": kept.cohort,
                "risk": int(kept.risk),
                "reasoning": kept.reasoning,
                "against_floor": kept.against_floor,
            }

        return self.register.add(connection, caller, number, RowKind.BRIDGE, make)
