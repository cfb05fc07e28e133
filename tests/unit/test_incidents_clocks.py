"""Where a clock stands to the second, which times follow each other, and when a late duty wants its reasons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tierce.incidents.clocks.model import EVERYBODY_TOLD, Fulfilled, Running, State, Untold, Written
from tierce.incidents.clocks.rules import (
    OPERATOR,
    LateWithoutReasonsError,
    Times,
    check_closing,
    check_ended,
    check_fulfilled,
    check_time,
    day_of_rules,
    due_by,
    due_of,
    duty_of,
    moments_of,
    published_at,
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


@pytest.mark.parametrize(
    ("listed", "ended", "state"),
    [
        (None, True, State.ENDED),
        (AT + HOUR, True, State.ENDED),
        (AT + HOUR + SECOND, True, State.RUNNING),  # it was said of the list before
        (AT + HOUR + SECOND, False, State.DONE),  # what was done stays done
    ],
)
def test_an_end_without_being_done_holds_until_another_list(
    listed: datetime | None, *, ended: bool, state: State
) -> None:
    done = [replace(fulfilled(AT + HOUR), ended=ended)]
    (found,) = running(
        AT.date(),
        AT + 9 * HOUR,
        AWARE,
        done,
        insurers=[OAK],
        risk=None,
        changed={OAK: AT + 3 * HOUR},
        listed_at=listed,
        table=[AUTHORITY],
    )
    assert (found.state, found.due) == (state, DUE)


def test_the_operator_has_told_insurers_once_each_was_told_and_not_before() -> None:
    rule = next(one for one in CLOCKS if one.duty is Duty.NOTICE)
    oak, pine = {(Moment.NOTICE_SENT, OAK): AT + HOUR}, {(Moment.NOTICE_RECEIVED, PINE): AT + 2 * HOUR}
    for times, insurers, at in (
        ({}, [], None), (oak, [OAK], AT + HOUR), (oak, [OAK, PINE], None), (oak | pine, [OAK, PINE], AT + 2 * HOUR),
        (oak | pine, [], None),
    ):  # fmt: skip
        (found,) = running(
            AT.date(), AT + 9 * HOUR, AWARE | times, [], insurers=insurers, risk=None, table=[rule]
        )  # fmt: skip
        assert (found.done and found.done.at) == at


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
    assert state([], {**sent, (Moment.NOTICE_SENT, OAK): later}) is State.DONE
    assert state([], {**sent, (Moment.NOTICE_SENT, OAK): later - SECOND}) is State.RUNNING
    assert state([], {**sent, (Moment.NOTICE_RECEIVED, OAK): later + hour}) is State.RUNNING, "received: the first"
    assert state([], {**AWARE, (Moment.NOTICE_RECEIVED, OAK): later + hour}) is State.RUNNING, "of which list?"
    assert state([Fulfilled(Duty.NOTICE, OPERATOR, later - SECOND, "H.", "")]) is State.RUNNING
    assert state([Fulfilled(Duty.NOTICE, OPERATOR, later, "H.", "")]) is State.DONE
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


def owed(duty: Duty, state: State = State.RUNNING, *, begun: bool = True, done: Fulfilled | None = None) -> Running:
    """The operator's clock of a duty."""
    rule = next(rule for rule in CLOCKS if rule.duty is duty and rule.party is Party.OPERATOR)
    return Running(rule, OPERATOR, AT if begun else None, None, done, state)


SOMEBODY = [Untold(unfinished=1), Untold(waiting=1), Untold(come_back=1), Untold(newer_list=True)]


