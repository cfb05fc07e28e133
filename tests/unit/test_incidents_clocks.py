"""Where a clock stands to the second, which times follow each other, and when a late duty wants its reasons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tierce.incidents.clocks.model import Fulfilled, Running, State, Written
from tierce.incidents.clocks.rules import (
    OPERATOR,
    LateWithoutReasonsError,
    Times,
    check_fulfilled,
    check_time,
    day_of_rules,
    due_by,
    due_of,
    duty_of,
    moments_of,
    running,
    with_fulfilled,
)
from tierce.incidents.clocks.service import risk_in
from tierce.incidents.errors import FormError
from tierce.incidents.register.model import Row, RowKind
from tierce.kernel.ids import EntrySeq, IncidentId, InsurerId
from tierce.policy.clocks import CLOCKS, Duty, Moment, Party, Risk, Start

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
OAK, PINE = InsurerId(1), InsurerId(2)
AUTHORITY = next(rule for rule in CLOCKS if rule.duty is Duty.AUTHORITY and rule.party is Party.OPERATOR)
AWARE = {(Moment.AWARE, OPERATOR): AT}
DUE = AT + 72 * HOUR


def clock(now: datetime, *done: Fulfilled) -> Running:
    """The operator's clock of the authority, when it was aware at AT."""
    found = running(AT.date(), now, AWARE, done, insurers=[OAK], risk=None, table=[AUTHORITY])
    assert len(found) == 1
    return found[0]


def fulfilled(at: datetime, duty: Duty = Duty.AUTHORITY, insurer: InsurerId = OPERATOR) -> Fulfilled:
    return Fulfilled(duty, insurer, at, "H.", "")


def test_a_clock_is_overdue_a_second_after_its_end_and_a_duty_late_likewise() -> None:
    assert (clock(AT).started, clock(AT).due) == (AT, DUE)
    assert [clock(at).state for at in (DUE, DUE + SECOND)] == [State.RUNNING, State.OVERDUE]
    assert [clock(DUE + HOUR, fulfilled(at)).state for at in (DUE, DUE + SECOND)] == [State.DONE, State.DONE_LATE]
    assert clock(AT, fulfilled(DUE + HOUR), fulfilled(DUE)).state is State.DONE, "the last that was written"
    for other in (fulfilled(DUE, insurer=OAK), fulfilled(DUE, Duty.NOTICE)):
        assert clock(AT, other).state is State.RUNNING
    waiting = running(AT.date(), AT, {}, [], insurers=[], risk=None, table=[AUTHORITY])
    assert [(one.state, one.started, one.due) for one in waiting] == [(State.WAITING, None, None)]


def test_a_conclusion_on_one_cohort_takes_no_clock_away_while_another_waits_for_its_own() -> None:
    rows: list[Row] = []

    def said(kind: RowKind, facts: dict[str, object]) -> Risk | None:
        rows.append(Row(IncidentId(1), len(rows) + 1, kind, AT, "H.", 3, facts, b"", EntrySeq(1)))
        return risk_in(rows)

    assert risk_in([]) is None
    assert said(RowKind.SEVERITY, {"key": "assures"}) is None
    assert said(RowKind.BRIDGE, {"cohort": "assures", "risk": 0}) is Risk.NONE
    assert said(RowKind.SEVERITY, {"key": "professionnels"}) is None, "their bank details may have been read"
    assert said(RowKind.BRIDGE, {"cohort": "professionnels", "risk": 1}) is Risk.RISK
    assert said(RowKind.SEVERITY, {"key": "assures"}) is None, "more was shown of them than was concluded on"
    assert said(RowKind.BRIDGE, {"cohort": "assures", "risk": 2}) is Risk.HIGH


