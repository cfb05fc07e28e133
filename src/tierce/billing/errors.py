"""What everything that a place sends about care may be refused for."""

from tierce.kernel.errors import FieldError


class BillingFieldError(FieldError):
    """A field cannot be accepted; the message never repeats its value."""
