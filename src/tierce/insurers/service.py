"""What an insurer's pages read: counts, and a journal line first where they tell of people's activity."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers import rules, store
from tierce.insurers.lines import InsurerLines
from tierce.insurers.model import IncidentCount, Payments, Shown
from tierce.kernel.clock import date_of, paris_day
from tierce.policy.acts import Act


@dataclass(frozen=True, slots=True)
class InsurerDesk:
    """Reads over connections of role tierce_insurers in autocommit mode."""

    lines: InsurerLines

    def activity(
        self, connection: Connection, caller: InsurerCaller, handle: bytes
    ) -> tuple[Shown, list[IncidentCount]]:
        """What was shown of the insurer's people, and how many are on incidents' lists.

        The line that says who reads is committed first: the database tells nothing before it is.
        """
        today = date_of(paris_day(self.lines.clock.now()))
        line = self.lines.commit(connection, caller, Act.INSURER_ACTIVITY)
        rows = store.shown(connection, handle, line, rules.DAYS_TOLD)
        return rules.gather(rows, today), store.incidents(connection, handle, line)

    def payments(self, connection: Connection, caller: InsurerCaller, handle: bytes) -> Payments:
        """What was decided and paid of invoices to the insurer, after the line that says who reads."""
        now = self.lines.clock.now()
        line = self.lines.commit(connection, caller, Act.INSURER_ACTIVITY)
        months = rules.MONTHS_TOLD
        sent, decided = (
            store.batches(connection, handle, line, months),
            store.decided(connection, handle, line, months),
        )
        coming = store.coming(connection, handle, line, now)
        return rules.by_month(coming, sent, decided, date_of(paris_day(now)))
