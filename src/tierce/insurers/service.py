"""What an insurer's pages read: counts, and a journal line first where they tell of people's activity."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers import rules, store
from tierce.insurers.model import IncidentCount, Shown
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, date_of, micros, paris_day
from tierce.policy.acts import Act, Outcome


@dataclass(frozen=True, slots=True)
class InsurerDesk:
    """Reads over connections of role tierce_insurers in autocommit mode."""

    appender: Appender
    clock: Clock
    policy: bytes

    def activity(
        self, connection: Connection, caller: InsurerCaller, handle: bytes
    ) -> tuple[Shown, list[IncidentCount]]:
        """What was shown of the insurer's people, and how many are on incidents' lists.

        The line that says who reads is committed first: the database tells nothing before it is.
        """
        now = self.clock.now()
        entry = Entry(
            kind=EntryKind.INSURER_ACT,
            act=Act.INSURER_ACTIVITY,
            outcome=Outcome.DONE,
            time_us=micros(now),
            professional=caller.staff,
            session=caller.session,
            insurer=caller.insurer,
            policy=self.policy,
        )
        with connection.transaction():
            (line,) = self.appender.write(connection, [entry])
        rows = store.shown(connection, handle, line, rules.DAYS_TOLD)
        return rules.gather(rows, date_of(paris_day(now))), store.incidents(connection, handle, line)
