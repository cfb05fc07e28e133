"""Use cases of an insurer's staff on an incident: each writes its line, commits it, then reads or does."""

import hashlib
import secrets
from dataclasses import dataclass

import pyrage
from psycopg import Connection

from tierce.identity.model import InsurerCaller
from tierce.insurers.breaches import rules, store
from tierce.insurers.breaches.errors import KeyRefusedError, NoListError
from tierce.insurers.breaches.model import Notice, Reader
from tierce.insurers.lines import InsurerLines
from tierce.kernel.ids import IncidentId, new_id
from tierce.notices.slices.model import HandOver
from tierce.policy.acts import Act

CHALLENGE_BYTES = 16


def reader_of(caller: InsurerCaller, handle: bytes) -> Reader:
    """Who reads."""
    return Reader(caller.insurer, handle)


@dataclass(frozen=True, slots=True)
class Breaches:
    """An insurer's incidents, over connections of role tierce_insurers in autocommit mode."""

    lines: InsurerLines

    def notices(self, connection: Connection, caller: InsurerCaller, handle: bytes) -> list[Notice]:
        """The notices that left for her insurer, the newest first."""
        line = self.lines.commit(connection, caller, Act.INSURER_NOTICE_READ)
        return store.notices(connection, reader_of(caller, handle), line)

    def acknowledge(
        self, connection: Connection, caller: InsurerCaller, handle: bytes, incident: IncidentId, revision: int
    ) -> int:
        """Acknowledge a notice; how many were not acknowledged yet, earlier ones included."""
        line = self.lines.commit(connection, caller, Act.INSURER_ACKNOWLEDGED, incident)
        return store.acknowledge(connection, reader_of(caller, handle), line, incident, revision)

    def take(self, connection: Connection, caller: InsurerCaller, handle: bytes, number: int) -> HandOver:
        """Say that she takes a list.

        Raises:
            NoListError: it is none of her insurer's.
        """
        reader = reader_of(caller, handle)
        found = next((one for one in store.hand_overs(connection, reader) if one.id == number), None)
        if found is None:
            raise NoListError
        line = self.lines.commit(connection, caller, Act.HAND_OVER_TAKEN, found.incident)
        if not store.take(connection, reader, line, number):
            raise NoListError
        return found

    def report(
        self, connection: Connection, caller: InsurerCaller, handle: bytes, incident: IncidentId, content: bytes
    ) -> int:
        """Take a report in; gives the records that it accounts for.

        Raises:
            FieldError: a line cannot be read.
            NoListError: no list was handed over.
            ReportAddsUpError: its counts do not add up to the list.
        """
        report = rules.read_report(content, self.lines.clock.now())
        line = self.lines.commit(connection, caller, Act.INSURER_REPORTED, incident)
        taken = store.put_report(connection, reader_of(caller, handle), line, new_id(), incident, report)
        if taken is None:
            raise NoListError
        return taken

    def propose(self, connection: Connection, caller: InsurerCaller, handle: bytes, text: str) -> str:
        """Propose a key; gives what only its holder can decrypt, as an armoured age file.

        Raises:
            KeyRefusedError: it is not an age recipient.
        """
        recipient = text.strip()
        if not rules.RECIPIENT.fullmatch(recipient):
            raise KeyRefusedError
        try:
            key = pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError:
            raise KeyRefusedError from None
        answer = secrets.token_hex(CHALLENGE_BYTES)
        line = self.lines.commit(connection, caller, Act.INSURER_RECIPIENT)
        store.propose(
            connection,
            reader_of(caller, handle),
            line,
            new_id(),
            recipient,
            hashlib.sha256(answer.encode()).digest(),
        )
        sealed: bytes = pyrage.encrypt(answer.encode(), [key], armored=True)
        return sealed.decode()

    def prove(
        self, connection: Connection, caller: InsurerCaller, handle: bytes, recipient: int, answer: str
    ) -> None:
        """Take what was decrypted.

        Raises:
            KeyRefusedError: it is not what was encrypted, or that key was proved already.
        """
        if not store.prove(connection, reader_of(caller, handle), recipient, answer.strip().lower().encode()):
            raise KeyRefusedError

    def confirm(self, connection: Connection, caller: InsurerCaller, handle: bytes, recipient: int) -> None:
        """Confirm a key that somebody else proposed and proved.

        Raises:
            KeyRefusedError: she proposed it herself, or it is not proved.
        """
        line = self.lines.commit(connection, caller, Act.INSURER_RECIPIENT)
        if not store.confirm(connection, reader_of(caller, handle), line, recipient):
            raise KeyRefusedError
