"""The two languages of every text that a person reads, French first, and a text in both."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages of every text that a person reads."""

    FR = "fr"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One text in both languages."""

    fr: str
    en: str

    def __getitem__(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.fr if language is Language.FR else self.en
