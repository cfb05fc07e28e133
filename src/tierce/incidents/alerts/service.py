"""Staff enter what another operator told them of a professional's identity, or set one aside; each with its line.

It counts as one accusation, which alone holds nobody: accusations multiply what the asks themselves are worth, by
`policy.evidence.ACCUSED_MAX` at most, and one operator counts once in ACCUSED_DAYS. Who tells us so by telephone is
checked by a person who calls back; whose program signs it, by process `peers` (peer_alerts/).
"""

from typing import Final

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.alerts import store
from tierce.incidents.alerts.errors import AlertMovedError
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import ProfessionalId, new_id
from tierce.kernel.labels import looks_like
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act

NAME_MAX: Final = 80


class Alerts:
    """One per office; connections are those of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = appender
        self._clock = clock

    def enter(self, connection: Connection, caller: StaffCaller, professional: ProfessionalId, operator: str) -> None:
        """Enter an alert.

        Raises:
            FieldError: the operator's name is empty, too long, or looks like a number that names somebody; or its
                alert is in force already, or the professional never signed in.
        """
        name, now, number = _read(operator), self._clock.now(), new_id()
        with connection.transaction():
            if not store.put(connection, number, professional, name, now, caller.name):
                raise FieldError(
                    "operator",
                    Phrase("une alerte de cet opérateur compte déjà, ou ce compte ne s’est jamais connecté.",
                           "an alert of this operator counts already, or this account never signed in."),
                    Phrase("Il n’y a rien à noter.", "There is nothing to enter."),
                )  # fmt: skip
            self._appender.write(connection, [staff_line(caller, Act.STAFF_ALERT, now, reference=number)])

    def set_aside(self, connection: Connection, caller: StaffCaller, number: int, why: str) -> None:
        """Let an alert count no more, whoever sent it; the worker takes back what it had counted for.

        Raises:
            FreeTextError: no reason, or one that cannot be kept.
            AlertMovedError: it was taken back or set aside meanwhile, or there is none of that number.
        """
        words, now = check_free_text(f"why-{number}", why), self._clock.now()
        with connection.transaction():
            if not store.set_aside(connection, number, now, caller.name, words):
                raise AlertMovedError
            line = staff_line(caller, Act.STAFF_ALERT_ASIDE, now, reference=number)
            self._appender.write(connection, [line])


def _read(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable() or looks_like(name) is not None:
        raise FieldError(
            "operator",
            Phrase("le nom de l’opérateur est vide, trop long, ou ressemble à un numéro.",
                   "the operator’s name is empty, too long, or looks like a number."),
            Phrase("Écrivez son nom, quatre-vingts caractères au plus, et rien d’autre.",
                   "Write its name, at most eighty characters, and nothing else."),
        )  # fmt: skip
    return name
