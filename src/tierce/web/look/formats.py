"""Dates, times and numbers as people say them, in French and in English; pure functions.

Instants are aware and said in Paris time, whatever the machine's zone, since care, rights and legal clocks of
the platform all run on it. The exact form is for `title` attributes and for print.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from tierce.kernel import saying
from tierce.kernel.clock import PARIS
from tierce.kernel.language import Language
from tierce.web.look.words import group_digits

NARROW = saying.NARROW
FIXED = saying.NBSP
DAYS_ALONE = 4
"""From so many days on a length of time is said without its hours."""


def say_day(value: date, language: Language) -> str:
    """Say a civil date: « 1er mars 2026 », « 1 March 2026 »."""
    return saying.say_date(value)[language]


def say_time(value: datetime, language: Language) -> str:
    """Say a time of day in Paris: « 10 h 12 », « 10:12 »."""
    return saying.say_time(value)[language]


def say_moment(value: datetime, language: Language) -> str:
    """Say an instant: « 3 mars 2026 à 10 h 12 », « 3 March 2026 at 10:12 »."""
    link = "à" if language is Language.FR else "at"
    return f"{say_day(day_of(value), language)} {link}{FIXED}{say_time(value, language)}"


def day_of(value: datetime) -> date:
    """The civil day of an instant in Paris."""
    return value.astimezone(PARIS).date()


def exact_moment(value: datetime) -> str:
    """Write an instant to the millisecond with its offset: ``2026-03-03 10:12:45.120 +01:00``."""
    local = value.astimezone(PARIS)
    offset = local.strftime("%z")
    stamp = local.strftime("%Y-%m-%d %H:%M:%S")
    return f"{stamp}.{local.microsecond // 1000:03d} {offset[:3]}:{offset[3:]}"


def say_number(value: int, language: Language) -> str:
    """Write an integer with its thousands apart."""
    return group_digits(value, language)


def say_money(value: Decimal, language: Language) -> str:
    """Write an amount in euros with two decimals: « 1 250,50 € », « €1,250.50 »."""
    whole, cents = f"{abs(value):.2f}".split(".")
    sign = "−" if value < 0 else ""
    if language is Language.FR:
        return f"{sign}{group_digits(int(whole), language)},{cents}{NARROW}€"
    return f"{sign}€{group_digits(int(whole), language)}.{cents}"


def say_duration(value: timedelta, language: Language) -> str:
    """Say a length of time by its largest fitting unit: « 45 s », « 12 min », « 3 h 05 », « 4 jours », « 4 days ».

    Of the 72 hours of a legal delay the hours count too: « 2 jours et 23 h », where « 2 jours » would hide a day.
    """
    seconds = int(value.total_seconds())
    if seconds < 60:
        return f"{seconds}{FIXED}s"
    if seconds < 3600:
        return f"{seconds // 60}{FIXED}min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600}{FIXED}h{FIXED}{seconds % 3600 // 60:02d}"
    days, hours = seconds // 86_400, seconds % 86_400 // 3600
    said = f"{days}{FIXED}{'jours' if language is Language.FR else 'days'}"
    if days >= DAYS_ALONE or not hours:
        return said
    return f"{said} {'et' if language is Language.FR else 'and'} {hours}{FIXED}h"


def say_age(days: int, language: Language) -> str:
    """Say an age in days in the smallest form, for a seat: « 3 j », « 3 d »."""
    return f"{days}{NARROW}{'j' if language is Language.FR else 'd'}"
