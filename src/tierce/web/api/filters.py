"""From the words of an address to which lines of one's own history are wanted."""

from datetime import date

from tierce.kernel.care import Domain
from tierce.kernel.clock import read_date
from tierce.kernel.language import Phrase
from tierce.rights.errors import QuestionError
from tierce.rights.history import HistoryFilter

OUTCOMES = {"shown": True, "not_shown": False}
YEARS = range(2000, 2101)


def read_filter(domain: str | None, outcome: str | None, first: str | None, last: str | None) -> HistoryFilter:
    """Read the four filters; an empty one asks for everything.

    Raises:
        QuestionError: one is not known; the message never repeats it.
    """
    if domain and domain not in Domain.__members__:
        known = ", ".join(Domain.__members__)
        raise QuestionError(
            "domain",
            Phrase("ce domaine n’existe pas", "there is no such domain"),
            Phrase(f"Choisissez parmi {known}.", f"Choose one of {known}."),
        )
    if outcome and outcome not in OUTCOMES:
        raise QuestionError(
            "outcome",
            Phrase("cette issue n’existe pas", "there is no such outcome"),
            Phrase("Choisissez shown ou not_shown.", "Choose shown or not_shown."),
        )
    first_day, last_day = _day("first", first), _day("last", last)
    if first_day and last_day and last_day < first_day:
        raise QuestionError(
            "last",
            Phrase("ce jour précède le premier", "this day is before the first"),
            Phrase("Donnez le même jour ou un jour plus tard.", "Give the same day or a later one."),
        )
    return HistoryFilter(
        domain=Domain[domain] if domain else None,
        shown=OUTCOMES[outcome] if outcome else None,
        first=first_day,
        last=last_day,
    )


def _day(field: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        value = read_date(text)
    except ValueError:
        value = None
    if value is None or value.year not in YEARS:
        raise QuestionError(
            field,
            Phrase("ce jour n’est pas une date", "this day is not a date"),
            Phrase("Donnez-le sous la forme AAAA-MM-JJ.", "Give it as YYYY-MM-DD."),
        )
    return value
