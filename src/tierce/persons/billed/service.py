"""She reads what is billed in her name after the line that says so; "it was not me" is kept once, with its line."""

from uuid import UUID

from psycopg import Connection

from tierce.identity.model import PersonCaller
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import MAX_ID, new_id
from tierce.persons.billed import store
from tierce.persons.billed.model import Agreed, Billed
from tierce.persons.errors import NotHerLineError
from tierce.persons.rules import own_line
from tierce.policy.acts import Act

_NOT_HERS = 2


class CareBilled:
    """Connections of role tierce_persons in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the persons' instance."""
        self._appender = appender
        self._clock = clock

    def listed(self, connection: Connection, caller: PersonCaller, handle: bytes) -> list[Billed]:
        """Her invoices, the newest care first."""
        with connection.transaction():
            self._appender.write(connection, [own_line(caller, Act.PERSON_BILLED, self._clock.now())])
        return store.own(connection, handle)

    def everything(
        self, connection: Connection, caller: PersonCaller, handle: bytes
    ) -> tuple[list[Billed], list[Agreed]]:
        """Her invoices, and what was asked before care in her name, under one line."""
        return self.listed(connection, caller, handle), store.agreements(connection, handle)

    def one(self, connection: Connection, caller: PersonCaller, handle: bytes, which: UUID) -> Billed:
        """One of her invoices.

        Raises:
            NotHerLineError: it is not hers.
        """
        found = next((one for one in self.listed(connection, caller, handle) if one.id == which), None)
        if found is None:
            raise NotHerLineError
        return found

    def report(self, connection: Connection, caller: PersonCaller, handle: bytes, which: UUID) -> bool:
        """Keep "it was not me" to one invoice; False when she had said so before.

        Where somebody at that place had asked about her near that day, the report is of that ask too: it becomes
        evidence about the account that asked, under the same cap as for a look-up.

        Raises:
            NotHerLineError: it is not hers.
        """
        # What a place sent to us has its own number in the last eight bytes, after zeros.
        high, low = (int.from_bytes(part, "big") for part in (which.bytes[:8], which.bytes[8:]))
        reference = (high or low) & MAX_ID
        with connection.transaction():
            kept = store.report(connection, handle, new_id(), which)
            if kept == _NOT_HERS:
                raise NotHerLineError
            if kept == 0:
                line = own_line(caller, Act.PERSON_REPORT, self._clock.now(), reference)
                self._appender.write(connection, [line])
        return kept == 0
