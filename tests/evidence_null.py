"""Login-devices at the exact null: indicators are true with the very probabilities of the caps in force."""

import math
from random import Random

from tierce.kernel.care import Profession
from tierce.policy.evidence import Indicator, Observation, State, begin, observe, worth

DAY = 20_000
YEAR = 366


def rates_of(state: State, *, of_area: bool) -> tuple[float, float]:
    """(share of unfamiliar asks, share of them born elsewhere), as large as the caps allow together.

    Three caps bound two rates. `of_area` puts AREA at its cap, and else UNFAMILIAR; ELSEWHERE is at its own in both
    unless that would pass another.
    """
    unfamiliar, _, area, _, elsewhere = (share / 256 for share in state.shares)
    if of_area:
        return min(unfamiliar, elsewhere / area), area
    return unfamiliar, min(area, elsewhere / unfamiliar)


def ask(random: Random, state: State, day: int, *, of_area: bool) -> Observation:
    """An unproven ask whose indicators have exactly the rates that the caps allow."""
    strange, away = rates_of(state, of_area=of_area)
    unfamiliar, outside = random.random() < strange, random.random() < away
    shared = random.random() * 256 < state.shares[Indicator.PREFIX]
    # A miss is unfamiliar: it is drawn among the unfamiliar ones, at the rate that its own cap allows overall.
    miss = unfamiliar and random.random() < state.shares[Indicator.MISS] / 256 / strange
    known = [area for area, _ in state.areas]
    area = 5 + random.randrange(200) if (unfamiliar and outside) or not known else random.choice(known)
    if not unfamiliar:
        area = 1 + random.randrange(4)
    prefix = random.choice(state.prefixes) if shared and state.prefixes else 1 + random.randrange(60_000)
    return Observation(day, unfamiliar and not miss, miss, area, prefix)


def worst_of_a_year(random: Random, profession: Profession, asks_a_day: int, *, of_area: bool) -> float:
    """The most that the evidence against one honest account is worth in a year."""
    state, most = begin(profession, DAY), 0.0
    for day in range(DAY, DAY + YEAR):
        for _ in range(asks_a_day if random.random() < 0.7 else 0):
            state, _ = observe(state, ask(random, state, day, of_area=of_area))
            most = max(most, worth(state))
    return most


def chance_of_as_many(seen: int, of: int, rate: float) -> float:
    """P(Binomial(of, rate) >= seen), exactly."""
    return 1 - sum(math.comb(of, n) * rate**n * (1 - rate) ** (of - n) for n in range(seen))
