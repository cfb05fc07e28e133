"""Days of asks drawn for many desks at once: how many of each kind, day by day.

A desk is one login on one device. Everything is drawn with NumPy from one generator, so that the same seed gives the
same asks; what each first-time person then becomes (proved by an invoice, and when) is drawn with her.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tierce.kernel.clock import date_of
from tierce.lab.behaviour.model import Habits, Year

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
CELLS: Final = 100
"""Cells of the country, for outages that many share."""
AREAS: Final = 101
"""Areas of birth: départements and abroad."""
SUMMER: Final = (7, 8)
"""Months in which tourist places see people never seen."""
_SPREADS: Final = (8.0, 10.0, 12.0)
"""Strength of the Beta law between desks of: no card, first time, misses."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Desks of one profession, drawn: one entry a desk."""

    size: Floats
    """Asks a working day."""
    no_card: Floats
    first_no_card: Floats
    first_card: Floats
    misses: Floats
    tourist: Bools
    home: Ints
    """Area where most people were born, 1..AREAS."""
    cell: Ints


@dataclass(frozen=True, slots=True)
class Days:
    """Asks of many desks over many days, as counts [desk, day]; disjoint kinds that together are all asks."""

    first: Ints
    """First-time people without a card, found."""
    miss: Ints
    """Nobody found, no card, not a regular."""
    ended: Ints
    """The same, of contracts here that ended lately: what January has more of than other months."""
    known: Ints
    """Known people without a card, regulars' misses included."""
    first_card: Ints
    miss_card: Ints
    known_card: Ints
    substitute: Bools
    """Somebody stands in, on a login and a device of her own."""
    begins: Bools
    """The day opens with a device never seen: a substitute's first day, or a device that was replaced."""
    out: Bools
    """No card can be read that day."""
    confirmed: Bools
    """Of the days that open with a device never seen, those on which an older one of its login confirms it."""

    @property
    def total(self) -> Ints:
        """All asks."""
        bare = self.first + self.miss + self.ended + self.known
        return bare + self.first_card + self.miss_card + self.known_card


def draw_crowd(habits: Habits, year: Year, count: int, rng: np.random.Generator) -> Crowd:
    """Draw `count` desks of a profession."""

    def share(mean: float, strength: float) -> Floats:
        return rng.beta(strength * mean, strength * (1 - mean), count)

    s = habits.spread
    no_card = share(habits.no_card, _SPREADS[0])
    no_card[rng.random(count) < habits.portal_only] = 1.0
    return Crowd(
        size=habits.asks * rng.lognormal(-s * s / 2, s, count),
        no_card=no_card,
        first_no_card=share(habits.first_no_card, _SPREADS[1]),
        first_card=share(habits.first_card, _SPREADS[1]),
        misses=share(habits.misses, _SPREADS[2]),
        tourist=rng.random(count) < year.tourist,
        home=rng.integers(1, AREAS + 1, count),
        cell=rng.integers(0, CELLS, count),
    )


