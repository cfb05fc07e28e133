"""The rule of seats, day by day: the golden sequence, probation, Mondays, proofs, and the stored form."""

import struct
from dataclasses import replace

import pytest

from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of
from tierce.policy.evidence import CAPS
from tierce.policy.floors import FLOORS
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    DECLARED_UNSEEN,
    DORMANT_DAYS,
    MISS_AGE,
    MISS_DAYS,
    PROBATION_DAYS,
    PROBATION_KNOWN,
    PROBATION_LIMIT,
    SEAT_DAYS,
    SEATS,
    UNCOUNTED,
    Line,
    SeatConstants,
    cap_of,
    count,
    effective_limit,
    has_room,
    known_limit,
    limit_of,
    new_line,
    pack,
    pack_declared,
    prove,
    roll,
    settle,
    settled_line,
    take,
    unpack,
    unpack_declared,
    withdraw,
)

MONDAY = 20_003
"""Day 0 of the golden sequence: a Monday."""
GOLDEN = SeatConstants(a=3, b_percent=0, top=10)
PROVING = SeatConstants(a=14, b_percent=100, top=120)
STATE_BYTES = 90


def line_at(
    day: int, constants: SeatConstants = GOLDEN, *, weeks: int = 0, freed_256: int = 0, freed_week: int = 0
) -> Line:
    """An empty line out of probation."""
    since = day - PROBATION_DAYS
    return Line(day, since, constants.a, 0, 0, 0, weeks, freed_256, freed_week, 0, (0,) * SEAT_DAYS, 1)


def drawn(line: Line, times: int = 1) -> Line:
    """A line that takes seats, each of which must have room."""
    for _ in range(times):
        assert has_room(line)
        line = take(line)
    return line


def test_the_golden_sequence() -> None:
    assert date_of(MONDAY).weekday() == 0
    line = drawn(line_at(MONDAY), 3)  # P1, P2, P3
    assert (line.open, line.today, cap_of(effective_limit(line))) == (3, 3, 3)
    assert not has_room(line)  # P4

    line = roll(line, GOLDEN, MONDAY + 1)
    assert (line.open, line.today) == (3, 0)
    assert not has_room(line)  # P4 again: open is the limit
    line = prove(line, MONDAY)  # P2
    assert (line.open, line.freed_week) == (2, 1)
    line = drawn(line)  # P4
    assert line.open == 3

    line = roll(line, GOLDEN, MONDAY + 29)
    assert line.open == 3
    line = roll(line, GOLDEN, MONDAY + 30)
    assert line.open == 1  # P1 and P3 have aged out; P4 was drawn on day 1
    line = roll(line, GOLDEN, MONDAY + 31)
    assert line.open == 0

    before = roll(line, GOLDEN, MONDAY + 40)
    late = prove(before, MONDAY)  # P1
    assert late.open == before.open == 0
    assert late.freed_week == before.freed_week + 1


@pytest.mark.parametrize("weekday", range(7))
def test_the_limit_moves_on_mondays_only(weekday: int) -> None:
    line = line_at(MONDAY + weekday, PROVING)
    for _ in range(12):
        line = prove(line, line.day)
    for day in range(MONDAY + weekday + 1, MONDAY + weekday + 30):
        rolled = roll(line, PROVING, day)
        assert rolled.limit == line.limit or date_of(day).weekday() == 0
        line = rolled


@pytest.mark.parametrize(
    ("weeks", "freed_256", "freed_week", "then_freed_256", "then_limit"),
    [
        # By hand: freed += floor((256 * week - freed) / min(16, weeks + 1 + 4)); limit = 14 + floor(4 * freed / 256).
        (0, 0, 0, 0, 14),
        (0, 0, 10, 512, 22),
        (60, 0, 10, 160, 16),
        (60, 512, 2, 512, 22),
        (60, 512, 0, 480, 21),
        (60, 100, 0, 93, 15),
        (60, 256 * 40, 0, 9_600, 120),
        (3, 1_000, 7, 1_099, 31),
    ],
)
def test_the_monday_update(weeks: int, freed_256: int, freed_week: int, then_freed_256: int, then_limit: int) -> None:
    line = line_at(MONDAY + 6, PROVING, weeks=weeks, freed_256=freed_256, freed_week=freed_week)
    line = roll(line, PROVING, MONDAY + 7)
    assert (line.freed_256, line.freed_week, line.limit) == (then_freed_256, 0, then_limit)
    assert line.weeks == min(60, weeks + 1)


