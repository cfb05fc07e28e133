"""The two operators: one as a whole installation on this machine, the other as a database with its own keys."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tierce.feeds.commands import open_intake
from tierce.journal.model import Entry, EntryKind
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, EstablishmentId, InsurerId, PersonId, ProfessionalId, SessionId
from tierce.lab.country.loading import load_country
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.store import professional_of
from tierce.lab.drill import store
from tierce.lab.drill.errors import DrillError
from tierce.policy.acts import Act, Lane, Outcome
from tierce.registry.model import People
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.storage.migrate import migrate
from tierce.upkeep.service import make_keys

COMMAND = [sys.executable, "-m", "tierce.cli"]
SHOWN = DataCategory.INSURER | DataCategory.GUARANTEES
TOUCHED_ELSEWHERE = 7
"""People whom the same stolen identity read at the other operator."""


@dataclass(frozen=True, slots=True)
class Theft:
    """Under which account, from which device, where."""

    professional: ProfessionalId
    device: DeviceId
    establishment: EstablishmentId
    session: SessionId


def disclosure(theft: Theft, person: PersonId, insurer: InsurerId, at: datetime, more: DataCategory) -> Entry:
    """The line of one answer that the thief was shown."""
    return Entry(
        kind=EntryKind.DISCLOSURE,
        act=Act.RIGHTS_ASK,
        lane=Lane.INTERACTIVE,
        outcome=Outcome.RELEASED,
        domain=Domain.MEDG,
        time_us=micros(at),
        professional=theft.professional,
        establishment=theft.establishment,
        session=theft.session,
        device=theft.device,
        insurer=insurer,
        seats_after=0,
        person=person,
        categories=SHOWN | more,
    )


@dataclass(frozen=True, slots=True)
class Other:
    """The second operator: its database, keys and journal."""

    home: Path
    database: Database

    def keyring(self) -> Keyring:
        """Its own keys."""
        return Keyring(self.home / "keys", ())

    def sequence(self) -> None:
        """Put everything written so far under a checkpoint of its own log."""
        with self.database.connect("tierce_worker") as worker:
            sequencer = Sequencer(
                worker, LOG_ORIGIN, self.keyring().instance(LOG_KEY_NAME), LogFolder(self.home / "log")
            )
            while sequencer.step():
                pass


def open_other(stage: Stage, country: Path) -> Other:
    """Make the second operator beside the first: the same public directory and insurers, its own journal and keys."""
    if stage.cluster is None:
        msg = "the drill needs the stage's own server"
        raise DrillError(msg)
    home = stage.home / "other"
    (home / "log").mkdir(parents=True, exist_ok=True)
    (home / "segments").mkdir(exist_ok=True)
    database = stage.cluster.database("second")
    migrate(database)
    make_keys(home / "keys")
    intake = open_intake(database, home / "keys", People.INVENTED)
    try:
        load_country(intake, country, lambda _lines: None)
    finally:
        intake.close()
    return Other(home, database)


def steal_elsewhere(other: Other, rpps: str, at: datetime) -> int:
    """The same identity was used at the other operator too; returns how many people its journal says were shown."""
    with other.database.connect(SUPERUSER) as admin:
        professional = professional_of(admin, rpps)
        theft = Theft(professional, DeviceId(4_242), EstablishmentId(0), SessionId(77))
        some = [pair for pair, _ in zip(store.pairs(admin, "other"), range(TOUCHED_ELSEWHERE), strict=False)]
        lines = [
            disclosure(theft, person, insurer, at + timedelta(microseconds=place), DataCategory.NONE)
            for place, (person, insurer) in enumerate(some)
        ]
        store.write_lines(admin, other.keyring().instance("api"), lines, at)
    other.sequence()
    return len({person for person, _ in some})


def ask_indicators(other: Other, folder: Path, rpps: str, began: datetime, until: datetime) -> dict[str, Any]:
    """Ask by `tierce scope indicators` there, and check the signed answer by `tierce scope verify` here.

    Raises:
        DrillError: it was refused, or its signature does not hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    question, answer = folder / "question.jsonl", folder / "answer.json"
    window = {"from": began.isoformat(), "until": until.isoformat()}
    lines: list[dict[str, str]] = [
        {"format": "tierce-indicators-v1"},
        {"kind": "rpps", "value": rpps, **window},
        {"kind": "network", "value": "192.0.2.0/24", **window},
    ]
    question.write_text("".join(json.dumps(line) + "\n" for line in lines))
    database = other.database
    said = _run(
        ["scope", "indicators", str(question), "--by", "Marc Tessier", "--secrets", str(database.secrets),
         "--keys", str(other.home / "keys"), "--segments", str(other.home / "segments"),
         "--host", str(database.host), "--port", str(database.port), "--name", database.name]
    )  # fmt: skip
    answer.write_text(said.stdout)
    key = said.stderr.split("clé / key: ")[1].split("\n")[0].strip()
    _run(["scope", "verify", str(answer), "--key", key, "--question", str(question)])
    found: dict[str, Any] = json.loads(said.stdout)["answer"]
    return found


def _run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        msg = f"tierce {arguments[0]} {arguments[1]} ended with {done.returncode}: {done.stderr[-300:]}"
        raise DrillError(msg)
    return done
