"""Why the gate gives no answer at all."""

from tierce.kernel.errors import TierceError


class GateError(TierceError):
    """The gate could not answer."""


class GateBusyError(GateError):
    """Too many asks are waiting; ask again in a moment."""


class GateClosedError(GateError):
    """The journal or the register cannot be reached: nothing is shown until it can."""


class NotAnsweredError(GateError):
    """The ask could not be written to the journal; it was not answered."""

    in_french = "La question n’a pas pu être écrite au journal ; il n’y a pas été répondu."
