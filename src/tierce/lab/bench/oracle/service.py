"""`tierce bench gate --oracle`: does an answer that shows nothing tell why, by its time, size or headers?

The real service on a real cluster is asked for people of four kinds, interleaved at random at a moderate rate:

- `unknown`: identifiers in no register;
- `not_covered`: known, but rights ended, future, of another domain, without contract, or none (a fifth of each);
- `not_shown`: the asker is held (half), or her day's known people are used up;
- `out_of_seats`: the line has no seat left; a third each covered, not covered and unknown.

Each ask is for somebody new to its desk (known pairs apart), so nothing is answered from what an earlier ask left.
The journal is read afterwards: a run whose outcomes are not those meant is refused. Then `classify.py` judges every
pair of kinds.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from psycopg import Connection

from tierce.kernel.clock import Clock, date_of, paris_day
from tierce.lab.bench import store
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.gate import CONNECTIONS, PATH, Progress, free_port
from tierce.lab.bench.load import Record, build_generator, read_records, run_load
from tierce.lab.bench.machine import Machine, describe_machine
from tierce.lab.bench.oracle import store as oracle_store
from tierce.lab.bench.oracle.classify import Seen, control, every_pair, worst
from tierce.lab.bench.proofs import SLICE_SECONDS_MAX, RequestPress, Target
from tierce.lab.bench.service import Service, open_stage
from tierce.lab.bench.traffic import PROFESSIONS, Ask, Traffic, place_of
from tierce.policy.acts import Outcome
from tierce.policy.seats import SEATS, cap_of
from tierce.storage.cluster import SUPERUSER

KINDS: Final = ("unknown", "not_covered", "not_shown", "out_of_seats")
REFUSED_TURNS: Final = 2
"""Asks of a desk that has nothing left, over those of one that has seats: well below the attempts of a day."""
_CHANGING: Final = re.compile(rb"\r\ndate:[^\r]*", re.IGNORECASE)
"""The only header that changes from one second to the next, whatever is asked."""

MEANT: Final[Mapping[str, frozenset[Outcome]]] = {
    "unknown": frozenset({Outcome.UNKNOWN}),
    "not_covered": frozenset(
        {Outcome.NOT_COVERED, Outcome.ENDED, Outcome.FUTURE, Outcome.NOT_ELIGIBLE, Outcome.NOT_CONTRACTED}
    ),
    "not_shown": frozenset({Outcome.HELD, Outcome.KNOWN_LIMIT}),
    "out_of_seats": frozenset({Outcome.OUT_OF_SEATS}),
}


@dataclass(frozen=True, slots=True)
class OraclePlan:
    """How many answers of each kind, how many asks a second, from which seed."""

    each: int = 20_000
    rate: int = 150
    seed: int = 1
    workers: int = 0

    def __post_init__(self) -> None:
        """Refuse what would measure something else."""
        if not 200 <= self.each <= 100_000:
            msg = "--each : de 200 à 100000 / must be 200 to 100000"
            raise BenchError(msg)
        if not 10 <= self.rate <= 1_000:
            msg = (
                "--rate : de 10 à 1000, un service plein tarde pour d’autres raisons / "
                "must be 10 to 1000: a service that is full answers late for other reasons"
            )
            raise BenchError(msg)


SMALL_ORACLE: Final = OraclePlan(each=1_000, rate=150)


class OracleReport(msgspec.Struct, frozen=True):
    """The one JSON object printed; `oracle_auc` is held over time (0.52 at most at 20,000 of each kind)."""

    oracle_auc: float
    pairs: dict[str, dict[str, float]]
    """Held-out AUC of each pair of kinds, by judge: time, shape, all."""
    control: dict[str, float]
    """The same judges on answers of one kind, half of them delayed: what they would have seen."""
    each: int
    median_ms: dict[str, float]
    p99_ms: dict[str, float]
    bodies: int
    """Different bodies among all the answers: 1."""
    heads: int
    """Different heads, dates apart: 1."""
    outcomes: dict[str, int]
    """What the journal says of the asks."""
    rate: int
    workers: int
    seed: int
    machine: Machine
    postgres: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """Which desks can do what, by number; desks come in hundreds that each have every profession."""

    roomy: range
    full: range
    held: range
    spent: range

    @classmethod
    def of(cls, each: int) -> "Crowd":
        """Take enough hundreds: a desk with seats asks no more than its cap of the day."""
        seats = _seats_of_a_hundred()
        roomy = math.ceil(2 * each / seats)
        refusing = math.ceil(each / seats / REFUSED_TURNS)
        held = math.ceil(each / 2 / seats / REFUSED_TURNS)
        ends = [100 * number for number in (roomy, roomy + refusing, roomy + refusing + held)]
        return cls(
            range(ends[0]), range(ends[0], ends[1]), range(ends[1], ends[2]), range(ends[2], ends[2] + 100 * held)
        )

    @property
    def size(self) -> int:
        """How many desks there are."""
        return self.spent.stop


def _seats_of_a_hundred() -> int:
    return sum(share * cap_of(SEATS[profession].a) for profession, _, share in PROFESSIONS)


def _turns(desks: range, times: int, count: int, drawn: random.Random) -> list[int]:
    """Draw `count` desks, each at most `times` its cap of the day, so that every kind has one mix of professions."""
    turns = [desk for desk in desks for _ in range(times * cap_of(SEATS[place_of(desk)[0]].a))]
    return drawn.sample(turns, count)


def draw_asks(crowd: Crowd, traffic: Traffic, each: int, seed: int) -> list[tuple[str, Ask]]:
    """Draw every ask with its kind, shuffled; people below `each` are covered, those below twice `each` are not."""
    drawn = random.Random(seed)
    roomy = _turns(crowd.roomy, 1, 2 * each, drawn)
    unknown = 2 * each
    asks = [("unknown", Ask(desk, unknown + number)) for number, desk in enumerate(roomy[:each])]
    asks += [("not_covered", Ask(desk, each + number)) for number, desk in enumerate(roomy[each:])]
    people = (drawn.randrange(3) * each + number for number in drawn.sample(range(each), each))
    asks += [
        # Whoever the desk knows needs no seat: somebody unknown is asked for instead.
        ("out_of_seats", Ask(desk, person + unknown if person in traffic.known[desk] else person))
        for desk, person in zip(_turns(crowd.full, REFUSED_TURNS, each, drawn), people, strict=True)
    ]
    asks += [
        ("not_shown", Ask(desk, drawn.randrange(3 * each)))
        for desk in _turns(crowd.held, REFUSED_TURNS, each // 2, drawn)
    ]
    asks += [
        ("not_shown", Ask(desk, drawn.choice(traffic.known[desk])))
        for desk in _turns(crowd.spent, REFUSED_TURNS, each - each // 2, drawn)
    ]
    drawn.shuffle(asks)
    return asks


def measure_oracle(plan: OraclePlan, work: Path, clock: Clock, progress: Progress) -> OracleReport:
    """Measure on a cluster made below `work` and removed afterwards; 4·each/rate seconds, and about as many again."""
    program = build_generator(work)
    crowd = Crowd.of(plan.each)
    traffic = Traffic(desks=crowd.size, persons=plan.each, seed=plan.seed)
    asks = draw_asks(crowd, traffic, plan.each, plan.seed)
    now = clock.now()
    day = paris_day(now)
    with open_stage(work) as stage:
        with stage.database.connect(SUPERUSER) as connection:
            store.lift_ceilings(connection)
            store.fill_register(connection, stage.keyring, 2 * plan.each, day)
            desks = store.fill_desks(connection, stage.keyring, traffic, now, day)
            oracle_store.uncover(connection, stage.keyring, range(plan.each, 2 * plan.each), day)
            oracle_store.leave_no_seat(connection, crowd.full, day)
            oracle_store.hold(connection, crowd.held)
            oracle_store.use_up_known(connection, crowd.spent, day)
        with stage.database.connect(SUPERUSER, autocommit=True) as connection:
            store.settle(connection)
        progress(f"{2 * plan.each:,} people, {crowd.size:,} desks")
        service = Service(stage, free_port(), plan.workers)
        try:
            target = Target(service.port, PATH, f"{service.url}{PATH}", date_of(day).isoformat())
            with RequestPress(desks, target) as press:
                answers = _ask(stage.home, program, press, asks, plan, progress)
        finally:
            service.stop()
        with stage.database.connect(SUPERUSER) as connection:
            outcomes = _outcomes(connection, plan.each)
            version, _ = store.server_facts(connection, ())
    return _report(plan, answers, outcomes, service.workers, version)


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: of each kind, and over all of them the different bodies and heads."""

    seen: dict[str, list[Seen]]
    bodies: set[int]
    heads: set[bytes]


