"""`tierce bench gate`: the whole gate over HTTP, in turns with the reference, on one cluster.

A run signs its requests, sends them as fast as 64 connections take them, and stands between two runs of pgbench;
then requests come at 500 a second, timed from when each was due. Nothing of the product is left out or sped up:
DPoP proof, session, seats, floors, signed journal lines committed to disk, coverage revealed and unsealed.
"""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tierce.kernel.clock import Clock, date_of, paris_day
from tierce.lab.bench import reference, store
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.load import Latency, LoadResult, build_generator, run_load
from tierce.lab.bench.machine import DurableWrite, Machine, describe_machine, measure_durable_write
from tierce.lab.bench.parts import measure_parts
from tierce.lab.bench.proofs import SLICE_SECONDS_MAX, Desk, RequestPress, Target
from tierce.lab.bench.sequencing import sequencing
from tierce.lab.bench.service import Counters, Service, Stage, open_stage
from tierce.lab.bench.traffic import Traffic
from tierce.storage.cluster import DURABLE, SUPERUSER

CONNECTIONS: Final = 64
RATE: Final = 500
HEADROOM: Final = 1.6
"""Requests prepared for a closed loop, over those the rate seen so far would take."""
RATE_LEAST: Final = 2_500
"""Requests a second to prepare for at least: the warm-up, with its cold caches, tells little."""
PATH: Final = "/v1/rights"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: seconds of each run, repetitions, size of the population, seed."""

    seconds: int
    repeat: int
    persons: int
    desks: int
    seed: int
    workers: int = 0
    """Processes that serve the API; 0 for the product's own number, one a processor."""
    sequencing: bool = True
    """Whether each turn is run again beside the sequencer."""

    def __post_init__(self) -> None:
        """Refuse a run whose proofs would be too old at its end."""
        if not 1 <= self.seconds <= SLICE_SECONDS_MAX:
            msg = (
                f"--seconds : de 1 à {SLICE_SECONDS_MAX}, car une preuve vaut une minute ; montez plutôt --repeat / "
                f"must be 1 to {SLICE_SECONDS_MAX}: a proof is good for a minute; raise --repeat instead"
            )
            raise BenchError(msg)
        if not 1 <= self.repeat <= 20:
            msg = "--repeat : de 1 à 20 / must be 1 to 20"
            raise BenchError(msg)


SMALL: Final = Plan(seconds=2, repeat=1, persons=20_000, desks=500, seed=1, sequencing=False)


class Run(msgspec.Struct, frozen=True):
    """One turn: the gate's answers a second, and pgbench's before and after it."""

    requests_per_s: float
    reference_before_per_s: float
    reference_after_per_s: float
    latency_ms: Latency


class Report(msgspec.Struct, frozen=True):
    """The one JSON object printed; the first five keys are those that are held over time.

    `split` is microseconds a request while the gate is full: `open`, `decide` and `close_reveal` are the service's
    own counters (their sum is the wall time of a batch over its size, waits for the database and disk included);
    `verify`, `parse`, `rules` (one decision) and `answer` are the same code timed alone, one request at a time, in
    this process; `service_cpu` and `database_cpu` are processor time over requests, from the system.
    """

    requests_per_s: float
    reference_per_s: float
    ratio_to_reference: float
    p50_ms_at_500: float
    p99_ms_at_500: float
    loss_to_sequencing: float | None
    """What share of the requests a second is lost while the sequencer keeps up with them; median over the turns."""
    split: dict[str, float]
    errors: int
    errors_by_kind: dict[str, int]
    outcomes: dict[str, float]
    """Share of the asks of the full-speed runs by outcome."""
    batch_mean: float
    others_cpu: float
    """Processors that other programs took during the full-speed runs: near 0 on a quiet machine; figures taken
    beside a busy neighbour say little."""
    answer_bytes: list[int]
    """Distinct lengths of the bodies answered with status 200, least and greatest."""
    runs: list[Run]
    at_500: LoadResult
    reference_as_statements_per_s: float
    """The same three statements one by one in a transaction; no ratio is taken against it."""
    persons: int
    desks: int
    connections: int
    workers: int
    seconds: int
    repeat: int
    seed: int
    machine: Machine
    durable_write: DurableWrite
    postgres: str
    postgres_settings: dict[str, str]


