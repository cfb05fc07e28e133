"""What was typed to find somebody: a number, or the beginning of a name; wildcards are letters like any other."""

import pytest

from tierce.directory.lookup.rules import as_prefix, read_sought


@pytest.mark.parametrize(
    ("typed", "number", "words"),
    [
        ("  99900000018 ", "99900000018", ()),
        ("999 000 000 18", "99900000018", ()),
        ("2A0000018", "2A0000018", ()),
        ("Morvan", "", ("Morvan",)),
        ("morvan  claire", "", ("morvan", "claire")),
        ("D’Alembert Éve", "", ("D’Alembert", "Éve")),
    ],
)
def test_a_number_or_words(typed: str, number: str, words: tuple[str, ...]) -> None:
    found = read_sought(typed)
    assert (found.number, found.words) == (number, words)


@pytest.mark.parametrize("typed", ["", "  ", "m", "x" * 81, "mor\x00van", "7"])
def test_too_little_or_too_much_finds_nobody(typed: str) -> None:
    assert read_sought(typed).empty


def test_wildcards_are_letters() -> None:
    assert as_prefix("100%_\\") == "100\\%\\_\\\\%"