def factors(year: Year, first_day: int, days: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Factors by day on: asks, misses, first-time people everywhere, first-time people at tourist places."""
    asks, misses, first, tourists = (np.ones(days) for _ in range(4))
    for n in range(days):
        on = date_of(first_day + n)
        of_year = on.timetuple().tm_yday
        asks[n] = 1 + year.season * np.cos(2 * np.pi * (of_year - 20) / 365.25)
        asks[n] *= year.august if on.month == 8 else 1.0
        asks[n] *= year.monday if on.weekday() == 0 else 1.0
        for peak, top in ((33, year.epidemic), (340, year.bronchiolitis)):
            asks[n] *= 1 + (top - 1) * max(0.0, 1 - abs(of_year - peak) / 17.5)
        if on.month == 1:
            misses[n] = year.january_misses if on.day <= 7 else year.january_misses / 2
            first[n] = year.january_first
        if on.month in SUMMER:
            tourists[n] = 3.0
    return asks, misses, first, tourists


def draw_days(
    habits: Habits, year: Year, crowd: Crowd, first_day: int, days: int, *, rng: np.random.Generator, cells: int
) -> Days:
    """Draw what every desk asks on each day.

    Args:
        habits: of the profession.
        year: what happens to everybody.
        crowd: the desks.
        first_day: days since 1970-01-01.
        days: how many.
        rng: draws everything but the outages of cells.
        cells: seed of these, so that all professions of a run share them.
    """
    shape = (len(crowd.size), days)
    by_day, misses, first, tourists = factors(year, first_day, days)
    worked, substitute = _worked(habits, shape, first_day, rng)
    mean = crowd.size[:, None] * by_day[None, :] * worked
    asks = rng.poisson(mean * rng.gamma(habits.regularity, 1 / habits.regularity, shape))
    out = _outages(year, crowd, shape, rng, cells)
    no_card = np.where(out, 1.0, crowd.no_card[:, None])
    without = rng.binomial(asks, no_card)
    more = np.where(crowd.tourist[:, None], tourists[None, :], 1.0) * first[None, :]
    miss_share = np.minimum(0.9, crowd.misses[:, None] * misses[None, :])

    def split(n: Ints, first_share: Floats) -> tuple[Ints, Ints, Ints]:
        missed = rng.binomial(n, miss_share)
        strange = missed - rng.binomial(missed, habits.misses_of_regulars)
        new = rng.binomial(n - missed, np.minimum(0.95, first_share[:, None] * more))
        return new, strange, n - new - strange

    new, strange, known = split(without, crowd.first_no_card)
    # A generator of its own: whether a miss is of a contract that ended changes nothing else that is drawn.
    ended = rng.spawn(1)[0].binomial(strange, 1 - 1 / misses[None, :])
    new_card, strange_card, known_card = split(asks - without, crowd.first_card)
    begins = rng.random(shape) < 1 / (habits.device_years * 365.25)
    before = np.concatenate([np.zeros((shape[0], 1), bool), substitute[:, :-1]], axis=1)
    begins |= substitute & ~before
    confirmed = begins & (rng.random(shape) < habits.confirmed)
    return Days(
        new, strange - ended, ended, known, new_card, strange_card, known_card, substitute, begins, out, confirmed
    )


def on_devices(
    habits: Habits, crowd: Crowd, days: Days, devices: int, rng: np.random.Generator
) -> tuple[Crowd, Days]:
    """Spread each login's asks evenly over so many devices; whoever stands in works on the first alone.

    What was drawn a login becomes as many entries a login, one after another.
    """
    alone = np.eye(1, devices)[0]
    shares = np.where(days.substitute[:, :, None], alone, 1 / devices)

    def each(kind: Ints) -> Ints:
        return np.moveaxis(rng.multinomial(kind, shares), 2, 1).reshape(-1, kind.shape[1])

    def on_first(kind: Bools) -> Bools:
        spread = np.zeros((len(kind) * devices, kind.shape[1]), np.bool_)
        spread[::devices] = kind
        return spread

    substitute, begins, confirmed = (on_first(kind) for kind in (days.substitute, days.begins, days.confirmed))
    others = np.arange(len(begins)) % devices > 0
    replaced = others[:, None] & (rng.random(begins.shape) < 1 / (habits.device_years * 365.25))
    sure = replaced & (rng.random(begins.shape) < habits.confirmed)
    one = {name: np.repeat(getattr(crowd, name), devices) for name in Crowd.__dataclass_fields__}
    return Crowd(**one | {"size": one["size"] / devices}), Days(
        each(days.first), each(days.miss), each(days.ended), each(days.known), each(days.first_card),
        each(days.miss_card), each(days.known_card), substitute, begins | replaced,
        np.repeat(days.out, devices, axis=0), confirmed | sure,
    )  # fmt: skip


def _worked(habits: Habits, shape: tuple[int, int], first_day: int, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Which days are worked [desk, day], and on which of them a substitute works; absences are whole weeks."""
    weekday = (np.arange(shape[1]) + first_day + 3) % 7  # 1970-01-01 was a Thursday
    open_day = weekday < habits.week_days
    week = (np.arange(shape[1]) + first_day + 3) // 7
    week -= week[0]
    away = rng.random((shape[0], int(week[-1]) + 1)) > habits.days / (52.18 * habits.week_days)
    replaced = away & (rng.random(away.shape) < habits.substituted)
    worked = open_day[None, :] & (~away | replaced)[:, week]
    return worked.astype(np.float64), worked & replaced[:, week]


def _outages(year: Year, crowd: Crowd, shape: tuple[int, int], rng: np.random.Generator, cells: int) -> Bools:
    """Days [desk, day] on which no card can be read: the desk's own reader, or its cell's network."""
    own = rng.random(shape) < year.outage_days / 365.25
    country = np.random.default_rng([cells, 7])
    starts = country.random((CELLS, shape[1])) < year.cell_outages / 365.25
    lasts = country.integers(1, 4, starts.shape)
    out = np.zeros_like(starts)
    for cell, day in zip(*np.nonzero(starts), strict=True):
        out[cell, day : day + lasts[cell, day]] = True
    return own | out[crowd.cell]


def draw_proofs(habits: Habits, count: int, week_days: int, rng: np.random.Generator, *, card: bool) -> Ints:
    """Days after the ask at which each of `count` first-time people's invoice comes; -1 when it never does."""
    gamma = rng.gamma(1.5, 1 / 1.5, count)
    if card:
        share, delay = habits.proved_card, gamma * habits.delay_card
    else:
        quick = rng.random(count) < habits.proved_quick
        share, delay = habits.proved, gamma * np.where(quick, habits.delay_quick, habits.delay_slow)
    calendar = np.ceil((delay + 1) * 7 / week_days).astype(np.int64)
    return np.where(rng.random(count) < share, calendar, -1)


def draw_areas(year: Year, homes: Ints, rng: np.random.Generator) -> Ints:
    """Areas of birth of first-time people, one for each entry of `homes`."""
    where = rng.random(len(homes))
    near = (1.0 - year.home_area) / 2
    neighbour = (homes + rng.integers(1, 4, len(homes)) - 1) % AREAS + 1
    anywhere = rng.integers(1, AREAS + 1, len(homes))
    return np.where(where < year.home_area, homes, np.where(where < year.home_area + near, neighbour, anywhere))
