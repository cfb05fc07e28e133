"""Use cases of the process that writes to people: a dry run, the sending, the letters; all after two approvals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from psycopg import Connection

from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId
from tierce.notices.audience.model import State
from tierce.notices.audience.service import newest
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries import store
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.letters import print_letters
from tierce.notices.deliveries.model import MailServer
from tierce.notices.deliveries.reading import Reading
from tierce.notices.deliveries.sender import Tally, send
from tierce.notices.errors import AlreadySendingError
from tierce.notices.lines import notice_line
from tierce.notices.messages.service import approved, ready
from tierce.policy.acts import Act


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a dry run found: texts made, bytes of messages composed, and whose contact data has changed."""

    messages: int
    letters: int
    changed: int
    characters: int


class Outbox:
    """Writes to the people of an incident; connections of role tierce_notices, in autocommit mode."""

    def __init__(
        self, connect: Callable[[], Connection], contacts: Contacts, appender: Appender, clock: Clock
    ) -> None:
        """Open connections with `connect`: one for each connection to the mail server."""
        self._connect = connect
        self._contacts = contacts
        self._appender = appender
        self._clock = clock

    def rehearse(self, connection: Connection, incident: IncidentId) -> Rehearsal:
        """Make every text that would leave, and send none: what `--really` would do, approved or not.

        Raises:
            AudienceMissingError, MessageMissingError, AudienceStaleError: there is nothing to send.
            TextRefusedError: one text would be empty or vague.
        """
        audience, kept = ready(connection, incident)
        reading = Reading(audience, kept.message, self._contacts)
        counts, changed, characters = {State.TO_SEND: 0, State.TO_PRINT: 0}, 0, 0
        for state in counts:
            after = 0
            while some := store.pending(connection, audience, state, self._clock.now(), after, 200):
                after = some[-1].number
                found = reading.read(connection, some)
                changed += len(some) - len(found)
                counts[state] += len(found)
                characters += sum(_length(one.document().blocks) for one in found.values())
        return Rehearsal(counts[State.TO_SEND], counts[State.TO_PRINT], changed, characters)

    def send(
        self,
        connection: Connection,
        incident: IncidentId,
        server: MailServer,
        *,
        known: Callable[[set[str]], set[str]] | None = None,
        told: Callable[[int], None] = lambda _: None,
    ) -> Tally:
        """Send every approved message that may leave now; the journal has a line before and after.

        Raises:
            NotApprovedError, SendingStoppedError: nothing left.
            AudienceMissingError, MessageMissingError, AudienceStaleError: there is nothing to send.
            AlreadySendingError: another process is at it.
            DeliveryError, SendingRefusedError: why it ended early.
        """
        audience, kept = approved(connection, incident)
        signer = Signer.load(server.dkim_key, server.dkim_domain, server.dkim_selector)
        reading = Reading(audience, kept.message, self._contacts)
        with self._connect() as alone:
            if not store.lock(alone, incident):
                raise AlreadySendingError
            self._line(connection, Act.MESSAGES_SENT, incident)
            try:
                return send(self._connect, reading, server, signer, self._clock, known=known, told=told)
            finally:
                self._line(connection, Act.MESSAGES_SENT, incident)

    def print_letters(
        self,
        connection: Connection,
        incident: IncidentId,
        folder: Path,
        *,
        processes: int | None = None,
        told: Callable[[int], None] = lambda _: None,
    ) -> list[store.Batch]:
        """Print every approved letter that waits, in batches; each batch has its journal line.

        Raises:
            NotApprovedError, SendingStoppedError: nothing was printed.
            AudienceMissingError, MessageMissingError, AudienceStaleError: there is nothing to print.
            AlreadySendingError: another process is at it.
        """
        audience, kept = approved(connection, incident)
        reading = Reading(audience, kept.message, self._contacts)
        with self._connect() as alone:
            if not store.lock(alone, incident):
                raise AlreadySendingError
            return print_letters(
                connection, reading, folder, self._appender, self._clock, processes=processes, told=told
            )

    def waiting(self, connection: Connection, incident: IncidentId) -> dict[State, int]:
        """How many items wait to be sent, are in doubt, or wait to be printed."""
        audience = newest(connection, incident)
        return {
            state: store.waiting(connection, audience, state)
            for state in (State.TO_SEND, State.DOUBTFUL, State.TO_PRINT)
        }

    def _line(self, connection: Connection, act: Act, incident: IncidentId) -> None:
        with connection.transaction():
            self._appender.write(connection, [notice_line(self._appender, act, self._clock.now(), incident=incident)])


def _length(blocks: Iterable[object]) -> int:
    return sum(len(str(one)) for one in blocks)


def in_relay_log(path: Path) -> Callable[[set[str]], set[str]]:
    """Find Message-IDs in a relay's log, as a mail server writes them for each message that it takes in."""

    def known(wanted: set[str]) -> set[str]:
        found: set[str] = set()
        with path.open("r", encoding="utf-8", errors="replace") as file:
            for line in file:
                found |= {one for one in wanted if one in line}
        return found

    return known
