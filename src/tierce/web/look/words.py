"""The words of a site: one TOML catalogue, each key with its French and its English, loaded once.

A catalogue is read as ``["ask.title"]`` followed by ``fr = "..."`` and ``en = "..."``. Values to insert stand in
braces, ``{name}``, and must be the same in both languages. A text that depends on a count has two keys,
``x.one`` and ``x.many``: French says *one* for 0 and 1, English for 1 alone.
"""

import re
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import LOOSE, NBSP, fixed_french, kept_space
from tierce.web.look.errors import UnknownWordError, WordsError

_FIELDS = frozenset({"fr", "en"})
_TAGS_OR_SPACES = re.compile(rf"<(textarea|pre|script)\b.*?</\1>|<[^>]*>|{LOOSE}", re.DOTALL)
_LOOSE = re.compile(LOOSE)


class Words:
    """Every text of one site and of the shared look, by key."""

    def __init__(self, phrases: Mapping[str, Phrase]) -> None:
        """Keep the phrases; use `Words.load` to read them from files."""
        self._phrases = dict(phrases)

    @classmethod
    def load(cls, *files: Path) -> "Words":
        """Read catalogues; a key may stand in one file only.

        Raises:
            WordsError: a file is not TOML, a key lacks a language, placeholders differ, or a key stands twice.
        """
        phrases: dict[str, Phrase] = {}
        for file in files:
            for key, phrase in _read(file).items():
                if key in phrases:
                    msg = f"{file.name}: {key} is already in another catalogue; give it another name"
                    raise WordsError(msg)
                phrases[key] = phrase
        return cls(phrases)

    def keys(self) -> frozenset[str]:
        """Return every key, for the tests that compare them with the templates."""
        return frozenset(self._phrases)

    def phrase(self, key: str) -> Phrase:
        """Return both texts of `key`.

        Raises:
            UnknownWordError: no catalogue holds the key.
        """
        try:
            return self._phrases[key]
        except KeyError:
            msg = f"{key}: add it to words.toml with its French and its English"
            raise UnknownWordError(msg) from None

    def say(self, key: str, language: Language, **values: object) -> str:
        """Return the text of `key` with its values put in; plain text, escaped by the template."""
        return self.phrase(key)[language].format(**values)

    def count(self, key: str, number: int, language: Language, **values: object) -> str:
        """Return ``key.one`` or ``key.many`` as the language counts; ``{n}`` is the number, grouped."""
        singular = number in {0, 1} if language is Language.FR else number == 1
        form = f"{key}.one" if singular else f"{key}.many"
        return self.say(form, language, n=group_digits(number, language), **values)


def group_digits(number: int, language: Language) -> str:
    """Write an integer with its thousands apart: narrow no-break space in French, comma in English."""
    text = f"{number:,}"
    return text.replace(",", "\u202f") if language is Language.FR else text


def _read(file: Path) -> dict[str, Phrase]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        msg = f"{file.name}: {error}"
        raise WordsError(msg) from error
    return {key: _held(key, _phrase(file.name, key, value)) for key, value in table.items()}


def _held(key: str, phrase: Phrase) -> Phrase:
    """Hold a count to the word that it counts: no line ends between « 1 » and « connexion »."""
    if not key.endswith((".one", ".many")):
        return phrase
    return Phrase(*(text.replace("{n} ", f"{{n}}{NBSP}") for text in (phrase.fr, phrase.en)))


def _phrase(file: str, key: str, value: object) -> Phrase:
    if not isinstance(value, dict) or set(value) != _FIELDS:
        msg = f'{file}: {key} needs exactly fr = "..." and en = "..."'
        raise WordsError(msg)
    fr, en = value["fr"], value["en"]
    if not (isinstance(fr, str) and isinstance(en, str) and fr and en):
        msg = f"{file}: {key} has an empty text"
        raise WordsError(msg)
    if _placeholders(fr) != _placeholders(en):
        msg = f"{file}: {key} needs the same placeholders in French as in English"
        raise WordsError(msg)
    return Phrase(fixed_french(fr), en)


def fixed_page(html: str) -> str:
    """The same for what a French page shows, whoever wrote it; what is typed, copied or run stays as it is."""
    if not _LOOSE.search(html):  # most pages: their words were mended as they were read, and each tag costs a call
        return html
    return _TAGS_OR_SPACES.sub(lambda found: kept_space(found) if found[0] == " " else found[0], html)


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
