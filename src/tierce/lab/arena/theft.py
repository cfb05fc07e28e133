"""One stolen identity: the thief asks first each day, then its owner goes on working; what he learned is counted."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tierce.gate.rules import LOOKED_UP
from tierce.kernel.care import Profession
from tierce.lab.arena.crowd import Desk
from tierce.lab.arena.post import Asked, Post
from tierce.lab.attackers.protocol import ATTACKERS, Answer, Rest, Target, Thief, View
from tierce.lab.attackers.scenario import Scenario, StolenDevice
from tierce.lab.behaviour.model import NAMES
from tierce.policy.acts import Outcome
from tierce.policy.bound import Held, printed_bound
from tierce.policy.evidence import Observation, observe, worth
from tierce.policy.ladder import Rung
from tierce.policy.seats import DAY_LIMITS, DORMANT_DAYS, SEAT_DAYS, cap_of, effective_limit, known_limit

EFFECT_SECONDS: Final = 1.0
"""What the watch decides is in force everywhere within this time."""
ENDLESS: Final = 1 << 20
"""Places where a run leaves their limit out."""
BEYOND_ATTEMPTS: Final = 20
"""Asks that a thief still tries on a day whose attempts are used up, before he rests."""


@dataclass(slots=True)
class Loot:
    """What one stolen identity gave."""

    profession: str
    first: int = 0
    """People never seen at the place."""
    known: int = 0
    """People of the place's own file."""
    present: int = 0
    """People who were there with their proof."""
    negatives: int = 0
    """Numbers of which the thief learned that they are not covered here."""
    asks: int = 0
    hold_ask: int = 0
    """The thief's ask after which the device was held; 0 never."""
    hold_day: int = -1
    bound: int = 0
    negatives_bound: int = 0
    by_day: list[int] = field(default_factory=list)
    """People learned by the end of each day."""

    @property
    def people(self) -> int:
        """People learned, of every kind."""
        return self.first + self.known + self.present


class Sight(View):
    """The state of a post, as a thief who knows all works it out."""

    def __init__(self, post: Post, home: int) -> None:
        """Look at `post`; the thief chooses people born in `home`."""
        self._post = post
        self._home = home

    def places(self) -> int:
        """Places left today on the line without a card."""
        return places_left(self._post)

    def worth_after(self, firsts: int, misses: int) -> float:
        """What the evidence would be worth after so many more people never seen and numbers that find nobody."""
        state = self._post.evidence
        for miss in (False,) * firsts + (True,) * misses:
            one = Observation(self._post.line.day, first=not miss, miss=miss, area=self._home)
            state, _ = observe(state, one)
        return worth(state)


def places_left(post: Post) -> int:
    """Places left on a rolled line today."""
    limit, parts = effective_limit(post.line), post.parts
    month = limit - post.line.open if parts.seats and parts.thirty_days else ENDLESS
    today = cap_of(limit) - post.line.today if parts.seats and parts.day_cap else ENDLESS
    return max(0, min(month, today))


