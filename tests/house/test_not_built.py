"""What a page calls absent is absent: a promise denied once it is kept misleads whoever decides by the page.

Every line that says "not yet" or "not built" of a capability is named here, with what the program would say if it had
it. A line that is not named fails, and so does one whose capability has come.
"""

import re
from functools import cache

import pytest

from tests.house.wording import ROOT

_SAYS = re.compile(r"not (?:yet )?built|\bnot yet\b|pas encore|n['’]est pas construit|no channel|aucun canal", re.I)
_LISTS = ("## Ce qui n’est pas construit", "## Missing for production")
"""Sections each of whose items is such a line."""
_LEFT_OUT = ("docs/adr/", "docs/reference/decision-matrix")
"""Decisions are of their day; the matrix speaks of rights that are "not yet open"."""

ABSENT: dict[str, tuple[tuple[str, str], ...]] = {
    "ARCHITECTURE.md": (
        ("replacement of the key of pairs", r"def rotate_(pair|purpose)"),
        ("TLS by itself", r"ssl_certfile|PROTOCOL_TLS_SERVER"),
    ),
    "docs/operations.md": (
        ("replacement of the pair key", r"def rotate_(pair|purpose)"),
        ("keys in a hardware module", r"pkcs.?11|\bhsm\b|\bkms\b"),
        ("one worker at a time", r"def elect|leader_election"),
    ),
    "docs/privacy/appeal.md": (("cette règle est d’organisation", r"\b72\b.*appeal|APPEAL_REVIEW"),),
    "docs/privacy/impact-assessment.md": (
        ("Recherche de campagnes", r"campaign|campagne"),
        ("Clés dans un module matériel", r"pkcs.?11|\bhsm\b|\bkms\b"),
        ("Effacement de la mémoire des paires", r"def (forget|erase)_pair"),
        ("Égalité des *temps* de réponse", r"def (test_)?equal_times"),
    ),
    "docs/privacy/pair-memory.md": (
        ("L’effacement d’une seule paire", r"def (forget|erase)_pair"),
        ("Renouveler la clé des paires", r"def rotate_(pair|purpose)"),
    ),
    "docs/reference/duties.md": (
        ("there is no reset to attack", r"def \w*reset_password|forgot.?password"),
        ("attempts at passwords are the identity provider", r"password_attempts|check_password"),
        ("equality of answer times", r"def (test_)?equal_times"),
        ("does not escalate by itself", r"def escalate"),
    ),
    "docs/reference/keys.md": (
        ("`pair`, `feed`, `engagement`", r"def rotate_(pair|feed|engagement|receipt|purpose)"),
        ("keys in a hardware module", r"pkcs.?11|\bhsm\b|\bkms\b"),
    ),
}
"""By page: words of the line, and what a program that had it would say somewhere."""

_OTHERWISE = (
    '"Not yet" means',
    "designed and not built; do not count on it",
    "what is built and what is not yet",
    "Ce qui n’est pas encore construit est dit",
    "*Not yet* means designed and not built",
    "*Not yet* says what",
    "## Built, and not yet",
    "Each is *not yet*",
    "what is not built stands in",
    "a measure that is not built is in a list",
    "is not written yet",
    "data not yet used",
    "deposits not yet resolved",
    "files lent and not yet deleted",
    "rights are not yet open",
    "Rights are not yet open",
    "a line not yet in the tree",
    "n’a pas encore lue",
    "n’a pas encore confirmé sa présence",
)
"""Lines with those words that deny nothing the program could have."""


@cache
def _program() -> str:
    """The text of the product; the laboratory plays things that the product has not."""
    files = [one for one in sorted((ROOT / "src/tierce").rglob("*")) if "lab" not in one.relative_to(ROOT).parts]
    return "\n".join(file.read_text("utf-8") for file in files if file.suffix in {".py", ".sql"})


def _pages() -> dict[str, str]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {str(file.relative_to(ROOT)): file.read_text("utf-8") for file in found}
    return {name: text for name, text in named.items() if not name.startswith(_LEFT_OUT)}


def _denials(text: str) -> list[str]:
    """The lines of a page that say that something is absent."""
    found, within = [], False
    for line in text.splitlines():
        if line.startswith("#"):
            within = line.startswith(_LISTS)
        elif _SAYS.search(line) or (within and line.startswith("- ")):
            found.append(line)
    return found


def test_every_line_that_denies_something_is_named_here() -> None:
    unnamed = []
    for page, text in _pages().items():
        known = (*(words for words, _ in ABSENT.get(page, ())), *_OTHERWISE)
        unnamed += [(page, line) for line in _denials(text) if not any(words in line for words in known)]
    assert unnamed == []


@pytest.mark.parametrize("page", sorted(ABSENT))
def test_what_a_page_calls_absent_is_absent_from_the_program(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for words, would_say in ABSENT[page]:
        assert words in text, f"{words!r} is no longer said: drop its row"
        has = [found[0] for found in re.finditer(would_say, _program(), re.I)]
        assert has == [], f"{page} says {words!r}"


@pytest.mark.parametrize(
    "line",
    [
        "No channel brings a proof of presence yet: until one does, every caller meets the uniform answer.",
        "two people for a broad release is not yet built",
        "la question « la personne est-elle là ? » n’a pas encore de canal",
    ],
)
def test_sentences_that_were_once_untrue_are_seen(line: str) -> None:
    assert _denials(line) == [line]
