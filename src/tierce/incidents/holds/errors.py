"""What can go wrong when staff move the ladder."""

from tierce.incidents.errors import FormError, IncidentError


class HoldMissingError(IncidentError):
    """No live hold, account, device or session has this number: somebody may have moved it meanwhile."""

    in_french = (
        "Ni suspension, ni compte, ni appareil, ni session de ce numéro : quelqu’un l’a peut-être changé entre-temps."
    )


class OrderError(FormError):
    """The order cannot be taken as it is; nothing was moved."""
