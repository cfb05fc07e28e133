"""`tierce bench concerned --oracle`: do yes, no and not established differ by time, size or headers on the wire?

The persons' space runs as `tierce serve --only persons` does, on a real cluster, and answers over HTTP to people of
the three kinds under one incident, interleaved at random, a few at once. Each asks fewer times than a day allows. The
same judges as for the gate (lab/bench/oracle/classify.py) then try to tell the kinds apart.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx
import msgspec

from tierce.identity.oidc import digest
from tierce.identity.sites.forms import form_token
from tierce.kernel.clock import Clock
from tierce.kernel.ids import PersonId, SessionId
from tierce.lab.bench.concerned import store
from tierce.lab.bench.concerned.service import Asker, Say, write_openings
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.gate import free_port
from tierce.lab.bench.machine import Machine, describe_machine
from tierce.lab.bench.oracle.classify import Seen, control, every_pair, worst
from tierce.lab.bench.service import Service, open_stage
from tierce.storage.cluster import SUPERUSER
from tierce.web.signin_site import FORM_FIELD

KINDS: Final = ("yes", "no", "not_established")
ASKS_EACH: Final = 18
"""Of one person: a day allows twenty."""
AT_ONCE: Final = 8
OTHERS: Final = 100_000
"""People on the list who do not ask."""
_WORDS: Final = {"yes": "concerned yes", "no": "concerned no", "not_established": "concerned not_established"}
"""What the page's mark says of each kind: a run that asked something else is refused."""


LATE_MS: Final = 450.0
"""An answer of the first turn arrives a quarter of a second after its question, and one of the second after half."""


class ConcernedOracleReport(msgspec.Struct, frozen=True):
    """The one JSON object printed; `oracle_auc` is the best that any judge does on any pair, 0.50 being chance."""

    oracle_auc: float
    pairs: dict[str, dict[str, float]]
    control: dict[str, float]
    """The same judges on answers of one kind, half of them delayed: what they would have seen."""
    each: int
    p50_ms: dict[str, float]
    p99_ms: dict[str, float]
    late: int
    """Answers that left at a later turn than the first."""
    shapes: int
    """Different statuses, headers and sizes among all the answers: 1."""
    machine: Machine


def measure_concerned_oracle(each: int, work: Path, seed: int, clock: Clock, say: Say) -> ConcernedOracleReport:
    """Measure `each` answers of each kind on a cluster made below `work` and removed afterwards.

    Raises:
        BenchError: an answer was not of the kind that was meant, or not given.
    """
    drawn = random.Random(seed)
    crowd = _crowd(-(-each // ASKS_EACH), drawn)
    asks = [(kind, handle) for kind in KINDS for handle in _turns(crowd[kind], each)]
    drawn.shuffle(asks)
    with open_stage(work) as stage:
        askers = [
            Asker(SessionId(1 + number), digest(handle), PersonId(person))
            for number, (handle, person) in enumerate(one for kind in KINDS for one in crowd[kind])
        ]
        with stage.database.connect(SUPERUSER) as admin:
            store.prepare(admin)
            store.fill(admin, OTHERS)
            store.doubt(admin, [PersonId(person) for _, person in crowd["not_established"]])
            store.open_sessions(admin, askers)
        write_openings(stage, askers, clock)
        service = Service(stage, free_port(), site="persons")
        try:
            say(f"{len(askers):,} people signed in")
            seen, times = asyncio.run(_ask(service.url, asks, say))
        finally:
            service.stop()
    found = {kind: sorted(1e3 * one for one in times[kind]) for kind in KINDS}
    pairs = every_pair(seen, seed)
    return ConcernedOracleReport(
        oracle_auc=worst(pairs),
        pairs=pairs,
        control=control(seen["no"], seed),
        each=each,
        p50_ms={kind: round(some[len(some) // 2], 3) for kind, some in found.items()},
        p99_ms={kind: round(some[len(some) * 99 // 100], 3) for kind, some in found.items()},
        late=sum(one > LATE_MS for some in found.values() for one in some),
        shapes=len({one.shape for some in seen.values() for one in some}),
        machine=describe_machine(),
    )


def _crowd(people: int, drawn: random.Random) -> dict[str, list[tuple[str, int]]]:
    """Handles and people of each kind: on the list, on none, in doubt."""
    handles = iter(f"{drawn.getrandbits(256):043x}"[-43:] for _ in range(3 * people))
    return {
        "yes": [(next(handles), 1 + number) for number in range(people)],
        "no": [(next(handles), store.NOBODYS + number) for number in range(people)],
        "not_established": [(next(handles), 2 * store.NOBODYS + number) for number in range(people)],
    }


def _turns(crowd: Sequence[tuple[str, int]], each: int) -> list[str]:
    return [crowd[number % len(crowd)][0] for number in range(each)]


async def _ask(
    url: str, asks: Sequence[tuple[str, str]], say: Say
) -> tuple[dict[str, list[Seen]], dict[str, list[float]]]:
    seen: dict[str, list[Seen]] = {kind: [] for kind in KINDS}
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    waiting = iter(asks)
    counted: Counter[str] = Counter()

    async def one_by_one() -> None:
        async with httpx.AsyncClient(base_url=url, headers={"accept-language": "fr"}) as http:
            for kind, handle in waiting:
                began = time.perf_counter()
                answer = await http.post(
                    "/concerned",
                    data={FORM_FIELD: form_token(handle)},
                    headers={"cookie": f"tierce-persons={handle}; tierce-persons-ticket={handle}"},
                )
                took = time.perf_counter() - began
                if answer.status_code != httpx.codes.OK or f'{_WORDS[kind]}"' not in answer.text:
                    msg = f"an answer was not {kind}: status {answer.status_code}"
                    raise BenchError(msg)
                heads = tuple((name, text) for name, text in answer.headers.multi_items() if name != "date")
                seen[kind].append(Seen(took, (answer.status_code, heads, len(answer.content))))
                times[kind].append(took)
                counted[kind] += 1
                if counted.total() % 200 == 0:
                    say(f"{counted.total():,} of {len(asks):,} asked")

    await asyncio.gather(*(one_by_one() for _ in range(AT_ONCE)))
    return seen, times
