"""What can go wrong with a notice."""

from tierce.kernel.errors import TierceError


class NoticeError(TierceError):
    """The notices slice refused an operation."""


class TextRefusedError(NoticeError):
    """A text is empty where the law asks for content, vague, or carries a link: it is not produced."""


class SliceMissingError(NoticeError):
    """This insurer has nobody on the incident's list, so there is nothing to notify it of."""


class IncidentNotAwareError(NoticeError):
    """The incident has no time of awareness yet: write when, by whom and why it was established."""


class SliceChangedError(NoticeError):
    """Another list was computed while this one was read: nothing was handed over. Run it again."""


class LoanEndedError(NoticeError):
    """What this insurer lent for this incident was deleted: nothing more is taken in for it."""


class FileRefusedError(NoticeError):
    """A file cannot be read as what it should be: nothing of it was taken."""


class MailRefusedError(NoticeError):
    """The server did not take an e-mail."""
