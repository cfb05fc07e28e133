"""Honest desks at the gate: many logins of one profession, each living its own days."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby, repeat
from typing import Final
from zlib import crc32

import numpy as np

from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of
from tierce.lab.arena.causes import Cause, Causes, on_new_device, on_settled_device
from tierce.lab.arena.parts import ALL, Parts
from tierce.lab.arena.place import Place
from tierce.lab.arena.post import Asked, Post
from tierce.lab.arena.twin import Quiet, quiet
from tierce.lab.behaviour.days import (
    AREAS,
    SUMMER,
    Bools,
    Crowd,
    Days,
    Ints,
    draw_areas,
    draw_crowd,
    draw_days,
    draw_proofs,
    on_devices,
)
from tierce.lab.behaviour.model import NAMES, PRESENCE, Habits, habits, year
from tierce.policy.acts import Outcome
from tierce.policy.evidence import MONTH_DAYS
from tierce.policy.ladder import Rung
from tierce.policy.seats import DAY_LIMITS, MISS_AGE, PROBATION_DAYS, SEAT_DAYS, effective_limit, on_probation

PAST: Final = SEAT_DAYS
"""Days drawn before the first one that is played: what they left open is open when it begins."""
_WAKE: Final = 20
"""Days after which known people alone bring a line forward: it must not fall asleep while it is in use."""
_NEVER: Final = -PROBATION_DAYS
_READ: Final = {found: Asked(found, card=True) for found in (True, False)}
"""An ask with a card read: the tests do not look at these, so where she was born does not matter."""
_STEP_UPS: Final = frozenset(
    {
        Outcome.OUT_OF_SEATS, Outcome.KNOWN_LIMIT, Outcome.HELD, Outcome.OUT_OF_ATTEMPTS, Outcome.PLACE_FULL,
        Outcome.COMMON_FULL,
    }
)  # fmt: skip


@dataclass(slots=True)
class Hindered:
    """Honest asks and what hindered them, summed over desks."""

    desks: int = 0
    days: int = 0
    """Days of all desks together, worked or not."""
    asks: int = 0
    step_ups: int = 0
    new_asks: int = 0
    """Of the asks, those on a device in its first fourteen days."""
    new_step_ups: int = 0
    false_holds: int = 0
    touched: int = 0
    """Desks with at least one step-up."""
    by_month: dict[int, list[int]] = field(default_factory=dict)
    """Asks and step-ups by month number."""
    causes: Causes = field(default_factory=Causes)
    """Step-ups by cause; together they are all of them."""

    def add(self, other: "Hindered") -> None:
        """Add the counts of other desks."""
        for name in ("desks", "days", "asks", "step_ups", "new_asks", "new_step_ups", "false_holds", "touched"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.causes.update(other.causes)
        for month, (asks, step_ups) in other.by_month.items():
            mine = self.by_month.setdefault(month, [0, 0])
            mine[0] += asks
            mine[1] += step_ups

    @property
    def per_1000(self) -> float:
        """Step-ups per thousand asks."""
        return 1000 * self.step_ups / self.asks if self.asks else 0.0

    @property
    def settled_per_1000(self) -> float:
        """The same, on devices that are not on probation."""
        asks = self.asks - self.new_asks
        return 1000 * (self.step_ups - self.new_step_ups) / asks if asks else 0.0

    def per_1000_of(self, cause: Cause) -> float:
        """Step-ups for one cause per thousand asks."""
        return 1000 * self.causes[cause] / self.asks if self.asks else 0.0


@dataclass(slots=True)
class Desk:
    """One desk with everything that was drawn for it; `live` plays one day."""

    profession: Profession
    first_day: int
    home: int
    file: int
    """People known at the place."""
    post: Post
    firsts: list[list[int]]
    """By day: first, miss, miss of a contract that ended, first with card, miss with card."""
    quiet: list[list[int]]
    """By day: known shown, stepped up, refused, attempts; known asked without and with a card, and proved."""
    young: list[bool]
    """Days that the twin took for those of a device in its first fourteen days."""
    substitute: list[bool]
    begins: list[bool]
    confirmed: list[bool]
    """The device never seen shares the line of an older one of its login; a substitute's, of her own elsewhere."""
    proofs: tuple[Iterator[int], Iterator[int]]
    areas: Iterator[int]
    prefixes: Iterator[int]
    parts: Parts
    unusual: list[Cause | None]
    """By day: what stands out of the day or the desk, for who asks why a proof was asked."""
    stand_in: Post | None = None
    stood_in: bool = False
    """Whether somebody stands in, as the place was told last."""
    due: dict[int, dict[Post, tuple[list[int], list[int]]]] = field(default_factory=dict)
    """Invoices to come, by day: whose, and the days on which their people were drawn, without and with a card."""
    asks: int = 0
    step_ups: int = 0
    new_asks: int = 0
    new_step_ups: int = 0
    false_holds: int = 0
    causes: Causes = field(default_factory=Causes)

    def live(self, n: int, *, robbed: bool = False) -> tuple[int, int]:
        """Play the day numbered `n` from first_day; returns its asks and step-ups.

        Whatever the watch put in its way is lifted by a human the next day, unless the desk is `robbed`.
        """
        day = self.first_day + n
        post = self._post_of(n, day)
        if post.rung >= Rung.STEP_UP and not robbed and post.since < day:
            self.false_holds += post.held
            post.release(day)
        if day in self.due:
            self._invoiced(day)
        shown, stepped, refused, attempts, bare, card, proved = self._quiet_day(n, post)
        asks, step_ups, kinds = bare + card + proved, stepped + refused, self.firsts[n]
        first_time = sum(kinds)
        if not asks and not first_time:
            return 0, 0
        if asks:
            if step_ups:
                self._note(n, post, Outcome.KNOWN_LIMIT, stepped)
                self._note(n, post, Outcome.OUT_OF_ATTEMPTS, refused)
            if post.rung >= Rung.PRESENCE_ONLY:
                held = min(attempts - refused - proved, shown + card)
                step_ups += held
                self._note(n, post, Outcome.HELD, held)
            else:
                post.known_asks(day, shown)
        if first_time or day - post.line.day > _WAKE:
            post.roll(day)
            post.spent(attempts + post.line.attempts, shown + post.line.known)
            asks += first_time
            step_ups += self._first_time(post, n, kinds)
        self.asks += asks
        self.step_ups += step_ups
        if on_probation(post.line):
            self.new_asks += asks
            self.new_step_ups += step_ups
        return asks, step_ups

    def forget(self) -> None:
        """Begin to count again."""
        self.asks = self.step_ups = self.new_asks = self.new_step_ups = self.false_holds = 0
        self.causes = Causes()

    def _invoiced(self, day: int) -> None:
        """The invoices of the day come."""
        for holder, drawn_days in self.due.pop(day).items():
            if holder.line.day != day or holder.declared.day != day:
                holder.roll(day)
            for card, drawn in enumerate(drawn_days):
                if drawn:
                    holder.prove(drawn, card=bool(card))

    def expect(self, day: int, post: Post, drawn: int, *, declared: bool) -> None:
        """An invoice will come on `day`."""
        of_day = self.due.get(day)
        if of_day is None:
            of_day = self.due[day] = {}
        drawn_days = of_day.get(post)
        if drawn_days is None:
            drawn_days = of_day[post] = ([], [])
        drawn_days[declared].append(drawn)

    def _quiet_day(self, n: int, post: Post) -> list[int]:
        """The twin's counts of the day, worked out again when the device is on probation for want of a proof."""
        told = self.quiet[n]
        if self.young[n] or not on_probation(post.line):
            return told
        bare, card, proved = told[4:7]
        return [*_young_day(self.profession, proved, bare, card), bare, card, proved]

    def _post_of(self, n: int, day: int) -> Post:
        """Who asks today: the desk's own device, its successor, or a substitute's, whom the place counts too."""
        place = self.post.place
        if self.stood_in != self.substitute[n]:
            self.stood_in = self.substitute[n]
            place.desks += 1 if self.stood_in else -1
        if self.begins[n] and self.substitute[n]:
            self.stand_in = Post(self.profession, day, self.parts, self.post.commons, place)
            if self.confirmed[n]:
                self.stand_in.settle(day, (0.0, 0.0), ([0] * SEAT_DAYS, [0] * SEAT_DAYS))
        elif self.begins[n] and not self.confirmed[n]:
            self.post = Post(self.profession, day, self.parts, self.post.commons, place)
        return self.stand_in if self.substitute[n] and self.stand_in else self.post

    def _note(self, n: int, post: Post, outcome: Outcome, count: int = 1, *, card: bool = False) -> None:
        """Count step-ups under their cause."""
        if not count:
            return
        if on_probation(post.line):
            cause = on_new_device(outcome, substitute=bool(self.substitute[n]))
        else:
            full = post.line.open >= effective_limit(post.line)
            cause = on_settled_device(outcome, self.unusual[n], card=card, month_full=full)
        self.causes[cause] += count

    def _first_time(self, post: Post, n: int, kinds: list[int]) -> int:
        """Ask about people never seen; returns how many were asked for a proof."""
        first, miss, ended, first_card, miss_card = kinds
        stopped = self._one_by_one(post, n, first, found=True) + self._one_by_one(post, n, miss, found=False)
        stopped += self._one_by_one(post, n, ended, found=False, ended=True)
        if first_card or miss_card:
            shown, missed = post.declared_asks(first_card, miss_card)
            for _ in range(shown):
                self._follow(post, self.first_day + n, card=True, declared=True)
            stopped += self._one_by_one(post, n, first_card - shown, found=True, card=True)
            stopped += self._one_by_one(post, n, miss_card - missed, found=False, card=True)
        return stopped

    def _one_by_one(
        self, post: Post, n: int, count: int, *, found: bool, card: bool = False, ended: bool = False
    ) -> int:
        day, stopped = self.first_day + n, 0
        one = _READ[found] if card and self.parts.declared else None
        for _ in range(count):
            before = post.declared.today
            asked = one or Asked(found, area=next(self.areas), prefix=next(self.prefixes), ended=ended)
            outcome = post.ask(day, asked)
            if outcome in _STEP_UPS:
                stopped += 1
                self._note(n, post, outcome, card=card)
            elif found:
                self._follow(post, day, card=card, declared=post.declared.today > before)
        return stopped

    def _follow(self, post: Post, day: int, *, card: bool, declared: bool) -> None:
        """Somebody was shown: her invoice comes, or never does."""
        after = next(self.proofs[card])
        if after >= 0:
            self.expect(day + max(1, after), post, day, declared=declared)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who works at one place: its lines are shared by all these login-devices."""

    professionals: int = 1
    devices: int = 1
    """On how many devices each of them asks, evenly; whoever stands in works on one."""


ALONE: Final = Sharing()


def open_desks(
    profession: Profession, first_day: int, days: int, count: int, seed: tuple[int, ...], *,
    parts: Parts = ALL, presence: str = "today", sharing: Sharing = ALONE, place: Place | None = None,
) -> list[Desk]:  # fmt: skip
    """Make `count` desks of long standing, with everything drawn that they will ask from first_day on.

    They work at `place`, or at places of as many as `sharing` says.
    """
    rng = np.random.default_rng([*seed, crc32(NAMES[profession].encode())])
    mine, everybody = habits()[profession], year()
    crowd = draw_crowd(mine, everybody, -(-count // sharing.devices), rng)
    drawn = draw_days(mine, everybody, crowd, first_day - PAST, PAST + days, rng=rng, cells=seed[0])
    if sharing.devices > 1:
        crowd, drawn = on_devices(mine, crowd, drawn, sharing.devices, rng)
    proved = PRESENCE[presence]
    first, first_card = (kind - rng.binomial(kind, proved) for kind in (drawn.first, drawn.first_card))
    present = drawn.first - first + drawn.first_card - first_card
    if not parts.declared:
        none = np.zeros_like(drawn.known)
        drawn = replace(drawn, known=drawn.known + drawn.known_card, known_card=none)
    if not parts.continuing:
        drawn = replace(drawn, confirmed=np.zeros_like(drawn.begins))
    counts, young = _quiet_of(profession, drawn, present)
    firsts = np.stack([first, drawn.miss, drawn.ended, first_card, drawn.miss_card], axis=2)
    asked_first = firsts.sum(axis=(1, 2)).tolist()
    asked, told, new, stood_in, begun, sure = (
        each[:, PAST:].tolist() for each in (firsts, counts, young, drawn.substitute, drawn.begins, drawn.confirmed)
    )
    months = [date_of(first_day + n).month for n in range(days)]
    places = repeat(place) if place else _places_of(profession, first_day, sharing)
    desks: list[Desk] = []
    for n, here in zip(range(count), places, strict=False):
        post = Post(profession, first_day, parts, place=here)
        homes = np.full(asked_first[n] + 1, crowd.home[n])
        areas, prefixes = draw_areas(everybody, homes, rng), rng.integers(1, 65536, len(homes))
        desk = Desk(
            profession, first_day, int(crowd.home[n]), mine.file, post, asked[n], told[n],
            new[n], stood_in[n], begun[n], sure[n],
            _proofs_of(mine, first[n], first_card[n], rng), iter(areas.tolist()), iter(prefixes.tolist()), parts,
            _unusual(months, drawn.out[n, PAST:].tolist(), crowd, n),
        )  # fmt: skip
        _begin(desk, mine, crowd, n, firsts[n, :PAST].tolist())
        _remember(desk, drawn.known[n, :PAST].tolist(), firsts[n, :PAST].tolist())
        desks.append(desk)
    return desks


def _places_of(profession: Profession, first_day: int, sharing: Sharing) -> Iterator[Place]:
    """The place of each desk, one after another, without end."""
    while True:
        yield from repeat(
            Place(profession, sharing.professionals, first_day), sharing.professionals * sharing.devices
        )


def _unusual(months: list[int], out: list[bool], crowd: Crowd, desk: int) -> list[Cause | None]:
    """What stands out, day by day, of a desk."""
    portal, tourist = crowd.no_card[desk] == 1.0, crowd.tourist[desk]
    if portal:
        return [Cause.PORTAL] * len(out)
    found: list[Cause | None] = []
    for month, none_read in zip(months, out, strict=True):
        if none_read:
            found.append(Cause.OUTAGE)
        elif tourist and month in SUMMER:
            found.append(Cause.TOURIST)
        else:
            found.append(Cause.JANUARY if month == 1 else None)
    return found


def _proofs_of(
    mine: Habits, first: Ints, first_card: Ints, rng: np.random.Generator
) -> tuple[Iterator[int], Iterator[int]]:
    plain = draw_proofs(mine, int(first.sum()), mine.week_days, rng, card=False)
    card = draw_proofs(mine, int(first_card.sum()), mine.week_days, rng, card=True)
    return iter(plain.tolist()), iter(card.tolist())


def _quiet_of(profession: Profession, drawn: Days, proved: Ints) -> tuple[Ints, Bools]:
    """The twin's counts for every desk and day at once [desk, day, kind], and which days are on a new device."""
    on = np.arange(proved.shape[1])[None, :]
    opens = drawn.begins & (on >= PAST)
    own = _last(opens & ~drawn.substitute & ~drawn.confirmed)  # a device that is confirmed goes on as the one before
    other = _last(opens & drawn.substitute)
    sure = np.take_along_axis(drawn.confirmed, np.maximum(other, 0), axis=1)
    young = on - np.where(drawn.substitute, np.where(sure, _NEVER, other), own) < PROBATION_DAYS
    told = of_the_day(profession, proved, drawn.known, drawn.known_card, young)
    counts = (told.shown, told.stepped, told.refused, told.attempts, drawn.known, drawn.known_card, proved)
    return np.stack(counts, axis=2), young


