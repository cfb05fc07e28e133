"""How an insurer's counts are put together: nothing masked is guessed, and a rhythm is read from whole files."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tierce.insurers.model import Coming, Decided, PaidBatch, ShownRow
from tierce.insurers.rules import DAYS_TOLD, by_month, gather, next_expected, payments_csv
from tierce.kernel.care import Domain
from tierce.registry.runs.model import Run, RunState

TODAY = date(2026, 11, 25)
COMING = Coming(datetime(2026, 11, 25, 9, tzinfo=UTC), 2, 25, 40, 90, 0, 0)
YESTERDAY = TODAY - timedelta(days=1)


def run(day: int, state: RunState = RunState.DONE) -> Run:
    at = datetime(2026, 11, day, 3, tzinfo=UTC)
    return Run(day, "rights", "A", "99000001", state, at, at, at, 10, 10, 0, 0, 1.0, None, None, 0, 0)


def test_every_finished_day_is_named_and_the_running_one_is_not() -> None:
    told = gather([ShownRow(YESTERDAY, None, False, 12)], TODAY)
    assert len(told.days) == DAYS_TOLD - 1
    assert told.days[-1] == (YESTERDAY, 12)
    assert TODAY not in dict(told.days)


def test_a_masked_count_is_in_no_sum() -> None:
    rows = [
        ShownRow(None, Domain.PHAR, False, 12),
        ShownRow(None, Domain.OPTI, False, None),
        ShownRow(TODAY, Domain.PHAR, False, None),
        ShownRow(TODAY, Domain.PHAR, True, 5),
    ]
    told = gather(rows, TODAY)
    assert (told.at_least, told.masked) == (17, True)
    pharmacy, optics = told.domains
    assert (pharmacy.before, pharmacy.today) == (12, 5)
    assert (optics.before, optics.today, optics.again) == (None, 0, 0)


def test_a_file_corrected_on_its_day_keeps_the_rhythm() -> None:
    twice = [run(day) for day in (1, 1, 8, 8, 15, 15)]
    assert next_expected(twice) == date(2026, 11, 22), "the median of the days between files would be none"


def test_a_rhythm_needs_three_days_with_a_whole_file_and_one_late_file_does_not_move_it() -> None:
    assert next_expected([run(1), run(8)]) is None
    assert next_expected([run(1), run(8), run(15, RunState.REFUSED)]) is None
    assert next_expected([run(8), run(1), run(17), run(24)]) == date(2026, 12, 1)
    assert next_expected([run(8), run(8), run(8)]) is None


def test_what_was_sent_is_told_in_the_month_of_its_file_in_paris_less_what_came_back() -> None:
    # Half past eleven at night in Paris is the month before in London, and one more in Paris an hour later.
    first = PaidBatch(1, 4, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), 3, 900, 1, 250)
    second = PaidBatch(2, 5, datetime(2026, 9, 2, 12, tzinfo=UTC), 1, 100, 1, 100)
    decided = Decided(date(2026, 10, 1), 4, 1_000, 900, 1, 70)
    told = by_month(COMING, [first, second], [decided], TODAY)
    assert [(one.decided.month, one.decided.due, one.paid) for one in told.months] == [
        (date(2026, 11, 1), 0, 650), (date(2026, 10, 1), 900, 0), (date(2026, 9, 1), 0, 0),
    ]  # fmt: skip
    assert (told.paid, told.since) == (650, date(2025, 11, 1))
    assert by_month(COMING, [], [], date(2026, 1, 9)).since == date(2025, 1, 1)
    first = replace(first, recovered=40)
    assert payments_csv([(first, "TIERCE-1")]).splitlines() == [
        "reference,filed,state,invoices,cents,back_invoices,back_cents,recovered_cents",
        "TIERCE-1,2026-11-01T00:30:00+01:00,4,3,900,1,250,-40",
    ]
