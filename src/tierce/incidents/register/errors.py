"""What can go wrong with the register of breaches."""

from tierce.incidents.errors import FormError, IncidentError


class ReasonRefusedError(FormError):
    """A reasoning is empty, too short or says nothing of this event."""


class RegisterClosedError(IncidentError):
    """The event is closed in the register: reopen it, with a reason, before you add to it."""

    in_french = "L’événement est clos au registre : rouvrez-le, avec un motif, avant d’y ajouter."


class RegisterBrokenError(IncidentError):
    """A row of the register does not follow from the one before it: somebody changed it outside this program."""
