"""The journal line of an insurer's staff: committed before anything is read, or with what is done."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import EntrySeq
from tierce.policy.acts import Act, Outcome


@dataclass(frozen=True, slots=True)
class InsurerLines:
    """Writes such lines over connections of role tierce_insurers in autocommit mode."""

    appender: Appender
    clock: Clock
    policy: bytes

    def commit(self, connection: Connection, caller: InsurerCaller, act: Act, reference: int = 0) -> EntrySeq:
        """Write and commit the line that says who does what, and of which incident or request."""
        with connection.transaction():
            return self.write(connection, caller, act, reference)

    def write(self, connection: Connection, caller: InsurerCaller, act: Act, reference: int = 0) -> EntrySeq:
        """Write it in the caller's own transaction."""
        entry = Entry(
            kind=EntryKind.INSURER_ACT,
            act=act,
            outcome=Outcome.DONE,
            time_us=micros(self.clock.now()),
            professional=caller.staff,
            session=caller.session,
            insurer=caller.insurer,
            policy=self.policy,
            reference=reference,
        )
        (seq,) = self.appender.write(connection, [entry])
        return seq
