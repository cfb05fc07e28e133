"""What is known of a contract that ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tierce.kernel.ids import InsurerId


@dataclass(frozen=True, slots=True)
class Insurer:
    """One insurer, as its contract names it."""

    id: InsurerId
    amc: str
    name: str


@dataclass(frozen=True, slots=True)
class Ending:
    """One end of one contract."""

    insurer: Insurer
    ended: datetime
    by: str
    why: str
    deleting: datetime | None
    people: int
    periods: int
    deleted: datetime | None
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion took away: copies of people, periods of cover, versions of keys."""

    people: int
    periods: int
    keys: tuple[int, ...]
    ended: datetime


_SAID: Final[Mapping[str, Callable[[int], str]]] = {
    "days": lambda n: f"{n} jours à attendre depuis la fin / days to wait since the end",
    "covered": lambda _n: (
        "quelqu’un est couvert aujourd’hui ; demain encore : `tierce contract end`, de nouveau / somebody is covered "
        "today; still so tomorrow: run `tierce contract end` again"
    ),
    "engagements": lambda n: (
        f"{n} numéros d’engagement encore valables : attendez leur terme / engagement numbers that "
        "may still be quoted: wait for their last day"
    ),
    "incidents": lambda n: (
        f"{n} incidents au registre, qui retiennent ses personnes : clore, puis lever la conservation "
        "/ incidents on record that hold its people: close, then release the hold"
    ),
    "loans": lambda n: f"{n} prêts de coordonnées : `tierce notice forget-contacts` / loans of contact data",
    "requests": lambda n: (
        f"{n} demandes de personnes sans réponse : page « Demandes » / persons' requests without an answer"
    ),
    "deposits": lambda n: (
        f"{n} dépôts en attente, dont l’organisme n’est pas connu / deposits that wait, of an insurer not known yet"
    ),
    "agreements": lambda n: (
        f"{n} prises en charge à décider, à l’examen ou accordées : attendez qu’elles soient facturées, échues ou "
        "annulées / "
        "prior agreements to be decided, under review or granted: wait until they are invoiced, over or cancelled"
    ),
    "invoices": lambda n: (
        f"{n} factures à décider ou à payer : menez-les à terme / invoices to be decided or paid: carry them through"
    ),
    "recoveries": lambda n: (
        f"{n} récupérations en cours, ou sommes à rendre : menez-les à terme, ou dites à deux qu’elles sont réglées "
        "(« Virements », « Indus ») / "
        "recoveries under way, or sums to be given back: carry them through, or say between two that they are settled"
    ),
    "files": lambda n: (
        f"{n} fichiers en cours ou interrompus : prenez-les jusqu’au bout / files not taken in to their end"
    ),
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that still needs what the insurer had stored, and how much of it (registry.ending_obstacles)."""

    what: str
    number: int

    @property
    def said(self) -> str:
        """In both languages, with what ends it."""
        return _SAID[self.what](self.number)
