"""Every word that a page uses is written in both languages, and every word written is used."""

import re
from pathlib import Path

import pytest

from tierce.web.look import Words

WEB = Path(__file__).parents[2] / "src" / "tierce" / "web"
LOOK = WEB / "look"
SITES = sorted(path.parent for path in WEB.glob("*/words.toml") if path.parent != LOOK)
_SAID = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*(~)?""")
_COUNTED = re.compile(r"""\bn\(\s*["']([\w.]+)["']\s*(~)?""")
_LITERAL = re.compile(r"""["']([a-z_]+(?:\.[a-z_]+)+)["']""")


def used_in(folder: Path) -> tuple[set[str], set[str]]:
    """The keys that a folder's templates use, and the beginnings of those they put together."""
    keys: set[str] = set()
    beginnings: set[str] = set()
    for file in folder.glob("templates/**/*.html"):
        text = file.read_text("utf-8")
        for pattern, endings in ((_SAID, ("",)), (_COUNTED, (".one", ".many"))):
            for key, joined in pattern.findall(text):
                (beginnings if joined else keys).update(key + ending for ending in ([""] if joined else endings))
    return keys, beginnings


def named_in_python(folder: Path, known: frozenset[str]) -> set[str]:
    """The known keys that stand as such in a folder's Python files."""
    found = {key for file in folder.glob("*.py") for key in _LITERAL.findall(file.read_text("utf-8"))}
    return found & known


@pytest.mark.parametrize("site", SITES, ids=lambda path: path.name)
def test_every_word_of_a_site_exists_and_is_used(site: Path) -> None:
    catalogues = sorted(site.glob("words*.toml"))
    own = Words.load(*catalogues).keys()
    every = Words.load(LOOK / "words.toml", *catalogues).keys()
    keys, beginnings = used_in(site)
    shared, _ = used_in(LOOK)
    assert (keys | shared) - every == set(), "used and written nowhere"
    idle = own - keys - shared - named_in_python(site, own)
    assert {key for key in idle if not key.startswith(tuple(beginnings))} == set(), "written and used nowhere"


def test_every_word_of_the_look_is_used() -> None:
    own = Words.load(LOOK / "words.toml").keys()
    used = set().union(*(used_in(folder)[0] for folder in (LOOK, *SITES)))
    assert own - used == set()
