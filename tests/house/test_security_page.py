"""The bounds printed in SECURITY.md are those that the database is given."""

import re

from tests.house.wording import ROOT
from tierce.identity.rules import STARTS_A_SECOND
from tierce.kernel.care import Profession
from tierce.policy.floors import BATCH_MAX, CEILINGS, FLOORS

_FLOOR = re.compile(r"^\| ([A-Z]+) \| (\d+) \| (\d+) \| (\d+) \|$", re.M)


def _page() -> str:
    return (ROOT / "SECURITY.md").read_text("utf-8")


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
    assert f"begins {STARTS_A_SECOND} a second at most" in page