class _Bench:
    """One measurement under way."""

    def __init__(self, plan: Plan, stage: Stage, program: Path, progress: Progress) -> None:
        self.plan = plan
        self.stage = stage
        self.program = program
        self.progress = progress
        self.traffic = Traffic(desks=plan.desks, persons=plan.persons, seed=plan.seed)
        self.pgbench = reference.find_pgbench(stage.binaries)
        self.dsn = stage.database.dsn(SUPERUSER)
        self.results: list[LoadResult] = []

    def populate(self, clock: Clock) -> list[Desk]:
        """Write the population and the reference's tables; leave the cluster settled."""
        now = clock.now()
        day = paris_day(now)
        with self.stage.database.connect(SUPERUSER) as connection:
            store.lift_ceilings(connection)
            store.fill_register(connection, self.stage.keyring, self.plan.persons, day)
            desks = store.fill_desks(connection, self.stage.keyring, self.traffic, now, day)
        with self.stage.database.connect(SUPERUSER, autocommit=True) as connection:
            reference.set_up_reference(connection)
            store.settle(connection)
        return desks

    def reference(self, turn: int) -> float:
        """Run pgbench once; transactions a second."""
        run = reference.run_reference(self.pgbench, self.dsn, self.plan.seconds, self.plan.seed + turn)
        if run.failed:
            msg = f"{run.failed} transactions of the reference failed; the figures would mean nothing"
            raise BenchError(msg)
        self.progress(f"reference {run.per_second:,.0f}/s")
        return run.per_second

    def load(
        self, press: RequestPress, service: Service, count: int, seconds: float, rate: float = 0
    ) -> tuple[LoadResult, Counters]:
        """Sign `count` requests and send them; the counters are those of the sending alone."""
        requests = self.stage.home / "requests.bin"
        press.press(self.traffic.draw(count), requests)
        before = service.counters()
        result = run_load(
            self.program, port=service.port, requests=requests, connections=CONNECTIONS, seconds=seconds, rate=rate,
            seed=self.plan.seed,
        )  # fmt: skip
        counted = service.counters().since(before)
        requests.unlink()
        self.results.append(result)
        return result, counted


def measure_gate(plan: Plan, work: Path, clock: Clock, progress: Progress) -> Report:
    """Measure on a cluster made below `work` and removed afterwards; about 70 s + 3·repeat·seconds."""
    program = build_generator(work)
    machine = describe_machine()
    with open_stage(work) as stage:
        bench = _Bench(plan, stage, program, progress)
        started = time.perf_counter()
        desks = bench.populate(clock)
        progress(f"{plan.persons:,} people, {plan.desks:,} desks ({time.perf_counter() - started:.0f} s)")
        durable = measure_durable_write(stage.home, 0.5)
        service = Service(stage, free_port(), plan.workers)
        try:
            target = Target(service.port, PATH, f"{service.url}{PATH}", date_of(paris_day(clock.now())).isoformat())
            with RequestPress(desks, target) as press:
                return _measure(bench, service, press, machine, durable)
        finally:
            service.stop()


