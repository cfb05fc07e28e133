"""Use cases of the process that writes to people: a dry run, the sending, the letters; all after two approvals."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import Connection

from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId
from tierce.notices.audience.service import newest
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries import store
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.letters import BATCH_LETTERS, print_letters
from tierce.notices.deliveries.model import MailServer
from tierce.notices.deliveries.reading import Reading
from tierce.notices.deliveries.sender import Tally, send
from tierce.notices.errors import AlreadySendingError, TextRefusedError
from tierce.notices.lines import notice_line
from tierce.notices.messages.service import approved, ready
from tierce.policy.acts import Act
from tierce.policy.reached import State

_READ_AT_ONCE = 200
_NAMED_MAX = 20


@dataclass(slots=True)
class Unwritten:
    """Texts refused for one reason: what is wrong, with whose contact data, how many, the first few items."""

    why: str
    insurer: int
    adults: int = 0
    items: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Rehearsal:
    """What a dry run found: texts made, their characters, whose contact data has changed, whose text is refused."""

    messages: int = 0
    letters: int = 0
    changed: int = 0
    characters: int = 0
    unwritten: int = 0
    refused: list[Unwritten] = field(default_factory=list)

    def refuse(self, why: str, item: store.Pending) -> None:
        """Count one item whose text is refused under its reason and its insurer."""
        self.unwritten += 1
        same = (one for one in self.refused if (one.why, one.insurer) == (why, item.source.insurer))
        found = next(same, None)
        if found is None:
            self.refused.append(found := Unwritten(why, item.source.insurer))
        found.adults += 1
        if len(found.items) < _NAMED_MAX:
            found.items.append(item.number)


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
        """
        audience, kept = ready(connection, incident)
        reading = Reading(audience, kept.message, self._contacts)
        found = Rehearsal()
        for one, written in reading.waiting(connection, store.SENDABLE + store.PRINTABLE, self._clock, _READ_AT_ONCE):
            if written is None:
                found.changed += 1
                continue
            try:
                found.characters += _length(written.document().blocks)
            except TextRefusedError as error:
                found.refuse(str(error), one)
                continue
            if one.state in store.SENDABLE:
                found.messages += 1
            else:
                found.letters += 1
        return found

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
        signer = Signer.load(server.dkim_key, server.dkim_domain, server.dkim_selector)
        with self._alone(incident):
            audience, kept = approved(connection, incident)
            reading = Reading(audience, kept.message, self._contacts)
            self._line(connection, incident)
            try:
                return send(self._connect, reading, server, signer, self._clock, known=known, told=told)
            finally:
                self._line(connection, incident)

    def print_letters(
        self,
        connection: Connection,
        incident: IncidentId,
        folder: Path,
        *,
        processes: int | None = None,
        told: Callable[[int], None] = lambda _: None,
        batch_letters: int = BATCH_LETTERS,
    ) -> list[store.Batch]:
        """Print every approved letter that waits, in batches; each batch has its journal line.

        Raises:
            NotApprovedError: nothing was printed.
            SendingStoppedError, OSError: why it ended early; batches kept before that stay.
            AudienceMissingError, MessageMissingError, AudienceStaleError: there is nothing to print.
            AlreadySendingError: another process is at it.
        """
        with self._alone(incident):
            audience, kept = approved(connection, incident)
            reading = Reading(audience, kept.message, self._contacts)
            return print_letters(
                connection,
                reading,
                folder,
                self._appender,
                self._clock,
                processes=processes,
                told=told,
                batch_letters=batch_letters,
            )

    @contextmanager
    def _alone(self, incident: IncidentId) -> Iterator[None]:
        """Keep other senders and printers away, and whoever would freeze another audience: what is newest stays so.

        Given back at once at the end: a connection that is only closed keeps its locks until the server has seen it.
        """
        with self._connect() as alone:
            if not store.lock(alone, incident):
                raise AlreadySendingError
            try:
                yield
            finally:
                if not alone.closed:
                    store.unlock(alone, incident)

    def waiting(self, connection: Connection, incident: IncidentId) -> dict[State, int]:
        """How many items wait to be sent, are in doubt, or wait to be printed; those set aside too."""
        audience = newest(connection, incident)
        states = (*store.SENDABLE, State.DOUBTFUL, *store.PRINTABLE)
        return {state: store.waiting(connection, audience, state) for state in states}

    def _line(self, connection: Connection, incident: IncidentId) -> None:
        with connection.transaction():
            line = notice_line(self._appender, Act.MESSAGES_SENT, self._clock.now(), incident=incident)
            self._appender.write(connection, [line])


def _length(blocks: Iterable[object]) -> int:
    return sum(len(str(one)) for one in blocks)


_POSTFIX = re.compile(r"/[a-z]+\[\d+\]: (\w+): (.*)")
"""A line of Postfix: its process, the number of the message in its queue, what is said of it."""


def in_relay_log(path: Path) -> Callable[[set[str]], set[str]]:
    """Find Message-IDs in a relay's log, as a mail server writes them for each message that it takes in.

    Postfix writes one as soon as it has read that header, also of a message that is cut off behind it and dropped: it
    took in what its queue manager names after that, by the same number.
    """

    def known(wanted: set[str]) -> set[str]:
        found: set[str] = set()
        coming: dict[str, set[str]] = {}
        with path.open("r", encoding="utf-8", errors="replace") as file:
            for line in file:
                postfix = _POSTFIX.search(line)
                if postfix is None:
                    found |= {one for one in wanted if one in line}
                elif postfix[2].startswith("message-id="):
                    coming[postfix[1]] = {one for one in wanted if one in line}
                elif postfix[2].endswith("(queue active)"):
                    found |= coming.pop(postfix[1], set())
        return found

    return known
