"""From her items to the text that she was sent, after the line that says she reads it.

The text is made again from the facts that two people approved. Where this program would write other words from them,
their digest says so, and no text is shown rather than another one.
"""

from itertools import groupby

from psycopg import Connection

from tierce.identity.model import PersonCaller
from tierce.incidents.rules import incident_reference
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.notices.contacts.model import Contact
from tierce.notices.messages import store as messages
from tierce.notices.messages.rules import specimens, text_digest, text_for
from tierce.notices.model import Document
from tierce.persons.errors import RecordMissingError
from tierce.persons.letters import store
from tierce.persons.letters.model import Row, Sent
from tierce.persons.rules import own_line
from tierce.persons.store import Records
from tierce.policy.acts import Act


class Letters:
    """Connections of role tierce_persons in autocommit mode."""

    def __init__(self, appender: Appender, records: Records, clock: Clock) -> None:
        """Write lines through `appender`; open her own name with `records`."""
        self._appender = appender
        self._records = records
        self._clock = clock

    def listed(self, connection: Connection, caller: PersonCaller, handle: bytes) -> list[Sent]:
        """Every letter and message that left for her, the newest first.

        Raises:
            RecordMissingError: the session has ended, or the register no longer has her record.
        """
        with connection.transaction():
            self._appender.write(connection, [own_line(caller, Act.PERSON_HISTORY, self._clock.now())])
        name = self._records.own_name(connection, handle)
        if name is None:
            raise RecordMissingError
        rows = store.own(connection, handle)
        return [_sent(list(some), name.full) for _, some in groupby(rows, lambda row: row.key)]


def _sent(rows: list[Row], name: str) -> Sent:
    first = rows[0]
    return Sent(
        incident=first.incident,
        reference=incident_reference(first.incident, first.day),
        left_at=first.left_at,
        channel=first.channel,
        language=first.language,
        represented=first.represented,
        document=None if first.represented else _document(rows, name),
    )


def _document(rows: list[Row], name: str) -> Document | None:
    """The text of one item that is about herself alone; her name above it may have been spelt as her insurer does."""
    first = rows[0]
    if first.facts is None or first.digest is None:
        return None
    message = messages.decode(first.facts)
    if text_digest(messages.encode(message), specimens(message)) != first.digest:
        return None
    pairs = tuple(sorted(row.pair for row in rows))
    reads = {row.pair: row.read for row in rows if row.read is not None}
    if len(reads) != len(pairs):
        return None
    contacts = {(pair.person, pair.insurer): Contact(name) for pair in pairs}
    return text_for(message, pairs, pairs[0], contacts, reads, {})
