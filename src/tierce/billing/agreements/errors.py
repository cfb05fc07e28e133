"""Why an agreement is not taken in, found or taken back."""

from tierce.kernel.errors import TierceError


class AgreementReferenceUsedError(TierceError):
    """Another agreement of this place has this reference."""


class AgreementUnknownError(TierceError):
    """No agreement of this place has this number."""


class AgreementSettledError(TierceError):
    """This agreement is refused, invoiced, over or cancelled, or an invoice quotes it: it is not taken back."""


class NoDocumentAwaitedError(TierceError):
    """This agreement awaits no document: it is subject to none, not decided, invoiced, over or taken back."""


class TooManyDocumentsError(TierceError):
    """The declarations of the day, or those of one agreement, are used up."""


class TooManyAgreementsError(TierceError):
    """The agreements of the day, or those of one engagement, are used up."""


class AgreementsClosedError(TierceError):
    """The nation, this site or this act is closed: an agreement waits."""