def _ask(
    home: Path,
    program: Path,
    press: RequestPress,
    asks: Sequence[tuple[str, Ask]],
    plan: OraclePlan,
    progress: Progress,
) -> Answers:
    """Send everything in slices that are signed just before."""
    answers = Answers({kind: [] for kind in KINDS}, set(), set())
    slice_asks = plan.rate * SLICE_SECONDS_MAX * 3 // 4
    requests, records = home / "requests.bin", home / "records.bin"
    for first in range(0, len(asks), slice_asks):
        part = asks[first : first + slice_asks]
        press.press([ask for _, ask in part], requests)
        # Longer than the mean of the Poisson process: the slice is over when every request was sent.
        result = run_load(
            program, port=press.target.port, requests=requests, connections=CONNECTIONS,
            seconds=1.5 * len(part) / plan.rate + 5, rate=plan.rate, seed=plan.seed + first, records=records,
        )  # fmt: skip
        if result.errors or result.answered != len(part):
            msg = f"{len(part) - result.answered} asks were not answered; others: {result.errors}"
            raise BenchError(msg)
        for record in read_records(records):
            answers.seen[part[record.index][0]].append(as_seen(record))
            answers.bodies.add(record.body_hash)
            answers.heads.add(_CHANGING.sub(b"", record.head))
        progress(f"{first + len(part):,} of {len(asks):,} asked")
    return answers


