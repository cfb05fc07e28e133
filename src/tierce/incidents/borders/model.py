"""The cross-border answer of one incident."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.kernel.language import Phrase


class Residence(StrEnum):
    """Where the people concerned live, as far as is known; the words are stored."""

    UNKNOWN = "unknown"
    """No address is held here: insurers know."""
    FRANCE = "france"
    ABROAD = "abroad"


class Authority(StrEnum):
    """Which authority leads, GDPR articles 55 and 56."""

    UNDECIDED = "undecided"
    CNIL = "cnil"
    """The CNIL alone, or as the lead authority."""
    OTHER = "other"
    """The authority of another member state leads."""


RESIDENCE_LABELS: dict[Residence, Phrase] = {
    Residence.UNKNOWN: Phrase("on ne le sait pas : demandez aux organismes", "not known: ask the insurers"),
    Residence.FRANCE: Phrase("en France seulement", "in France only"),
    Residence.ABROAD: Phrase("aussi dans d’autres États membres", "in other member states too"),
}
AUTHORITY_LABELS: dict[Authority, Phrase] = {
    Authority.UNDECIDED: Phrase("pas encore décidé", "not decided yet"),
    Authority.CNIL: Phrase("la CNIL", "the CNIL"),
    Authority.OTHER: Phrase("celle d’un autre État membre", "that of another member state"),
}


@dataclass(frozen=True, slots=True)
class Border:
    """The answer as it stands; `countries` are codes of two letters, in order."""

    residence: Residence
    countries: tuple[str, ...]
    authority: Authority
    why: str
    by: str
    at: datetime
