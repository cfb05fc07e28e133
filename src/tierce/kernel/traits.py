"""The civil traits that link a person's own sign-in to the register, in one canonical form.

A provider of persons' identities gives the pivot identity without NIR; an insurer's feed gives the same traits.
Both sides make their keyed index from these bytes, so the rule of spelling stands in one place.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_ALONE = zip("øØłŁđĐðÐħĦŧŦ", "oOlLdDdDhHtT", strict=True)
"""Letters that Unicode takes for no letter and mark, with what registers write for them: Łukasz is LUKASZ."""
_LIGATURES = str.maketrans(
    {**dict(_ALONE), "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "þ": "th", "Þ": "TH"}
)
_LETTERS = re.compile(r"[A-Z]+")
FRANCE = "99100"
"""INSEE's code for France as a country of birth."""
_LONG: Final = 5
"""From so many letters on, one letter is a slip; of a shorter name it makes another: LEA and LEO, EMMA and GEMMA."""


def name_words(name: str) -> list[str]:
    """Split a name into capital words, without accent, ligature, hyphen or apostrophe: Jean-Éric is JEAN ERIC."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_LIGATURES)).upper()
    return _LETTERS.findall("".join(mark for mark in decomposed if not unicodedata.combining(mark)))


def normalise_traits(family_name: str, given_names: str, birth_date: str, sex: str, birth_place: str) -> bytes:
    """Return the canonical bytes of a pivot identity, version 1, for the keyed index.

    ``1|`` + family name at birth, words run together + ``|`` + first word of the given names + ``|`` + YYYYMMDD
    + ``|`` + M or F + ``|`` + official geographic code of the place of birth (for a birth abroad, the country's
    99xxx code), in ASCII. Only the first word is taken since registers differ on the others and on hyphens: whoever
    then shares all five traits is a homonym, and homonyms are refused, never chosen between. `may_be_hers` compares
    the others, for whoever is in no register beside her homonym.

    Raises:
        ValueError: a trait is missing or has not its shape; the message names the trait and never its value.
    """
    family, given = name_words(family_name), name_words(given_names)
    shapes = {
        "family_name": bool(family),
        "given_names": bool(given),
        "birth_date": re.fullmatch(r"[0-9]{8}", birth_date, re.ASCII) is not None,
        "sex": sex in {"M", "F"},
        "birth_place": re.fullmatch(r"[0-9][0-9AB][0-9]{3}", birth_place, re.ASCII) is not None,
    }
    wrong = [trait for trait, fits in shapes.items() if not fits]
    if wrong:
        msg = f"trait missing or misshapen: {', '.join(wrong)}"
        raise ValueError(msg)
    return f"1|{''.join(family)}|{given[0]}|{birth_date}|{sex}|{birth_place}".encode("ascii")


def may_be_hers(given_names: str, copies: Iterable[str]) -> bool:
    """Tell whether somebody of these given names, the first of which is hers, may be whom the copies tell of.

    Twins may share everything that `normalise_traits` takes, the first word of their given names too: Jean-Pierre and
    Jean-Paul. So the second word is looked for among all those of the other side. A copy that has it settles it; one
    that has another refuses her unless some copy has it; one that has none says nothing.
    """
    own = name_words(given_names)
    said = [_second_agrees(own, name_words(copy)) for copy in copies]
    return True in said or False not in said


def _second_agrees(own: list[str], told: list[str]) -> bool | None:
    if len(own) == 1 or len(told) == 1 or not own or not told:
        return None
    return any(_stands_for(told[1], word) for word in own) or any(_stands_for(own[1], word) for word in told)


def _stands_for(one: str, other: str) -> bool:
    """Whether two words of given names are one: the same, a slip apart, or one the other cut short."""
    return near(one, other) or one.startswith(other) or other.startswith(one)


def near(one: str, other: str) -> bool:
    """Tell whether two words are one, a slip in a long one aside."""
    return one == other or (min(len(one), len(other)) >= _LONG and a_slip(one, other))


def a_slip(one: str, other: str) -> bool:
    """Tell whether one letter or digit was added, left out, replaced, or changed places with the next."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at + 1 :] == long[at + 1 :] or (
        short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    )
