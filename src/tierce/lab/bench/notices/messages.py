"""Messages and letters as the product makes them: an invented incident, a database of its own, a real mail server."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents.service import Incidents
from tierce.incidents.store import Records
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import IncidentId, InsurerId, PersonId, SessionId, StaffId
from tierce.kernel.scratch import Scratch
from tierce.lab.bench.notices.store import insert_incident
from tierce.notices.audience.service import counts, freeze
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.store import Contacts, put
from tierce.notices.deliveries.dkim import make_key
from tierce.notices.deliveries.model import MailServer
from tierce.notices.deliveries.service import Outbox
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.service import write_mandate
from tierce.notices.messages.service import Messages
from tierce.notices.model import Operator
from tierce.notices.service import Notices
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, Sealer, create_keys
from tierce.storage.migrate import migrate

_INCIDENT, _INSURER = IncidentId(1), InsurerId(1)
_STAFF = tuple(StaffCaller(StaffId(n), SessionId(n), f"bench {n}", frozenset({"dpo"})) for n in (1, 2))
_OPERATOR = Operator(
    "Rive Claire Tiers Payant", "4 quai des Merles, 99000 Port-Sérac", "01 99 00 14 20", "Marc Tessier",
    "dpo@riveclaire.example",
)  # fmt: skip
_DOMAIN = "riveclaire.example"
_HOME = ("12 rue des Genêts", "99120 Saint-Ourle")


@dataclass(frozen=True, slots=True)
class MessagesReport:
    """What was sent and printed: each message signed, with its rows before and after; each letter a PDF/UA-1."""

    emails: int
    emails_per_s: float
    letters: int
    letters_per_s: float
    freeze_seconds: float
    connections: int
    unexplained: int


def measure_messages(emails: int, letters: int, connections: int, say: Callable[[str], None]) -> MessagesReport:
    """Send so many messages into a mail server on this machine, and print so many letters.

    The first `emails` people have an e-mail address, the others a postal one.
    """
    clock = SystemClock()
    with (
        Scratch("tierce-bench.") as scratch,
        _database(scratch.path) as database,
        database.connect(SUPERUSER, autocommit=True) as admin,
    ):
        home = scratch.path
        keys = home / "keys"
        create_keys(keys, ("office", "notices"))
        keyring = Keyring(keys, EVERY_KEY)
        insert_incident(admin, _INCIDENT, _INSURER, emails + letters, clock.now())
        with (
            database.connect("tierce_notices", autocommit=True) as connection,
            database.connect("tierce_office", autocommit=True) as office,
        ):
            appender = Appender.enrol(connection, "notices", keyring.instance("notices"))
            contacts = Contacts(keyring)
            write_mandate(
                connection, appender, clock, insurer=_INSURER, mandate=Mandate.OPERATOR_SENDS, document="bench",
                from_day=date(2020, 1, 1),
            )  # fmt: skip
            say("contacts")
            _lend(connection, contacts, emails, letters)
            say("audience")
            began = time.monotonic()
            audience = freeze(connection, contacts, appender, clock, _INCIDENT)
            frozen = time.monotonic() - began
            _approve(office, Appender.enrol(office, "office", keyring.instance("office")), clock, audience.digest)
            outbox = Outbox(lambda: database.connect("tierce_notices", autocommit=True), contacts, appender, clock)
            say(f"{emails:,} e-mails")
            with _mailbox(home / "mailbox") as port:
                tally = outbox.send(connection, _INCIDENT, _server(home, port, connections))
            say(f"{letters:,} letters")
            began = time.monotonic()
            made = outbox.print_letters(connection, _INCIDENT, home / "letters")
            printing = time.monotonic() - began
            unexplained = counts(connection, audience).unexplained
    printed = sum(batch.letters for batch in made)
    return MessagesReport(
        emails=tally.accepted,
        emails_per_s=round(tally.accepted / tally.seconds, 1),
        letters=printed,
        letters_per_s=round(printed / printing, 1),
        freeze_seconds=round(frozen, 2),
        connections=connections,
        unexplained=unexplained,
    )


def _lend(connection: Connection, contacts: Contacts, emails: int, letters: int) -> None:
    def contact(person: int) -> Contact:
        name = f"Camille Exemple-{person}"
        if person <= emails:
            return Contact(name, f"camille.{person}@foyer.example")
        return Contact(name, None, _HOME)

    with connection.transaction():
        sealer: Sealer = contacts.open_loan(connection, _INCIDENT, _INSURER)
        for first in range(1, emails + letters + 1, 5_000):
            some = range(first, min(first + 5_000, emails + letters + 1))
            put(connection, _INCIDENT, _INSURER, sealer, [(PersonId(one), contact(one)) for one in some])


def _approve(office: Connection, lines: Appender, clock: SystemClock, digest: bytes) -> None:
    incidents = Incidents(lines, Records(Sealer({})), clock, Path())
    messages = Messages(Notices(incidents, lines, _OPERATOR, clock), incidents, lines, clock)
    text = messages.write(office, _STAFF[0], _INCIDENT).digest
    for one in _STAFF:
        messages.approve(office, one, _INCIDENT, digest, text)


def _server(home: Path, port: int, connections: int) -> MailServer:
    key = home / "dkim.pem"
    key.write_bytes(make_key()[0])
    return MailServer(
        "127.0.0.1", port, f"information@{_DOMAIN}", f"retours.{_DOMAIN}", _DOMAIN, "bench", key, starttls=False,
        connections=connections,
    )  # fmt: skip


@contextmanager
def _database(home: Path) -> Iterator[Database]:
    cluster = Cluster(home / "cluster", {**DURABLE, "shared_buffers": "128MB", "max_wal_size": "1GB"})
    cluster.start()
    try:
        database = cluster.database("tierce")
        migrate(database)
        yield database
    finally:
        cluster.discard()


@contextmanager
def _mailbox(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "tierce.lab.standins.mailbox", "--folder", str(folder), "--count-only"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait()
