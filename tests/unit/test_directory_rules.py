"""Professions of the national directory, steps of an enrolment, and what was so on a day."""

from typing import Any, cast

import pytest

from tierce.directory.loads.model import Difference
from tierce.directory.loads.rules import abnormal
from tierce.directory.model import Kind, Status, Version
from tierce.directory.rules import MOVES, check_reason, may_follow, standing
from tierce.directory.service import Clients
from tierce.kernel.care import Profession
from tierce.kernel.errors import FieldError
from tierce.policy.allowed import DOMAINS
from tierce.policy.enrolment import APPLICATIONS_A_SIGN_IN_MAX
from tierce.policy.professions import PROFESSIONS, SECTIONS, SKILLS, activity_profession, base_profession
from tierce.storage.version import read_sql


@pytest.mark.parametrize(
    ("code", "skill", "section", "category", "mode", "sector", "kind", "expected"),
    [
        ("10", "SM53", "", "C", "L", "SA07", "GENR01", Profession.GP),
        ("10", "SM04", "", "C", "L", "SA07", "GENR01", Profession.SPECIALIST),
        ("10", "SM44", "", "C", "L", "SA08", "", Profession.RADIOLOGY),
        ("10", "SM03", "", "C", "L", "SA29", "", Profession.LABORATORY),
        ("10", "SM74", "", "C", "L", "SA08", "", Profession.RADIOLOGY),
        ("10", "SM94", "", "C", "L", "SA08", "", Profession.RADIOLOGY),
        ("10", "SM55", "", "C", "L", "SA08", "", Profession.RADIOLOGY),
        ("10", "SM45", "", "C", "L", "SA08", "", Profession.SPECIALIST),
        ("10", "SM63", "", "C", "L", "SA25", "", Profession.LABORATORY),
        ("10", "SM67", "", "C", "L", "SA25", "", Profession.LABORATORY),
        ("10", "", "", "C", "L", "SA07", "", None),
        ("10", "CEX22", "", "C", "L", "SA07", "", None),
        ("10", "SM53", "", "C", "S", "SA01", "", Profession.HOSPITAL),
        ("10", "SM53", "", "C", "S", "SA07", "", Profession.GP),
        ("10", "SM53", "", "E", "L", "SA07", "", None),
        ("10", "SM53", "", "C", "L", "SA07", "GENR02", None),
        ("10", "SM53", "", "C", "L", "SA07", "GENR03", None),
        ("21", "", "A", "C", "L", "SA33", "GENR01", Profession.PHARMACY),
        ("21", "", "D", "C", "S", "SA33", "GENR01", Profession.PHARMACY),
        ("21", "", "G", "C", "L", "SA29", "", Profession.LABORATORY),
        ("21", "", "H", "C", "S", "SA01", "", None),
        ("21", "", "E", "C", "L", "SA33", "GENR01", Profession.PHARMACY),
        ("21", "", "E", "C", "S", "SA39", "GENR01", Profession.PHARMACY),
        ("21", "", "E", "C", "S", "SA01", "", None),
        ("21", "", "", "C", "L", "SA33", "", None),
        ("28", "", "", "C", "S", "SA40", "", Profession.OPTICIAN),
        ("60", "", "", "C", "L", "SA07", "", Profession.NURSE),
        ("60", "", "", "C", "S", "SA01", "", None),
        ("91", "", "", "C", "L", "SA07", "", Profession.SPEECH),
        ("92", "", "", "C", "L", "SA07", "", Profession.ORTHOPTIST),
        ("80", "", "", "C", "L", "SA07", "", Profession.PODIATRIST),
        ("80", "", "", "C", "S", "SA01", "", None),
        ("93", "", "", "C", "L", "SA07", "", None),
        ("", "", "", "", "", "", "", None),
    ],
)
def test_what_an_activity_of_the_national_directory_may_ask_as(
    *,
    code: str,
    skill: str,
    section: str,
    category: str,
    mode: str,
    sector: str,
    kind: str,
    expected: Profession | None,
) -> None:
    base = base_profession(code, skill, section, category, sector)
    assert activity_profession(base, code, mode, sector, kind) is expected


def test_every_profession_that_is_mapped_has_domains() -> None:
    for profession in {*PROFESSIONS.values(), *SKILLS.values(), *SECTIONS.values(), Profession.HOSPITAL}:
        assert DOMAINS[profession]


def test_an_enrolment_begins_with_an_act_and_never_goes_back_to_an_application() -> None:
    assert may_follow(None, Status.ENROLLED)
    assert not any(may_follow(None, status) for status in Status if status is not Status.ENROLLED)
    assert all(Status.APPLIED not in following for following in MOVES.values())
    assert all(not may_follow(status, status) for status in Status)


def test_small_differences_are_never_suspected_and_large_ones_always_are() -> None:
    assert (
        abnormal(Difference(listed=100, ended=50, professionals=100, renamed=50, new=50, lines=50, refused=50)) == []
    )
    assert len(abnormal(Difference(listed=1000, ended=51, lines=1000, refused=51))) == 2
    assert abnormal(Difference(listed=100_000, ended=5_000, professionals=100_000, renamed=2_000)) == []
    assert abnormal(Difference(new=9_999, professionals_new=9_999, lines=9_999)) == [], "a first load"


def test_a_day_before_the_first_version_is_unknown_and_the_last_of_a_day_holds() -> None:
    said = {"family_name": "A", "given_name": "B", "active": True}
    versions = [
        Version(Kind.PROFESSIONAL, 1, 10, 20, said),
        Version(Kind.PROFESSIONAL, 1, 20, 20, said | {"family_name": "wrong all day"}),
        Version(Kind.PROFESSIONAL, 1, 20, None, said | {"family_name": "C"}),
    ]
    names = {day: standing(day, versions, [], []).family_name for day in (9, 10, 19, 20, 99)}
    assert names == {9: "", 10: "A", 19: "A", 20: "C", 99: "C"}


@pytest.mark.parametrize("nir", ["1 84 05 41 950 012 73", "1 84 05 2A 950 012", "184052b950012"])
def test_a_reason_names_no_person_covered(nir: str) -> None:
    with pytest.raises(FieldError) as caught:
        check_reason(f"vu avec {nir}")
    assert nir not in str(caught.value)
    assert check_reason("convention du 12/03/2026, appel au 02 99 00 00 00") != ""


def test_the_database_takes_as_many_applications_at_once_as_the_policy_says() -> None:
    assert f"order by a.establishment limit {APPLICATIONS_A_SIGN_IN_MAX}\n" in read_sql("directory.sql")


@pytest.mark.parametrize("email", ["rené@cabinet.example", "a@b.example, c@d.example", "a b@c.example", "a@", "a@b"])
def test_no_address_is_kept_to_which_no_message_can_be_written(email: str) -> None:
    """An establishment is told by it that another bank account is asked for: it is refused where it can be mended."""
    nobody, nowhere = cast("Any", None), cast("Any", None)
    with pytest.raises(FieldError) as refused:
        Clients(nobody, nobody).write_contact(nowhere, nobody, nobody, email=email, postal=(), language="fr")
    assert refused.value.field == "email"
