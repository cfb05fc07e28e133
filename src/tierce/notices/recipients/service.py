"""Vouching for an insurer's key: whoever holds the insurers' site alone can put none in use."""

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.notices.errors import KeyNotWaitingError
from tierce.notices.recipients import store
from tierce.policy.acts import Act

SPOKEN_WITH_MAX = 120


class KeyDesk:
    """One per office; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = appender
        self._clock = clock

    def vouch(self, connection: Connection, caller: StaffCaller, key: int, spoken_with: str) -> None:
        """Say that a key's fingerprint was compared by telephone, and with whom: lists are encrypted to it from now.

        The number called is one that the operator had before: its chain of contacts, never one given on the site.

        Raises:
            FreeTextError: nobody is named.
            KeyNotWaitingError: it is not proved and confirmed, or somebody vouched for it already.
        """
        whom = check_free_text("spoken_with", spoken_with, most=SPOKEN_WITH_MAX)
        line = staff_line(caller, Act.STAFF_RECIPIENT, self._clock.now(), reference=key)
        with connection.transaction():
            (seq,) = self._appender.write(connection, [line])
            if not store.vouch(connection, key, caller.staff, caller.name, whom, seq):
                raise KeyNotWaitingError
