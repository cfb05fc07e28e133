"""Reading an insurer's report, and showing a key as people compare it; pure.

The report is described in docs/reference/hand-over.md: counts alone, and references where something is unexplained.
"""

import csv
import hashlib
import io
import re
from datetime import UTC, datetime
from typing import Final

from tierce.kernel.errors import FieldError
from tierce.kernel.feed import delimiter_of
from tierce.kernel.language import Phrase
from tierce.notices.contacts.rules import REFERENCE
from tierce.notices.slices.model import Report, Told

OUTCOMES: Final = ("matched", "minors", "deceased", "ambiguous", "not-found")
CHANNELS: Final = ("email", "post", "space", "phone", "public")
HEADER: Final = ["row", "value", "count", "hour"]
REPORT_BYTES_MAX: Final = 262_144
RECIPIENT: Final = re.compile(r"age1[a-z0-9]{58}")
_COUNT: Final = re.compile(r"[0-9]{1,9}")


def fingerprint(recipient: str) -> str:
    """A key as two people compare it: the first 80 bits of its SHA-256, in groups of four."""
    text = hashlib.sha256(recipient.encode()).hexdigest()[:20].upper()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_report(content: bytes, now: datetime) -> Report:
    """Read a report.

    Raises:
        FieldError: with its line; the value is not repeated.
    """
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter_of(text.partition("\n")[0]), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise _error(1, "row", "Ce n’est pas un fichier CSV en UTF-8.", "This is not a CSV file in UTF-8.") from None
    if not rows or [cell.strip().lower() for cell in rows[0]] != HEADER:
        raise _error(1, "row", "L’en-tête attendu est row,value,count,hour.", "The header is row,value,count,hour.")
    counts = dict.fromkeys(OUTCOMES, 0)
    unexplained: list[str] = []
    told: dict[tuple[str, datetime], int] = {}
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cells):
            continue
        kind, value, count, hour = (*[one.strip() for one in cells], "", "", "")[:4]
        if kind == "outcome" and value in counts:
            counts[value] += _number(number, count)
        elif kind == "told" and value in CHANNELS:
            at = _hour(number, hour, now)
            told[value, at] = told.get((value, at), 0) + _number(number, count)
        elif kind == "unexplained":
            if not REFERENCE.fullmatch(value):
                raise _error(number, "value", "Ce n’est pas une référence.", "This is not a reference.")
            unexplained.append(value)
        else:
            raise _error(number, "row", "Cette ligne n’a pas une forme connue.", "This line has no known form.")
    return Report(
        matched=counts["matched"],
        minors=counts["minors"],
        deceased=counts["deceased"],
        ambiguous=counts["ambiguous"],
        not_found=counts["not-found"],
        unexplained=tuple(dict.fromkeys(unexplained)),
        told=tuple(Told(channel, at, people) for (channel, at), people in told.items() if people),
    )


def _number(line: int, text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise _error(line, "count", "Ce n’est pas un nombre entier.", "This is not a whole number.")
    return int(text)


def _hour(line: int, text: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        hour = None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        hour = None
    if hour is None:
        raise _error(line, "hour", "Il faut une heure avec son fuseau.", "An hour with its offset is needed.")
    if hour > now:
        raise _error(line, "hour", "Cette heure est à venir.", "This hour is yet to come.")
    return hour.replace(minute=0, second=0, microsecond=0)


def _error(line: int, field: str, fr: str, en: str) -> FieldError:
    return FieldError(
        field,
        Phrase(f"Ligne {line} : {fr[0].lower()}{fr[1:]}", f"Line {line}: {en[0].lower()}{en[1:]}"),
        Phrase("Corrigez-la et envoyez le fichier à nouveau.", "Correct it and send the file again."),
    )
