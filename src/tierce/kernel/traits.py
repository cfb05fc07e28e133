"""The civil traits that link a person's own sign-in to the register, in one canonical form.

A provider of persons' identities gives the pivot identity without NIR; an insurer's feed gives the same traits.
Both sides make their keyed index from these bytes, so the rule of spelling stands in one place.
"""

import re
import unicodedata

_ALONE = zip("øØłŁđĐðÐħĦŧŦ", "oOlLdDdDhHtT", strict=True)
"""Letters that Unicode takes for no letter and mark, with what registers write for them: Łukasz is LUKASZ."""
_LIGATURES = str.maketrans(
    {**dict(_ALONE), "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "þ": "th", "Þ": "TH"}
)
_LETTERS = re.compile(r"[A-Z]+")
FRANCE = "99100"
"""INSEE's code for France as a country of birth."""


def name_words(name: str) -> list[str]:
    """Split a name into capital words, without accent, ligature, hyphen or apostrophe: Jean-Éric is JEAN ERIC."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_LIGATURES)).upper()
    return _LETTERS.findall("".join(mark for mark in decomposed if not unicodedata.combining(mark)))


def normalise_traits(family_name: str, given_names: str, birth_date: str, sex: str, birth_place: str) -> bytes:
    """Return the canonical bytes of a pivot identity, version 1, for the keyed index.

    ``1|`` + family name at birth, words run together + ``|`` + first word of the given names + ``|`` + YYYYMMDD
    + ``|`` + M or F + ``|`` + official geographic code of the place of birth (for a birth abroad, the country's
    99xxx code), in ASCII. Only the first word is taken since registers differ on the others and on hyphens: whoever
    then shares all five traits is a homonym, and homonyms are refused, never chosen between.

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
