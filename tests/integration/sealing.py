"""A journal of thirty entries under a checkpoint, and the job that seals them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import verifier_key
from tierce.journal.segments.asking import ask_redaction
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.segments.sealing import Sealer
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import EntrySeq, PersonId
from tierce.policy.acts import Act, Outcome
from tierce.policy.segments import RedactionReason
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

ORIGIN = "tierce.test/journal"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_LINE = verifier_key(ORIGIN, LOG_KEY.public_key())
WORKER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OFFICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
POLICY = bytes(16)
LONG_AGO = micros(SystemClock().now() - timedelta(days=730))
ALICE, BRUNO = 501, 502


def lines(count: int, *, person: int = 0, at_us: int = LONG_AGO) -> list[Entry]:
    """Entries of two years ago, by three professionals."""
    return [
        Entry(
            kind=EntryKind.UPKEEP,
            act=Act.STAFF_LIVE,
            outcome=Outcome.DONE,
            time_us=at_us + place,
            professional=70 + place % 3,
            person=PersonId(person),
        )
        for place in range(count)
    ]


@dataclass
class Sealing:
    """One database with its tiles and its folder of segments."""

    database: Database
    connect: Connect
    folder: Path
    log: LogFolder
    worker: psycopg.Connection
    appender: Appender
    sequencing: psycopg.Connection
    """The sequencer's, and its lock's."""
    sequencer: Sequencer
    full: dict[int, bytes] = field(default_factory=dict)
    """The thirty entries by number, some of persons 5 and 6."""

    def job(self, reached: Callable[[str], None] = lambda _step: None) -> Sealer:
        """The sealing job; the one before must have been let go of."""
        connection = self.connect("tierce_worker")
        return Sealer(connection, self.folder, self.log, self.appender, SystemClock(), POLICY, reached=reached)

    def append(self, entries: list[Entry]) -> list[EntrySeq]:
        """Write entries of the worker's and put them under a checkpoint."""
        numbers = self.appender.append(self.worker, entries)
        self.sequencer.step()
        return numbers

    def age(self) -> None:
        """Let two days pass for what is sealed; the entries themselves are years old."""
        with self.database.connect(SUPERUSER, autocommit=True) as admin:
            admin.execute("update journal.segment set at = at - interval '2 days'")

    def ask(self, seq: int, author: int, reason: RedactionReason) -> int:
        """Ask for a redaction; how many more people must."""
        office = self.connect("tierce_office")
        appender = Appender.enrol(office, "office", OFFICE_KEY)
        asked = ask_redaction(
            office,
            SealedLog(self.folder),
            appender,
            SystemClock(),
            POLICY,
            seq=EntrySeq(seq),
            reason=reason,
            author=author,
        )  # fmt: skip - what is asked on one line
        office.close()
        return asked.wanted


def make_sealing(database: Database, connect: Connect, tmp_path: Path) -> Sealing:
    """Thirty entries of two years ago under a checkpoint."""
    worker, sequencing, log = connect("tierce_worker"), connect("tierce_worker"), log_of(database)
    made = Sealing(
        database,
        connect,
        tmp_path / "segments",
        log,
        worker,
        Appender.enrol(worker, "worker", WORKER_KEY),
        sequencing,
        Sequencer(sequencing, ORIGIN, LOG_KEY, log),
    )  # fmt: skip - as the class has them
    for person, count in ((5, 3), (0, 10), (6, 4), (5, 2), (0, 11)):
        entries = lines(count, person=person)
        made.full.update(zip(made.append(entries), map(encode, entries), strict=True))
    return made
