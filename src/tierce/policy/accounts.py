"""When another bank account of an establishment comes into force, and who may ask for one.

Three working days, not seventy-two hours: an ask on a Friday evening would be through on Monday, before anybody who
is told of it reads her mail. The database holds these bounds too (storage/sql/bank.sql); a test compares.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from tierce.kernel.clock import PARIS
from tierce.kernel.language import Phrase
from tierce.policy.brief import CHOICE
from tierce.policy.kept import End, Hand, Kept, Rule

WORKING_DAYS: Final = 3
"""From an ask to the first moment at which it may come into force."""
LEAST_HOURS: Final = 72
"""What the database adds by itself, whatever a process says."""
SIGNED_IN_MINUTES: Final = 15
"""How long ago she signed in at most: a session left open, or stolen, asks for nothing."""
KNOWN_DEVICE_DAYS: Final = 14
"""How long a device must have been seen, beside having left probation: one that continues another is new too."""
ASKS_IN_30_DAYS: Final = 5
"""Asks of professionals for one establishment."""
YOUNG_DEVICE_DAYS: Final = 90
"""A device younger than this takes a second member of staff."""
HELD_DAYS: Final = 30
"""So does a hold that stood within these days, on the login, the device or the establishment."""
NEW_CLIENT_DAYS: Final = 90
"""So does an enrolment that moved within these: hers, or that of somebody else of the place who was sent away."""
CONTACT_DAYS: Final = 30
"""So does an address on file that changed within these: whoever changed it would be the one who is told."""


KEPT: Final[Mapping[Kept, Rule]] = {
    Kept.ACCOUNTS_ENDED: Rule(
        Phrase(
            "compte bancaire d’un établissement, remplacé : IBAN scellé, titulaire",
            "an establishment's bank account that was replaced: sealed IBAN, holder",
        ),
        "bank.account.sealed, bank.account.holder, bank.account.twin",
        timedelta(days=822),
        Phrase("son remplacement", "its replacement"),
        End.BLANKED,
        Hand.JOB,
        Phrase(
            "le temps de contester un paiement, comme un dépôt ; choix de l’opérateur (RGPD, art. 5.1.e)",
            "while a payment may be contested, as a deposit; the operator's choice (GDPR, art. 5(1)(e))",
        ),
    ),
    Kept.ACCOUNTS_REFUSED: Rule(
        Phrase(
            "demandes de compte bancaire refusées ou retirées, messages envoyés, appels",
            "asks for a bank account that were refused or withdrawn, messages sent, calls",
        ),
        "bank.account, bank.confirmation, notice.own_mail",
        timedelta(days=365),
        Phrase("le refus ou le retrait", "the refusal or withdrawal"),
        End.DELETED,
        Hand.JOB,
        CHOICE,
        held=True,
    ),
}
"""Rows of the retention table (policy/retention.py)."""


def due_at(asked: datetime) -> datetime:
    """The same hour in Paris, on the third working day after the day of the ask."""
    local = asked.astimezone(PARIS)
    day, left = local.date(), WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_working(day)
    return datetime.combine(day, local.time(), PARIS)


def is_working(day: date) -> bool:
    """Whether a bank and the operator's staff work: no weekend, no public holiday (Code du travail, L. 3133-1)."""
    return day.weekday() < 5 and day not in _holidays(day.year)


def is_settling(day: date) -> bool:
    """Whether a transfer settles: a working day on which T2 is open, as on Good Friday and 26 December it is not."""
    return is_working(day) and day not in {_easter(day.year) - timedelta(days=2), date(day.year, 12, 26)}


def _holidays(year: int) -> frozenset[date]:
    easter = _easter(year)
    moving = (easter + timedelta(days=days) for days in (1, 39, 50))
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    return frozenset([*moving, *(date(year, month, day) for month, day in fixed)])


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the method of Meeus and Jones."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap, turn = divmod(century, 4)
    epact = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, left = divmod(rest, 4)
    sunday = (32 + 2 * turn + 2 * quarter - epact - left) % 7
    month, day = divmod(epact + sunday - 7 * ((golden + 11 * epact + 22 * sunday) // 451) + 114, 31)
    return date(year, month, day + 1)