def test_a_seat_that_expires_on_a_monday_is_free_before_the_new_limit_counts() -> None:
    line = drawn(line_at(MONDAY - 2), 3)
    line = roll(line, GOLDEN, MONDAY + 28)
    assert date_of(line.day).weekday() == 0
    assert line.open == 0
    assert has_room(line)


def test_twenty_nine_days_give_back_and_thirty_do_not() -> None:
    line = roll(drawn(line_at(MONDAY), 2), GOLDEN, MONDAY + 29)
    assert prove(line, MONDAY).open == 1
    line = roll(line, GOLDEN, MONDAY + 30)
    assert prove(line, MONDAY).open == 0


def test_a_proof_of_today_frees_the_seat_and_not_the_cap_of_the_day() -> None:
    line = prove(drawn(line_at(MONDAY), 3), MONDAY)
    assert line.open == 2
    assert line.today == 3
    assert not has_room(line)


def test_a_proof_of_a_day_without_a_seat_gives_none_back() -> None:
    line = drawn(line_at(MONDAY), 2)
    assert prove(line, MONDAY - 3).seats == line.seats
    assert prove(line, MONDAY - 3).freed_week == line.freed_week + 1


def test_each_day_is_counted_from_nothing_on_and_the_week_goes_on() -> None:
    busy = replace(drawn(line_at(MONDAY, PROVING), 2), attempts=9, known=8, refused=7, freed_week=3)
    next_day = roll(busy, PROVING, MONDAY + 1)
    assert next_day == replace(busy, day=MONDAY + 1, today=0, attempts=0, known=0, refused=0)


def test_a_withdrawn_proof_takes_the_seat_again_and_gives_back_the_count() -> None:
    line = drawn(line_at(MONDAY), 2)
    assert withdraw(prove(line, MONDAY), MONDAY) == line


def test_a_proof_withdrawn_in_a_later_week_gives_back_its_count_all_the_same() -> None:
    line = line_at(MONDAY, PROVING, weeks=60)
    for _ in range(48):
        line = prove(line, MONDAY - 40)
    raised = roll(line, PROVING, MONDAY + 7)
    assert raised.limit > PROVING.a
    for _ in range(48):
        raised = withdraw(raised, MONDAY - 40)
    assert roll(raised, PROVING, MONDAY + 14).limit == PROVING.a


def test_a_withdrawn_proof_may_leave_a_line_above_its_limit_and_it_recovers() -> None:
    line = drawn(line_at(MONDAY), 3)
    line = prove(roll(line, GOLDEN, MONDAY + 1), MONDAY)
    line = withdraw(drawn(line), MONDAY)
    assert line.open == 4 > effective_limit(line)
    assert not has_room(line)
    assert has_room(roll(line, GOLDEN, MONDAY + 30))


@pytest.mark.parametrize("change", [prove, withdraw])
def test_evidence_about_a_day_to_come_is_refused(change: object) -> None:
    with pytest.raises(ValueError, match="roll"):
        change(line_at(MONDAY), MONDAY + 1)  # type: ignore[operator]  # parametrised as object


@pytest.mark.parametrize("profession", list(Profession))
def test_a_new_device_has_five_places_for_fourteen_days(profession: Profession) -> None:
    constants = SEATS[profession]
    line = new_line(profession, MONDAY)
    for day in range(MONDAY, MONDAY + PROBATION_DAYS):
        rolled = roll(line, constants, day)
        assert effective_limit(rolled) == PROBATION_LIMIT == 5
        assert known_limit(rolled, profession) == DAY_LIMITS[profession].known_on_probation
    # Time alone ends no probation: somebody must have been there, and been proved.
    after = roll(line, constants, MONDAY + PROBATION_DAYS)
    assert effective_limit(after) == PROBATION_LIMIT
    assert effective_limit(prove(after, MONDAY, counts=False)) == PROBATION_LIMIT
    after = prove(after, MONDAY)
    assert effective_limit(after) == constants.a
    assert known_limit(after, profession) == DAY_LIMITS[profession].known
    assert effective_limit(withdraw(after, MONDAY)) == PROBATION_LIMIT
    early = prove(line, MONDAY)
    assert effective_limit(early) == PROBATION_LIMIT, "nor does a proof alone"
    assert effective_limit(roll(early, constants, MONDAY + PROBATION_DAYS)) > PROBATION_LIMIT


