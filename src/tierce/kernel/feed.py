"""Words shared by every file that Tierce takes in: columns, refused lines, counts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a feed: name, type in words, whether it must be filled, meaning and example.

    Columns are read by name, never by position.
    """

    name: str
    kind: str
    required: bool
    meaning: Phrase
    example: str


def must(name: str, kind: str, example: str, fr: str, en: str) -> Column:
    """Describe a column that every line fills."""
    return Column(name, kind, True, Phrase(fr, en), example)


def may(name: str, kind: str, example: str, fr: str, en: str) -> Column:
    """Describe a column that a line may leave empty."""
    return Column(name, kind, False, Phrase(fr, en), example)


def delimiter_of(header: str) -> str:
    """Tell the semicolon, which a French spreadsheet writes, from the comma."""
    return ";" if ";" in header else ","


def names(columns: tuple[Column, ...]) -> list[str]:
    """List the names of a feed's columns, in the order in which we write them ourselves."""
    return [column.name for column in columns]


@dataclass(frozen=True, slots=True, repr=False)
class FeedRow:
    """One line of a file, its number counted from 1 with the header, every column present, empty where it was.

    `absent` are the columns that the file does not have: empty in every line, and said by none.
    """

    line: int
    cells: Mapping[str, str]
    absent: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"FeedRow(line {self.line})"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that was not taken: where, why, and what to do; never the value."""

    line: int
    field: str
    reason: Phrase
    remedy: Phrase

    @property
    def code(self) -> str:
        """The reason as a word to count by: its English sentence, in small letters and hyphens."""
        return "-".join(re.findall(r"[a-z]+", self.reason.en.lower()))[:80]

    @classmethod
    def of(cls, line: int, error: FieldError) -> "Rejection":
        """Refuse line `line` of the file, counted from 1 with its header, for what the error says."""
        return cls(line, error.field, error.reason, error.remedy)


@dataclass(slots=True)
class FeedCounts:
    """What became of a file's lines; `read` is the sum of the taken, the unchanged and the rejected.

    `outdated`, among the unchanged, spoke of a day before what is known; `ended` are people that a whole file left
    out.
    """

    taken: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    outdated: int = 0
    ended: int = 0

    @property
    def read(self) -> int:
        """Lines read, header left out."""
        return self.taken + self.unchanged + self.rejected

    def reject(self, rejection: Rejection) -> None:
        """Count one refused line, by field."""
        self.rejected += 1
        self.reasons[rejection.field] = self.reasons.get(rejection.field, 0) + 1
