"""Lists as files: named by their digest, read back only if the name holds, told apart line by line."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tierce.scope.errors import ListAlteredError

_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that two lists do not share: added (+), removed (-), or changed (~), as its line in the newer list."""

    sign: str
    line: str


def check_list(path: Path) -> bytes:
    """Give the digest of a list whose content is what its name says.

    Raises:
        ListAlteredError: it is not.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    if path.stem != digest.hex():
        raise ListAlteredError
    return digest


def head_of(path: Path) -> list[str]:
    """The lines that stand before the list."""
    found = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            found.append(line.rstrip("\n"))
            if line.startswith("unattributed "):
                return found
    raise ListAlteredError


def rows_of(path: Path) -> Iterator[str]:
    """The rows of a list, by person and insurer."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("unattributed "):
                break
        for line in file:
            yield line.rstrip("\n")


def differences(before: Path, after: Path) -> Iterator[Difference]:
    """Tell two lists apart in one pass, whatever their length: both are sorted by person and insurer.

    Raises:
        ListAlteredError: one is not what its name says.
    """
    for path in (before, after):
        check_list(path)
    left, right = rows_of(before), rows_of(after)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and _key(one) < _key(other)):
            assert one is not None
            yield Difference("-", one)
            one = next(left, None)
        elif one is None or _key(other) < _key(one):
            yield Difference("+", other)
            other = next(right, None)
        else:
            if one != other:
                yield Difference("~", other)
            one, other = next(left, None), next(right, None)


def _key(line: str) -> tuple[int, int]:
    fields = line.split(" ")
    if len(fields) != _FIELDS:
        raise ListAlteredError
    return int(fields[0]), int(fields[1])
