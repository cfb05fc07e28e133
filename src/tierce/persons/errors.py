"""What can go wrong in a person's space."""

from tierce.kernel.errors import TierceError


class PersonsError(TierceError):
    """The persons slice refused an operation."""


class NotHerLineError(PersonsError):
    """This journal line is not one of this person's; nothing is told of it."""


class NotReportableError(PersonsError):
    """Only an ask by a professional can be answered with "it was not me"."""


class RecordMissingError(PersonsError):
    """The register has no record of this person any more, or the session has ended."""


class TooManyOpenedError(PersonsError):
    """The day's ceiling of spaces opened is reached: the database tells nobody anything until tomorrow."""


class AskedTooOftenError(PersonsError):
    """She asked whether she is concerned too often in a day: the answer changes with a new list alone."""


class AnswerRefusedError(PersonsError):
    """A report or a request is answered once, by a written outcome, and this one cannot be."""


class RequestRefusedError(PersonsError):
    """A request names no kind or subject that the form offers, or one like it waits for its answer already."""
