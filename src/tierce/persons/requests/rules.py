"""Clocks and receipts of requests and reports; pure."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Final

from tierce.kernel.clock import PARIS
from tierce.persons.errors import AnswerRefusedError, RequestRefusedError
from tierce.persons.requests.model import OUTCOME_WORDS, SUBJECTS, RequestKind, RequestOutcome

REPORT_DAYS: Final = 30
"""Until when a report is answered: our own delay."""


def month_after(at: datetime) -> datetime:
    """The same time one calendar month later in Paris, or the last day of a shorter month: GDPR article 12(3)."""
    local = at.astimezone(PARIS)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)


def report_due(at: datetime) -> datetime:
    """The same time so many days later in Paris: until when a report "it was not me" is answered."""
    return (at.astimezone(PARIS) + timedelta(days=REPORT_DAYS)).astimezone(UTC)


def receipt(number: int) -> str:
    """What she quotes: « 4821-0937-1150 »."""
    digits = f"{number % 10**12:012d}"
    return "-".join(digits[first : first + 4] for first in (0, 4, 8))


def kind_asked(subject: str) -> RequestKind:
    """The kind of request that a subject of the form belongs to.

    Raises:
        RequestRefusedError: the form offers no such subject.
    """
    if subject not in SUBJECTS:
        raise RequestRefusedError
    return SUBJECTS[subject][0]


def check_answer(kind: RequestKind, word: str, *, forwarded: bool) -> RequestOutcome:
    """The outcome that a word names.

    What changes or ends a record is the controller's to decide: it is answered once the insurers were told.

    Raises:
        AnswerRefusedError: no such outcome for this kind, or the insurers do not know of the request yet.
    """
    found = next((one for one in RequestOutcome if one.value == word), None)
    if found is None or OUTCOME_WORDS[found][0] is not kind:
        raise AnswerRefusedError
    if kind is not RequestKind.ACCESS and not forwarded:
        raise AnswerRefusedError
    return found
