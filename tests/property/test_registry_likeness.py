"""Two copies of one person spelled honestly are hers; those of two people whom one key leads to are never joined."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.kernel.nir import YEAR_MAX, YEAR_MIN
from tierce.registry.likeness import Dates, Traits, compare_dates, given_agree, may_be_one, may_enter
from tierce.registry.records import CivilRecord

FAMILIES = ["MARCHAND", "DE LA TOUR", "D’AUBIGNÉ", "LENOIR", "LE GOFF", "ŒUVRARD", "BEN SALAH"]
GIVEN = ["SOPHIE ANNE", "JEAN-PIERRE", "MARIE-CLAUDE LUCIE", "FRANÇOISE", "LÉA", "ELIE", "MOHAMED"]
FIRSTS = ["THOMAS", "NICOLAS", "JULIE", "CLÉMENCE", "LÉO", "INÈS", "PAUL", "EVE"]
"""First given names, no two of which are one slip apart: so are twins named."""

people = st.builds(
    Traits,
    family_name=st.sampled_from(FAMILIES),
    used_name=st.sampled_from(["", "", *FAMILIES]),
    given_names=st.sampled_from(GIVEN),
    birth_date=st.dates(date(YEAR_MIN, 1, 1), date(YEAR_MAX, 12, 31)).map(lambda day: f"{day:%Y%m%d}"),
    sex=st.sampled_from("MF"),
)

HONEST: dict[str, Callable[[Traits], Traits]] = {
    "accents": lambda one: replace(one, family_name=one.family_name.replace("É", "E").replace("Œ", "OE")),
    "hyphens": lambda one: replace(one, given_names=one.given_names.replace("-", " ")),
    "composed in one": lambda one: replace(one, given_names=one.given_names.replace("-", "").replace(" ", "")),
    "first name alone": lambda one: replace(one, given_names=one.given_names.replace("-", " ").split()[0]),
    "the last name alone": lambda one: replace(one, given_names=one.given_names.replace("-", " ").split()[-1]),
    "in another order": lambda one: replace(
        one, given_names=" ".join(reversed(one.given_names.replace("-", " ").split()))
    ),
    "married, and said so": lambda one: replace(one, used_name="MARIÉ"),
    "married, in place of the name at birth": lambda one: replace(one, family_name="MARIÉ", used_name=""),
    "both names in one": lambda one: replace(one, family_name=f"{one.family_name}-MARIÉ", used_name=""),
    "sex": lambda one: replace(one, sex="F" if one.sex == "M" else "M"),
    "day unknown": lambda one: replace(one, birth_date=one.birth_date[:6] + "00"),
    "month unknown": lambda one: replace(one, birth_date=one.birth_date[:4] + "9900"),
    "a digit": lambda one: replace(one, birth_date=one.birth_date[:7] + str((int(one.birth_date[7]) + 1) % 10)),
}


@settings(max_examples=300)
@given(person=people, slip=st.sampled_from(sorted(HONEST)))
def test_an_honest_copy_is_hers(person: Traits, slip: str) -> None:
    other = HONEST[slip](person)
    assert may_be_one(person, other)
    assert may_be_one(other, person)


@settings(max_examples=300)
@given(
    person=people,
    first=st.sampled_from(FIRSTS),
    second=st.sampled_from(FIRSTS),
    more=st.sampled_from(["", " MARIE", " ANNE MARIE"]),
    other_sex=st.booleans(),
)
def test_twins_are_never_one(person: Traits, first: str, second: str, more: str, other_sex: bool) -> None:
    one = replace(person, given_names=first + more)
    twin = replace(person, given_names=second + more, sex="MF"[(person.sex == "M") ^ (not other_sex)])
    assert may_be_one(one, twin) is (first == second)


@settings(max_examples=300)
@given(person=people, child=people, years=st.integers(15, 60), same_name=st.booleans())
def test_a_child_of_the_same_name_is_never_its_parent(
    person: Traits, child: Traits, years: int, same_name: bool
) -> None:
    """What is between them is a birth date that no slip explains: here another year, month and day."""
    year, month, day = int(person.birth_date[:4]), int(person.birth_date[4:6]), int(person.birth_date[6:])
    years = years if year + years <= YEAR_MAX else -years
    born = f"{year + years}{month % 12 + 1:02d}{day % 28 + 1:02d}"
    assert not may_be_one(person, replace(person if same_name else child, birth_date=born))


@settings(max_examples=200)
@given(one=people, other=people)
def test_the_order_of_two_copies_says_nothing(one: Traits, other: Traits) -> None:
    assert may_be_one(one, other) is may_be_one(other, one)
    assert may_be_one(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Traits("MARTIN", "", "LOUIS", "20150512", "M"), Traits("MARTIN", "", "LOUISE", "20150512", "F")),
        (Traits("MARTIN", "", "DOMINIQUE", "19600512", "M"), Traits("ROY", "", "DOMINIQUE", "19600512", "F")),
        (Traits("MARTIN", "", "LEA", "20150512", "F"), Traits("MARTIN", "", "LEO", "20150512", "M")),
        (Traits("MARTIN", "", "JULIE MARIE", "20150512", "F"), Traits("MARTIN", "", "ANNE MARIE", "20150512", "F")),
        (Traits("MARTIN", "", "PAUL", "20150512", "M"), Traits("ROY", "", "PAUL", "20150521", "M")),
    ],
)  # fmt: skip
def test_what_two_people_share_does_not_make_them_one(one: Traits, other: Traits) -> None:
    assert not may_be_one(one, other)


def copy_of(one: Traits, place: str) -> CivilRecord:
    return CivilRecord(
        1, one.family_name, one.used_name, one.given_names, one.sex, one.birth_date, place, "", 1, None, ""
    )  # fmt: skip


@settings(max_examples=300)
@given(person=people, slip=st.sampled_from(sorted(HONEST)), somebody=people)
def test_a_space_opens_on_less_than_a_cover_is_joined(person: Traits, slip: str, somebody: Traits) -> None:
    assert may_enter(copy_of(person, "90955"), copy_of(HONEST[slip](person), "90955")), "an honest copy of that place"
    apart = may_enter(copy_of(person, "90955"), copy_of(somebody, "90956"))
    assert not apart or (may_be_one(person, somebody) and person.sex == somebody.sex)
    assert not may_enter(
        copy_of(replace(person, used_name=""), "90955"),
        copy_of(replace(person, family_name="COMPLICE", used_name=""), "90956"),
    ), "of her first name and her day, elsewhere"


def test_copies_are_not_printed() -> None:
    assert "MARTIN" not in repr(Traits("MARTIN", "", "LOUIS", "20150512", "M"))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("MARTIN", "MARTIN", True),
        ("MARTIN", "MARTIM", True),  # one replaced, at the end, in the middle, at the beginning
        ("MARTIN", "MARLIN", True),
        ("MARTIN", "NARTIN", True),
        ("MARTIN", "MARTINE", True),  # one added
        ("MARTIN", "MAARTIN", True),
        ("MARTIN", "MATRIN", True),  # two that changed places
        ("MARTIN", "AMRTIN", True),
        ("MARTIN", "MARTNI", True),
        ("MARTIN", "MATRIM", False),  # and one more
        ("MARTIN", "MARLIM", False),
        ("MARTIN", "MRATNI", False),
        ("MARTIN", "MARTINEZ", False),
        ("MARTIN", "AMARTIM", False),
        ("MARTIN", "RAMTIN", False),  # that are not neighbours
        ("EMMA", "GEMMA", False),  # a short name is another by one letter
        ("ENZOE", "GENZOE", True),
    ],
)
def test_one_slip_of_a_long_given_name_is_the_same_and_two_are_not(one: str, other: str, agree: bool) -> None:
    assert given_agree(one, other) is given_agree(other, one) is agree


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("19840512", "19840512", Dates.SAME),
        ("19840512", "19840500", Dates.SAME),
        ("19840512", "19849900", Dates.SAME),
        ("19840512", "19840600", Dates.OTHER),
        ("19840512", "19850500", Dates.OTHER),
        ("19840512", "19840521", Dates.NEAR),
        ("19840512", "19841205", Dates.NEAR),
        ("19840512", "19480512", Dates.NEAR),
        ("19840512", "19840511", Dates.NEAR),
        ("19840512", "19840623", Dates.OTHER),
    ],
)
def test_how_two_birth_dates_stand_to_each_other(one: str, other: str, found: Dates) -> None:
    assert compare_dates(one, other) is compare_dates(other, one) is found


def test_a_lunar_month_is_held_to_from_january_to_december_and_no_name_agrees_with_none() -> None:
    for month, other in (("01", "0315"), ("12", "0924"), ("06", "0315")):
        assert compare_dates(f"1960{month}00", f"1960{month}15") is Dates.SAME
        assert compare_dates(f"1960{month}00", f"1960{other}") is Dates.OTHER
    assert compare_dates("19602000", "19600315") is Dates.SAME
    assert not any(given_agree(one, other) for one, other in (("", "LUCIE"), ("LUCIE", ""), ("", "")))
