"""Dates, periods and counts said in a sentence, Paris time, in both languages: for letters and histories."""

import re
from datetime import date, datetime
from typing import Final

from tierce.kernel.clock import PARIS
from tierce.kernel.language import Phrase

_MONTHS_FR: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)  # fmt: skip - a list of words reads better in lines of several
_MONTHS_EN: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)  # fmt: skip - a list of words reads better in lines of several

_WORD: Final = re.compile(r"[^\W\d_]+")
_LINK: Final = re.compile(
    r"(?:(?<!\d )A(?= LA?\b)|[DL](?=['’]| [AEIOUYHÀ-Ü])|À|AU|AUX|DE|DES|DU|EN|ET|LA|LE|LES|SUR)(?![^\W_])"
)
"""What links the words of a place's name, and has no capital.

A letter alone is one only where it can be: « A LA », « D'ARC » or « D ARC », not « 12 A RUE » nor « ESCALIER D »."""
NBSP: Final = "\u00a0"
"""Keeps a number with its word."""
NARROW: Final = "\u202f"
"""The narrow no-break space that French puts between thousands and before ; ! ?"""
LOOSE: Final = r" (?=[:»%€](?!\w))|(?<=[«°]) | (?=[;!?](?!\w))"
"""A space of French at which no line may end, as somebody types it."""
_SPACES: Final = re.compile(LOOSE)


def fixed_french(text: str) -> str:
    """Put the no-break spaces that French wants before : » % €, after « n°, and before ; ! ? (the narrow one).

    A line on a small screen must not begin with a colon.
    """
    return _SPACES.sub(kept_space, text)


def kept_space(loose: re.Match[str]) -> str:
    """What stands in the place of such a space."""
    return NARROW if loose.string[loose.end()] in ";!?" else NBSP


def say_name(text: str) -> str:
    """Write a name kept in capitals as people write it: « JEAN-PIERRE D'ARC » becomes « Jean-Pierre D'Arc »."""
    return _WORD.sub(lambda word: word[0].capitalize(), text) if text.isupper() else text


def say_place(text: str) -> str:
    """Write a place kept in capitals: « CABINET DES TILLEULS » becomes « Cabinet des Tilleuls »."""
    if not text.isupper():
        return text
    said = _WORD.sub(lambda word: word[0].lower() if _LINK.match(text, word.start()) else word[0].capitalize(), text)
    return said[:1].upper() + said[1:]


def say_date(value: date) -> Phrase:
    """« 3 mars 2027 », "3 March 2027"; the first of a month is « 1er » in French."""
    day_fr = "1er" if value.day == 1 else str(value.day)
    return Phrase(
        f"{day_fr}{NBSP}{_MONTHS_FR[value.month - 1]} {value.year}",
        f"{value.day}{NBSP}{_MONTHS_EN[value.month - 1]} {value.year}",
    )


def say_time(at: datetime) -> Phrase:
    """« 10 h 12 », "10:12", Paris time."""
    local = at.astimezone(PARIS)
    return Phrase(f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}", f"{local.hour:02d}:{local.minute:02d}")


def say_instant(at: datetime) -> Phrase:
    """« le 3 mars 2027 à 10 h 12 », "on 3 March 2027 at 10:12", Paris time."""
    day, time = say_date(at.astimezone(PARIS).date()), say_time(at)
    return Phrase(f"le {day.fr} à{NBSP}{time.fr}", f"on {day.en} at{NBSP}{time.en}")


def say_period(first: datetime, last: datetime) -> Phrase:
    """Say one instant, or « entre le … et le … », shortened when both fall on one day."""
    if say_instant(first) == say_instant(last):
        return say_instant(first)
    first_day, last_day = (at.astimezone(PARIS).date() for at in (first, last))
    if first_day == last_day:
        day, begun, ended = say_date(first_day), say_time(first), say_time(last)
        return Phrase(f"le {day.fr} entre {begun.fr} et {ended.fr}", f"on {day.en} between {begun.en} and {ended.en}")
    begun, ended = say_instant(first), say_instant(last)
    return Phrase(f"entre {begun.fr} et {ended.fr}", f"between {begun.en[3:]} and {ended.en[3:]}")


def count(number: int, one: Phrase, many: Phrase) -> Phrase:
    """Write a number with its word, thousands grouped as each language does: « 1 204 personnes »."""
    french, english = (f"{number:,}".replace(",", NARROW), f"{number:,}")
    # French counts 0 and 1 as singular, English 1 alone.
    word_fr = one.fr if number < 2 else many.fr
    word_en = one.en if number == 1 else many.en
    return Phrase(f"{french}{NBSP}{word_fr}", f"{english}{NBSP}{word_en}")


def say_euros(cents: int) -> Phrase:
    """« 1 250,50 € », "€1,250.50"."""
    whole = f"{cents // 100:,}"
    return Phrase(f"{whole.replace(',', NARROW)},{cents % 100:02d}{NARROW}€", f"€{whole}.{cents % 100:02d}")


def enumerate_words(words: list[str], last: str) -> str:
    """« a, b et c » with the given last word of liaison; empty for no word."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def listing(phrases: list[Phrase]) -> Phrase:
    """Join phrases in a sentence, in both languages."""
    return Phrase(
        enumerate_words([one.fr for one in phrases], "et"), enumerate_words([one.en for one in phrases], "and")
    )