def test_the_earliest_end_of_the_starts_that_are_known_decides() -> None:
    both = (Start(Moment.CLASSIFIED, hours=4), Start(Moment.NOTICE_RECEIVED, hours=24), Start(Moment.SIGNAL))
    rule = replace(AUTHORITY, party=Party.INSURER, starts=both)
    times = {(Moment.NOTICE_RECEIVED, OAK): AT, (Moment.SIGNAL, OAK): AT - HOUR}
    assert due_by(rule, times, OAK) == (AT, AT + 24 * HOUR)
    assert due_by(rule, times | {(Moment.CLASSIFIED, OAK): AT + 19 * HOUR}, OAK) == (AT + 19 * HOUR, AT + 23 * HOUR)
    assert due_by(rule, times | {(Moment.CLASSIFIED, OAK): AT + 21 * HOUR}, OAK) == (AT, AT + 24 * HOUR)
    assert due_by(rule, {(Moment.SIGNAL, OAK): AT}, OAK) == (AT, None)
    assert due_by(rule, times, PINE) == (None, None)
    undue = replace(rule, starts=(Start(Moment.AWARE), Start(Moment.SIGNAL)))
    assert due_by(undue, {(Moment.AWARE, OAK): AT, (Moment.SIGNAL, OAK): AT - HOUR}, OAK) == (AT - HOUR, None)


def test_a_month_from_the_end_of_a_year_is_in_the_next() -> None:
    due = due_of(Start(Moment.INITIAL, months=1), datetime(2026, 12, 15, 9, tzinfo=UTC))
    assert due == datetime(2027, 1, 15, 9, tzinfo=UTC)
    assert due_of(Start(Moment.INITIAL), AT) is None


@pytest.mark.parametrize(("risk", "shown"), [(None, True), (Risk.NONE, False), (Risk.RISK, True), (Risk.HIGH, True)])
def test_a_duty_is_shown_from_its_own_risk_on(risk: Risk | None, shown: bool) -> None:
    assert bool(running(AT.date(), AT, AWARE, [], insurers=[], risk=risk, table=[AUTHORITY])) is shown


TIMES = {
    (Moment.SIGNAL, OPERATOR): AT, (Moment.CHECK, OPERATOR): AT + HOUR, (Moment.AWARE, OPERATOR): AT + 2 * HOUR,
    (Moment.NOTICE_SENT, OAK): AT + 3 * HOUR, (Moment.NOTICE_RECEIVED, OAK): AT + 4 * HOUR,
    (Moment.NOTICE_RECEIVED, PINE): AT + 9 * HOUR,
}  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "first", "last"),
    [
        (Moment.SIGNAL, -99, 1),
        (Moment.CHECK, 0, 2),
        (Moment.AWARE, 1, 20),
        (Moment.NOTICE_SENT, 2, 4),
        (Moment.NOTICE_RECEIVED, 3, 20),
        (Moment.CLASSIFIED, -99, 20),
    ],
)
def test_times_follow_each_other_and_none_is_to_come(moment: Moment, first: int, last: int) -> None:
    insurer = OPERATOR if moment in (Moment.SIGNAL, Moment.CHECK, Moment.AWARE) else OAK
    now = AT + 20 * HOUR
    check_time(moment, AT + first * HOUR, now, TIMES, insurer)
    check_time(moment, AT + last * HOUR, now, TIMES, insurer)
    for wrong in [AT + last * HOUR + SECOND, *([AT + first * HOUR - SECOND] if first > -99 else [])]:
        with pytest.raises(FormError) as refused:
            check_time(moment, wrong, now, TIMES, insurer)
        assert refused.value.field == "at"


@pytest.mark.parametrize("moment", [Moment.NOTICE_SENT, Moment.NOTICE_RECEIVED])
def test_no_notice_has_a_time_before_somebody_became_aware(moment: Moment) -> None:
    with pytest.raises(FormError, match="became aware"):
        check_time(moment, AT, AT, {(Moment.AWARE, OAK): AT}, OAK)
    check_time(moment, AT, AT, AWARE, OAK)