def test_a_line_asleep_more_than_sixty_days_starts_anew() -> None:
    line = replace(drawn(line_at(MONDAY, PROVING), 4), limit=100, freed_256=9_000, weeks=60)
    awake = roll(line, PROVING, MONDAY + DORMANT_DAYS)
    assert effective_limit(awake) > PROBATION_LIMIT
    asleep = roll(line, PROVING, MONDAY + DORMANT_DAYS + 1)
    assert effective_limit(asleep) == PROBATION_LIMIT
    assert (asleep.since, asleep.open, asleep.freed_256) == (MONDAY + DORMANT_DAYS + 1, 0, 0)
    late = prove(roll(asleep, PROVING, asleep.day + PROBATION_DAYS), MONDAY)
    assert effective_limit(late) == PROBATION_LIMIT, "a visit of before the sleep says nothing of who is here now"
    assert effective_limit(prove(late, asleep.day)) == PROVING.a


@pytest.mark.parametrize("profession", list(Profession))
def test_a_settled_line_has_its_base_seats(profession: Profession) -> None:
    settled = settled_line(profession, MONDAY)
    assert effective_limit(settled) == SEATS[profession].a
    assert known_limit(settled, profession) == DAY_LIMITS[profession].known


@pytest.mark.parametrize("profession", list(Profession))
def test_a_stolen_sign_in_finds_five_places_on_a_device_of_its_own(profession: Profession) -> None:
    line, taken = new_line(profession, MONDAY), 0
    counts = (line.today, line.attempts, line.known, line.weeks, line.freed_256, line.freed_week, line.refused)
    assert (counts, line.open, line.proofs) == ((0,) * 7, 0, 0)
    for day in range(MONDAY, MONDAY + SEAT_DAYS):
        line = roll(line, SEATS[profession], day)
        while has_room(line):
            line, taken = take(line), taken + 1
    assert taken == PROBATION_LIMIT
    assert not has_room(replace(line, seats=(0,) * SEAT_DAYS, today=0), PROBATION_LIMIT + 1)


def test_a_line_that_knows_no_probation_sleeps_and_starts_without_one() -> None:
    asleep = roll(roll(DECLARED_UNSEEN, DECLARED[Profession.LABORATORY], MONDAY), DECLARED[Profession.LABORATORY],
                  MONDAY + DORMANT_DAYS + 1)  # fmt: skip
    assert effective_limit(asleep) == DECLARED[Profession.LABORATORY].a > PROBATION_LIMIT
    assert (asleep.open, asleep.today, asleep.attempts, asleep.known, asleep.refused) == (0,) * 5


@pytest.mark.parametrize(
    ("limit", "cap"), [(0, 0), (1, 1), (2, 2), (3, 3), (9, 3), (10, 4), (14, 5), (120, 40), (2_400, 800)]
)
def test_the_cap_of_a_day(limit: int, cap: int) -> None:
    assert cap_of(limit) == cap


@pytest.mark.parametrize("profession", list(Profession))
def test_the_stored_form_fits_at_every_top(profession: Profession) -> None:
    top = SEATS[profession].top
    full = replace(
        new_line(profession, 40_000),
        limit=top, today=cap_of(top), attempts=70_000, known=65_535, refused=65_535, weeks=60,
        freed_256=256 * 30_000, freed_week=30_000, seats=(cap_of(top),) * SEAT_DAYS,
    )  # fmt: skip
    stored = pack(full)
    assert len(stored) == STATE_BYTES
    assert unpack(stored) == replace(full, attempts=65_535)


def test_an_unknown_version_of_a_stored_line_is_refused() -> None:
    stored = pack(new_line(Profession.GP, MONDAY))
    for one in (stored, pack(replace(new_line(Profession.GP, MONDAY), since=0))):
        with pytest.raises(ValueError, match="version 3"):
            unpack(b"\x03" + one[1:])


