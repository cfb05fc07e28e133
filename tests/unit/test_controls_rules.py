"""What readings mean for each measure: the same readings always say the same, and nothing silent passes for held."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tierce.controls.model import Readings, Standing
from tierce.controls.rules import looked, overdue, snapshot_text
from tierce.controls.table import controls
from tierce.kernel.clock import PARIS
from tierce.policy.floors import CEILINGS, FLOORS, SHOWN_CEILINGS
from tierce.policy.retention import keep_days

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
PRINTED = "ab" * 32
GOOD = Readings(
    at=AT,
    grants=PRINTED,
    floors=frozenset((one.value, each.asked, each.drawn, each.known) for one, each in FLOORS.items()),
    ceilings=frozenset((scope, each.per_minute, each.per_day) for scope, each in CEILINGS.items()),
    shown=frozenset(SHOWN_CEILINGS.items()),
    durations=frozenset({**keep_days(), -1: 30}.items()),
    cosigned=AT - timedelta(minutes=1),
    split=False,
    verified=AT - timedelta(days=1),
    verified_errors=0,
    drawn=200_000,
    written=199_000,
    waiting=None,
    backup=AT - timedelta(hours=8),
    retention=AT - timedelta(days=1),
    keys=AT - timedelta(days=90),
    begun=AT - timedelta(days=900),
)


def standing(readings: Readings) -> dict[str, Standing]:
    return {one.live: one.standing for one in looked(readings, PRINTED)}


def test_everything_holds_when_everything_is_as_it_should() -> None:
    assert set(standing(GOOD).values()) == {Standing.HOLDS}


@pytest.mark.parametrize(
    ("live", "changed"),
    [
        ("grants", replace(GOOD, grants="cd" * 32)),
        ("bounds", replace(GOOD, floors=GOOD.floors - {min(GOOD.floors)})),
        ("bounds", replace(GOOD, ceilings=frozenset((scope, a + 1, b) for scope, a, b in GOOD.ceilings))),
        ("bounds", replace(GOOD, shown=frozenset())),
        ("durations", replace(GOOD, durations=frozenset((one, days + 1) for one, days in GOOD.durations))),
        ("witness", replace(GOOD, cosigned=AT - timedelta(hours=2))),
        ("witness", replace(GOOD, split=True)),
        ("verified", replace(GOOD, verified=AT - timedelta(days=9))),
        ("verified", replace(GOOD, verified_errors=1)),
        ("verified", replace(GOOD, verified=None)),
        ("sequenced", replace(GOOD, waiting=timedelta(minutes=2))),
        ("abandoned", replace(GOOD, written=197_899)),
        ("abandoned", replace(GOOD, drawn=102, written=0)),
        ("backup", replace(GOOD, backup=AT - timedelta(hours=31))),
        ("backup", replace(GOOD, backup=None)),
        ("retention", replace(GOOD, retention=AT - timedelta(days=9))),
        ("keys", replace(GOOD, keys=AT - timedelta(days=401))),
    ],
)
def test_each_measure_fails_alone(live: str, changed: Readings) -> None:
    assert [name for name, found in standing(changed).items() if found is Standing.FAILS] == [live]


def test_what_never_happened_is_waited_for_as_long_as_an_installation_is_young() -> None:
    young = replace(GOOD, begun=AT - timedelta(hours=1), backup=None, verified=None, keys=None)
    found = standing(young)
    assert (found["backup"], found["verified"], found["keys"]) == (Standing.UNKNOWN, Standing.UNKNOWN, Standing.HOLDS)
    assert standing(replace(GOOD, cosigned=None))["witness"] is Standing.UNKNOWN


def test_a_measure_is_overdue_the_day_after_its_day() -> None:
    last = max(one.due for one in controls())
    assert next(one for one in controls() if one.due == last) not in overdue(controls(), last)
    assert len(overdue(controls(), last + timedelta(days=1))) == len(controls())
    assert overdue(controls(), date(2026, 11, 26)) == []


def test_a_snapshot_names_every_measure_and_how_it_stands() -> None:
    found = looked(replace(GOOD, backup=None), PRINTED)
    text = snapshot_text(AT, "0.1.0", bytes(16), PRINTED, controls(), found)
    assert text == snapshot_text(AT, "0.1.0", bytes(16), PRINTED, controls(), found)
    assert text.splitlines()[:2] == ["tierce-controls-v1", f"day {AT.astimezone(PARIS).date()}"]
    assert all(f"control {one.key} " in text for one in controls())
    assert "control backup fails operations" in text
    assert "control hsm missing security" in text
    assert text.endswith("overdue 0\n")
