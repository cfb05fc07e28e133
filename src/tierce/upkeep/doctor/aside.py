"""The doctor on messages that left to nobody: how many wait for somebody to take them up, by reason."""

import psycopg

from tierce.kernel.language import Phrase
from tierce.notices.aside.model import Road
from tierce.notices.aside.rules import REASONS
from tierce.notices.aside.store import counts
from tierce.upkeep.doctor.model import Finding, Grade, bad, good

_SUBJECTS = {
    Road.INSURER: "organismes / insurers",
    Road.PROFESSIONAL: "professionnels / professionals",
    Road.PERSON: "personnes / persons",
    Road.MESSAGE: "incidents",
}
_REMEDY = Phrase(
    "`tierce notice aside list` dit lesquels et comment en sortir, et le bureau, page Messages mis de côté",
    "`tierce notice aside list` says which, and the way out, and so does the office, page Messages set aside",
)


def messages(connection: psycopg.Connection) -> list[Finding]:
    """What was set aside, one finding a road."""
    roads: dict[Road, list[Phrase]] = {}
    for one in counts(connection):
        why = REASONS[one.why]
        roads.setdefault(one.road, []).append(Phrase(f"{one.number} {why.fr}", f"{one.number} {why.en}"))
    return [
        bad(
            "messages-aside",
            f"messages, {_SUBJECTS[road]}",
            Phrase(
                "mis de côté, personne n’est prévenu : " + ", ".join(one.fr for one in found),
                "set aside, nobody is told: " + ", ".join(one.en for one in found),
            ),
            _REMEDY,
            grade=Grade.WARNING,
        )
        for road, found in roads.items()
    ] or [good("messages-aside", "messages", "aucun n’est mis de côté", "none is set aside")]
