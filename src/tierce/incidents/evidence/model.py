"""Evidence, explanations and crowds as staff see them; no type here has a person covered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tierce.kernel.care import Profession
from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.policy.evidence import State
from tierce.policy.ladder import Rung


class Explanation(IntEnum):
    """Why a disclosure was an honest one, as far as is known."""

    NONE = 0
    KNOWN = 1
    PRESENT = 2
    DECLARED = 3
    FOLLOWED = 4
    DECLARED_ALONE = 5
    """Declared for a person never seen there, and nothing has followed."""


SENTENCES: Mapping[Explanation, Phrase] = {
    Explanation.NONE: Phrase(
        "Rien n’explique encore cette réponse : personne n’a prouvé que le patient était là.",
        "Nothing explains this answer yet: nobody proved that the patient was there.",
    ),
    Explanation.KNOWN: Phrase(
        "L’établissement connaissait déjà cette personne.", "The establishment already knew this person."
    ),
    Explanation.PRESENT: Phrase(
        "La présence de la personne était prouvée.", "The presence of the person was proved."
    ),
    Explanation.DECLARED: Phrase(
        "Le logiciel a déclaré avoir lu la carte de la personne.", "The software declared that it read her card."
    ),
    Explanation.FOLLOWED: Phrase(
        "Une preuve de présence ou la facture de ces soins a suivi.",
        "A proof of presence, or the invoice of this care, followed.",
    ),
    Explanation.DECLARED_ALONE: Phrase(
        "Le logiciel a déclaré avoir lu la carte de cette personne jamais vue ; rien ne l’a encore confirmé.",
        "The software declared that it read the card of this person never seen before; nothing has confirmed it yet.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The evidence against one line of seats of an account: a device's, and that of each device continuing it."""

    devices: tuple[DeviceId, ...]
    """Every device that draws on it, from the sessions kept: any of them may have asked."""
    profession: Profession
    rung: Rung
    worth: float
    at: datetime
    state: State


@dataclass(frozen=True, slots=True)
class Unexplained:
    """One account of the queue: evidence against it, or answers that nothing explains beyond the usual delay."""

    professional: ProfessionalId
    name: str
    profession: Profession
    place: str
    answers: int
    declared: int
    """Of these, for which certified software declared a reading."""
    newest: datetime | None
    """Of these answers; None when there is evidence alone."""
    worth: float
    score: float
    """policy.overdue.score_of."""
    held: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a chart."""

    day: int
    count: int
    explained: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Devices of one cell, on one network or with one piece of software, that reached their limit on the same day."""

    class Of(IntEnum):
        """What they have in common."""

        CELL = 1
        NETWORK = 2
        SOFTWARE = 3

    of: "Crowd.Of"
    profession: int
    """0 for a network or software."""
    name: str
    """The département, the first digits of the network's pseudonym, or the software's."""
    today: int
    before: tuple[int, ...]
    unusual: bool


@dataclass(frozen=True, slots=True)
class Vendor:
    """What one vendor's certified software declared, past the usual delay, beside what all others declared."""

    name: str
    users: int
    """Professionals who work with its software: whom a hold of the vendor would hinder."""
    answers: int
    overdue: int
    """Of these, those that no proof or invoice followed."""
    expected: int
    """How many would be, were it like the others."""
    unusual: bool


@dataclass(frozen=True, slots=True)
class Decoy:
    """Invented beneficiaries of one vendor's files, and how many were asked for."""

    vendor: int
    name: str
    planted: int
    asked: int
    accounts: int
