"""Why an element of a FHIR resource cannot be accepted."""

from enum import StrEnum

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase


class Issue(StrEnum):
    """What kind of fault it is, in FHIR's own words (`issue-type`)."""

    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    CODE = "code-invalid"
    UNSUPPORTED = "not-supported"


class ElementError(FieldError):
    """An element cannot be accepted; `field` is its path, and the message never repeats a value."""

    def __init__(self, path: str, reason: Phrase, remedy: Phrase, issue: Issue = Issue.VALUE) -> None:
        """Name the element, what is wrong, what to do, and the kind of fault."""
        super().__init__(path, reason, remedy)
        self.issue = issue
