"""Which of the directory's files one is, told from its first line, and its lines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierce.directory.loads.columns import DIRECTORY, FINESS, FINESS_PLACES, NATIONAL, SKILLS
from tierce.directory.loads.service import Rows, Taking, take_establishments, take_national, take_own, take_skills
from tierce.directory.loads.store import DirectoryStore
from tierce.feeds.reader import LINE_BYTES_MAX, opened, read_rows
from tierce.kernel.feed import Column, FeedCounts, FeedRow, Rejection
from tierce.kernel.language import Phrase
from tierce.registry.errors import FeedRefusedError

_FINESS_MARK: Final = "finess;"
_RECORD: Final = "structureet"


@dataclass(frozen=True, slots=True)
class Layout:
    """One published layout: its columns, and what takes its lines in."""

    name: str
    columns: tuple[Column, ...]
    take: Callable[[DirectoryStore, Rows, Taking], FeedCounts]


OWN: Final = Layout("own", DIRECTORY, take_own)
ACTIVITIES: Final = Layout("activities", NATIONAL, take_national)
SKILL_FILE: Final = Layout("skills", SKILLS, take_skills)
PLACES: Final = Layout("finess", FINESS, take_establishments)


def layout_of(path: Path) -> Layout:
    """Tell the layout of a directory file from its first line.

    Raises:
        FeedRefusedError: it cannot be opened, or is none of those that we read.
    """
    with opened(path) as file:
        first = file.readline(LINE_BYTES_MAX).decode("utf-8-sig", "replace").rstrip("\r\n")
    if first.startswith(_FINESS_MARK) or "nofinesset" in first.split(";"):
        return PLACES
    places = first.split("|" if "|" in first else ",")
    if "Profession Tierce" in places:
        return OWN
    if "Identifiant technique de la structure" in places:
        return ACTIVITIES
    if "Code savoir-faire" in places and "Raison sociale site" not in places:
        return SKILL_FILE
    # Its refusal names what is missing.
    return OWN


def rows_of(path: Path, layout: Layout) -> Iterator[FeedRow | Rejection]:
    """Yield the lines of a directory file, read or refused.

    Raises:
        FeedRefusedError: before the first line, when the header is not that of the layout.
    """
    if layout is PLACES:
        return _finess_rows(path)
    return read_rows(path, layout.columns)


def _finess_rows(path: Path) -> Iterator[FeedRow | Rejection]:
    """The establishments of FINESS: `;` between fields, no quotes, UTF-8 or else Latin-1, other records left out."""
    with path.open("rb") as file:
        first = _text(file.readline(LINE_BYTES_MAX)).lstrip("\ufeff")
        places = list(FINESS_PLACES) if first.startswith(_FINESS_MARK) else first.split(";")
        missing = [column.name for column in FINESS if column.name not in places]
        if missing:
            msg = (
                f"{path.name}, ligne / line 1 : colonnes manquantes, à ajouter / missing columns, to be added : "
                f"{', '.join(missing[:5])}"
            )
            raise FeedRefusedError(msg)
        number = 1
        while raw := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(raw) > LINE_BYTES_MAX:
                yield _refused(number, "la ligne est trop longue.", "the line is too long.")
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LINE_BYTES_MAX)
                continue
            cells = _text(raw).split(";")
            if cells == [""] or ("structureet" in places and cells[0] != _RECORD):
                continue
            if len(cells) == len(places) + 1 and cells[-1] == "":
                cells.pop()
            if len(cells) != len(places):
                yield _refused(number, f"{len(cells)} champs au lieu de {len(places)}.",
                               f"{len(cells)} fields instead of {len(places)}.")  # fmt: skip
                continue
            row = dict(zip(places, cells, strict=True))
            yield FeedRow(number, {column.name: row[column.name].strip() for column in FINESS})


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip("\r\n")


def _refused(number: int, fr: str, en: str) -> Rejection:
    return Rejection(
        number,
        "(line)",
        Phrase(fr, en),
        Phrase("Vérifiez les séparateurs ; la ligne est peut-être tronquée.",
               "Check the separators; the line may be cut short."),
    )  # fmt: skip