@pytest.mark.parametrize(
    ("of", "untold", "insurers", "words"),
    [
        (owed(Duty.AUTHORITY), SOMEBODY[0], True, ""),
        (owed(Duty.AUTHORITY, State.OVERDUE), EVERYBODY_TOLD, True, ""),
        (owed(Duty.AUTHORITY, begun=False), EVERYBODY_TOLD, False, "not begun"),
        (owed(Duty.AUTHORITY, State.DONE), EVERYBODY_TOLD, False, "say first that it was not"),
        (owed(Duty.AUTHORITY, State.DONE_LATE), EVERYBODY_TOLD, False, "say first that it was not"),
        (owed(Duty.NOTICE), EVERYBODY_TOLD, True, "each is told"),
        (owed(Duty.NOTICE), EVERYBODY_TOLD, False, ""),
        *((owed(duty), untold, False, "not told") for duty in (Duty.PERSONS, Duty.PUBLIC) for untold in SOMEBODY),
        (owed(Duty.PERSONS), EVERYBODY_TOLD, True, ""),
        (owed(Duty.PUBLIC), EVERYBODY_TOLD, True, ""),
        # what an insurer does not do is its own to say
        (replace(owed(Duty.PERSONS), insurer=OAK), SOMEBODY[0], True, ""),
        (replace(owed(Duty.NOTICE), insurer=OAK), EVERYBODY_TOLD, True, ""),
    ],
)
def test_a_duty_ends_without_being_done_where_nobody_waits_for_it(
    of: Running, untold: Untold, *, insurers: bool, words: str
) -> None:
    if not words:
        check_ended(of, untold, insurers=insurers)
        return
    with pytest.raises(FormError, match=words) as refused:
        check_ended(of, untold, insurers=insurers)
    assert refused.value.field == "duty"


OUT = owed(Duty.PUBLIC, State.DONE, done=fulfilled(AT + HOUR, Duty.PUBLIC))
TOLD = owed(Duty.PERSONS, State.DONE, done=fulfilled(AT + HOUR, Duty.PERSONS))


@pytest.mark.parametrize(
    ("own", "untold", "words"),
    [
        ([], EVERYBODY_TOLD, ""),
        ([owed(Duty.AUTHORITY, State.DONE_LATE), owed(Duty.NOTICE, State.ENDED)], EVERYBODY_TOLD, ""),
        ([owed(Duty.AUTHORITY, State.OVERDUE), TOLD], EVERYBODY_TOLD, "nothing written"),
        ([owed(Duty.AUTHORITY)], EVERYBODY_TOLD, "Still running"),
        ([TOLD, owed(Duty.PUBLIC, State.WAITING, begun=False)], EVERYBODY_TOLD, ""),  # none was decided
        ([TOLD, owed(Duty.PUBLIC)], EVERYBODY_TOLD, "public notice is owed"),
        ([TOLD, OUT], EVERYBODY_TOLD, ""),
        ([TOLD, OUT], Untold(waiting=1), "public notice is owed"),  # none that came out was of them
        ([TOLD], Untold(unfinished=1), "1 message or letter to finish"),
        ([TOLD], Untold(unfinished=2, come_back=3), "2 messages or letters to finish, 3 messages or letters come"),
        ([TOLD], Untold(newer_list=True), "1 list without recipients"),
        ([TOLD], Untold(waiting=1), ""),  # they are the public notice's, which has its own clock
        ([owed(Duty.AUTHORITY, State.DONE)], SOMEBODY[0], ""),  # the risk is not high: none is owed to anybody
    ],
)
def test_an_incident_is_closed_once_nothing_is_owed(own: list[Running], untold: Untold, words: str) -> None:
    if not words:
        check_closing(own, untold)
        return
    with pytest.raises(FormError) as refused:
        check_closing(own, untold)
    assert words in str(refused.value).replace("\u00a0", " ")
    assert refused.value.field == "why"


def test_a_public_notice_came_out_when_somebody_said_so_and_not_where_the_duty_ended() -> None:
    ended = replace(fulfilled(AT, Duty.PUBLIC), ended=True)
    for own, at in (
        ([TOLD, OUT], AT + HOUR), ([TOLD], None), ([owed(Duty.PUBLIC)], None),
        ([owed(Duty.PUBLIC, State.ENDED, done=ended)], None),
    ):  # fmt: skip
        assert published_at(own) == at
