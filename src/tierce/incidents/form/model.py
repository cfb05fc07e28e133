"""Fields of the form, their values, and drafts; the vocabularies are in vocabulary.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase

Content = str | bool | tuple[str, ...] | tuple[int, int, str] | None
"""A text or a code; yes or no; codes; a range of numbers with its method."""


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    MANY = "many"
    MOMENT = "moment"
    COUNT = "count"
    YES_NO = "yes no"


class Knowledge(StrEnum):
    """What is known of a field: nothing is left silently empty."""

    KNOWN = "known"
    UNKNOWN = "not known yet"
    NOT_APPLICABLE = "not applicable"


class FormType(StrEnum):
    """How the service takes a notification."""

    INITIAL = "initiale"
    COMPLEMENT = "complementaire"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `always` means that it must be known even in an initial notification."""

    key: str
    section: int
    label: Phrase
    kind: FieldKind
    vocabulary: Mapping[str, str] | None = None
    always: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of one field."""

    knowledge: Knowledge
    content: Content = None


NOT_KNOWN = Value(Knowledge.UNKNOWN)
NOT_APPLICABLE = Value(Knowledge.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Draft:
    """One controller's form; `controller` is 0 for the operator's own. Every field of the schema has a value."""

    controller: InsurerId
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a draft from being sent, and at which field."""

    field: str
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two versions."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who notifies, as far as it is known: an empty text is not known."""

    name: str
    address: str = ""
    phone: str = ""
    officer: str = ""
    officer_email: str = ""
