"""What somebody typed to find a professional or a place: a number, or the beginning of a name; pure."""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[0-9]{8,14}|[0-9][0-9AB][0-9]{7}", re.ASCII)
_SPACES = re.compile(r"[\s.\-]+")
TYPED_MAX = 80
NAME_MIN = 2


@dataclass(frozen=True, slots=True)
class Sought:
    """Either a number (RPPS, national identifier, FINESS or SIRET), or words of a name; both empty finds nobody."""

    number: str = ""
    words: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.number and not self.words


def read_sought(text: str) -> Sought:
    """Read what was typed; too long, or a single letter, is nothing to look for."""
    trimmed = " ".join(text.split())
    if not trimmed or len(trimmed) > TYPED_MAX or not trimmed.isprintable():
        return Sought()
    digits = _SPACES.sub("", trimmed).upper()
    if _NUMBER.fullmatch(digits):
        return Sought(number=digits)
    words = tuple(trimmed.split())
    return Sought(words=words[:3]) if len(words[0]) >= NAME_MIN else Sought()


def as_prefix(word: str) -> str:
    """A word as the beginning that LIKE looks for: its own wildcards are letters like any other."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