class Theft:
    """A theft that goes on day by day."""

    def __init__(self, desk: Desk, scenario: Scenario, begins: int, rng: np.random.Generator) -> None:
        """Begin on the desk's day numbered `begins`."""
        self._scenario = scenario
        self._begins = begins
        self._owner = desk if scenario.device is StolenDevice.OWN else None
        asleep = DORMANT_DAYS + 1 if scenario.device is StolenDevice.DORMANT else 0
        self._first_day = desk.first_day + begins + asleep
        self._post = _post_of(desk, scenario, self._first_day)
        self._post.lag = math.ceil(scenario.options.get("per_second", 0.0) * EFFECT_SECONDS)
        sight = Sight(self._post, desk.home)
        self._thief = Thief(desk.profession, 0, rng, dict(scenario.options), desk.file, sight, desk.home)
        self._play = ATTACKERS[scenario.attacker](self._thief)
        self._answer: Answer | None = None
        self.loot = Loot(NAMES[desk.profession])
        self._learned: set[int] = set()
        self._opened: dict[int, int] = {}
        """The day of the ask that made each person known, of those whom the place did not know."""
        self._told: set[int] = set()
        """The people of the day."""
        self._days = self._limit = self._declared_limit = 0
        self._asked_file = False
        self._fooled = int(scenario.options.get("fooled", 0))

    def run(self) -> Loot:
        """Play every day of the scenario."""
        for n in range(self._scenario.days):
            self.thief_acts(n)
            self.owner_lives(n)
        return self.end()

    @property
    def profession(self) -> Profession:
        """Of the identity that was stolen."""
        return self._thief.profession

    def thief_acts(self, n: int) -> None:
        """Play the thief's day numbered `n` of the theft."""
        day = self._first_day + n
        self._post.roll(day)
        if self._fooled and self._post.rung >= Rung.STEP_UP and self._post.since < day:
            self._fooled -= 1
            self._post.release(day)
        if n < self._scenario.session_days:
            self._thief.day = n
            self._note_limits()
            self._act(day)
        self.loot.by_day.append(self.loot.people)

    def end(self) -> Loot:
        """What it gave, and its bound."""
        bound = printed_bound(self.held(), {}, self._days, self.loot.present)
        self.loot.bound, self.loot.negatives_bound = bound.total, bound.negatives
        return self.loot

    def owner_lives(self, n: int) -> None:
        """The owner works on beside the thief; a human who looks at a hold finds a thief, and keeps it.

        A scenario may say how often one is `fooled` and lifts it all the same.
        """
        desk = self._owner
        if desk is None or desk.begins[self._begins + n]:
            return
        lag, held = self._post.lag, self._post.held
        self._post.lag = 0
        desk.live(self._begins + n, robbed=True)
        self._post.lag = lag
        if self._post.held and not held:
            self._note_hold(self._first_day + n)

    def _act(self, day: int) -> None:
        spent = 0
        self._told.clear()
        asks_max = DAY_LIMITS[self._thief.profession].attempts + BEYOND_ATTEMPTS
        for _ in range(asks_max):
            move = self._play.send(self._answer) if self._answer is not None else next(self._play)
            if isinstance(move, Rest):
                self._answer = None
                return
            outcome = self._ask(day, move)
            stopped = self._post.rung >= Rung.STEP_UP
            self._answer = Answer(outcome is Outcome.RELEASED, 0 if stopped else places_left(self._post))
            spent += outcome is Outcome.OUT_OF_ATTEMPTS
            if spent >= BEYOND_ATTEMPTS:
                break

    def _ask(self, day: int, target: Target) -> Outcome:
        self.loot.asks += 1
        self._asked_file = self._asked_file or target.known
        if not self._scenario.signed:
            # The session is bound to a key: an ask without its proof is refused before the gate (identity).
            return Outcome.NOT_ALLOWED
        person = target.person
        opened = day - self._opened.get(person, -SEAT_DAYS) < SEAT_DAYS
        one = Asked(
            target.found, known=target.known or opened, opened=opened, present=target.present,
            card=self._scenario.declared, area=target.area, prefix=target.prefix, again=person in self._told,
            twin=target.twin, ended=target.ended,
        )  # fmt: skip
        held = self._post.held
        outcome = self._post.ask(day, one)
        if outcome is Outcome.RELEASED:
            self._note_shown(day, target, opened=opened)
        elif outcome in LOOKED_UP:
            self.loot.negatives += 1
        if self._post.held and not held:
            self._note_hold(day)
        return outcome

    def _note_shown(self, day: int, target: Target, *, opened: bool) -> None:
        self._told.add(target.person)
        if not target.known and not target.present and not opened:
            self._opened[target.person] = day
        if target.person not in self._learned:
            self._learned.add(target.person)
            self._thief.shown.append(target)
            kind = "present" if target.present else "known" if target.known else "first"
            setattr(self.loot, kind, getattr(self.loot, kind) + 1)

    def _note_hold(self, day: int) -> None:
        if self.loot.hold_day < 0:
            self.loot.hold_ask, self.loot.hold_day = self.loot.asks, day - self._first_day

    def _note_limits(self) -> None:
        self._days += 1
        self._limit = max(self._limit, effective_limit(self._post.line))
        self._declared_limit = max(self._declared_limit, effective_limit(self._post.declared))

    def held(self, shared: tuple[str, ...] = (), cards: tuple[str, ...] = ()) -> list[Held]:
        """The lines that the thief held, for the printed bound; none for a session whose key he had not.

        `shared` are the lines that an ask of his touches besides, `cards` those that a declared reading does.
        """
        if not self._scenario.signed:
            return []
        who = self._thief.profession
        known = DAY_LIMITS[who].attempts if self._scenario.declared else known_limit(self._post.line, who)
        held = [Held(self._limit, known, self._thief.file if self._asked_file else 0, shared)]
        if self._scenario.declared:
            held.append(Held(self._declared_limit, 0, 0, cards, misses_a_day=DAY_LIMITS[who].declared_misses))
        return held


def _post_of(desk: Desk, scenario: Scenario, day: int) -> Post:
    return (
        Post(desk.profession, day, desk.parts, desk.post.commons, desk.post.place)
        if scenario.device is StolenDevice.NEW
        else desk.post
    )
