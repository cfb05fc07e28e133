"""A written mandate: whether the operator writes to an insurer's people, or the insurer does."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase


class Mandate(StrEnum):
    """Who tells people of a breach, GDPR article 34: the controller's duty, which it may give to its processor."""

    OPERATOR_SENDS = "operator-sends"
    """The operator writes in the insurer's name, with contact data lent for the incident."""
    INSURER_SENDS = "insurer-sends"
    """The insurer writes, from the list handed over to it, and reports back."""


NUMBERS = {Mandate.OPERATOR_SENDS: 1, Mandate.INSURER_SENDS: 2}
"""As they are stored."""
OF_NUMBER = {number: mandate for mandate, number in NUMBERS.items()}

LABELS = {
    Mandate.OPERATOR_SENDS: Phrase(
        "l’opérateur écrit au nom de l’organisme", "the operator writes in the insurer’s name"
    ),
    Mandate.INSURER_SENDS: Phrase("l’organisme écrit à ses assurés", "the insurer writes to the people it insures"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """One mandate as it was written down: `until_day` is its last day, None while none is set."""

    insurer: InsurerId
    mandate: Mandate
    document: str
    from_day: date
    until_day: date | None
    written_at: datetime
