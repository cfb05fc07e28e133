"""The thief who knows every rule, constant and counter, and asks just too little to be held."""

from typing import Final

from tierce.lab.attackers.protocol import REST, Attack, Target, Thief, attacker
from tierce.policy.evidence import STEP_UP_AT

MARGIN: Final = 0.9
"""How near he goes to the first rung that would stop him."""


@attacker("adversary")
def adversary(thief: Thief) -> Attack:
    """Ask from the best list there is while places are free and the evidence stays below what asks for proofs.

    The gate's state has two parts: places, which come back with time alone, and what the evidence is worth, which
    familiar asks wear down. So the best that he can do on a day is to go as far as both allow; when he holds the file
    of the place he pads with people known there. With the option `repeats` he tries to pad with people whom he was
    shown, which the watch takes for nothing: it costs him attempts.
    """
    hit = thief.option("hit", 0.95)
    padding = int(thief.option("known_a_day", 0))
    while True:
        for _ in range(padding):
            yield thief.of_the_file()
        while _safe(thief):
            yield from thief.repeats()
            yield _best(thief, hit)
        yield REST


def _safe(thief: Thief) -> bool:
    return thief.view.places() > 0 and thief.view.worth_after(1, 0) < MARGIN * STEP_UP_AT


def _best(thief: Thief, hit: float) -> Target:
    return thief.listed(hit, nearby=True)
