"""An incident with everything an inspector asks for, made once for the tests of a module."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import psycopg

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import INSTANCES
from tests.integration.fresh import fresh_database
from tests.integration.rooms import HELENE, OAK, WITNESS, WITNESS_NAME, Room, open_room, packs_of
from tests.integration.test_incidents_register import LATE, REASONS, fill_register
from tests.integration.test_office_site import attack
from tests.unit.test_incidents_severity import INSURED, STOLEN, TRANSPORT
from tierce.controls.service import Controls
from tierce.incidents.form.prefill import known
from tierce.incidents.model import Incident
from tierce.incidents.pack.model import MANIFEST, OFFICE_NAME
from tierce.incidents.pack.service import Packs
from tierce.incidents.rules import account_criteria
from tierce.incidents.severity.model import Bridge
from tierce.incidents.severity.service import Severity
from tierce.journal.note import signed_note
from tierce.journal.service import Appender
from tierce.journal.witness.cosignature import cosign
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.policy.clocks import Duty, Moment, Risk
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, create_keys

EARLIER_RULES = '{"seats.seats":{"OPTICIAN=5":[3]}}'
EARLIER_DIGEST = sha256(EARLIER_RULES.encode()).digest()[:16]
"""Rules that were in force before, under which one line of the incident was written."""


@dataclass(frozen=True)
class Inspected:
    """An incident, its room, and what packs it."""

    room: Room
    database: Database
    incident: Incident
    packs: Packs
    first_size: int
    """The tree under which the first list was computed."""

    def pack(self, out: Path, size: int | None = None) -> Path:
        self.packs.make(self.room.office, self.incident.id, out, lambda _digest: None, size=size)
        return out


@contextmanager
def inspected(cluster: Cluster, template: Database, home: Path) -> Iterator[Inspected]:
    """Two lists, a register of a dozen rows, a late duty, two cohorts, a form, and a witness."""
    with fresh_database(cluster, template) as database, ExitStack() as opened:

        def connect(role: str, *, autocommit: bool = False) -> psycopg.Connection:
            return opened.enter_context(closing(database.connect(role, autocommit=autocommit)))

        create_keys(home / "keys", INSTANCES)
        room = open_room(connect, Keyring(home / "keys", EVERY_KEY))
        incident, first = _happened(room)
        yield Inspected(room, database, incident, packs_of(room), first)


def _happened(room: Room) -> tuple[Incident, int]:
    attack(room)
    office, register = room.office, room.clocks.register
    incident = room.incidents.open(
        office, HELENE, title="Accès volé", signal_at=AT, aware_why="Vingt mille demandes en une minute."
    )
    criteria = account_criteria(
        ProfessionalId(501), frozenset({DeviceId(66)}), micros(AT), micros(AT + timedelta(hours=1))
    )
    first = room.incidents.compute_scope(office, HELENE, incident.id, criteria)
    fill_register(room.clocks, room, incident.id)
    severity = Severity(register)
    for cohort in (INSURED, TRANSPORT):
        severity.score(office, HELENE, incident.id, cohort, STOLEN)
    severity.conclude(office, HELENE, incident.id, Bridge("assures", Risk.HIGH, REASONS, ""))
    room.forms.save(office, HELENE, incident.id, OAK, {"ongoing": known(content=False)})
    room.clocks.write_time(
        office, HELENE, incident.id, moment=Moment.NOTICE_SENT, at=room.clock.now(), why="Envoyée.", insurer=OAK
    )
    room.clock.advance(timedelta(hours=80))
    room.clocks.fulfil(office, HELENE, incident.id, duty=Duty.AUTHORITY, at=room.clock.now(), reasons=LATE)
    earlier = replace(ask(3, at=AT + timedelta(minutes=5)), policy=EARLIER_DIGEST)
    write_asks(room.admin, room.keyring, [earlier])
    room.admin.execute(
        "insert into upkeep.policy (digest, text, since, entry) values (%s, %s, %s, 1)",
        (EARLIER_DIGEST, EARLIER_RULES, AT - timedelta(days=9)),
    )
    room.admin.commit()
    sequence(room.worker, room.keyring)
    room.incidents.compute_scope(office, HELENE, incident.id, criteria)
    worker_key = room.keyring.instance("worker")
    Controls(Appender.enrol(room.worker, "worker", worker_key), worker_key, room.clock, "0.1.0").step(room.worker)
    sequence(room.worker, room.keyring)
    witnessed(room)
    return incident, first.tree.size


def witnessed(room: Room) -> None:
    """The newest checkpoint, cosigned."""
    row = room.admin.execute("select size, note from journal.checkpoint order by size desc limit 1").fetchone()
    assert row is not None
    text = row[1].rpartition("\n\n")[0] + "\n"
    line = cosign(text, WITNESS_NAME, WITNESS, 1_772_000_000)
    room.admin.execute(
        "insert into journal.cosignature (witness, size, line) values (%s, %s, %s) on conflict do nothing",
        (WITNESS_NAME, row[0], line),
    )
    room.admin.commit()


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(files: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def forged(house: Inspected, path: Path, out: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A pack that an operator altered and signed again: its manifest holds, what it says does not."""
    files = contents(path)
    change(files)
    head = [line for line in files.pop(MANIFEST).decode().split("\n\n")[0].splitlines() if line[:5] != "file "]
    rows = [f"file {sha256(files[name]).hexdigest()} {len(files[name])} {name}" for name in sorted(files)]
    text = "\n".join([*head, *rows]) + "\n"
    files[MANIFEST] = signed_note(text, OFFICE_NAME, house.room.keyring.instance("office")).encode()
    return written(files, out)


def verify(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """Run the pack's own script as an inspector does: nothing of ours, nothing installed, can be imported."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", folder / "verify.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
    )  # fmt: skip - one call
    assert done.stderr == ""
    return done.returncode, done.stdout
