"""A row of the register, and what a row may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tierce.kernel.ids import EntrySeq, IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act

Facts = Mapping[str, object]
"""What a row says, as JSON: texts, numbers, true or false, lists of these."""


class RowKind(IntEnum):
    """What a row says; numbers are stored."""

    TIME = 1
    DUTY = 2
    FACTS = 3
    EFFECTS = 4
    ACTION = 5
    DECISION = 6
    SEVERITY = 7
    BRIDGE = 8
    NOT_CONCERNED = 9
    FORM = 10
    CLOSED = 11
    REOPENED = 12
    MOVE = 13
    """A stage of the incident was reached: `states`."""
    HOLD_RELEASED = 14
    """The legal hold ended; the database reads this number (storage/sql/retention.sql)."""
    BORDER = 15
    """Where the people concerned live, and which authority leads."""
    JOINED = 16
    """Another incident proved to be the same event, and was closed as this one."""


ROW_LABELS: Mapping[RowKind, Phrase] = {
    RowKind.TIME: Phrase("Heure", "Time"),
    RowKind.DUTY: Phrase("Obligation remplie", "Duty fulfilled"),
    RowKind.FACTS: Phrase("Faits", "Facts"),
    RowKind.EFFECTS: Phrase("Effets", "Effects"),
    RowKind.ACTION: Phrase("Mesure prise", "Action taken"),
    RowKind.DECISION: Phrase("Décision et ses raisons", "Decision and its reasons"),
    RowKind.SEVERITY: Phrase("Gravité d’une population", "Severity of a cohort"),
    RowKind.BRIDGE: Phrase("Conclusion juridique", "Legal conclusion"),
    RowKind.NOT_CONCERNED: Phrase("Donnée non concernée, avec sa preuve", "Data not concerned, with its proof"),
    RowKind.FORM: Phrase("Version du formulaire CNIL", "Version of the CNIL form"),
    RowKind.CLOSED: Phrase("Clôture", "Closing"),
    RowKind.REOPENED: Phrase("Réouverture", "Reopening"),
    RowKind.MOVE: Phrase("Étape", "Stage"),
    RowKind.HOLD_RELEASED: Phrase("Fin de la conservation", "End of the legal hold"),
    RowKind.BORDER: Phrase("Autres États membres", "Other member states"),
    RowKind.JOINED: Phrase("Même événement, inscrit deux fois", "Same event, entered twice"),
}

ACTS: Mapping[RowKind, Act] = {
    RowKind.TIME: Act.STAFF_TIME,
    RowKind.DUTY: Act.STAFF_DUTY,
    RowKind.FACTS: Act.STAFF_REGISTER,
    RowKind.EFFECTS: Act.STAFF_REGISTER,
    RowKind.ACTION: Act.STAFF_REGISTER,
    RowKind.DECISION: Act.STAFF_REGISTER,
    RowKind.SEVERITY: Act.STAFF_SEVERITY,
    RowKind.BRIDGE: Act.STAFF_BRIDGE,
    RowKind.NOT_CONCERNED: Act.STAFF_SEVERITY,
    RowKind.FORM: Act.STAFF_BREACH_FORM,
    RowKind.CLOSED: Act.STAFF_BREACH_CLOSE,
    RowKind.REOPENED: Act.STAFF_BREACH_CLOSE,
    RowKind.MOVE: Act.STAFF_INCIDENT_MOVE,
    RowKind.HOLD_RELEASED: Act.STAFF_HOLD_RELEASE,
    RowKind.BORDER: Act.STAFF_REGISTER,
    RowKind.JOINED: Act.STAFF_BREACH_CLOSE,
}
"""Under which act the journal has the line of a row."""

SAID = frozenset({RowKind.FACTS, RowKind.EFFECTS, RowKind.ACTION, RowKind.DECISION})
"""Rows that are one text a person wrote."""


AFTER_CLOSING = frozenset({RowKind.REOPENED, RowKind.HOLD_RELEASED})
"""What may be written of a closed event, and of no other."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `number` counts from 1 within the incident, `digest` covers the row and the one before it.

    `entry` is the journal line written in the same transaction; its `device` field bears the first 63 bits of the
    digest, so that a rewritten register contradicts the journal.
    """

    incident: IncidentId
    number: int
    kind: RowKind
    at: datetime
    by: str
    staff: int
    facts: Facts
    digest: bytes
    entry: EntrySeq

    def whole(self, fact: str) -> int:
        """A fact that is a whole number."""
        found = self.facts[fact]
        assert isinstance(found, int)
        return found
