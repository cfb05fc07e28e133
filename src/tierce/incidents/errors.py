"""What can go wrong with an incident."""

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase


class IncidentError(TierceError):
    """The incident slice refused an operation."""


class FormError(IncidentError):
    """Something staff typed cannot be taken as it is."""

    def __init__(self, field: str, reason: Phrase) -> None:
        """Name the field, and say what is wrong and what to do; what was typed is not repeated."""
        super().__init__(f"{field}: {reason.en}")
        self.field = field
        self.reason = reason


class FreeTextError(FormError):
    """A text typed by staff is empty, too long, or holds what must not be kept."""


class IncidentMissingError(IncidentError):
    """No incident has this number."""


class ScopeMissingError(IncidentError):
    """This incident has no computed list of people exposed yet."""


class PersonNotExposedError(IncidentError):
    """This person is not on the incident's list for this insurer, so nothing of her may be shown here."""


class CeilingReachedError(IncidentError):
    """The day's ceiling of people shown is reached, for this member of staff or for the office: nobody is shown."""
