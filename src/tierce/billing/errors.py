"""What everything that a place sends about care may be refused for."""

from tierce.kernel.errors import FieldError, TierceError


class BillingFieldError(FieldError):
    """A field cannot be accepted; the message never repeats its value."""


class PlaceBusyError(TierceError):
    """Others of this place were being taken in for all the time that one waits: nothing was done."""
