"""Handing an insurer's part over: opened, written as text and encrypted to its key in one reading, never whole."""

import hashlib
import io
from collections.abc import Callable, Iterator

import pyrage
from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.model import ScopeSummary
from tierce.incidents.rules import incident_reference
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId, InsurerId, new_id
from tierce.notices.errors import IncidentNotAwareError, SliceChangedError
from tierce.notices.lines import notice_line
from tierce.notices.slices import store
from tierce.notices.slices.model import HandOver, Head
from tierce.notices.slices.rules import References, head_text, records
from tierce.policy.acts import Act

PIECE_BYTES = 1 << 20
"""A list is kept and given in pieces of this size."""
READ_BYTES = 1 << 18


class Text(io.RawIOBase):
    """Lines as a file that is read forward once; counts its records and digests what was read."""

    def __init__(self, head: str, lines: Iterator[str]) -> None:
        """Give `head`, then each line."""
        self._lines = lines
        self._waiting = head.encode()
        self._made = hashlib.sha256()
        self.records = 0

    def readable(self) -> bool:
        """Tell that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes, at least one while there are any."""
        wanted = size if size > 0 else READ_BYTES
        if len(self._waiting) < wanted:
            self._fill(max(wanted, READ_BYTES))
        given, self._waiting = self._waiting[:wanted], self._waiting[wanted:]
        self._made.update(given)
        return given

    def _fill(self, wanted: int) -> None:
        taken, length = [], len(self._waiting)
        for line in self._lines:
            taken.append(line)
            length += len(line)
            if length >= wanted:
                break
        self.records += len(taken)
        self._waiting += "".join(taken).encode()

    def digest(self) -> bytes:
        """SHA-256 of what was read."""
        return self._made.digest()


class Pieces:
    """A file that is written forward, cut in pieces of one size, each given on as it is full."""

    def __init__(self, keep: Callable[[int, bytes], None]) -> None:
        """Give each piece with its number to `keep`."""
        self._keep = keep
        self._waiting = bytearray()
        self._made = hashlib.sha256()
        self.count = self.bytes = 0

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._made.update(data)
        self._waiting += data
        self.bytes += len(data)
        while len(self._waiting) >= PIECE_BYTES:
            self._give(PIECE_BYTES)
        return len(data)

    def flush(self) -> None:
        """Keep what waits: pieces have one size."""

    def end(self) -> bytes:
        """Give the last piece; returns the SHA-256 of everything."""
        if self._waiting:
            self._give(len(self._waiting))
        return self._made.digest()

    def _give(self, length: int) -> None:
        self._keep(self.count, bytes(self._waiting[:length]))
        del self._waiting[:length]
        self.count += 1


def encrypt(text: Text, pieces: Pieces, recipient: str) -> None:
    """Encrypt a text to one age recipient, in pieces; neither is ever whole in memory."""
    pyrage.encrypt_io(text, pieces, [pyrage.x25519.Recipient.from_str(recipient)])


class Slices:
    """Hand-overs of one process, over autocommit connections of role tierce_notices."""

    def __init__(self, appender: Appender, cover: store.Cover, clock: Clock) -> None:
        """Open member numbers with `cover`; each hand-over is a journal line."""
        self._appender = appender
        self._cover = cover
        self._clock = clock

    def hand_over(self, connection: Connection, number: IncidentId, insurer: InsurerId, amc: str) -> HandOver | None:
        """Make an insurer's list, once for each key: the one that its newest notice tells of.

        None while it has registered no key, or was not told of what changed for it.

        Raises:
            IncidentNotAwareError: the breach is not established: nothing is handed over.
            SliceChangedError: another list was computed meanwhile; do it again.
        """
        incident = incident_rows.incident(connection, number)
        if incident is None or incident.aware_at is None:
            raise IncidentNotAwareError
        scope = store.told_scope(connection, number, insurer)
        found = store.notice_digests(connection, number, scope.revision, insurer) if scope else None
        if scope is None or found is None or found[1] is None:
            return None
        recipient = store.recipient_of(connection, insurer)
        if recipient is None or store.is_made(connection, number, scope.revision, insurer, recipient[0]):
            return None
        head = Head(
            incident=incident_reference(number, incident.day),
            number=number,
            revision=scope.revision,
            insurer=amc,
            list_digest=scope.digest,
            notice_digest=hashlib.sha256(found[1].encode()).digest(),
            slice_digest=found[0],
            records=store.persons_of(connection, scope, insurer),
            made_at=self._clock.now(),
        )
        with connection.transaction():
            return self._make(connection, scope, insurer, head, recipient)

    def _make(
        self,
        connection: Connection,
        scope: ScopeSummary,
        insurer: InsurerId,
        head: Head,
        recipient: tuple[int, str],
    ) -> HandOver:
        made = new_id()
        found = self._cover.opened(
            connection, insurer, store.members(connection, scope.incident, insurer, scope.revision)
        )
        text = Text(head_text(head), records(References(scope.digest, insurer), found))
        pieces = Pieces(lambda n, sealed: store.keep_piece(connection, made, n, sealed))
        encrypt(text, pieces, recipient[1])
        sha256 = pieces.end()
        last = store.told_scope(connection, scope.incident, insurer)
        if text.records != head.records or last is None or last.revision != scope.revision:
            raise SliceChangedError
        one = HandOver(
            id=made,
            incident=scope.incident,
            revision=scope.revision,
            insurer=insurer,
            records=head.records,
            size=pieces.bytes,
            sha256=sha256,
            digest=text.digest(),
            recipient=recipient[1],
            made_at=head.made_at,
            pieces=pieces.count,
            taken_at=None,
            taken_by=None,
        )
        line = notice_line(self._appender, Act.HAND_OVER_MADE, head.made_at, incident=scope.incident, insurer=insurer)
        (seq,) = self._appender.write(connection, [line])
        store.keep_hand_over(connection, one, recipient[0], seq)
        return one
