"""« Suis-je concerné ? » over a national list: look-ups through the function that the persons' space calls.

Half of those who ask are on the list. Each has a live session, the line of its opening and the line of the question,
signed and committed by the real signer; what is timed is what follows them.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
from tierce.lab.bench.service import Stage, cpu_seconds, open_stage
from tierce.lab.bench.store import settle
from tierce.persons.rules import own_line
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER

SMALL_PEOPLE = 1_000_000
NATIONAL_PEOPLE = 33_000_000
ASKERS = 1_000
TURNS = 5
"""At each size; with three sizes, each person asks fifteen times, and a day allows twenty."""
STEPS = (1, 10, 100)
"""The list is measured at these parts of its whole, the smallest first."""
OPENED = 40_000
"""Spaces that others opened today: a day near its ceiling."""
CONNECTIONS = 2
_BLOCK = 64
Say = Callable[[str], None]


class Asker(NamedTuple):
    """Somebody with a live session: its number, the digest of its handle, and who she is."""

    session: SessionId
    handle: bytes
    person: PersonId


class Grown(msgspec.Struct, frozen=True):
    """The same look-up while the list was smaller: how its cost grows."""

    exposed: int
    concerned_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Processor time of one look-up, server and client: what others take of the machine is not in it."""


class ConcernedReport(msgspec.Struct, frozen=True):
    """Look-ups a second over `connections` at once; times of one look-up in milliseconds.

    Alone, a connection's look-ups are timed one after another; `grown` has the sizes on the way, the whole list last.
    """

    exposed: int
    concerned_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Of one look-up, server and client: two processors do at most 2,000 over this in a second."""
    yes: int
    asked: int
    connections: int
    opened_today: int
    """Spaces opened that day before the first look-up, which the day's ceiling counts."""
    grown: tuple[Grown, ...]
    machine: Machine


def measure_concerned(people: int, work: Path, seed: int, clock: Clock, say: Say) -> ConcernedReport:
    """Measure on a cluster made below `work` and removed afterwards, the list growing to `people` in three steps."""
    drawn = random.Random(seed)
    grown: list[Grown] = []
    with open_stage(work) as stage:
        with stage.database.connect(SUPERUSER) as admin:
            store.prepare(admin)
        listed = iter(drawn.sample(range(1, people // STEPS[-1] + 1), ASKERS // 2))
        askers = [
            Asker(
                SessionId(number + 1),
                sha256(f"{seed}/{number}".encode()).digest(),
                PersonId(next(listed) if number % 2 else store.NOBODYS + number),
            )
            for number in range(ASKERS)
        ]
        with stage.database.connect(SUPERUSER) as admin:
            store.open_sessions(admin, askers)
            store.open_others(admin, OPENED)
        write_openings(stage, askers, clock)
        yes = asked = 0
        for part in reversed(STEPS):
            with stage.database.connect(SUPERUSER) as admin:
                store.fill(admin, people // part)
            with stage.database.connect(SUPERUSER, autocommit=True) as admin:
                settle(admin)
            say(f"{people // part:,} people exposed")
            found, seconds, cpu, yes = _turns(stage, askers, clock, drawn)
            asked = len(found)
            grown.append(
                Grown(
                    people // part,
                    round(asked / seconds, 1),
                    round(1e3 * found[asked // 2], 3),
                    round(1e3 * found[asked * 99 // 100], 3),
                    round(1e3 * cpu / asked, 3),
                )
            )
            say(f"{grown[-1].concerned_per_s:,.0f} look-ups/s, p50 {grown[-1].p50_ms} ms")
    last = grown[-1]
    return ConcernedReport(
        exposed=last.exposed,
        concerned_per_s=last.concerned_per_s,
        p50_ms=last.p50_ms,
        p99_ms=last.p99_ms,
        cpu_ms=last.cpu_ms,
        yes=yes,
        asked=asked,
        connections=CONNECTIONS,
        opened_today=OPENED + ASKERS,
        grown=tuple(grown),
        machine=describe_machine(),
    )


def _turns(
    stage: Stage, askers: list[Asker], clock: Clock, drawn: random.Random
) -> tuple[list[float], float, float, int]:
    """So many turns in which everybody asks once: times in order, seconds and processor seconds, how many were yes.

    Each turn's lines are written before it, and not timed.
    """
    times: list[float] = []
    seconds, cpu, yes = 0.0, 0.0, 0
    server = int((stage.data / "postmaster.pid").read_text().split()[0])
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in range(TURNS):
            write_questions(stage, askers, clock)
            handles = [one.handle for one in askers]
            drawn.shuffle(handles)
            spent, began = cpu_seconds(server) + time.process_time(), time.perf_counter()
            for own, found in pool.map(
                _ask, [stage] * CONNECTIONS, [handles[first::CONNECTIONS] for first in range(CONNECTIONS)]
            ):
                times += own
                yes += found
            seconds += time.perf_counter() - began
            cpu += cpu_seconds(server) + time.process_time() - spent
    return sorted(times), seconds, cpu, yes


def write_openings(stage: Stage, askers: list[Asker], clock: Clock) -> None:
    """The line of each one's sign-in, by the real signer: without it nothing opens."""
    _write(
        stage,
        [
            Entry(
                kind=EntryKind.IDENTITY,
                act=Act.PERSON_SESSION_OPEN,
                outcome=Outcome.DONE,
                time_us=micros(clock.now()),
                professional=one.person,
                person=one.person,
                session=one.session,
            )
            for one in askers
        ],
    )


def write_questions(stage: Stage, askers: list[Asker], clock: Clock) -> None:
    """The line of each one's question, as the space writes it before it looks."""
    _write(
        stage,
        [own_line(PersonCaller(one.person, one.session), Act.PERSON_CONCERNED, clock.now()) for one in askers],
    )


def _write(stage: Stage, lines: list[Entry]) -> None:
    with stage.database.connect("tierce_persons", autocommit=True) as connection:
        appender = Appender.enrol(connection, "persons", stage.keyring.instance("persons"))
        for first in range(0, len(lines), _BLOCK):
            with connection.transaction():
                appender.write(connection, lines[first : first + _BLOCK])


def _ask(stage: Stage, handles: list[bytes]) -> tuple[list[float], int]:
    times, yes = [], 0
    with stage.database.connect("tierce_persons", autocommit=True) as connection:
        for handle in handles:
            began = time.perf_counter()
            yes += store.asked(connection, handle)
            times.append(time.perf_counter() - began)
    return times, yes
