"""What the doctor says."""

from dataclasses import dataclass
from enum import IntEnum

from tierce.kernel.language import Phrase


class Grade(IntEnum):
    """How bad a finding is; the command's exit code is 0 for GOOD, 1 for WARNING, 2 for BAD."""

    GOOD = 0
    WARNING = 1
    """It works today; it will not, or less safely, if nothing is done."""
    BAD = 2
    """Something does not work, or a promise does not hold."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `subject` is a file, a role, a site: never anybody."""

    code: str
    grade: Grade
    subject: str
    said: Phrase
    remedy: Phrase | None = None


def good(code: str, subject: str, fr: str, en: str) -> Finding:
    """Make a finding of something that is as it should be."""
    return Finding(code, Grade.GOOD, subject, Phrase(fr, en))


def bad(code: str, subject: str, said: Phrase, remedy: Phrase, *, grade: Grade = Grade.BAD) -> Finding:
    """Make a finding of something to mend."""
    return Finding(code, grade, subject, said, remedy)
