"""The theorem of docs/reference/bound.md, played against: whoever knows every rule never passes the printed bound."""

import random
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate_cases import TODAY, ask_of, caller, read_of
from tierce.gate.rules import decide
from tierce.kernel.care import Profession
from tierce.kernel.ids import EstablishmentId
from tierce.policy.bound import Held, Shared, printed_bound
from tierce.policy.lines import PLACE_UNSEEN, place_constants
from tierce.policy.seats import (
    PROBATION_DAYS,
    PROBATION_PROOFS,
    SEAT_DAYS,
    SEATS,
    Line,
    SeatConstants,
    effective_limit,
    has_room,
    new_line,
    on_probation,
    prove,
    roll,
    settled_line,
    take,
    withdraw,
)

PROFESSION = Profession.GP
PLACES = 2


@dataclass
class Draw:
    """A seat taken: by whom, when, and on which lines."""

    thief: bool
    day: int
    line: int
    place: int
    proved: bool = False
    ever_proved: bool = False


@dataclass
class Town:
    """Logins of two establishments, one vendor, a pool; every line by the live rule."""

    vendor_rule: SeatConstants
    pool: int
    day: int = TODAY
    lines: list[Line] = field(default_factory=list)
    login_of: list[int] = field(default_factory=list)
    created: list[int] = field(default_factory=list)
    stolen: list[bool] = field(default_factory=list)
    places: list[Line] = field(default_factory=lambda: [PLACE_UNSEEN] * PLACES)
    pooled: int = 0
    draws: list[Draw] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    pairs: int = 0

    def __post_init__(self) -> None:
        """The vendor's line starts empty."""
        self.vendor = Line(TODAY, -PROBATION_DAYS, self.vendor_rule.a, 0, 0, 0, 0, 0, 0, 0, (0,) * SEAT_DAYS,
                           PROBATION_PROOFS)  # fmt: skip

    def settle_in(self, login: int) -> None:
        """A device that the owner has had for long, which the thief holds as well."""
        self._add(settled_line(PROFESSION, self.day), login, self.day - 400)

    def sign_in(self, login: int) -> None:
        """The thief signs in on a device never seen (access.line_of): one probation for each login."""
        for place, line in enumerate(self.lines):
            young = self.created[place] > self.day - PROBATION_DAYS
            if self.login_of[place] == login and (young or on_probation(line)):
                return
        self._add(new_line(PROFESSION, self.day), login, self.day)

    def _add(self, line: Line, login: int, created: int) -> None:
        self.lines.append(line)
        self.login_of.append(login)
        self.created.append(created)

    def later(self, days: int) -> None:
        """Some days on: every line is rolled, and its limit noted."""
        self.day += days
        if days:
            self.pooled = 0
        self.lines = [roll(line, SEATS[PROFESSION], self.day) for line in self.lines]
        self.places = [roll(line, place_constants(PROFESSION, 1), self.day) for line in self.places]
        self.vendor = roll(self.vendor, self.vendor_rule, self.day)
        now = {f"line {n}": line for n, line in enumerate(self.lines)}
        now |= {f"place {n}": line for n, line in enumerate(self.places)} | {"vendor": self.vendor}
        for name, line in now.items():
            self.limits[name] = max(self.limits.get(name, 0), effective_limit(line))

    def ask(self, n: int, *, thief: bool) -> bool:
        """Ask on a line about somebody new; whether a seat was taken."""
        place = self.login_of[n] % PLACES
        who = replace(caller(PROFESSION, line=n + 1), establishment=EstablishmentId(place + 1))
        self.pairs += 1
        common = has_room(self.vendor) and self.pooled < self.pool
        verdict = decide(
            ask_of(who, pair=self.pairs), read_of(pair=self.pairs), replace(self.lines[n], attempts=0), self.day,
            self.places[place], 1, common=common,
        )  # fmt: skip
        if not verdict.seats:
            return False
        self.lines[n], self.places[place] = verdict.line, verdict.place
        self.vendor = take(self.vendor)
        self.pooled += 1
        self.draws.append(Draw(thief, self.day, n, place))
        return True

    def prove(self, draw: Draw) -> None:
        """Presence is proved for whom the seat was taken."""
        if draw.proved:
            return
        draw.proved = draw.ever_proved = True
        self.lines[draw.line] = prove(self.lines[draw.line], draw.day)
        self.places[draw.place] = prove(self.places[draw.place], draw.day)
        self.vendor = prove(self.vendor, draw.day)

    def withdraw(self, draw: Draw) -> None:
        """The proof is taken back."""
        if not draw.proved:
            return
        draw.proved = False
        self.lines[draw.line] = withdraw(self.lines[draw.line], draw.day)
        self.places[draw.place] = withdraw(self.places[draw.place], draw.day)
        self.vendor = withdraw(self.vendor, draw.day)

    def holds(self) -> None:
        """What the thief learned is within the printed bound, on the whole and line by line."""
        days = self.day - TODAY + 1
        learned = [draw for draw in self.draws if draw.thief]
        present = sum(draw.ever_proved for draw in learned)
        shared = {"vendor": Shared("vendor", self.limits["vendor"]), "nation": Shared("nation", self.pool, pool=True)}
        shared |= {f"place {n}": Shared("place", self.limits.get(f"place {n}", 0)) for n in range(PLACES)}
        held = [
            Held(self.limits[f"line {n}"], 0, 0, (f"place {self.login_of[n] % PLACES}", "vendor", "nation"))
            for n in range(len(self.lines))
        ]
        assert len(learned) <= printed_bound(held, shared, days, present).total
        for n, one in enumerate(held):
            mine = [draw for draw in learned if draw.line == n and not draw.ever_proved]
            assert len(mine) <= printed_bound([one], {}, days).total


