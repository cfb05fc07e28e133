"""« Suis-je concerné ? » over a national list: look-ups through the function that the persons' space calls.

Half of those who ask are on the list. Each has a live session, the line of its opening and the line of the question,
signed and committed by the real signer; what is timed is what follows them.
"""

import random
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from tierce.identity.model import PersonCaller
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import PersonId, SessionId
from tierce.lab.bench.concerned import store
from tierce.lab.bench.machine import Machine, describe_machine
from tierce.lab.bench.service import Stage, open_stage
from tierce.lab.bench.store import settle
from tierce.persons.rules import own_line
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER

SMALL_PEOPLE = 1_000_000
NATIONAL_PEOPLE = 33_000_000
ASKERS = 1_000
TURNS = 10
CONNECTIONS = 2
_BLOCK = 64
Say = Callable[[str], None]


class Asker(NamedTuple):
    """Somebody with a live session: its number, the digest of its handle, and who she is."""

    session: SessionId
    handle: bytes
    person: PersonId


class ConcernedReport(msgspec.Struct, frozen=True):
    """Look-ups a second over `connections` at once; times of one look-up in milliseconds."""

    exposed: int
    concerned_per_s: float
    p50_ms: float
    p99_ms: float
    yes: int
    asked: int
    connections: int
    machine: Machine


def measure_concerned(people: int, work: Path, seed: int, clock: Clock, say: Say) -> ConcernedReport:
    """Measure on a cluster made below `work` and removed afterwards."""
    drawn = random.Random(seed)
    with open_stage(work) as stage:
        with stage.database.connect(SUPERUSER) as admin:
            store.fill(admin, people)
        say(f"{people:,} people exposed")
        askers = [
            Asker(
                SessionId(number + 1),
                sha256(f"{seed}/{number}".encode()).digest(),
                PersonId(drawn.randrange(1, people + 1) if number % 2 else store.NOBODYS + number),
            )
            for number in range(ASKERS)
        ]
        with stage.database.connect(SUPERUSER) as admin:
            store.open_sessions(admin, askers)
        with stage.database.connect(SUPERUSER, autocommit=True) as admin:
            settle(admin)
        write_lines(stage, askers, clock)
        say(f"{ASKERS:,} sessions, each with its lines")
        handles = [handle for _, handle, _ in askers] * TURNS
        drawn.shuffle(handles)
        parts = [handles[first::CONNECTIONS] for first in range(CONNECTIONS)]
        times: list[list[float]] = [[] for _ in parts]
        yes = [0] * CONNECTIONS
        threads = [
            threading.Thread(target=_ask, args=(stage, part, times[number], yes, number))
            for number, part in enumerate(parts)
        ]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
    found = sorted(one for part in times for one in part)
    return ConcernedReport(
        exposed=people,
        concerned_per_s=round(len(found) / seconds, 1),
        p50_ms=round(1e3 * found[len(found) // 2], 3),
        p99_ms=round(1e3 * found[len(found) * 99 // 100], 3),
        yes=sum(yes),
        asked=len(found),
        connections=CONNECTIONS,
        machine=describe_machine(),
    )


def write_lines(stage: Stage, askers: list[Asker], clock: Clock) -> None:
    """The line of each one's opening, and of a question, by the real signer."""
    lines = []
    for session, _, person in askers:
        caller = PersonCaller(person, session)
        opening = Entry(
            kind=EntryKind.IDENTITY,
            act=Act.PERSON_SESSION_OPEN,
            outcome=Outcome.DONE,
            time_us=micros(clock.now()),
            professional=person,
            person=person,
            session=session,
        )
        lines += [opening, own_line(caller, Act.PERSON_CONCERNED, clock.now())]
    with stage.database.connect("tierce_persons", autocommit=True) as connection:
        appender = Appender.enrol(connection, "persons", stage.keyring.instance("persons"))
        for first in range(0, len(lines), _BLOCK):
            with connection.transaction():
                appender.write(connection, lines[first : first + _BLOCK])


def _ask(stage: Stage, handles: list[bytes], times: list[float], yes: list[int], number: int) -> None:
    with stage.database.connect("tierce_persons", autocommit=True) as connection:
        for handle in handles:
            began = time.perf_counter()
            yes[number] += store.asked(connection, handle)
            times.append(time.perf_counter() - began)