def test_a_duty_is_closed_between_its_start_and_now_and_after_its_end_with_reasons_alone() -> None:
    running_now, late = clock(AT), DUE + SECOND
    for at in (AT, DUE):
        check_fulfilled(running_now, at, at, "")
    check_fulfilled(running_now, late, late, "Le serveur de la CNIL ne répondait pas.")
    for reasons in ("", "  \n"):
        with pytest.raises(LateWithoutReasonsError):
            check_fulfilled(running_now, late, late, reasons)
    for at, now in ((AT - SECOND, late), (late, DUE)):
        with pytest.raises(FormError) as refused:
            check_fulfilled(running_now, at, now, "Une raison.")
        assert refused.value.field == "at"
    with pytest.raises(FormError, match="not begun"):
        check_fulfilled(replace(running_now, started=None, due=None), AT, AT, "")
    check_fulfilled(replace(running_now, due=None), late, late, "")


def test_n3_an_insurer_told_of_the_first_list_is_not_told_of_the_second() -> None:
    """What somebody wrote of them all, or of a duty that did not apply, was said of the list of its day."""
    rule = next(one for one in CLOCKS if one.duty is Duty.NOTICE)
    sent = {**AWARE, (Moment.NOTICE_SENT, OAK): AT + HOUR}
    later, hour = AT + 3 * HOUR, HOUR

    def state(done: list[Fulfilled], times: Times = sent, changed: datetime | None = later) -> State:
        (clock,) = running(
            AT.date(), AT + 9 * hour, times, done, insurers=[OAK], risk=None, table=[rule],
            changed={OAK: changed} if changed else {}, listed_at=later,
        )  # fmt: skip
        return clock.state

    assert state([], changed=None) is State.DONE
    assert state([]) is State.RUNNING
    assert state([], {**sent, (Moment.NOTICE_SENT, OAK): later + hour}) is State.DONE
    assert state([], {**sent, (Moment.NOTICE_RECEIVED, OAK): later + hour}) is State.RUNNING, "received: the first"
    assert state([Fulfilled(Duty.NOTICE, OPERATOR, later - hour, "H.", "")]) is State.RUNNING
    assert state([Fulfilled(Duty.NOTICE, OPERATOR, later + hour, "H.", "")]) is State.DONE
    ended = Fulfilled(Duty.NOTICE, OPERATOR, later + hour, "H.", "Parce que.", ended=True)
    assert state([ended]) is State.RUNNING, "an insurer is on the list"


def test_a_first_notification_starts_what_follows_it_unless_its_time_was_written() -> None:
    done = [
        fulfilled(AT), fulfilled(AT + HOUR, Duty.AUTHORITY, OAK), fulfilled(AT, Duty.COMPLAINT),
        fulfilled(AT + 2 * HOUR, Duty.FINANCIAL_INITIAL, PINE), fulfilled(AT + 3 * HOUR, Duty.NOTICE, OAK),
    ]  # fmt: skip
    assert with_fulfilled({}, done) == {
        (Moment.INITIAL, OPERATOR): AT, (Moment.INITIAL, PINE): AT + 2 * HOUR,
        (Moment.NOTICE_SENT, OAK): AT + 3 * HOUR,
    }  # fmt: skip
    written = {(Moment.NOTICE_SENT, OAK): AT + 5 * HOUR}
    assert with_fulfilled(written, done)[Moment.NOTICE_SENT, OAK] == AT + 5 * HOUR


def test_the_last_time_written_holds_and_awareness_chooses_the_day_in_paris() -> None:
    times = moments_of([Written(Moment.AWARE, OPERATOR, at, "H.", "") for at in (AT, AT + HOUR)])
    assert times == {(Moment.AWARE, OPERATOR): AT + HOUR}
    night = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    signal = {(Moment.SIGNAL, OPERATOR): night}
    assert day_of_rules(signal) == date(2026, 11, 28)
    assert day_of_rules(signal | AWARE) == date(2026, 11, 27)
    assert duty_of(str(Duty.PERSONS.value)) is Duty.PERSONS
    for number in ("", "0", "99"):
        with pytest.raises(FormError):
            duty_of(number)
