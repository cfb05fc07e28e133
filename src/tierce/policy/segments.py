"""When the journal is sealed, when its hot rows go, when it ends, what of it may be redacted, by whom and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from tierce.kernel.language import Phrase

SEAL_AFTER = timedelta(days=30)
"""A stretch that does not fill a segment is sealed once its oldest entry is this old."""
HOT_DAYS = 400
"""Rows stay in the database as long as a professional's own history reaches (a year), and a month more."""
JOURNAL_DAYS = 1095
"""The journal's lines end three years after they were written."""
REDACTORS = 2
"""How many people ask for a redaction, each in a line of the journal, before it is carried out."""


class RedactionReason(IntEnum):
    """Why a line loses its person. Numbers are written in the journal: never moved, never reused."""

    DECISION = 1
    WRONG_PERSON = 2
    ERASURE = 3


@dataclass(frozen=True, slots=True)
class Redactable:
    """What one reason allows. The line always loses its person and its salt, and nothing else."""

    what: Phrase
    after: timedelta
    """How old the line must be."""
    despite_hold: bool
    """Whether it may be done while an incident that still holds has the person on its list."""


REDACTIONS: Mapping[RedactionReason, Redactable] = {
    RedactionReason.DECISION: Redactable(
        Phrase("décision d’un juge ou de la CNIL", "decision of a court or of the CNIL"), timedelta(0), True
    ),
    RedactionReason.WRONG_PERSON: Redactable(
        Phrase("ligne rattachée par erreur à une autre personne", "line attached to another person by mistake"),
        timedelta(0),
        False,
    ),
    RedactionReason.ERASURE: Redactable(
        Phrase("effacement accordé à la personne (RGPD, art. 17)", "erasure granted to the person (GDPR, art. 17)"),
        timedelta(days=365),
        False,
    ),
}
