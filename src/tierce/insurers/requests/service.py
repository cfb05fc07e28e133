"""An insurer's staff read and answer persons' requests; each act commits its journal line first."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers.lines import InsurerLines
from tierce.insurers.requests import store
from tierce.insurers.requests.errors import ReplyRefusedError
from tierce.insurers.requests.model import InsurerRequest
from tierce.policy.acts import Act


@dataclass(frozen=True, slots=True)
class InsurerRequests:
    """Over connections of role tierce_insurers in autocommit mode."""

    lines: InsurerLines

    def listed(self, connection: Connection, caller: InsurerCaller, handle: bytes) -> list[InsurerRequest]:
        """Requests of its people that were sent on to it."""
        return store.own(connection, handle, self.lines.commit(connection, caller, Act.INSURER_REQUEST))

    def slip(self, connection: Connection, caller: InsurerCaller, handle: bytes, request: int) -> bytes:
        """The slip that says who asks, encrypted to the insurer's key.

        Raises:
            ReplyRefusedError: there is none.
        """
        line = self.lines.commit(connection, caller, Act.INSURER_REQUEST, request)
        found = store.slip(connection, handle, line, request)
        if found is None:
            raise ReplyRefusedError
        return found

    def reply(self, connection: Connection, caller: InsurerCaller, handle: bytes, request: int, word: str) -> None:
        """Answer one, once, by a written outcome.

        Raises:
            ReplyRefusedError: nothing of its own waits for such an answer.
        """
        line = self.lines.commit(connection, caller, Act.INSURER_REQUEST, request)
        if not store.reply(connection, handle, line, request, word):
            raise ReplyRefusedError
