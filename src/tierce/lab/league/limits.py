"""What a limit of another kind lets a robot learn: arithmetic, no simulation. Sources in docs/reference/lab.md."""

from dataclasses import dataclass
from typing import Final

from tierce.kernel.language import Phrase

ROBOT_PER_SECOND: Final = 1_000.0
"""Asks a second of a thief's robot when nothing slows it down; an assumption, a third of what one server answers."""
COVERED: Final = 33_000_000
"""People covered: nobody can learn more. The number of January 2024."""
DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on asks, of one identity or of one address."""

    name: Phrase
    asks_a_day: float
    """Asks that pass in a day, found or not."""
    per_identity: bool = True


@dataclass(frozen=True, slots=True)
class Robbed:
    """How many identities are stolen, and the share of the thief's numbers that are covered people's."""

    identities: int
    hit: float


OPEN: Final = Limit(Phrase("sans limite (2024)", "no limit (2024)"), ROBOT_PER_SECOND * DAY_SECONDS)
STRONG_SIGN_IN: Final = Limit(Phrase("double authentification seule", "MFA only"), ROBOT_PER_SECOND * DAY_SECONDS)
"""A session that is stolen after its sign-in, or relayed through it, asks like any other."""
POINTS: Final = Limit(Phrase("50 000 points par minute", "50,000 points/min per user"), 50_000 * 1_440.0)
ADDRESS: Final = Limit(
    Phrase("150 requêtes par minute et adresse IP", "150 requests/min per IP"), 150 * 1_440.0, per_identity=False
)
MONTHLY_PATIENTS: Final = Limit(
    Phrase("10 000 nouveaux patients par mois et lieu", "10,000 new patients a month per institution"), 10_000 / 30
)
PUBLISHED: Final = (OPEN, STRONG_SIGN_IN, POINTS, ADDRESS, MONTHLY_PATIENTS)


def drained(limit: Limit, robbed: Robbed, days: int) -> list[float]:
    """People learned by the end of each day, with one address for all identities."""
    speed = min(limit.asks_a_day, ROBOT_PER_SECOND * DAY_SECONDS)
    each_day = speed * (robbed.identities if limit.per_identity else 1) * robbed.hit
    return [min(COVERED, each_day * (n + 1)) for n in range(days)]