def as_seen(record: Record) -> Seen:
    """What the asker can compare of one answer."""
    head = _CHANGING.sub(b"", record.head)
    return Seen(record.seconds, (record.status, head, record.body_bytes, record.body_hash))


def _outcomes(connection: Connection, each: int) -> dict[str, int]:
    """Count the journal's outcomes, and refuse a run that did not ask what it meant to."""
    found = oracle_store.outcomes(connection)
    for kind, meant in MEANT.items():
        count = sum(found.get(outcome, 0) for outcome in meant)
        if count != each:
            msg = f"the journal counts {count} asks of the kind {kind}, not {each}: nothing was measured"
            raise BenchError(msg)
    return {outcome.name.lower(): count for outcome, count in sorted(found.items())}


def _report(plan: OraclePlan, answers: Answers, outcomes: dict[str, int], workers: int, version: str) -> OracleReport:
    pairs = every_pair(answers.seen, plan.seed)
    times = {kind: sorted(1e3 * one.seconds for one in seen) for kind, seen in answers.seen.items()}
    return OracleReport(
        oracle_auc=worst(pairs),
        pairs=pairs,
        control=control(answers.seen["unknown"], plan.seed),
        each=plan.each,
        median_ms={kind: round(median(found), 3) for kind, found in times.items()},
        p99_ms={kind: round(found[len(found) * 99 // 100], 3) for kind, found in times.items()},
        bodies=len(answers.bodies),
        heads=len(answers.heads),
        outcomes=outcomes,
        rate=plan.rate,
        workers=workers,
        seed=plan.seed,
        machine=describe_machine(),
        postgres=version,
    )
