"""The doctor on alerts from other operators: a peer that sends an unusual number of them in a day."""

import psycopg

from tierce.kernel.clock import Clock, date_of, paris_day, start_of
from tierce.kernel.language import Phrase
from tierce.peer_alerts import store
from tierce.policy.peer_alerts import ALERTS_A_DAY, UNUSUAL_A_DAY
from tierce.upkeep.doctor.model import Finding, Grade, bad, good


def alerts(connection: psycopg.Connection, clock: Clock) -> list[Finding]:
    """Each peer that sent many alerts today; nothing where no operator was ever registered."""
    peers = store.registered(connection, start_of(date_of(paris_day(clock.now()))))
    found = [
        bad(
            "many-alerts",
            one.name,
            Phrase(
                f"a envoyé {one.alerts} alertes aujourd’hui, et {ALERTS_A_DAY} au plus sont reçues : des vols "
                "en série chez lui, ou une clé volée",
                f"sent {one.alerts} alerts today, and {ALERTS_A_DAY} at most are taken in: a run of thefts "
                "there, or a stolen key",
            ),
            Phrase(
                f"rappelez-le ; si sa clé a été volée : `tierce alerts end {one.name} --set-aside --why …`",
                f"call it back; if its key was stolen: `tierce alerts end {one.name} --set-aside --why …`",
            ),
            grade=Grade.WARNING,
        )
        for one in peers
        if one.alerts >= UNUSUAL_A_DAY
    ]
    if peers and not found:
        fr, en = "peu d’alertes aujourd’hui de chaque opérateur", "few alerts today from each operator"
        found.append(good("alerts", "tierce alerts", fr, en))
    return found
