"""Reads a delimited file line by line, by column name, without ever holding more than a line.

UTF-8, with or without a byte order mark; comma, semicolon (as a French spreadsheet writes) or vertical bar, told from
the header; quotes as in RFC 4180 but never around a line break, so that one unbalanced quote spoils one line and not
the rest of the file.
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
_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0")
"""How compressed files and workbooks begin; a workbook is a zip, or an older container of its own."""


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
    """Yield each line after the header, read or refused; lines that say nothing are skipped.

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
    raw = file.readline(LINE_BYTES_MAX)
    if not raw:
        raise _unfit(name, "fichier vide, renvoyez-le", "empty file: send it again")
    if raw.startswith(_PACKED):
        fr = "fichier compressé, ou classeur de tableur : décompressez-le, ou enregistrez-le en CSV UTF-8"
        raise _unfit(name, fr, "compressed file, or a workbook: decompress it, or save it as CSV UTF-8")
    try:
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        at = f"{name}, ligne / line 1"
        raise _unfit(at, "pas de l’UTF-8, enregistrez-le en UTF-8", "not UTF-8, save it as UTF-8") from None
    if "\r" in text:
        fr = "les lignes finissent par un retour chariot seul : faites-les finir par LF ou CRLF"
        raise _unfit(name, fr, "lines end with a carriage return alone: have them end with LF or CRLF")
    delimiter = next((one for one in "|;" if one in text), ",")
    places = _places(text, delimiter)
    check_columns(places, name, columns, delimiter)
    return delimiter, places


def _places(header: str, delimiter: str) -> list[str]:
    """Cut the header; names in quotes are what some databases export."""
    if '"' not in header:
        return header.split(delimiter)
    try:
        return next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error:
        return header.split(delimiter)  # then none of its names in quotes is known


def _unfit(name: str, fr: str, en: str) -> FeedRefusedError:
    return FeedRefusedError(f"{name} : {fr} / {en}")


def check_columns(places: list[str], name: str, columns: Sequence[Column], delimiter: str = ",") -> None:
    """Refuse a file whose columns are not those of the feed."""
    wanted = {column.name for column in columns}
    # The national extraction has many more columns than we read, and so may have what follows it; ours may not.
    unknown = [] if delimiter == "|" else [at for at, place in enumerate(places, start=1) if place not in wanted]
    missing = [column.name for column in columns if column.required and column.name not in places]
    twice = sorted({place for place in places if place in wanted and places.count(place) > 1})
    counted = [str(at) for at in unknown]  # a name that is none of ours is not repeated: it may be somebody's
    for found, fr, en in (
        (missing, "colonnes manquantes, à ajouter", "missing columns, to be added"),
        (
            counted,
            f"sur {len(places)} colonnes, inconnues, à ôter ou renommer, les colonnes n°",
            f"of {len(places)} columns, unknown columns, to be removed or renamed, are no.",
        ),
        (twice, "colonnes données deux fois, gardez-en une", "columns given twice, keep one of each"),
    ):
        if found:
            listed = ", ".join(found[:5])
            msg = f"{name}, ligne / line 1 : {fr} / {en} : {listed} ; {_hint(places, wanted)}"
            raise FeedRefusedError(msg)


def _hint(places: list[str], wanted: set[str]) -> str:
    """Say what a header that is not the feed's most probably is."""
    first = "".join(places[:1])
    if first.lower().startswith("sep="):
        return "ôtez la ligne « sep= », que votre tableur ajoute / remove the line “sep=”, which a spreadsheet adds"
    if "\t" in first:
        return "séparez par des virgules, non par des tabulations / separate by commas, not by tabs"
    if any(place not in wanted and place.strip().lower() in wanted for place in places):
        return "écrivez les noms en minuscules, sans espace autour / write names in small letters, no space around"
    if not wanted.intersection(places):
        return (
            "la première ligne ne porte aucun nom de colonne : mettez l’en-tête, ou envoyez le bon fichier / "
            "the first line has no column's name: put the header there, or send the right file"
        )
    return "voyez le format publié / see the format"


def line_cells(raw: bytes, delimiter: str, width: int) -> list[str]:
    """Cut one line into its cells; none for a line of nothing, or of separators alone, as a spreadsheet ends a table.

    Raises:
        FieldError: too long, not UTF-8, quotes that do not close, or another number of cells than the header has.
    """
    if len(raw) > LINE_BYTES_MAX:
        raise too_long()
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        if not text.strip(delimiter):
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
