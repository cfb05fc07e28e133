"""A list made while its window went on, or while lines of it waited, is made again by itself once both are over.

Same incident, same criteria, by the process and in no member of staff's name. A list that takes anybody away is not
kept: that takes two people, whoever makes it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.again import store
from tierce.incidents.errors import ListReplacedError
from tierce.incidents.model import Incident, ScopeSummary
from tierce.incidents.register.errors import RegisterClosedError
from tierce.incidents.service import Incidents
from tierce.kernel.alone import EachAlone
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId
from tierce.scope.rules import is_over
from tierce.scope.store import pending, tree_head, writing_since

RETRY: Final = timedelta(hours=1)
"""A list that could not be made again is tried after so long: each attempt reads the journal."""


@dataclass(slots=True)
class Again:
    """Makes lists again in one process; connections of role tierce_office in autocommit mode."""

    incidents: Incidents
    clock: Clock
    _tried: dict[tuple[IncidentId, int], datetime] = field(default_factory=dict)
    """When a list, by its incident and revision, is tried again."""

    def turn(self, connection: Connection) -> int:
        """Make again every list whose time has come; gives how many. Nothing while another process does its turn.

        Whatever fails for one incident fails alone, and is raised once the others were looked at: a list that people
        would be on no more is not kept, and whoever it would have added is on none until somebody looks.
        """
        made, alone = 0, EachAlone(connection)
        if not store.take_turn(connection):
            return 0
        try:
            for incident in incident_rows.open_incidents(connection):
                with alone.one():
                    made += self._look(connection, incident)
        finally:
            store.end_turn(connection)
        alone.done()
        return made

    def _look(self, connection: Connection, incident: Incident) -> bool:
        now, scope = self.clock.now(), incident_rows.last_scope(connection, incident.id)
        if scope is None or incident.dismissed_at is not None:
            return False
        tried = incident.id, scope.revision
        if now < self._tried.get(tried, now) or not self._due(connection, scope, now):
            return False
        self._tried[tried] = now + RETRY
        try:
            self.incidents.make_again(connection, scope)
        except (RegisterClosedError, ListReplacedError):
            return False  # closed meanwhile, or another list came: that one stands, and says what it is
        self._tried.pop(tried, None)
        return True

    def _due(self, connection: Connection, scope: ScopeSummary, now: datetime) -> bool:
        """Whether a list said less than it could by now; a request that waits for a second person is let wait."""
        if not (scope.is_open or scope.pending):
            return False
        if not is_over([scope.criteria], now, writing_since(connection)):
            return False
        number = IncidentId(scope.incident)
        if incident_rows.smaller_asked(connection, number) or incident_rows.dismissal_asked(connection, number):
            return False
        head = tree_head(connection)
        return head is not None and pending(connection, [scope.criteria], head.size) == 0
