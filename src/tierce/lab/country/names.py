"""Invented or very common names, put together at random: nobody in particular.

The lists are text files beside this module, one name a line; people's are in upper case without accents, as
feeds carry them.
"""

from importlib.resources import files
from typing import Final


def word_list(name: str) -> tuple[str, ...]:
    """Read one of the lists of the `data` folder."""
    return tuple((files(__package__) / "data" / f"{name}.txt").read_text("utf-8").splitlines())


WOMEN: Final = word_list("women")
MEN: Final = word_list("men")
TOWNS: Final = word_list("towns")
FAMILIES: Final = tuple(sorted({stem + end for stem in word_list("stems") for end in word_list("endings")}))
"""About two and a half thousand family names, made of syllables."""
