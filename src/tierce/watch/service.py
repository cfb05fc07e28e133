"""The watch's turn: look at new lines, hold what must be held, each hold with its journal line."""

from datetime import timedelta

from psycopg import Connection

from tierce.journal.encoding import decode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, from_micros, micros, paris_day
from tierce.kernel.ids import ProfessionalId, new_id
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.policy.ladder import HOLD_FOR
from tierce.policy.retention import RETENTION, Kept
from tierce.watch import store
from tierce.watch.rules import Hold, Refused, Watch

FORGET_AFTER = min(RETENTION[kept].keep or timedelta() for kept in (Kept.PROOFS, Kept.PENDING))
"""One turn forgets both."""
LOOK_BACK = timedelta(hours=26)
"""After a restart the running day is counted again from its lines."""


class Watcher:
    """One per installation, in the worker."""

    def __init__(self, connection: Connection, appender: Appender, clock: Clock, policy: bytes) -> None:
        """Use a connection as tierce_worker; lines are signed by `appender`."""
        self._connection = connection
        self._appender = appender
        self._clock = clock
        self._policy = policy
        self._watch = Watch()
        self._last = store.leaf_before(connection, clock.now() - LOOK_BACK)
        connection.commit()

    def step(self) -> list[Hold]:
        """Look at what is new, and count what was shown by insurer; returns the devices held by this turn."""
        rows, self._last = store.refusals_after(self._connection, self._last)
        store.count_shown(self._connection)
        self._connection.commit()
        held = [hold for hold in self._watch.look(map(_refused, rows)) if self._hold(hold)]
        return held

    def tidy(self) -> None:
        """Forget used proofs and abandoned sign-ins."""
        store.tidy(self._connection, self._clock.now() - FORGET_AFTER)
        self._connection.commit()

    def _hold(self, hold: Hold) -> bool:
        """Move the ladder and write the line in one transaction: neither is there without the other."""
        now = self._clock.now()
        number = new_id()
        put = store.put_hold(self._connection, number, hold, now, now + HOLD_FOR)
        if put:
            self._appender.write(
                self._connection,
                [
                    Entry(
                        kind=EntryKind.LADDER_MOVE,
                        act=Act.WATCH_HOLD,
                        outcome=Outcome.DONE,
                        evidence=Evidence.STRONG,
                        time_us=micros(now),
                        professional=ProfessionalId(hold.professional),
                        device=hold.device,
                        policy=self._policy,
                        reference=number,
                    )
                ],
            )
        self._connection.commit()
        return put


def _refused(body: bytes) -> Refused:
    entry = decode(body)
    day = paris_day(from_micros(entry.time_us))
    return Refused(day, entry.device, ProfessionalId(entry.professional), entry.outcome)
