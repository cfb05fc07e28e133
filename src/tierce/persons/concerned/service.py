"""The question as a use case: the journal first says that she asks, then she is told."""

from psycopg import Connection

from tierce.identity.model import PersonCaller
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.persons import store as person_rows
from tierce.persons.concerned import store
from tierce.persons.concerned.model import Told
from tierce.persons.concerned.rules import answers
from tierce.persons.rules import own_line
from tierce.policy.acts import Act


class Concerned:
    """One per process; connections are in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the persons' instance."""
        self._appender = appender
        self._clock = clock

    def ask(self, connection: Connection, caller: PersonCaller, handle: bytes) -> tuple[Told, ...]:
        """Tell her of every established incident, after the line that says she asked.

        Every call does the same work whoever she is: one line, one look-up by the lists' own keys, every name.

        Raises:
            AskedTooOftenError: she asked too often in a day.
        """
        with connection.transaction():
            self._appender.write(connection, [own_line(caller, Act.PERSON_CONCERNED, self._clock.now())])
        rows = store.rows_of(connection, handle)
        return answers(rows, person_rows.every_insurer(connection))
