"""Legal delays over all instants: monotone, in real hours across weekends and changes of hour, chosen by the day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.incidents.clocks.rules import OPERATOR, due_by, due_of, rules_on, running
from tierce.kernel.clock import EPOCH, PARIS
from tierce.kernel.ids import InsurerId
from tierce.policy.clocks import CLOCKS, Duty, Moment, Party, Risk, Standing, Start

ZONES = [PARIS, UTC, ZoneInfo("Indian/Reunion"), ZoneInfo("America/Cayenne"), ZoneInfo("Pacific/Noumea")]
INSTANTS = st.builds(
    lambda seconds, zone: (EPOCH + timedelta(seconds=seconds)).astimezone(zone),
    st.integers(1_577_836_800, 2_051_222_400),
    st.sampled_from(ZONES),
)
STARTS = st.sampled_from([start for rule in CLOCKS for start in rule.starts if start.hours or start.months])
AUTHORITY = next(rule for rule in CLOCKS if rule.duty is Duty.AUTHORITY and rule.party is Party.OPERATOR)


@given(INSTANTS, INSTANTS, STARTS)
def test_a_later_start_is_never_due_earlier(one: datetime, other: datetime, start: Start) -> None:
    first, second = sorted((one, other), key=lambda at: at.astimezone(UTC))
    early, late = due_of(start, first), due_of(start, second)
    assert early is not None
    assert late is not None
    assert early <= late
    assert early > first


@given(INSTANTS)
def test_seventy_two_hours_are_real_hours_whatever_the_zone(at: datetime) -> None:
    due = due_of(Start(Moment.AWARE, hours=72), at)
    assert due is not None
    assert due.astimezone(UTC) - at.astimezone(UTC) == timedelta(hours=72)


@pytest.mark.parametrize(
    ("aware", "due"),
    [
        ("2026-11-27T09:00", "2026-11-30T09:00"),  # a Friday: the weekend counts
        ("2026-03-27T09:00", "2026-03-30T10:00"),  # the hour that is skipped counts for nothing
        ("2026-10-23T09:00", "2026-10-26T08:00"),  # the hour that comes twice counts twice
        ("2026-12-31T23:30", "2027-01-03T23:30"),
    ],
)
def test_weekends_and_changes_of_hour(aware: str, due: str) -> None:
    started = datetime.fromisoformat(aware).replace(tzinfo=PARIS)
    _, found = due_by(AUTHORITY, {(Moment.AWARE, OPERATOR): started}, OPERATOR)
    assert found is not None
    assert found.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") == due


def test_a_month_ends_on_the_same_day_or_with_a_short_month() -> None:
    def after(text: str) -> str:
        due = due_of(Start(Moment.INITIAL, months=1), datetime.fromisoformat(text).replace(tzinfo=PARIS))
        assert due is not None
        return due.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")

    assert after("2026-11-26T10:15") == "2026-12-26T10:15"
    assert after("2027-01-30T10:15") == "2027-03-01T00:00"
    assert after("2027-01-31T10:15") == "2027-03-01T00:00", "with the last hour of 28 February"
    assert after("2028-01-31T10:15") == "2028-03-01T00:00", "with the last hour of 29 February"
    assert after("2028-01-29T10:15") == "2028-02-29T10:15"
    assert after("2026-12-05T00:00") == "2027-01-05T00:00"
    assert after("2027-10-31T10:15") == "2027-12-01T00:00"
    assert after("2026-10-25T10:15") == "2026-11-25T10:15", "though eleven hours of that day had passed"
    assert after("2027-03-28T10:15") == "2027-04-28T10:15", "though nine had"


@given(st.dates(date(2018, 5, 25), date(2040, 1, 1)), st.dates(date(2027, 1, 1), date(2035, 1, 1)))
def test_the_day_chooses_the_rules(day: date, change: date) -> None:
    """Give the proposal its first day and end the rule it replaces: the day of awareness decides."""
    table = [
        replace(rule, ends=change)
        if rule is AUTHORITY
        else replace(rule, standing=Standing.IN_FORCE, begins=change)
        if rule.standing is Standing.PROPOSED
        else rule
        for rule in CLOCKS
    ]
    (found,) = [rule for rule in rules_on(day, table) if rule.duty is Duty.AUTHORITY and rule.party is Party.OPERATOR]
    assert found.starts[0].hours == (96 if day >= change else 72)


@given(st.dates())
def test_a_proposal_is_never_chosen(day: date) -> None:
    assert all(rule.standing is not Standing.PROPOSED for rule in rules_on(day))
    undated = [replace(rule, begins=None) for rule in CLOCKS]
    assert rules_on(day, undated) == []
    dated = [replace(rule, standing=Standing.PROPOSED, begins=date.min, ends=None) for rule in CLOCKS]
    assert rules_on(day, dated) == [], "whatever its first day"


@pytest.mark.parametrize("risk", [None, *Risk])
def test_what_the_operator_concludes_hides_no_clock_of_an_insurer(risk: Risk | None) -> None:
    """Each insurer is a controller of its own: whether there is a risk to its people is its to conclude."""
    day, oak = date(2026, 11, 27), InsurerId(1)
    at = datetime(2026, 11, 27, 9, tzinfo=PARIS)
    times = {(Moment.AWARE, OPERATOR): at, (Moment.NOTICE_RECEIVED, oak): at}
    found = {(clock.rule.duty, clock.insurer) for clock in running(day, at, times, [], insurers=[oak], risk=risk)}
    assert (Duty.AUTHORITY, oak) in found
    assert ((Duty.AUTHORITY, OPERATOR) in found) is (risk is not Risk.NONE)
