"""The ladder of containment: who stands on which rung, at which level, and what a rung forbids."""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

from tierce.kernel.language import Phrase


class Level(IntEnum):
    """What is contained. Numbers are stored; the database function gate.open reads the same ones."""

    LOGIN = 1
    DEVICE = 2
    ESTABLISHMENT = 3
    PROFESSION = 4
    SOFTWARE = 5
    VENDOR = 6
    CELL = 7
    INSURER = 8
    NATION = 9
    PORTAL = 10
    """One of our sites or doors; the subject is a `Site`."""
    ACT = 11
    """One act; the subject is an `Act`."""
    DOMAIN = 12


CLOSABLE = frozenset({Level.NATION, Level.PORTAL, Level.ACT, Level.DOMAIN, Level.INSURER})
"""Levels that a person of the operator closes whole: standing there suspended is being *closed*, and an ask becomes a
deposit. On every other level one stands because of what was done, and is *held*."""
CLOSE_FOR = timedelta(hours=4)
CLOSE_FOR_MAX = timedelta(days=3)
"""A closing ends by itself; a longer one is decided again, by a human, before it ends."""


class Rung(IntEnum):
    """How far up: each rung forbids what the one below forbids, and more."""

    NONE = 0
    OBSERVED = 1
    """Nothing is forbidden; the watch looks closer."""
    STEP_UP = 2
    """People never seen need a proof of presence."""
    PRESENCE_ONLY = 3
    """Everybody needs a proof of presence."""
    SUSPENDED = 4
    """Nothing is shown."""


RUNG_LABELS: Mapping[Rung, Phrase] = {
    Rung.NONE: Phrase("libre", "free"),
    Rung.OBSERVED: Phrase("observé", "observed"),
    Rung.STEP_UP: Phrase("preuve demandée pour les nouvelles personnes", "proof asked for new people"),
    Rung.PRESENCE_ONLY: Phrase("preuve de présence exigée", "proof of presence required"),
    Rung.SUSPENDED: Phrase("suspendu", "suspended"),
}

HOLD_REFUSED = 12
"""The watch holds a device by itself once it was refused a seat this many times in a day."""
HOLD_RUNG = Rung.PRESENCE_ONLY
HOLD_FOR = timedelta(hours=24)
"""An automatic hold ends by itself; prolonging it is for a human."""
AUTOMATIC_HOLDS_MAX = 3
"""Automatic holds of one device in AUTOMATIC_HOLDS_DAYS; after that only a human holds it, within its seats."""
AUTOMATIC_HOLDS_DAYS = 30
EVIDENCE_WATCHED = 4
"""Refusals of a day from which an entry's evidence level says `watched`; `strong` from HOLD_REFUSED."""
