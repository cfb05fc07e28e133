"""The ladder of containment: who stands on which rung, at which level, and what a rung forbids."""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

from tierce.kernel.language import Phrase
from tierce.policy.acts import Act


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
HELD_WHOLE = frozenset({Level.ESTABLISHMENT, Level.PROFESSION, Level.SOFTWARE, Level.VENDOR, Level.CELL})
"""Levels on which a person of the operator holds many accounts at once, on a rung of her choice."""
BROAD = (CLOSABLE | HELD_WHOLE) - {Level.ESTABLISHMENT}
"""Levels at which letting go takes two people of the operator: what one mistakes, or is made to do, the other stops.
Holding takes one, for it must be quick."""
RELEASE_WAITS = timedelta(hours=4)
"""How long a release that one person asked for waits for another."""
APPEAL_CHARS = (10, 600)
APPEAL_ANSWERED_WITHIN = timedelta(hours=24)
"""A held professional who appeals is answered by a person within this time; a late answer is shown as late."""
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


SUSPENDED_ACTS = frozenset(
    {
        Act.NONE,
        Act.SESSION_OPEN,
        Act.SESSION_READ,
        Act.HOLDS_READ,
        Act.SESSION_REVOKE,
        Act.DEVICE_ENROL,
        Act.DEVICE_SEPARATE,
        Act.APPEAL_MAKE,
        Act.ASSISTANT_READ,
        Act.ASSISTANT_END,
        Act.SUBSTITUTE_END,
        Act.ASSISTANT_ENROL,
        Act.ASSISTANT_SIGN_IN,
    }
)
"""What is left to a session whose account is suspended: to sign in and out, to read her seats, her place's code (it
hangs on a wall there), what holds her and who acts for her, to appeal, and to take away what acts in her name. The
account is her login, by whatever session or device she comes; this device; and, of a substitute, those of who
declared her."""


def may_suspended(act: Act) -> bool:
    """Whether a suspended account may carry out this act; what the table does not name is refused."""
    return act in SUSPENDED_ACTS


_DEPARTMENT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OVERSEAS = ("971", "972", "973", "974", "975", "976")
_OVERSEAS_FIRST = 36 * _DEPARTMENT.index("9") + _DEPARTMENT.index("A")


def cell_of(department: str, profession: int) -> int:
    """The subject of a CELL: a profession in one département, as FINESS numbers begin; 0 when that is no département.

    971 to 976 are 9A to 9F, as FINESS writes them too. The database function directory.cell_of gives the same.
    """
    if department in _OVERSEAS:
        department = f"9{'ABCDEF'[_OVERSEAS.index(department)]}"
    places = [_DEPARTMENT.find(letter) for letter in department]
    if len(places) != 2 or min(places) < 0:
        return 0
    return (36 * places[0] + places[1]) * 100 + profession


def cell_profession(cell: int) -> int:
    """The profession's number of a CELL's subject."""
    return cell % 100


def department_of(cell: int) -> str:
    """The département of a CELL's subject, as people write it."""
    overseas = cell // 100 - _OVERSEAS_FIRST
    if 0 <= overseas < len(_OVERSEAS):
        return _OVERSEAS[overseas]
    return _DEPARTMENT[cell // 3_600 % 36] + _DEPARTMENT[cell // 100 % 36]


RUNG_LABELS: Mapping[Rung, Phrase] = {
    Rung.NONE: Phrase("libre", "free"),
    Rung.OBSERVED: Phrase("observé", "observed"),
    Rung.STEP_UP: Phrase("preuve demandée pour les nouvelles personnes", "proof asked for new people"),
    Rung.PRESENCE_ONLY: Phrase("preuve de présence exigée", "proof of presence required"),
    Rung.SUSPENDED: Phrase("suspendu", "suspended"),
}

HOLD_REFUSED = 12
"""Refusals of a day for want of a seat from which an entry's evidence level says `strong`."""
HOLD_RUNG = Rung.PRESENCE_ONLY
HOLD_FOR = timedelta(hours=24)
"""An automatic hold ends by itself; prolonging it is for a human."""
AUTOMATIC_HOLDS_MAX = 3
"""Automatic holds of one device in AUTOMATIC_HOLDS_DAYS; after that only a human holds it, within its seats."""
AUTOMATIC_HOLDS_DAYS = 30
EVIDENCE_WATCHED = 4
"""Refusals of a day from which an entry's evidence level says `watched`."""