def test_a_line_stored_by_an_earlier_release_stays_where_it_was() -> None:
    """Version 1 ended a probation by its days alone; no settled device is put back on probation by an upgrade."""
    old = replace(new_line(Profession.GP, MONDAY), since=MONDAY - PROBATION_DAYS)
    assert effective_limit(unpack(b"\x01" + pack(old)[1:])) == SEATS[Profession.GP].a
    young = new_line(Profession.GP, MONDAY)
    assert effective_limit(unpack(b"\x01" + pack(young)[1:])) == PROBATION_LIMIT
    assert unpack(b"\x01" + pack(young)[1:]) == young, "whose days were not over waits for a proof"
    assert unpack(pack(old)) == old, "a line of this release is let out by a proof alone"
    proved = replace(old, proofs=7)
    assert unpack(pack(proved)) == proved


@pytest.mark.parametrize("profession", list(Profession))
def test_constants_keep_their_order(profession: Profession) -> None:
    constants, limits, floor = SEATS[profession], DAY_LIMITS[profession], FLOORS[profession]
    assert PROBATION_LIMIT <= constants.a <= constants.top < 2**16
    assert limit_of(constants, 0) == constants.a
    assert limit_of(constants, 2**32 - 1) == constants.top
    assert PROBATION_KNOWN <= limits.known_on_probation < limits.known <= limits.attempts
    # The database's floors never stop what the gate grants.
    assert floor.asked > limits.attempts
    assert floor.known > limits.known
    assert floor.drawn >= cap_of(constants.top)


@pytest.mark.parametrize("profession", list(Profession))
def test_a_declared_line_follows_its_line_and_both_fit(profession: Profession) -> None:
    constants = DECLARED[profession]
    cap = cap_of(constants.top)
    assert cap <= 255, "a day of it is kept in one byte"
    line = settled_line(profession, MONDAY)
    second = replace(
        DECLARED_UNSEEN, day=MONDAY, limit=constants.top, today=cap, weeks=60, freed_256=256 * 30_000,
        freed_week=-30_000, seats=(cap,) * SEAT_DAYS, attempts=DAY_LIMITS[profession].declared_misses,
    )  # fmt: skip
    stored = pack(line) + pack_declared(second)
    assert (unpack(stored), unpack_declared(stored)) == (line, second)
    assert unpack_declared(pack(line)) is None
    assert unpack_declared(stored[:-1]) == replace(second, attempts=0), "written before its misses were counted"
    assert len(stored) == 136, "with the evidence of a device, less than 256"
    # Of an establishment more than a byte a day, reached from the shorter form that its line was read from.
    read = unpack_declared(stored)
    assert read is not None
    for busy in (replace(read, seats=(256, *read.seats[1:])), replace(read, attempts=256)):
        assert unpack_declared(pack(line) + pack_declared(busy)) == busy
        withdrawn = replace(busy, proofs=0)
        assert unpack_declared(pack(line) + pack_declared(withdrawn)) == busy, "it knows no probation"


def test_proofs_of_the_two_lines_are_told_apart() -> None:
    rule, second = SEATS[Profession.GP], DECLARED[Profession.GP]
    line = take(new_line(Profession.GP, MONDAY))
    card = take(roll(DECLARED_UNSEEN, second, MONDAY))
    owed = struct.pack(">iihh", MONDAY, MONDAY, 9, 1)  # the declared seat is freed by grade A or B
    told, carded = settle(line, rule, owed), settle(card, second, owed, declared=True)
    assert (told.open, told.freed_week, told.proofs) == (1, 0, 1), "somebody was there: probation knows"
    assert settle(told, rule, struct.pack(">iihh", MONDAY, MONDAY, 11, -1)).proofs == 0, "and that it was withdrawn"
    assert settle(line, rule, struct.pack(">iihh", MONDAY - 1, MONDAY, 9, 1)).proofs == 0, "before it began"
    assert (carded.open, carded.freed_week) == (0, 1)
    owed = struct.pack(">iihh", MONDAY, MONDAY, -1, 1)
    told, carded = settle(line, rule, owed), settle(card, second, owed, declared=True)
    assert (told.open, told.freed_week, told.proofs, carded) == (0, 1, 1, card)