def _measure(bench: _Bench, service: Service, press: RequestPress, machine: Machine, durable: DurableWrite) -> Report:
    plan = bench.plan
    rate = _warm(bench, service, press)
    references, loads, counted, losses = [bench.reference(0)], [], [], []
    for turn in range(1, plan.repeat + 1):
        # In turn before and after: whichever came second would meet fewer free seats.
        beside = _beside(bench, service, press, rate) if plan.sequencing and turn % 2 == 0 else None
        result, seen = bench.load(press, service, int(rate * HEADROOM * plan.seconds), plan.seconds)
        counted.append(seen)
        loads.append(result)
        rate = max(rate, result.per_second)
        bench.progress(f"gate {result.per_second:,.0f}/s, p99 {result.latency_ms.p99:.0f} ms")
        if plan.sequencing:
            beside = beside or _beside(bench, service, press, rate)
            losses.append(1 - beside / result.per_second)
        references.append(bench.reference(turn))
    at_rate, _ = bench.load(press, service, int(RATE * HEADROOM * plan.seconds), plan.seconds, RATE)
    bench.progress(f"gate at {RATE}/s: p50 {at_rate.latency_ms.p50:.1f}, p99 {at_rate.latency_ms.p99:.1f} ms")
    statements = reference.run_reference(
        bench.pgbench, bench.dsn, max(2, plan.seconds // 2), plan.seed, reference.STATEMENTS
    )
    with bench.stage.database.connect(SUPERUSER) as connection:
        version, settings = store.server_facts(connection, DURABLE)
    parts = measure_parts(bench.stage, bench.traffic, press, bench.stage.home)
    errors: dict[str, int] = {}
    for result in bench.results:
        for kind, count in result.errors.items():
            errors[kind] = errors.get(kind, 0) + count
    requests, against = median(one.per_second for one in loads), median(references)
    asks = sum(one.asks for one in counted)
    return Report(
        requests_per_s=round(requests, 1),
        reference_per_s=round(against, 1),
        ratio_to_reference=round(requests / against, 3),
        p50_ms_at_500=at_rate.latency_ms.p50,
        p99_ms_at_500=at_rate.latency_ms.p99,
        loss_to_sequencing=round(median(losses), 3) if losses else None,
        split=_split(counted) | parts,
        errors=sum(errors.values()),
        errors_by_kind=errors,
        outcomes=_shares(counted),
        batch_mean=round(asks / max(1, sum(one.batches for one in counted)), 1),
        others_cpu=round(max(one.others_cpu for one in counted), 2),
        answer_bytes=sorted({length for one in bench.results for length in one.body_bytes}),
        runs=[
            Run(round(load.per_second, 1), references[turn], references[turn + 1], load.latency_ms)
            for turn, load in enumerate(loads)
        ],
        at_500=at_rate,
        reference_as_statements_per_s=statements.per_second,
        persons=plan.persons,
        desks=plan.desks,
        connections=CONNECTIONS,
        workers=service.workers,
        seconds=plan.seconds,
        repeat=plan.repeat,
        seed=plan.seed,
        machine=machine,
        durable_write=durable,
        postgres=version,
        postgres_settings=settings,
    )


def _warm(bench: _Bench, service: Service, press: RequestPress) -> float:
    """Fill the caches with a short run, and learn the rate to prepare for."""
    result, _ = bench.load(press, service, 2 * bench.plan.desks, 4)
    if result.errors:
        bench.progress(f"warm-up: {result.errors}")
    rate = max(float(RATE_LEAST), result.per_second)
    bench.progress(f"warm-up {result.per_second:,.0f}/s, {result.shown / max(1, result.answered):.0%} shown")
    return rate


def _beside(bench: _Bench, service: Service, press: RequestPress, rate: float) -> float:
    """The same turn while the sequencer keeps up; requests a second."""
    with sequencing(bench.stage):
        result, _ = bench.load(press, service, int(rate * HEADROOM * bench.plan.seconds), bench.plan.seconds)
    bench.progress(f"gate beside the sequencer {result.per_second:,.0f}/s")
    return result.per_second


def _split(counted: list[Counters]) -> dict[str, float]:
    asks = max(1, sum(one.asks for one in counted))
    names = {"open": "open", "decide": "decide", "close": "close_reveal"}
    split = {
        named: round(1e6 * sum(one.seconds.get(part, 0.0) for one in counted) / asks, 1)
        for part, named in names.items()
    }
    split["service_cpu"] = round(1e6 * sum(one.service_cpu for one in counted) / asks, 1)
    split["database_cpu"] = round(1e6 * sum(one.database_cpu for one in counted) / asks, 1)
    return split


def _shares(counted: list[Counters]) -> dict[str, float]:
    names = sorted({name for one in counted for name in one.outcomes})
    asks = max(1, sum(one.asks for one in counted))
    return {name: round(sum(one.outcomes.get(name, 0) for one in counted) / asks, 4) for name in names}


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