def _last(days: Bools) -> Ints:
    """Number of the last marked day up to each day [desk, day]; _NEVER before the first."""
    return np.maximum.accumulate(np.where(days, np.arange(days.shape[1])[None, :], _NEVER), axis=1)


def of_the_day(profession: Profession, proved: Ints, bare: Ints, card: Ints, young: Bools) -> Quiet:
    """Decide days of people whose presence is proved, and of known people with a card read (`card`) and without.

    Those with a card count as attempts alone, like those who prove their presence.
    """
    limits = DAY_LIMITS[profession]
    few = np.where(young, limits.known_on_probation, limits.known)
    none = np.zeros(bare.shape, np.int64)
    return quiet(none, none, proved + card, bare, np.full(bare.shape, limits.attempts), few)


@lru_cache(maxsize=4096)
def _young_day(profession: Profession, proved: int, bare: int, card: int) -> tuple[int, ...]:
    """The same of one day of one device on probation."""
    told = of_the_day(profession, np.array([proved]), np.array([bare]), np.array([card]), np.array([True]))
    return tuple(int(counts[0]) for counts in told)


def _begin(desk: Desk, mine: Habits, crowd: Crowd, n: int, past: list[list[int]]) -> None:
    """Leave the desk as its past did: usual proofs a week, seats still open, invoices still to come."""
    week = mine.week_days * mine.days / (52.18 * mine.week_days)
    hits = crowd.size[n] * (1 - crowd.misses[n])
    freed = (
        hits * crowd.no_card[n] * crowd.first_no_card[n] * week * mine.proved,
        hits * (1 - crowd.no_card[n]) * crowd.first_card[n] * week * mine.proved_card,
    )
    seats = ([0] * SEAT_DAYS, [0] * SEAT_DAYS)
    for card in (False, True):
        proofs, on_declared = desk.proofs[card], card and desk.parts.declared
        for back, (first, miss, ended, first_card, _) in enumerate(past):
            day = desk.first_day - PAST + back
            place = day % SEAT_DAYS
            unproved = 0
            for _ in range(first_card if card else first):
                after = next(proofs)
                if after >= 0 and day + max(1, after) < desk.first_day:
                    continue
                unproved += 1
                if after >= 0:
                    desk.expect(day + max(1, after), desk.post, day, declared=on_declared)
            seats[card][place] += unproved if back else 0
            if not card and back > MISS_AGE:
                seats[card][(day - MISS_AGE) % SEAT_DAYS] += miss + ended
    if not desk.parts.declared:
        freed, seats = (sum(freed), 0.0), ([sum(both) for both in zip(*seats, strict=True)], seats[1])
    desk.post.settle(desk.first_day - 1, freed, seats)
    desk.post.place.settle(desk.first_day - 1, freed, seats)


