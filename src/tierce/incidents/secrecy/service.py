"""Ask, confirm and end that persons be told of an incident later; each with its journal line."""

from datetime import datetime

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.rules import check_free_text
from tierce.incidents.secrecy import store
from tierce.incidents.secrecy.errors import SecrecyRefusedError
from tierce.incidents.secrecy.model import Asked, Standing
from tierce.incidents.secrecy.rules import check_until
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId
from tierce.policy.acts import Act

WHY_MAX = 300


class Secrecies:
    """Connections of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = appender
        self.clock = clock

    def standing(self, connection: Connection, number: IncidentId) -> Standing:
        """What was asked, and what holds."""
        return store.standing(connection, number)

    def ask(self, connection: Connection, caller: StaffCaller, number: IncidentId, until: datetime, why: str) -> None:
        """Write that an authority asked for persons to be told later; nothing waits before another confirms.

        Raises:
            FormError: the moment is past or too far, or the reason is empty or holds a social security number.
            SecrecyRefusedError: another's waits to be confirmed.
        """
        now = self.clock.now()
        asked = Asked(check_until(until, now), check_free_text("why", why, WHY_MAX), caller.staff, caller.name, now)
        with connection.transaction():
            self._write(connection, caller, number, now)
            if not store.ask(connection, number, asked):
                raise SecrecyRefusedError

    def confirm(self, connection: Connection, caller: StaffCaller, number: IncidentId, seen: datetime) -> None:
        """Confirm what another wrote, as one has read it: from here on persons are told later.

        Raises:
            SecrecyRefusedError: nothing waits, it is one's own, or it was written again meanwhile.
        """
        with connection.transaction():
            self._write(connection, caller, number, self.clock.now())
            if not store.confirm(connection, number, caller.staff, caller.name, seen):
                raise SecrecyRefusedError

    def end(self, connection: Connection, caller: StaffCaller, number: IncidentId) -> None:
        """Let persons be told at once: one person is enough.

        Raises:
            SecrecyRefusedError: nothing runs or waits.
        """
        with connection.transaction():
            self._write(connection, caller, number, self.clock.now())
            if not store.end(connection, number, caller.name):
                raise SecrecyRefusedError

    def _write(self, connection: Connection, caller: StaffCaller, number: IncidentId, at: datetime) -> None:
        self._appender.write(connection, [staff_line(caller, Act.STAFF_SECRECY, at, reference=number)])
