"""The house rules on every text file: no real-looking NIR, no foreign paths, one title a page."""

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from tests.house.tidy import Finding
from tierce.kernel.errors import TierceError
from tierce.kernel.nir import Nir

ROOT = Path(__file__).parents[2]
_MADE = frozenset({"__pycache__", "build", "dist", "var"})

_NIR_LIKE = re.compile(
    r"(?<![0-9A-Za-z])[1-8](?P<s>[ .\u00a0\u202f-]?)[0-9]{2}(?P=s)[0-9]{2}(?P=s)(?:[0-9]{2}|2[ABab])(?P=s)"
    r"[0-9]{3}(?P=s)[0-9]{3}(?P=s)[0-9]{2}(?![0-9A-Za-z])"
)

# Written apart so that this file passes its own rule.
_FOREIGN = re.compile(
    "|".join(
        (
            r"(?<![\w.:])/wor" + r"k/",
            r"/tm" + r"p/t(?![a-z])",
            r"py" + r"pi\.org",
            r"pythonho" + r"sted\.org",
            r"npm" + r"js\.(?:org|com)",
            r"crates" + r"\.io",
            r"--(?:extra-)?index" + r"-url\s+\S",
            r"--trusted" + r"-host",
        )
    )
)


@cache
def text_files(root: Path = ROOT) -> tuple[tuple[PurePosixPath, str], ...]:
    """Every text file of the repository that a person wrote, with its path relative to the root; read once."""
    return tuple(sorted(_text_files(root)))


def _text_files(root: Path) -> Iterator[tuple[PurePosixPath, str]]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _is_made(name)]
        for name in names:
            path = Path(folder) / name
            if _is_made(name) or not path.is_file():
                continue
            try:
                yield PurePosixPath(path.relative_to(root)), path.read_text("utf-8")
            except UnicodeDecodeError:
                continue  # a picture or another binary file


def _is_made(name: str) -> bool:
    return name in _MADE or (name.startswith(".") and name not in {".ci", ".gitignore"})


def nirs_are_synthetic(path: PurePosixPath, text: str) -> Iterator[Finding]:
    """Find valid NIRs whose place of birth is one that was really given."""
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _NIR_LIKE.finditer(line):
            try:
                nir = Nir.parse(found[0])
            except TierceError:
                continue
            if not nir.is_synthetic():
                yield Finding(path, number, "a valid NIR that may be somebody's: see Nir.is_synthetic")


def speaks_of_itself(path: PurePosixPath, text: str) -> Iterator[Finding]:
    """Find paths of one machine and addresses of package registries."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _FOREIGN.search(line):
            yield Finding(path, number, "a path of one machine, or the address of a package registry")


def has_one_title(path: PurePosixPath, text: str) -> Iterator[Finding]:
    """Find Markdown pages with no first-level heading, or several."""
    if path.suffix != ".md":
        return
    titles, in_code = 0, False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code and line.startswith("# "):
            titles += 1
    if titles != 1:
        yield Finding(path, 1, f"{titles} first-level headings; a page has exactly one")


TextRule = Callable[[PurePosixPath, str], Iterator[Finding]]

TEXT_RULES: tuple[TextRule, ...] = (nirs_are_synthetic, speaks_of_itself, has_one_title)
