"""How unusual it is that so many first-time answers of an account stay without proof or invoice; pure.

Most first-time answers are explained by an invoice, days later. What is looked at is only what a usual delay has
passed over, for thirty days after it: fresh answers say nothing, and whoever takes one a day adds up meanwhile. A
score ranks accounts for people to look at. It holds nobody and promises nothing: it is no test of policy/evidence.py.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from tierce.kernel.care import Profession
from tierce.policy.seats import UNCOUNTED

OVERDUE_DAYS = 30
"""Days over which overdue answers are counted, from the usual delay on."""
LOOK_AT = 3
"""The score from which an account stands out."""
SPREAD = 0.1
"""By how much an honest desk's own share strays from its profession's: large desks must not come first for that."""


@dataclass(frozen=True, slots=True)
class Usual:
    """When a profession's invoices have come, and how much stays unexplained by then, in per cent of answers."""

    days: int
    without_card: int
    declared: int
    """Of answers for which certified software declared a reading."""


USUAL: Mapping[Profession, Usual] = {
    Profession.GP: Usual(13, 38, 6),
    Profession.SPECIALIST: Usual(13, 39, 9),
    Profession.PHARMACY: Usual(8, 36, 3),
    Profession.DENTIST: Usual(20, 50, 19),
    Profession.NURSE: Usual(13, 36, 15),
    Profession.PHYSIO: Usual(23, 35, 24),
    Profession.OPTICIAN: Usual(23, 58, 56),
    Profession.AUDIO: Usual(30, 76, 76),
    Profession.LABORATORY: Usual(6, 28, 13),
    Profession.RADIOLOGY: Usual(12, 34, 10),
    Profession.HOSPITAL: Usual(30, 51, 44),
    Profession.TRANSPORT: Usual(26, 43, 28),
    Profession.MIDWIFE: Usual(23, 35, 24),
    **dict.fromkeys(UNCOUNTED, Usual(23, 35, 24)),
}
"""The day by which three quarters of the invoices that ever come without a card have come, thirty at most, and the
shares left open then, by the habits assumed in the laboratory (lab/behaviour/data/habits.toml; those that it does not
describe by analogy). They are assumptions, to be replaced by an operator's own counts; only the order of a page
hangs on them."""


class Counted(NamedTuple):
    """Answers of one line of seats past the usual delay: how many, and how many nothing explains."""

    answers: int
    overdue: int
    answers_declared: int = 0
    overdue_declared: int = 0


def score_of(profession: Profession, lines: Iterable[Counted]) -> float:
    """How far the most unusual line is above what is usual, in deviations; below 0 when all are under it.

    Lines are taken apart: a thief's device asks beside its owner's, and must not be diluted by her patients.
    """
    return max((_score(USUAL[profession], line) for line in lines), default=0.0)


def _score(usual: Usual, line: Counted) -> float:
    share, declared = usual.without_card / 100, usual.declared / 100
    expected = line.answers * share + line.answers_declared * declared
    chance = line.answers * share * (1 - share) + line.answers_declared * declared * (1 - declared)
    strays = SPREAD * (line.answers + line.answers_declared)
    return (line.overdue + line.overdue_declared - expected) / math.sqrt(1 + chance + strays * strays)


VENDOR_SPREAD = 0.02
"""By how much an honest vendor's own share may stray from that of all the others: an assumption."""
OTHERS_MIN = 300
"""Answers of others from which on their share says more than what is usual."""


class OfVendor(NamedTuple):
    """First answers past the usual delay for which one vendor's software declared a reading, of one profession."""

    vendor: int
    profession: Profession
    answers: int
    overdue: int


@dataclass(frozen=True, slots=True)
class VendorStands:
    """How one vendor's declared answers stand beside everybody else's."""

    vendor: int
    answers: int
    overdue: int
    expected: float
    """How many of its answers nothing would explain, were it like the others."""
    score: float
    """How far `overdue` is above that, in deviations; from LOOK_AT on a person looks."""


def beside_others(counts: Iterable[OfVendor]) -> list[VendorStands]:
    """Each vendor beside all others, the most unusual first.

    An invoice file that is late, or that an insurer stopped, is late for all of them, so it moves nobody here; what
    one vendor alone declares in vain does: a theft, or a change in how its own invoices are sent. Whoever has a
    profession nearly to itself is compared with what is usual there, and a late file does single it out.
    """
    counted = list(counts)
    answers: dict[Profession, int] = {}
    overdue: dict[Profession, int] = {}
    for one in counted:
        answers[one.profession] = answers.get(one.profession, 0) + one.answers
        overdue[one.profession] = overdue.get(one.profession, 0) + one.overdue
    found = []
    for vendor, of in groupby(sorted(counted), key=lambda one: one.vendor):
        told = list(of)
        expected = chance = 0.0
        for one in told:
            others = answers[one.profession] - one.answers
            share = USUAL[one.profession].declared / 100
            if others >= OTHERS_MIN:
                share = (overdue[one.profession] - one.overdue) / others
            expected += one.answers * share
            chance += one.answers * share * (1 - share)
        all_answers, in_vain = sum(one.answers for one in told), sum(one.overdue for one in told)
        score = (in_vain - expected) / math.sqrt(1 + chance + (VENDOR_SPREAD * all_answers) ** 2)
        found.append(VendorStands(vendor, all_answers, in_vain, expected, score))
    return sorted(found, key=lambda one: (-one.score, one.vendor))