def opened(vendor: int, pool: int, logins: int) -> Town:
    """A town whose logins each have one settled device."""
    town = Town(SeatConstants(vendor, 50, 4 * vendor, probation=False), pool)
    for login in range(logins):
        town.settle_in(login)
    town.later(0)
    return town


steps = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 1, 2, 3, 7, 13, 29, 30, 61]), st.integers(0, 5), st.integers(0, 9)),
    min_size=1, max_size=60,
)  # fmt: skip


@settings(deadline=None)
@given(st.integers(3, 60), st.integers(1, 20), st.integers(1, 4), steps, st.randoms(use_true_random=False))
def test_a_thief_who_does_anything_at_all_stays_within_the_bound(
    vendor: int, pool: int, logins: int, wishes: list[tuple[int, int, int]], chance: random.Random
) -> None:
    """Asks, new devices, owners at work, proofs of anybody's draws, late ones, withdrawals, on any days."""
    town = opened(vendor, pool, logins)
    for gap, kind, many in wishes:
        town.later(gap)
        for _ in range(many):
            n = chance.randrange(len(town.lines))
            if kind <= 1:
                town.ask(n, thief=True)
            elif kind == 2:
                town.ask(n, thief=False)
            elif kind == 3 and town.draws:
                town.prove(chance.choice(town.draws[-40:]))
            elif kind == 4 and town.draws:
                town.withdraw(chance.choice(town.draws[-40:]))
            elif kind == 5:
                town.sign_in(chance.randrange(logins))
                town.later(0)
        town.holds()


@settings(deadline=None, max_examples=40)
@given(
    st.integers(3, 200), st.integers(1, 60), st.integers(1, 4), st.integers(1, 100), st.integers(0, 4),
    st.sampled_from([1, 1, 6, 7, 29, 30]),
)  # fmt: skip
def test_the_greediest_thief_stays_within_the_bound(
    vendor: int, pool: int, logins: int, days: int, owner: int, rest: int
) -> None:
    """Every line emptied at the first minute of each day that he works, with new devices, beside owners at work."""
    town = opened(vendor, pool, logins)
    for number in range(days):
        town.later(1 if number else 0)
        if number % rest == 0:
            for login in range(logins):
                town.sign_in(login)
            town.later(0)
            for n in range(len(town.lines)):
                while town.ask(n, thief=True):
                    pass
        for n in range(logins):
            for _ in range(owner):
                town.ask(n, thief=False)
        for draw in town.draws:
            if not draw.thief and not draw.proved and draw.day == town.day - 3:
                town.prove(draw)
        town.holds()


@given(st.integers(1, 90))
def test_alone_he_reaches_the_bound_of_a_settled_line(days: int) -> None:
    """The bound is no looser than it must be: in thirty days he gets every seat, and not one more."""
    town = opened(10_000, 10_000, 1)
    for number in range(days):
        town.later(1 if number else 0)
        while town.ask(0, thief=True):
            pass
    town.holds()
    learned = len(town.draws)
    assert learned == min(5 * days, 14) if days <= SEAT_DAYS else 14 < learned <= 14 * -(-days // SEAT_DAYS)


@given(st.integers(1, 60), st.integers(1, 9))
def test_relayed_sign_ins_on_new_devices_learn_five_people(days: int, devices: int) -> None:
    """Without the owner's device and without anybody present, in any number of devices and for thirty days on end."""
    town = Town(SeatConstants(10_000, 50, 40_000, probation=False), 10_000)
    for number in range(days):
        for _ in range(devices):
            town.sign_in(0)
        town.later(1 if number else 0)
        for n in range(len(town.lines)):
            while town.ask(n, thief=True):
                pass
    assert len(town.lines) == 1
    assert len(town.draws) <= 5 * -(-days // SEAT_DAYS)
    town.holds()
