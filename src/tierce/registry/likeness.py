"""Tells whether two insurers' copies of a civil status can be one person's, before the second joins the first.

The key says who: NIR of the rights holder, birth date, rank. But a card's number told on the wrong line, or twins
whose rank was left out, lead one person's line to another; and an honest copy is seldom spelled as the first. So each
trait is compared loosely, and few may differ: a refused line is sent again, a cover given to somebody else is shown.
"""

from dataclasses import dataclass
from enum import IntEnum

from tierce.kernel.nir import BirthDate
from tierce.kernel.traits import a_slip, name_words, near
from tierce.registry.records import CivilRecord

_YEAR, _MONTH = slice(0, 4), slice(4, 6)


@dataclass(frozen=True, slots=True, repr=False)
class Traits:
    """What two copies are compared by; never printed."""

    family_name: str
    used_name: str
    given_names: str
    birth_date: str
    sex: str

    def __repr__(self) -> str:
        return "Traits(•••)"


class Dates(IntEnum):
    """How two birth dates stand to each other."""

    SAME = 0
    NEAR = 1
    OTHER = 2


def may_be_one(told: Traits, known: Traits) -> bool:
    """Tell whether two copies can be one person's; the order of the two says nothing.

    Given names and birth date must agree. Of a slip in the date, another family name and another sex, one may be; and
    sex only under the very same first given name, since twins of two sexes share all the rest.
    """
    if compare_dates(told.birth_date, known.birth_date) is Dates.OTHER:
        return False
    if not given_agree(told.given_names, known.given_names):
        return False
    other_sex = told.sex != known.sex
    if other_sex and name_words(told.given_names)[:1] != name_words(known.given_names)[:1]:
        return False
    return _differences(told, known) <= 1


def may_enter(told: CivilRecord, known: CivilRecord) -> bool:
    """Tell whether two copies are one person's so surely that the traits of either may open her space.

    Where one thing differs, the place of birth must be the same: a cover shown to somebody of her first name and her
    day is one answer, a space opened to her is the whole history of somebody else.
    """
    one, other = traits_of(told), traits_of(known)
    return may_be_one(one, other) and (told.birth_place == known.birth_place or not _differences(one, other))


def _differences(told: Traits, known: Traits) -> int:
    return (
        (compare_dates(told.birth_date, known.birth_date) is not Dates.SAME)
        + (told.sex != known.sex)
        + (not _families_agree(told, known))
    )


def traits_of(record: CivilRecord) -> Traits:
    """What a copy of a civil status is compared by."""
    return Traits(record.family_name, record.used_name, record.given_names, record.birth_date, record.sex)


def compare_dates(one: str, other: str) -> Dates:
    """Compare birth dates of eight raw digits: a lunar one agrees with every date of its month, or of its year."""
    if one == other:
        return Dates.SAME
    for lunar, date in ((one, other), (other, one)):
        if BirthDate.parse(lunar).as_date() is None and lunar[_YEAR] == date[_YEAR]:
            has_month = "01" <= lunar[_MONTH] <= "12"
            if not has_month or lunar[_MONTH] == date[_MONTH]:
                return Dates.SAME
    return Dates.NEAR if a_slip(one, other) or one == other[:4] + other[6:] + other[4:6] else Dates.OTHER


def given_agree(one: str, other: str) -> bool:
    """Tell whether given names agree: the first does, or all of one copy are among the other's, in any order."""
    first, second = name_words(one), name_words(other)
    return (bool(first and second) and near(first[0], second[0])) or _within(first, second)


def _families_agree(told: Traits, known: Traits) -> bool:
    """Tell whether a name of one copy, of birth or in use, is one of the other's, or a part of it."""
    return any(
        _within(name_words(one), name_words(other))
        for one in (told.family_name, told.used_name)
        for other in (known.family_name, known.used_name)
    )


def _within(one: list[str], other: list[str]) -> bool:
    """Tell whether two names are the same run together, or every word of the shorter is one of the longer's."""
    if not one or not other:
        return False
    few, many = sorted((one, other), key=len)
    return near("".join(one), "".join(other)) or all(any(near(a, b) for b in many) for a in few)
