"""The theorem of docs/reference/bound.md, played against: whoever knows every rule never passes the printed bound."""

import random
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate_cases import TODAY, ask_of, caller, read_of
from tierce.gate.model import DeclaredLines
from tierce.gate.rules import decide
from tierce.kernel.care import Profession
from tierce.kernel.ids import EstablishmentId
from tierce.policy.acts import Presence
from tierce.policy.bound import Held, Shared, printed_bound, seats_bound
from tierce.policy.lines import PLACE_UNSEEN, declared_constants, declared_misses, place_constants
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    DECLARED_UNSEEN,
    MISS_DAYS,
    PROBATION_DAYS,
    PROBATION_PROOFS,
    SEAT_DAYS,
    SEATS,
    Line,
    SeatConstants,
    cap_of,
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
    card: bool = False
    """The seat is the declared lines'."""
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
    declared: list[Line] = field(default_factory=list)
    cards: list[Line] = field(default_factory=lambda: [DECLARED_UNSEEN] * PLACES)
    """The declared lines of the establishments."""
    certified: set[int] = field(default_factory=set)
    """Lines on which the thief declared a reading."""
    misses: list[tuple[int, bool]] = field(default_factory=list)
    """The thief's negatives: the line, and whether a reading was declared."""

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
        self.declared.append(DECLARED_UNSEEN)
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
        self.declared = [roll(line, DECLARED[PROFESSION], self.day) for line in self.declared]
        self.cards = [roll(line, declared_constants(PROFESSION, 1), self.day) for line in self.cards]
        now = {f"line {n}": line for n, line in enumerate(self.lines)}
        now |= {f"place {n}": line for n, line in enumerate(self.places)} | {"vendor": self.vendor}
        now |= {f"declared {n}": line for n, line in enumerate(self.declared)}
        now |= {f"cards {n}": line for n, line in enumerate(self.cards)}
        for name, line in now.items():
            self.limits[name] = max(self.limits.get(name, 0), effective_limit(line))

    def ask(self, n: int, *, thief: bool, found: bool = True, card: bool = False) -> bool:
        """Ask on a line about somebody new; whether a seat was taken or, of a miss with a card, counted."""
        place = self.login_of[n] % PLACES
        who = replace(caller(PROFESSION, line=n + 1), establishment=EstablishmentId(place + 1))
        self.pairs += 1
        common = has_room(self.vendor) and self.pooled < self.pool
        verdict = decide(
            ask_of(who, pair=self.pairs, presence=Presence.DECLARED if card else Presence.NONE),
            read_of(pair=self.pairs, person=7 if found else 0), replace(self.lines[n], attempts=0), self.day,
            self.places[place], 1, declared=DeclaredLines(self.declared[n], self.cards[place]), common=common,
        )  # fmt: skip
        if not verdict.seats and verdict.declared is None:
            return False
        self.lines[n], self.places[place] = verdict.line, verdict.place
        if thief and card:
            self.certified.add(n)
        if verdict.declared is not None:
            self.declared[n], self.cards[place] = verdict.declared
        else:
            self.vendor = take(self.vendor)
            self.pooled += 1
        if found:
            self.draws.append(Draw(thief, self.day, n, place, card=verdict.declared is not None))
        elif thief:
            self.misses.append((n, verdict.declared is not None))
        return True

    def prove(self, draw: Draw) -> None:
        """Presence is proved for whom the seat was taken."""
        if draw.proved:
            return
        draw.proved = draw.ever_proved = True
        if draw.card:
            self.declared[draw.line] = prove(self.declared[draw.line], draw.day)
            self.cards[draw.place] = prove(self.cards[draw.place], draw.day)
            return
        self.lines[draw.line] = prove(self.lines[draw.line], draw.day)
        self.places[draw.place] = prove(self.places[draw.place], draw.day)
        self.vendor = prove(self.vendor, draw.day)

    def withdraw(self, draw: Draw) -> None:
        """The proof is taken back."""
        if not draw.proved:
            return
        draw.proved = False
        if draw.card:
            self.declared[draw.line] = withdraw(self.declared[draw.line], draw.day)
            self.cards[draw.place] = withdraw(self.cards[draw.place], draw.day)
            return
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
        misses_a_day, there = DAY_LIMITS[PROFESSION].declared_misses, declared_misses(PROFESSION, 1)
        shared |= {
            f"cards {n}": Shared("place", self.limits.get(f"cards {n}", 0), misses_a_day=there) for n in range(PLACES)
        }
        cards = {
            n: Held(self.limits[f"declared {n}"], 0, 0, (f"cards {self.login_of[n] % PLACES}",), misses_a_day)
            for n in self.certified
        }
        bound = printed_bound([*held, *cards.values()], shared, days, present)
        assert len(learned) <= bound.total
        assert len(self.misses) <= bound.negatives
        each = [(n, False, one) for n, one in enumerate(held)] + [(n, True, one) for n, one in cards.items()]
        for n, card, one in each:
            alone = printed_bound([one], {}, days)
            mine = [draw for draw in learned if (draw.line, draw.card) == (n, card) and not draw.ever_proved]
            assert len(mine) <= alone.total
            assert self.misses.count((n, card)) <= alone.negatives


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
                town.ask(n, thief=True, found=kind == 0 or chance.random() < 0.5, card=chance.random() < 0.3)
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
                for found in (True, False):
                    for card in (True, False):
                        while town.ask(n, thief=True, found=found, card=card):
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
    learned, limit = len(town.draws), SEATS[PROFESSION].a
    assert (
        learned == min(cap_of(limit) * days, limit)
        if days <= SEAT_DAYS
        else limit < learned <= limit * -(-days // SEAT_DAYS)
    )


@given(st.integers(1, 90))
def test_alone_he_learns_of_three_times_as_many_that_they_are_not_covered(days: int) -> None:
    """A miss holds its seat for ten days: negatives reach their bound, and not one more; nobody is learned."""
    town = opened(10_000, 10_000, 1)
    for number in range(days):
        town.later(1 if number else 0)
        while town.ask(0, thief=True, found=False):
            pass
    town.holds()
    assert not town.draws
    limit = SEATS[PROFESSION].a
    assert len(town.misses) == min(cap_of(limit) * days, limit) if days <= MISS_DAYS else limit < len(town.misses)


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


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 400), st.integers(1, 3))
def test_a_login_s_devices_of_a_year_declare_no_more_than_one(days: int, gap: int) -> None:
    """Certified software, a new device as soon as one may settle, and a card of somebody present for each."""
    town = Town(SeatConstants(10_000, 50, 40_000, probation=False), 10_000)
    for number in range(0, days, gap):
        town.sign_in(0)
        town.later(gap if number else 0)
        for n in range(len(town.lines)):
            while town.ask(n, thief=True, card=True):
                pass
        if on_probation(town.lines[-1]) and (drawn := next((d for d in town.draws if not d.proved), None)):
            town.prove(drawn)
    town.holds()
    by_card = [draw for draw in town.draws if draw.card and not draw.ever_proved]
    most = max(town.limits.get("cards 0", 0), DECLARED[PROFESSION].a)
    assert len(by_card) <= seats_bound(most, town.day - TODAY + 1)
