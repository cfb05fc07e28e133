"""Use cases of an insurer's staff: each commits its line first."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers.requests import store
from tierce.insurers.requests.errors import ReplyRefusedError
from tierce.insurers.requests.model import InsurerRequest
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import EntrySeq
from tierce.policy.acts import Act, Outcome


@dataclass(frozen=True, slots=True)
class InsurerRequests:
    """Over connections of role tierce_insurers in autocommit mode."""

    appender: Appender
    clock: Clock
    policy: bytes

    def _line(self, connection: Connection, caller: InsurerCaller, request: int = 0) -> EntrySeq:
        entry = Entry(
            kind=EntryKind.INSURER_ACT,
            act=Act.INSURER_REQUEST,
            outcome=Outcome.DONE,
            time_us=micros(self.clock.now()),
            professional=caller.staff,
            session=caller.session,
            insurer=caller.insurer,
            policy=self.policy,
            reference=request,
        )
        with connection.transaction():
            (seq,) = self.appender.write(connection, [entry])
        return seq

    def listed(self, connection: Connection, caller: InsurerCaller, handle: bytes) -> list[InsurerRequest]:
        """Requests of its people that were sent on to it."""
        return store.own(connection, handle, self._line(connection, caller))

    def slip(self, connection: Connection, caller: InsurerCaller, handle: bytes, request: int) -> bytes:
        """The slip that says who asks, encrypted to the insurer's key.

        Raises:
            ReplyRefusedError: there is none.
        """
        found = store.slip(connection, handle, self._line(connection, caller, request), request)
        if found is None:
            raise ReplyRefusedError
        return found

    def reply(self, connection: Connection, caller: InsurerCaller, handle: bytes, request: int, word: str) -> None:
        """Answer one, once, by a written outcome.

        Raises:
            ReplyRefusedError: nothing of its own waits for such an answer.
        """
        line = self._line(connection, caller, request)
        if not store.reply(connection, handle, line, request, word):
            raise ReplyRefusedError