@pytest.mark.parametrize("declared", [False, True])
def test_a_proof_that_waited_gives_back_the_seat_of_its_own_day(declared: bool) -> None:
    line = roll(drawn(line_at(MONDAY, PROVING), 2), PROVING, MONDAY + 1)
    both = drawn(line)
    line_of = 10 if declared else 0
    owed = struct.pack(">iihh", MONDAY, MONDAY + 2, line_of - 1, 1)
    after = settle(both, PROVING, owed, declared=declared)
    places = [after.seats[day % SEAT_DAYS] for day in (MONDAY, MONDAY + 1, MONDAY + 2)]
    assert (after.day, places) == (MONDAY + 2, [1, 1, 0])
    back = settle(after, PROVING, struct.pack(">iihh", MONDAY, MONDAY + 3, line_of + 1, -1), declared=declared)
    assert (back.day, back.seats, back.freed_week) == (MONDAY + 3, both.seats, both.freed_week)
    ahead = struct.pack(">iihh", MONDAY + 3, MONDAY + 2, line_of - 1, 1)
    assert settle(both, PROVING, ahead, declared=declared).freed_week == 1, "whatever two clocks say of its day"


def test_a_miss_holds_its_seat_for_ten_days() -> None:
    line = line_at(MONDAY)
    for missed in (take(line, age=MISS_AGE), count(line, seats=1, age=MISS_AGE)):
        assert (missed.open, missed.today) == (1, 1)
        assert roll(missed, GOLDEN, MONDAY + MISS_DAYS - 1).open == 1
        assert roll(missed, GOLDEN, MONDAY + MISS_DAYS).open == 0


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize(
    ("moved", "freed", "opened", "freed_week"),
    [(-1, 1, -1, 1), (-1, 0, -1, 0), (0, 1, -1, 1), (1, -1, 1, -1), (1, 0, 1, 0), (0, -1, 1, -1)],
)
def test_what_a_proof_moved_and_what_it_counts_are_told_apart(
    declared: bool, moved: int, freed: int, opened: int, freed_week: int
) -> None:
    line = take(take(roll(DECLARED_UNSEEN, DECLARED[Profession.GP], MONDAY)))
    owed = struct.pack(">iihh", MONDAY, MONDAY, moved + (10 if declared else 0), freed)
    after = settle(line, DECLARED[Profession.GP], owed, declared=declared)
    assert (after.open, after.freed_week) == (line.open + opened, freed_week)


def test_a_seat_that_aged_out_is_neither_given_back_nor_taken_again() -> None:
    line = drawn(line_at(MONDAY), 2)
    for age, moves in ((SEAT_DAYS - 1, 1), (SEAT_DAYS, 0)):
        aged = replace(line, day=MONDAY + age)
        assert prove(aged, MONDAY).open == aged.open - moves
        assert withdraw(aged, MONDAY).open == aged.open + moves
        assert withdraw(aged, MONDAY).freed_week == aged.freed_week - 1


@pytest.mark.parametrize("profession", UNCOUNTED)
def test_a_profession_that_nobody_counted_has_the_lowest_of_every_number(profession: Profession) -> None:
    counted = [one for one in Profession if one not in UNCOUNTED]

    def numbers(one: Profession) -> list[int]:
        seats = [part for table in (SEATS, DECLARED) for part in (table[one].a, table[one].b_percent, table[one].top)]
        limits, floor = DAY_LIMITS[one], FLOORS[one]
        return [
            *seats, limits.attempts, limits.known, limits.known_on_probation, limits.declared_misses,
            *CAPS[one].shares, CAPS[one].volume, floor.asked, floor.drawn, floor.known, floor.place,
        ]  # fmt: skip

    lowest = [min(each) for each in zip(*map(numbers, counted), strict=True)]
    # Floors follow from the numbers above, so they may be lower than anybody's, and are never higher.
    assert numbers(profession)[:-4] == lowest[:-4]
    assert all(own <= least for own, least in zip(numbers(profession)[-4:], lowest[-4:], strict=True))
    assert SEATS[profession].probation
