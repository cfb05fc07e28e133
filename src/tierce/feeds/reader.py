"""Reads a delimited file line by line, by column name, without ever holding more than a line.

UTF-8, with or without a byte order mark; comma or vertical bar, told from the header; quotes as in RFC 4180 but
never around a line break, so that one unbalanced quote spoils one line and not the rest of the file.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Column, FeedRow, Rejection
from tierce.kernel.language import Phrase
from tierce.kernel.os_errors import os_reason
from tierce.registry.errors import FeedRefusedError

LINE_BYTES_MAX: Final = 8_192
_HASH_BYTES: Final = 1 << 20


def file_sha256(path: Path) -> bytes:
    """Hash a file, block by block.

    Raises:
        FeedRefusedError: it cannot be opened.
    """
    digest = hashlib.sha256()
    with opened(path) as file:
        while block := file.read(_HASH_BYTES):
            digest.update(block)
    return digest.digest()


def read_rows(path: Path, columns: Sequence[Column]) -> Iterator[FeedRow | Rejection]:
    """Yield each line after the header, read or refused; lines without a single character are skipped.

    Raises:
        FeedRefusedError: before the first line, when the header is not that of the feed.
    """
    with opened(path) as file:
        delimiter, places = read_header(file, path.name, columns)
        absent = frozenset(column.name for column in columns if column.name not in places)
        number = 1
        while raw := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            try:
                cells = line_cells(raw, delimiter, len(places))
            except FieldError as error:
                yield Rejection.of(number, error)
                _skip_rest(file, raw)
                continue
            if cells:
                row = dict(zip(places, cells, strict=True))
                yield FeedRow(number, {column.name: row.get(column.name, "") for column in columns}, absent)


def opened(path: Path) -> BinaryIO:
    """Open a file, or refuse it.

    Raises:
        FeedRefusedError: it cannot be opened.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> FeedRefusedError:
    """Return the refusal of a file that cannot be opened."""
    why = os_reason(error)
    return FeedRefusedError(f"{path.name} : illisible ({why.fr}) / cannot be read ({why.en})")


def too_long() -> FieldError:
    """Return the refusal of a line that is larger than any may be."""
    return _line_error(
        "la ligne est trop longue.", "the line is too long.",
        f"Une ligne a au plus {LINE_BYTES_MAX} octets.", f"A line has at most {LINE_BYTES_MAX} bytes.",
    )  # fmt: skip


def read_header(file: BinaryIO, name: str, columns: Sequence[Column]) -> tuple[str, list[str]]:
    """Read the first line: the delimiter, and the name of each place.

    Raises:
        FeedRefusedError: the columns are not those of the feed.
    """
    try:
        text = file.readline(LINE_BYTES_MAX).decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        msg = f"{name}, ligne / line 1 : pas de l’UTF-8, enregistrez-le en UTF-8 / not UTF-8, save it as UTF-8"
        raise FeedRefusedError(msg) from None
    delimiter = "|" if "|" in text else ","
    places = text.split(delimiter)
    check_columns(places, name, columns, delimiter)
    return delimiter, places


def check_columns(places: list[str], name: str, columns: Sequence[Column], delimiter: str = ",") -> None:
    """Refuse a file whose columns are not those of the feed."""
    wanted = {column.name for column in columns}
    # The national extraction has many more columns than we read, and so may have what follows it; ours may not.
    unknown = [] if delimiter == "|" else [place for place in places if place not in wanted]
    missing = [column.name for column in columns if column.required and column.name not in places]
    twice = sorted({place for place in places if place in wanted and places.count(place) > 1})
    counted = [f"{len(unknown)} / {len(places)}"] if unknown else []  # a name that is none of ours is not repeated
    for found, fr, en in (
        (missing, "colonnes manquantes, à ajouter", "missing columns, to be added"),
        (counted, "colonnes inconnues, à ôter ou renommer", "unknown columns, to be removed or renamed"),
        (twice, "colonnes données deux fois, gardez-en une", "columns given twice, keep one of each"),
    ):
        if found:
            listed = ", ".join(found[:5])
            msg = f"{name}, ligne / line 1 : {fr} / {en} : {listed} ; voyez le format publié / see the format"
            raise FeedRefusedError(msg)


def line_cells(raw: bytes, delimiter: str, width: int) -> list[str]:
    """Cut one line into its cells; none for a line without a single character.

    Raises:
        FieldError: too long, not UTF-8, quotes that do not close, or another number of cells than the header has.
    """
    if len(raw) > LINE_BYTES_MAX:
        raise too_long()
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        if not text:
            return []
        cells = next(csv.reader([text], delimiter=delimiter, strict=True)) if '"' in text else text.split(delimiter)
    except UnicodeDecodeError:
        raise _line_error(
            "ce n’est pas de l’UTF-8.", "this is not UTF-8.",
            "Enregistrez le fichier en UTF-8.", "Save the file as UTF-8.",
        ) from None  # fmt: skip
    except csv.Error:
        raise _line_error(
            "guillemets mal fermés.", "quotes that do not close.",
            "Corrigez les guillemets de cette ligne.", "Correct the quotes of this line.",
        ) from None  # fmt: skip
    if len(cells) != width:
        raise _line_error(
            "le nombre de champs n’est pas celui de l’en-tête.", "the number of fields is not that of the header.",
            "Vérifiez les séparateurs ; la ligne est peut-être tronquée.",
            "Check the separators; the line may be cut short.",
        )  # fmt: skip
    return cells


def _line_error(fr: str, en: str, remedy_fr: str, remedy_en: str) -> FieldError:
    return FieldError("(line)", Phrase(fr, en), Phrase(remedy_fr, remedy_en))


def _skip_rest(file: BinaryIO, raw: bytes) -> None:
    """Go to the end of a line that was too long, a bounded piece at a time."""
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(LINE_BYTES_MAX)
