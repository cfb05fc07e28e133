"""The doctor on insurers that keep their people themselves: one that does not answer."""

import psycopg

from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.rights.remote import store
from tierce.upkeep.doctor.model import Finding, Grade, bad, good


def insurers(connection: psycopg.Connection, clock: Clock) -> list[Finding]:
    """Each that is not asked for now, or failed more often than it answered today; nothing where none is declared."""
    now, declared = clock.now(), store.watched(connection)
    found = [
        bad(
            "insurer-away",
            one.name,
            Phrase(
                f"ne répond pas comme il faut : {one.failed} échecs aujourd’hui pour {one.answered} réponses, le "
                f"dernier « {one.failed_how} » ; ses assurés sont pris en dépôt",
                f"does not answer as it should: {one.failed} failures today for {one.answered} answers, the last "
                f'"{one.failed_how}"; deposits are taken for its people',
            ),
            Phrase(
                "appelez-le ; si c’est pour longtemps, fermez-le par `tierce ladder`, ou `tierce remote end`",
                "call it; if it is for long, close it with `tierce ladder`, or `tierce remote end`",
            ),
            grade=Grade.WARNING,
        )
        for one in declared
        if (one.away_until is not None and one.away_until > now) or one.failed > max(one.answered, 5)
    ]
    if declared and not found:
        fr, en = "les organismes interrogés en direct répondent", "insurers asked on the way answer"
        found.append(good("insurers-asked", "tierce remote", fr, en))
    return found