def _remember(desk: Desk, known: list[int], past: list[list[int]]) -> None:
    """Leave the caps of the tests as the month before made them: a device of long standing has a history."""
    usual = tuple((desk.home + step - 1) % AREAS + 1 for step in range(4))
    month = list(zip(known, past, strict=True))[-MONTH_DAYS:]
    misses = sum(miss for _, (_, miss, *_) in month)
    strange = misses + sum(first + ended for _, (first, _, ended, *_) in month)
    elsewhere = sum(next(desk.areas) not in usual for _ in range(strange))
    days = sum(bool(familiar + sum(kinds[:3])) for familiar, kinds in month)
    asked = strange + sum(familiar for familiar, _ in month)
    desk.post.remember(usual, asked, (strange, misses, elsewhere, 0), days)


def hindered_of(desks: list[Desk], days: int) -> Hindered:
    """What these desks met, over so many days each."""
    sums = Hindered(desks=len(desks), days=len(desks) * days)
    for desk in desks:
        sums.asks += desk.asks
        sums.step_ups += desk.step_ups
        sums.new_asks += desk.new_asks
        sums.new_step_ups += desk.new_step_ups
        sums.false_holds += desk.false_holds
        sums.touched += desk.step_ups > 0
        sums.causes.update(desk.causes)
    return sums


def live_all(desks: list[Desk], days: int, month_of: list[int]) -> Hindered:
    """Let every desk live its days; `month_of` numbers the month of each."""
    by_month: dict[int, list[int]] = {month: [0, 0] for month in month_of}
    for _, there in groupby(desks, key=lambda desk: id(desk.post.place)):
        colleagues = list(there)
        for n, number in enumerate(month_of):
            month = by_month[number]
            for desk in colleagues:
                asks, step_ups = desk.live(n)
                month[0] += asks
                month[1] += step_ups
    sums = hindered_of(desks, days)
    sums.by_month = by_month
    return sums
