"""The bounds printed in SECURITY.md, and on the page of its detail, are those that the database is given."""

import re

from tests.house.wording import ROOT
from tierce.identity.rules import STARTS_A_SECOND
from tierce.kernel.care import Profession
from tierce.policy.bound import Held, Shared, printed_bound
from tierce.policy.floors import BATCH_MAX, CEILINGS, FLOORS, SHOWN_CEILINGS
from tierce.policy.ladder import Level
from tierce.policy.lines import COMMON
from tierce.policy.seats import DAY_LIMITS, DECLARED, PROBATION_LIMIT, SEAT_DAYS, SEATS, cap_of

_FLOOR = re.compile(r"^\| ([A-Z]+) \| (\d+) \| (\d+) \| (\d+) \|$", re.M)


def _page(name: str = "SECURITY.md") -> str:
    return (ROOT / name).read_text("utf-8")


def _detail() -> str:
    return _page("docs/reference/adversaries.md")


def test_floors_are_printed_as_they_are() -> None:
    printed = {name: tuple(map(int, figures)) for name, *figures in _FLOOR.findall(_page())}
    assert printed == {Profession(one).name: (f.asked, f.drawn, f.known) for one, f in FLOORS.items()}


def test_ceilings_are_printed_as_they_are() -> None:
    page = _page()
    for scope, label in (("instance", "one database role"), ("nation", "the nation")):
        row = re.search(rf"^\| {label}[^|]*\| ([\d,]+) / ([\d,]+) \|$", page, re.M)
        assert row, label
        assert tuple(int(figure.replace(",", "")) for figure in row.groups()) == (
            CEILINGS[scope].per_minute,
            CEILINGS[scope].per_day,
        )
    assert re.search(rf"^\| one batch \| {BATCH_MAX} \|$", page, re.M)
    assert f"{CEILINGS['instance'].per_day:,} people a day" in page
    assert f"{CEILINGS['instance'].per_day:,} people a day" in _detail()
    assert f"begins {STARTS_A_SECOND} a second at most" in page


def _year(limit: int, declared: int) -> tuple[int, int]:
    held = [
        Held(limit, 0, 0),
        Held(declared, 0, 0, misses_a_day=DAY_LIMITS[Profession.LABORATORY].declared_misses),
    ]
    bound = printed_bound(held, {}, 365)
    return bound.first, bound.negatives


def test_what_a_vendor_or_a_laboratory_learns_is_printed_as_the_bound_computes_it() -> None:
    page, detail = (" ".join(text.split()) for text in (_page(), _detail()))
    for profession, who in ((Profession.GP, "GPs"), (Profession.PHARMACY, "pharmacies")):
        size = COMMON[Level.VENDOR]
        line = Shared("vendor", max(size.base, size.percent * 1000 * SEATS[profession].a // 100))
        alone = [Held(SEATS[profession].a, 0, 0, ("v",))] * 1000
        declared = [Held(DECLARED[profession].a, 0, 0)] * 1000
        by_line = printed_bound(alone, {"v": line}, SEAT_DAYS).first
        more = printed_bound(alone + declared, {"v": line}, SEAT_DAYS).first - by_line
        assert re.search(rf"1,000 {who},? {by_line:,}( people by the vendor's line)? and {more:,}", detail), who
        if who == "GPs":
            assert f"with 1,000 GPs | {by_line:,} people by its line and {more:,} declared" in page
    misses = [DAY_LIMITS[one].declared_misses for one in (Profession.GP, Profession.PHARMACY)]
    assert f"nobody's, {misses[0]} and {misses[1]} a day by each" in detail
    seats, read = SEATS[Profession.LABORATORY], DECLARED[Profession.LABORATORY]
    first, negatives = _year(seats.a, read.a)
    assert f"{DAY_LIMITS[Profession.LABORATORY].attempts} times a day with its own certified software" in page
    assert f"{first:,} people at first sight and {negatives:,} numbers that are nobody's" in page
    assert f"to the top, {_year(seats.top, read.top)[0]:,} people" in page


def test_what_a_stolen_account_learns_is_printed_as_the_policy_grants_it() -> None:
    page = " ".join(_page().split())
    gp, optician, desk = (SEATS[one] for one in (Profession.GP, Profession.OPTICIAN, Profession.HOSPITAL))
    known = DAY_LIMITS[Profession.GP]
    assert f"{PROBATION_LIMIT} new people in thirty days ({cap_of(PROBATION_LIMIT)} a day)" in page
    assert f"{gp.a} new people in thirty days for a GP, {optician.a} for an optician, {desk.a} for a hospital" in page
    assert f"own patients, {known.known_on_probation} a day for a GP" in page
    assert f"{known.known} known people a day for a GP" in page
    shown = SHOWN_CEILINGS
    assert f"{shown['staff']} people a day, {shown['office']:,} for the whole office" in page
    assert f"a committed line each; {shown['persons']:,} people a day" in page
