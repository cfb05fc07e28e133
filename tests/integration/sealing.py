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
UPKEEP_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
POLICY = bytes(16)
LONG_AGO = micros(SystemClock().now() - timedelta(days=730))
ALICE, BRUNO = 501, 502
TAKEN = """
    update journal.batch b set at = to_timestamp(%s) from journal.placed p
    where p.block = b.block and p.first_idx >= %s and p.first_idx < (select max(end_idx) from journal.segment)"""


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
        """Let two days pass for what is sealed; the database took its entries when they say, years ago."""
        with self.database.connect(SUPERUSER, autocommit=True) as admin:
            admin.execute("update journal.segment set at = at - interval '2 days'")
            admin.execute(TAKEN, (LONG_AGO / 1e6, 0))

    def older(self, days: int, *, from_leaf: int = 0) -> None:
        """Make segments so many days older, in the manifest and where the database says when it took their blocks."""
        with self.database.connect(SUPERUSER, autocommit=True) as admin:
            back = days * 86_400
            admin.execute(
                "update journal.segment set until_us = until_us - %s where first_idx >= %s", (back * 10**6, from_leaf)
            )
            admin.execute(TAKEN, (LONG_AGO / 1e6 - back, from_leaf))

    def ask(self, seq: int, author: int, reason: RedactionReason) -> int:
        """Ask for a redaction; how many more people must."""
        upkeep, office = self.connect("tierce_upkeep"), self.connect("tierce_office")
        appender = Appender.enrol(upkeep, "upkeep", UPKEEP_KEY)
        asked = ask_redaction(
            upkeep,
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
        upkeep.close()
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
