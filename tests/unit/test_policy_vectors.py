"""Published sequences of the rule, replayed: what was drawn, what was refused, and the state after each event.

They come from the study behind the rule, whose form also lets the limit follow what was never proved; that term is
off here, so a vector is replayed where it does not depend on it.
"""

from dataclasses import dataclass, field, replace

import pytest

from tierce.policy.bound import Held, Shared, printed_bound, seats_bound
from tierce.policy.seats import (
    PROBATION_DAYS,
    PROVED_DAYS,
    SEAT_DAYS,
    Line,
    SeatConstants,
    cap_of,
    effective_limit,
    has_room,
    prove,
    roll,
    take,
    withdraw,
)

MONDAY = 20_003
"""Day 0 of every vector."""
OPEN, PROVED = 1, 2


def empty(constants: SeatConstants, *, freed_256: int = 0, weeks: int = 60) -> Line:
    """A line out of probation on day 0."""
    limit = min(constants.top, constants.a + 4 * constants.b_percent * freed_256 // 25_600)
    return Line(MONDAY, MONDAY - PROBATION_DAYS, limit, 0, 0, 0, weeks, freed_256, 0, 0, (0,) * SEAT_DAYS, 1)


@dataclass
class Practice:
    """An establishment as the vectors play it: lines drawn together, pairs, evidence used."""

    constants: list[SeatConstants]
    lines: list[Line]
    pairs: dict[str, tuple[int, int]] = field(default_factory=dict)
    held: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    """By person: the day of the seat and which lines gave it."""
    used: set[str] = field(default_factory=set)

    def at(self, day: int) -> None:
        """A later day."""
        self.lines = [roll(line, rule, MONDAY + day) for line, rule in zip(self.lines, self.constants, strict=True)]

    def ask(self, who: str, on: tuple[int, ...] = (0,)) -> str:
        """Ask for somebody; every line named must accept."""
        day = self.lines[0].day
        state, since = self.pairs.get(who, (0, 0))
        if (state == OPEN and day - since < SEAT_DAYS) or (state == PROVED and day - since <= PROVED_DAYS):
            return "known"
        if not all(has_room(self.lines[place]) for place in on):
            return "refused"
        for place in on:
            self.lines[place] = take(self.lines[place])
        self.pairs[who], self.held[who] = (OPEN, day), (day, on)
        return "drawn"

    def prove(self, who: str, evidence: str) -> str:
        """A proof of grade B."""
        if evidence in self.used:
            return "seen"
        self.used.add(evidence)
        state, since = self.pairs.get(who, (0, 0))
        day = self.lines[0].day
        self.pairs[who] = (PROVED, day)
        if state != OPEN:
            return "noted" if state else "present"
        for place in self.held[who][1]:
            self.lines[place] = prove(self.lines[place], since)
        return "freed" if day - since < SEAT_DAYS else "late"

    def withdraw(self, who: str) -> None:
        """The proof that freed a seat is taken back."""
        day, on = self.held[who]
        for place in on:
            self.lines[place] = withdraw(self.lines[place], day)
        self.pairs[who] = (OPEN, day)

    def state(self, place: int = 0) -> tuple[int, int, int, int]:
        """Open seats, drawn today, limit, cap."""
        line = self.lines[place]
        return line.open, line.today, effective_limit(line), cap_of(effective_limit(line))


def test_the_one_page_rule_s_golden_sequence() -> None:
    rule = SeatConstants(3, 0, 10)
    one = Practice([rule], [empty(rule)])
    assert [one.ask(who) for who in ("P1", "P2", "P3", "P4")] == ["drawn"] * 3 + ["refused"]
    assert one.state() == (3, 3, 3, 3)
    one.at(1)
    assert one.ask("P4") == "refused"
    assert one.prove("P2", "i1") == "freed"
    assert one.ask("P4") == "drawn"
    assert one.state() == (3, 1, 3, 3)
    one.at(2)
    assert one.ask("P2") == "known"
    assert one.state() == (3, 0, 3, 3)
    one.at(30)
    assert one.state()[0] == 1
    one.at(31)
    assert one.state()[0] == 0
    one.at(40)
    freed = one.lines[0].freed_week
    assert one.prove("P1", "i2") == "late"
    assert (one.state()[0], one.lines[0].freed_week) == (0, freed + 1)
    assert one.ask("P1") == "known"


def test_vector_1_seats_and_their_ends() -> None:
    """The first vector with the limit of its first weeks, 14: what was drawn, freed, aged, late and reopened."""
    rule = SeatConstants(10, 50, 110)
    one = Practice([rule], [empty(rule, freed_256=512)])
    one.at(1)
    assert [one.ask(who) for who in "ABCDE"] == ["drawn"] * 5
    assert one.state() == (5, 5, 14, 5)
    assert [one.ask("F"), one.ask("F"), one.ask("A")] == ["refused", "refused", "known"]
    assert one.state() == (5, 5, 14, 5)
    assert one.prove("F", "q1") == "present"
    one.at(3)
    assert [one.prove("A", "i1"), one.prove("A", "i1"), one.prove("A", "n1")] == ["freed", "seen", "noted"]
    assert [one.prove("G", "q2"), one.ask("G"), one.ask("H")] == ["present", "known", "drawn"]
    assert one.state()[:2] == (5, 1)
    one.at(28)
    assert one.state()[:2] == (5, 0)
    one.at(30)
    assert one.prove("B", "i2") == "freed", "age 29"
    assert one.state()[0] == 4
    one.at(31)
    assert one.state()[0] == 1, "the seats of day 1 have ended; H's of day 3 has not"
    assert [one.prove("C", "i3"), one.ask("C"), one.ask("D")] == ["late", "known", "drawn"]
    assert one.state()[:2] == (2, 1)
    one.at(35)
    assert one.state()[:2] == (1, 0)
    one.at(36)
    one.withdraw("A")
    assert one.state()[:2] == (1, 0), "its 30 days were over: nothing is taken again"


def test_vector_2_a_withdrawn_proof_above_the_limit() -> None:
    rule = SeatConstants(4, 0, 4)
    one = Practice([rule], [empty(rule)])
    one.at(1)
    assert [one.ask(who) for who in "ABCD"] == ["drawn"] * 3 + ["refused"]
    assert one.state() == (3, 3, 4, 3)
    one.at(2)
    assert [one.ask("D"), one.ask("E")] == ["drawn", "refused"]
    assert one.state() == (4, 1, 4, 3)
    one.at(4)
    assert one.prove("B", "i1") == "freed"
    assert one.state() == (3, 0, 4, 3)
    assert one.ask("E") == "drawn"
    assert one.state() == (4, 1, 4, 3)
    one.at(5)
    one.withdraw("B")
    assert [one.prove("B", "i1"), one.ask("F")] == ["seen", "refused"]
    assert one.state() == (5, 0, 4, 3)
    one.at(6)
    assert [one.prove("A", "n1"), one.ask("F")] == ["freed", "refused"]
    assert one.state() == (4, 0, 4, 3)
    assert one.prove("C", "n2") == "freed"
    assert one.ask("F") == "drawn"
    assert one.state() == (4, 1, 4, 3)


def test_vector_3_two_lines_all_or_none() -> None:
    shared, own = SeatConstants(6, 50, 110), SeatConstants(2, 0, 2)
    one = Practice([shared, own], [empty(shared, freed_256=512), empty(own)])
    one.at(1)
    assert [one.ask(who, (0, 1)) for who in "ABC"] == ["drawn", "drawn", "refused"]
    assert (one.state(0), one.state(1)) == ((2, 2, 10, 4), (2, 2, 2, 2))
    assert [one.ask("C", (0,)), one.ask("C", (0, 1))] == ["drawn", "known"]
    assert (one.state(0), one.state(1)) == ((3, 3, 10, 4), (2, 2, 2, 2))
    one.at(2)
    assert one.prove("A", "i1") == "freed"
    assert (one.state(0), one.state(1)) == ((2, 0, 10, 4), (1, 0, 2, 2))
    assert one.ask("D", (0, 1)) == "drawn"
    assert (one.state(0), one.state(1)) == ((3, 1, 10, 4), (2, 1, 2, 2))
    assert [line.freed_week for line in one.lines] == [1, 1]


@pytest.mark.parametrize(
    ("freed_256", "freed_week", "weeks", "after"),
    [
        (0, 0, 0, 0), (0, 1, 0, 51), (512, 2, 60, 512), (512, 0, 60, 480), (15, 0, 60, 14), (1000, 10, 60, 1097),
        (1000, 0, 60, 937), (9000, 99, 60, 10021),
    ],
)  # fmt: skip
def test_the_monday_update_of_the_vectors(freed_256: int, freed_week: int, weeks: int, after: int) -> None:
    rule = SeatConstants(6, 50, 110)
    line = replace(empty(rule, freed_256=freed_256, weeks=weeks), freed_week=freed_week)
    assert roll(line, rule, MONDAY + 7).freed_256 == after


@pytest.mark.parametrize(
    ("limit", "days", "people"),
    [(14, 1, 5), (14, 3, 14), (14, 30, 14), (14, 31, 28), (5, 1, 3), (5, 30, 5), (0, 9, 0)],
)
def test_what_one_line_gives_at_most(limit: int, days: int, people: int) -> None:
    assert seats_bound(limit, days) == people


def test_the_printed_bound_takes_the_smallest_of_the_lines() -> None:
    cabinet, other = Shared("place", 14), Shared("place", 28)
    vendor, nation = Shared("vendor", 21), Shared("nation", 2, pool=True)
    names = ("cabinet", "vendor", "nation")
    two = [Held(14, 75, 100, names), Held(14, 75, 3, names)]
    assert printed_bound(two, {}, 30).first == 28
    assert printed_bound(two, {"cabinet": cabinet, "vendor": vendor}, 30).first == 14
    three = [*two, Held(14, 75, 3, ("other", "vendor", "nation"))]
    assert printed_bound(three, {"cabinet": cabinet, "other": other}, 30).first == 28
    assert printed_bound(three, {"cabinet": cabinet, "other": other, "vendor": vendor}, 30).first == 21
    assert printed_bound(three, {"cabinet": cabinet, "nation": nation}, 3).first == 6, "two a day for everybody"
    whole = printed_bound(two, {"cabinet": cabinet}, 30, present=4)
    assert (whole.first, whole.known, whole.present, whole.total) == (14, 103, 4, 121)
