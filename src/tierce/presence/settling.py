"""The worker's part: tells the lines of seats about proofs that came in, and writes the person's own line of it."""

from collections.abc import Sequence

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.policy.acts import Act, Outcome
from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.presence import store
from tierce.presence.store import Settled

AT_MOST = 64
_KEPT = (Kept.CARDS_USED, Kept.ANSWERS, Kept.PROVED)


class Settler:
    """Settles proofs over a connection of role tierce_worker that is not in autocommit mode."""

    def __init__(self, connection: Connection, appender: Appender, clock: Clock, policy: bytes) -> None:
        """Write lines through `appender`; `policy` is written with each."""
        self._connection = connection
        self._appender = appender
        self._clock = clock
        self._policy = policy

    def step(self) -> int:
        """Settle what waits, a few at a time; returns how many. A proof and its line are committed together."""
        with self._connection.transaction():
            settled = store.settle(self._connection, AT_MOST)
            lines = self._lines(settled)
            if lines:
                self._appender.write(self._connection, lines)
        self._connection.commit()
        return len(settled)

    def tidy(self) -> None:
        """Forget what is past its duration."""
        days = [(RETENTION[kept].keep or RETENTION[Kept.PROVED].keep) for kept in _KEPT]
        store.tidy(self._connection, [day.days for day in days if day is not None])
        self._connection.commit()

    def _lines(self, settled: Sequence[Settled]) -> list[Entry]:
        """A line for each proof that a peer reported; a card and her own yes have theirs already."""
        now = micros(self._clock.now())
        return [
            Entry(
                kind=EntryKind.PROOF,
                act=Act.PRESENCE_WITHDRAWN if one.withdrawn else Act.PRESENCE_PROVED,
                outcome=Outcome.DONE,
                presence=one.grade,
                time_us=now,
                establishment=one.establishment,
                person=one.person,
                policy=self._policy,
                reference=int.from_bytes(one.evidence.bytes[:8], "big") >> 1,
            )
            for one in settled
            if one.peer
        ]
