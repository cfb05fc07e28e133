"""An audience: every exposed pair once, and one item for each adult that the operator writes to."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Language, Phrase
from tierce.policy.reached import State


class Channel(IntEnum):
    """How one adult is told; the numbers are stored."""

    EMAIL = 1
    POST = 2
    PUBLIC = 3


class Why(IntEnum):
    """Why the operator does not write to somebody itself, or cannot; the numbers are stored."""

    INSURER_SENDS = 1
    NO_MANDATE = 2
    NO_CONTACT = 3
    NO_ADDRESS = 4
    SHARED_MAILBOX = 5
    EMAIL_FAILED = 6
    UNPRINTABLE = 7
    RETURNED = 8
    ALREADY_TOLD = 9
    MINOR_ALONE = 10
    """Her insurer says that she is a minor, and names nobody to represent her: it is asked who does."""


WHY_LABELS: dict[Why, Phrase] = {
    Why.INSURER_SENDS: Phrase("son organisme lui écrit lui-même", "the insurer writes itself"),
    Why.NO_MANDATE: Phrase("aucun mandat ne dit qui lui écrit", "no mandate says who writes"),
    Why.NO_CONTACT: Phrase("aucune coordonnée prêtée ni tenue", "no contact data lent or held"),
    Why.NO_ADDRESS: Phrase("ni adresse électronique ni adresse postale", "neither an e-mail nor a postal address"),
    Why.SHARED_MAILBOX: Phrase(
        "boîte partagée avec un autre adulte, et aucune adresse postale",
        "a mailbox shared with another adult, and no postal address",
    ),
    Why.EMAIL_FAILED: Phrase(
        "message refusé ou revenu, et aucune adresse postale", "message refused or returned, and no postal address"
    ),
    Why.UNPRINTABLE: Phrase("adresse qui ne s’imprime pas", "an address that cannot be printed"),
    Why.RETURNED: Phrase("lettre revenue", "letter returned"),
    Why.MINOR_ALONE: Phrase(
        "mineure, sans représentant légal que nous connaissions",
        "a minor, without a legal representative known to us",
    ),
    Why.ALREADY_TOLD: Phrase("déjà prévenue de la même chose", "already told of the same"),
}


FAILED = (Why.EMAIL_FAILED, Why.UNPRINTABLE, Why.RETURNED)
"""Reasons found by trying: with the same contact data, trying again would find the same."""


STATE_LABELS: dict[State, Phrase] = {
    State.TO_SEND: Phrase("message à envoyer", "message to send"),
    State.DOUBTFUL: Phrase("envoi en doute", "sending in doubt"),
    State.SENT: Phrase("message accepté par le serveur", "message accepted by the server"),
    State.TO_PRINT: Phrase("lettre à imprimer", "letter to print"),
    State.PRINTED: Phrase("lettre imprimée, pas encore postée", "letter printed, not posted yet"),
    State.POSTED: Phrase("lettre postée", "letter posted"),
    State.PUBLIC: Phrase("par l’annonce publique", "by the public notice"),
    State.UNSENT: Phrase("message mis de côté, texte refusé", "message set aside, text refused"),
    State.UNPRINTED: Phrase("lettre mise de côté, texte refusé", "letter set aside, text refused"),
    State.CHANGED: Phrase("mis de côté, coordonnées changées", "set aside, contact data changed"),
}

FIRST: dict[Channel, State] = {
    Channel.EMAIL: State.TO_SEND,
    Channel.POST: State.TO_PRINT,
    Channel.PUBLIC: State.PUBLIC,
}


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """One exposed pair. A professional's pair has the operator (0) as insurer and her own number as person."""

    person: PersonId
    insurer: InsurerId
    cohort: Cohort


class Reading(NamedTuple):
    """One pair as planning sorts it: `why` it is not ours, or who reads, and in which mailbox under which name.

    Reader, mailbox and name are 16 bytes of SHA-256 under the audience's salt: equal where they are, and no more.
    """

    pair: Pair
    why: Why | None
    reader: bytes | None = None
    mailbox: bytes | None = None
    name: bytes | None = None
    represented: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One message to one adult: about herself, or about those whom she represents.

    `pairs` are what it tells of, in order; `source` the pair whose contact data it is sent with; `binding` ties it to
    that contact data as it was, without saying it; `postal` that a letter is possible when the message fails.
    """

    number: int
    cohort: Cohort
    channel: Channel
    why: Why | None
    language: Language
    represented: bool
    postal: bool
    pairs: tuple[Pair, ...]
    source: Pair
    binding: bytes


@dataclass(frozen=True, slots=True)
class Audience:
    """A frozen audience, without its items."""

    id: int
    incident: IncidentId
    revision: int
    digest: bytes
    salt: bytes
    pairs: int
    items: int
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one audience. Pairs first, then adults; `unexplained` is what no line accounts for, and must be zero.

    `grouped` is how many pairs share an item with another; `sent`, `refused` and `bounced` count messages over time,
    the states say where each adult stands now. `come_back` is how many of those already told are told no longer: what
    told them came back after this audience was frozen, and only another audience takes them in.
    """

    exposed: int
    insurer_sends: int
    no_mandate: int
    already_told: int
    unmatched: int
    matched: int
    grouped: int
    adults: int
    reachable: int
    states: dict[State, int]
    public: dict[Why, int]
    sent: int
    refused: int
    bounced: int
    doubts: int
    come_back: int

    @property
    def unexplained(self) -> int:
        """How many pairs or adults the lines above do not account for."""
        ours = self.matched + self.unmatched
        pairs = abs(self.exposed - self.insurer_sends - self.no_mandate - self.already_told - ours)
        adults = abs(ours - self.grouped - self.adults) + abs(self.adults - sum(self.states.values()))
        public = abs(self.states.get(State.PUBLIC, 0) - sum(self.public.values()))
        return pairs + adults + public + abs(self.sent - self.bounced - self.states.get(State.SENT, 0))
