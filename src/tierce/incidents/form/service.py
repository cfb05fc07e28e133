"""Use cases of the form: the draft of one controller, its versions, what changed between them.

A version is one register row that holds the fields it changes. Before the first, a draft is what the incident says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.clocks.service import times_of
from tierce.incidents.errors import FormError, IncidentMissingError
from tierce.incidents.form import prefill
from tierce.incidents.form.model import Change, Draft, Knowledge, Organisation, Value
from tierce.incidents.form.rules import difference, empty_draft, value_facts, value_from, with_values
from tierce.incidents.form.vocabulary import SCHEMA_VERSION
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.service import Register
from tierce.incidents.severity.service import cohorts_in
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Moment


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a draft: the register row that made it, and what it changed."""

    number: int
    at: datetime
    by: str
    draft: Draft
    changes: tuple[Change, ...]


def versions_in(rows: Iterable[Row], controller: InsurerId) -> list[Version]:
    """Every version of one controller's form, the oldest first."""
    found: list[Version] = []
    draft = empty_draft(controller)
    for row in rows:
        if row.kind is not RowKind.FORM or row.facts["controller"] != int(controller):
            continue
        changed = row.facts["changed"]
        assert isinstance(changed, Mapping)
        after = with_values(draft, {str(key): value_from(value) for key, value in changed.items()})
        found.append(Version(len(found) + 1, row.at, row.by, after, tuple(difference(draft, after))))
        draft = after
    return found


class Forms:
    """The forms of one process, on its register; connections are in autocommit mode."""

    def __init__(self, register: Register, own: Organisation) -> None:
        """Fill in `own`, the operator, where it notifies or is named."""
        self.register = register
        self._own = own

    @property
    def operator(self) -> str:
        """The operator's name, whose own form it is that names no insurer."""
        return self._own.name

    def draft(self, connection: Connection, number: IncidentId, controller: InsurerId) -> Draft:
        """The draft as it stands: its newest version, or what the incident says before there is one.

        Raises:
            IncidentMissingError: there is no such incident.
            FormError: this insurer has nobody on the newest list.
        """
        rows = self.register.rows(connection, number)
        found = versions_in(rows, controller)
        return found[-1].draft if found else self._prefilled(connection, number, controller, rows)

    def _prefilled(self, connection: Connection, number: IncidentId, controller: InsurerId, rows: list[Row]) -> Draft:
        incident = incident_rows.incident(connection, number)
        if incident is None:
            raise IncidentMissingError
        scope, cohorts = incident_rows.last_scope(connection, number), cohorts_in(rows)
        read = incident_rows.read_period(connection, scope, controller or None) if scope else None
        values = prefill.of_event(incident, read, rows)
        if controller == OPERATOR:
            values |= prefill.of_operator(incident, self._own, cohorts)
        else:
            counts = incident_rows.insurer_counts(connection, scope) if scope else []
            count = next((one for one in counts if one.insurer == controller), None)
            if count is None:
                reason = Phrase("Aucun assuré de cet organisme n’est sur la liste.", "None of its people is listed.")
                raise FormError("controller", reason)
            name = incident_rows.insurer_names(connection, [controller])[controller]
            received = times_of(incident, rows).get((Moment.NOTICE_RECEIVED, controller))
            values |= prefill.of_insurer(name, count, received, self._own.name, cohorts)
        if scope is not None and scope.criteria.staff:
            values["cause"] = Value(Knowledge.UNKNOWN)  # a thief's hand or the member of staff's own: no line tells
        return with_values(empty_draft(controller), values)

    def save(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        controller: InsurerId,
        changed: Mapping[str, Value],
    ) -> Row | None:
        """Write a new version with some fields changed; the first also keeps what the incident said. None: no change.

        Raises:
            FormError: a value does not fit its field.
        """
        current = self.draft(connection, number, controller)
        new = prefill.changed_only(changed, current.values)
        with_values(current, new)
        if not new and versions_in(self.register.rows(connection, number), controller):
            return None

        def make(rows: list[Row], _now: datetime) -> Facts:
            before = versions_in(rows, controller)
            base = empty_draft(controller).values
            now_said = new if before else prefill.changed_only({**current.values, **new}, base)
            return {
                "controller": int(controller),
                "schema": SCHEMA_VERSION,
                "changed": {key: value_facts(value) for key, value in now_said.items()},
            }

        return self.register.add(connection, caller, number, RowKind.FORM, make)
