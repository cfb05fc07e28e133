"""Why an invoice is not taken in, found or taken back."""

from tierce.kernel.errors import TierceError


class ReferenceUsedError(TierceError):
    """Another invoice of this place has this reference."""


class InvoiceUnknownError(TierceError):
    """No invoice of this place has this number."""


class NotCancellableError(TierceError):
    """This invoice was refused, cancelled, ordered or paid, or is in a transfer: it is not taken back any more."""


class TooManyInvoicesError(TierceError):
    """The invoices of the day, or those of one engagement, are used up."""


class TooManyMissedError(TierceError):
    """Too many numbers that are not this place's were quoted today."""


class InvoicesHeldError(TierceError):
    """This account, device or place is suspended."""


class InvoicesClosedError(TierceError):
    """The nation, this site or this act is closed: an invoice waits."""
