"""Use cases of statements: say what was not concerned, on a proof made at that moment; read what still stands."""

from collections.abc import Iterable
from datetime import datetime

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.cohorts.model import Cohort
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.service import Register
from tierce.incidents.statements import store
from tierce.incidents.statements.model import Proof, ProofKind, Statement
from tierce.incidents.statements.rules import COMPARTMENTS, prove, standing
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId


def statements_in(rows: Iterable[Row]) -> list[Statement]:
    """What was said, the last word on each category and cohort; rows that name no cohort do not count."""
    last: dict[tuple[int, str], Statement] = {}
    for row in rows:
        if row.kind is RowKind.NOT_CONCERNED and "cohort" in row.facts:
            category, cohort = int(str(row.facts["category"])), str(row.facts["cohort"])
            proof = Proof(ProofKind(str(row.facts["proof"])), bytes.fromhex(str(row.facts["digest"])))
            last[category, cohort] = Statement(DataCategory(category), Cohort(cohort), proof, row.by)
    return list(last.values())


def standing_in(connection: Connection, number: IncidentId, rows: Iterable[Row]) -> list[Statement]:
    """Of what these rows say, what stands under the incident's newest list."""
    scope = incident_rows.last_scope(connection, number)
    counts = cohort_rows.cohorts(connection, number, scope.revision) if scope else []
    return standing(statements_in(rows), scope, counts)


class Statements:
    """Statements in one process, on its register; connections are in autocommit mode."""

    def __init__(self, register: Register) -> None:
        """Write rows through `register`."""
        self._register = register

    def say(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        category: DataCategory,
        cohort: Cohort,
        kind: ProofKind | None,
    ) -> Row:
        """Say that a category was not concerned for a cohort; what proves it is kept with the row.

        Raises:
            ProofMissingError: nothing of this kind proves it.
            FormError: not exactly one category.
        """

        def make(_rows: list[Row], _now: datetime) -> Facts:
            scope = incident_rows.last_scope(connection, number)
            counts = cohort_rows.cohorts(connection, number, scope.revision) if scope else []
            privileges = store.privileges(connection, COMPARTMENTS.values())
            proof = prove(category, cohort, kind, scope=scope, counts=counts, privileges=privileges)
            facts: dict[str, object] = {
                "category": int(category),
                "cohort": str(cohort),
                "proof": str(proof.kind),
                "digest": proof.digest.hex(),
            }
            if proof.kind is ProofKind.PRIVILEGES:
                facts["privileges"] = list(privileges.lines)
            return facts

        return self._register.add(connection, caller, number, RowKind.NOT_CONCERNED, make)
