"""How easy a text is to read: Flesch's formula, as Kandel and Moles fitted it to French, and the English one.

French: 207 − 1.015 × words per sentence − 73.6 × syllables per word (L. Kandel and A. Moles, « Application de
l’indice de Flesch à la langue française », Cahiers d’études de radio-télévision 19, 1958, pp. 253-274). English:
206.835 − 1.015 × words per sentence − 84.6 × syllables per word (R. Flesch, "A new readability yardstick", Journal
of Applied Psychology 32, 1948). From 0, hardly readable, to 100, read by a child; 60 and more is plain language. A
formula sees the length of words and sentences, and nothing of sense: it stops what is heavy, and people still read
the text before it is sent.
"""

import re
from functools import lru_cache
from typing import Final

from tierce.kernel.language import Language

LEAST: Final = 60.0
"""A letter under this is not produced: the foot of "plain" on Flesch's scale."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d[\d.,\u00a0\u202f]*")
_END: Final = re.compile(r"[.!?;:…](?=\s|$)|\n+")
_FRENCH: Final = "aeiouyàâäéèêëîïôöùûüÿœæ"
_GROUP: Final = re.compile(f"[{_FRENCH}]+")
_ENGLISH_GROUP: Final = re.compile("[aeiouy]+")
NUMBER_SYLLABLES: Final = 2
"""A number is read as a word of two syllables, whatever its digits: years and hours are everyday words."""


def words(text: str) -> list[str]:
    """The words of a text; « l’accès » and « vous-même » are one each."""
    return _WORD.findall(text)


def sentences(text: str) -> int:
    """Sentences of a text: a full stop, a question, a semicolon, a colon or a line's end closes one."""
    return sum(1 for part in _END.split(text) if _WORD.search(part))


@lru_cache(maxsize=4_096)
def syllables(word: str, language: Language) -> int:
    """Syllables of one word, by its groups of vowels; a silent e (es in French, ed in English) at the end is none.

    French verbs in -ent cannot be told from « patient » without a dictionary: theirs is counted, so that the measure
    is never better than the text.
    """
    low = word.casefold()
    if low[0].isdigit():
        return NUMBER_SYLLABLES
    if language is Language.FR:
        said = re.sub(f"q(u)(?=[{_FRENCH}])|(?<=g)u(?=[eiéèê])", "", low)
        said = re.sub(f"(?<=[{_FRENCH}])y(?=[{_FRENCH}])|(?<=[aeiouyé])(?=[éïë])|(?<=é)(?=[aou]|er)", "-", said)
        groups, silent = len(_GROUP.findall(said)), re.search(f"[^{_FRENCH}-]es?$", said)
    else:
        groups, silent = len(_ENGLISH_GROUP.findall(low)), re.search("[^aeiouyl]e$|[^aeiouytd]ed$", low)
    return max(groups - 1 if silent and groups > 1 else groups, 1)


@lru_cache(maxsize=1_024)
def _counted(line: str, language: Language) -> tuple[int, int, int]:
    """Words, sentences and syllables of a line: most lines of a letter are the next letter's too."""
    found = words(line)
    return len(found), sentences(line), sum(syllables(one, language) for one in found)


def reading_ease(text: str, language: Language) -> float:
    """The score of a text, about 0 to 100; the higher, the easier.

    Raises:
        ValueError: there is no word in it.
    """
    counted = [_counted(line, language) for line in text.split("\n")]
    spoken = sum(one[0] for one in counted)
    if not spoken:
        msg = "no word to measure"
        raise ValueError(msg)
    length = spoken / sum(one[1] for one in counted)
    weight = sum(one[2] for one in counted) / spoken
    if language is Language.FR:
        return 207 - 1.015 * length - 73.6 * weight
    return 206.835 - 1.015 * length - 84.6 * weight
