"""The root of every error that Tierce raises on purpose."""

from typing import ClassVar

from tierce.kernel.language import Phrase


class TierceError(Exception):
    """Something refused on purpose; the message is safe to show and never holds personal data."""

    in_french: ClassVar[str] = ""
    """What the docstring says, for an error that a command prints: an operator reads both, French first."""

    def __init__(self, message: str | None = None) -> None:
        """Use the class docstring when no message is given: one text, two uses."""
        french, english = vars(type(self)).get("in_french"), (self.__doc__ or "").strip()
        super().__init__(message or (f"{french} / {english}" if french else english))


class FieldError(TierceError):
    """A field of what was sent cannot be accepted as it stands."""

    def __init__(self, field: str, reason: Phrase, remedy: Phrase) -> None:
        """Name the field, what is wrong and what to do; the refused value is never kept."""
        super().__init__(f"{field}: {reason.en} {remedy.en}")
        self.field = field
        self.reason = reason
        self.remedy = remedy


class IdentifierError(FieldError):
    """An identifier does not have the form of its kind."""
