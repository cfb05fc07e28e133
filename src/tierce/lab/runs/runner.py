"""Plays a scenario: thefts and honest desks cut into tasks, spread over processes, put together in order.

The order of tasks decides nothing: each has a generator of its own, so that the same seeds give the same bytes
whatever the number of processes.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of, day_of
from tierce.lab.arena.commons import Commons
from tierce.lab.arena.crowd import ALONE, Desk, Hindered, Sharing, hindered_of, live_all, open_desks
from tierce.lab.arena.parts import ALL, Parts
from tierce.lab.arena.theft import Loot, Theft
from tierce.lab.attackers.scenario import Scenario, StolenDevice, load_attackers
from tierce.lab.behaviour.model import NAMES
from tierce.lab.runs.figures import Run
from tierce.policy.bound import printed_bound
from tierce.policy.seats import DORMANT_DAYS

YEAR_BEGINS: Final = day_of(date(2026, 1, 1))
"""Simulated years begin here; a theft begins on a day of that year drawn by its seed."""
WARM_DAYS: Final = 60
"""Days that the owner works before the theft, after the thirty that are drawn as her past: caps have settled once."""
ROBBED_AT_ONCE: Final = 50
DESKS_AT_ONCE: Final = 250
_THEFTS, _HONEST, _TOGETHER = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Options:
    """How a scenario is played."""

    seeds: int = 1
    first_seed: int = 1
    presence: str = "today"
    parts: Parts = ALL
    processes: int = 1
    attackers: Path | None = None
    """A Python file with attackers of one's own."""
    control: bool = True
    """Whether honest desks are played beside a theft."""
    honest_days: int = 365
    sharing: Sharing = ALONE
    """Who works at one place, of honest desks."""


@dataclass(frozen=True, slots=True)
class Task:
    """Some identities or some honest desks of one profession in one seed."""

    scenario: Scenario
    options: Options
    seed: int
    kind: int
    profession: Profession
    number: int
    count: int


def tasks_of(scenario: Scenario, options: Options) -> list[Task]:
    """Cut a run into tasks; the longest come first."""
    tasks = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        if scenario.together:
            tasks.append(
                Task(scenario, options, seed, _TOGETHER, next(iter(scenario.stolen)), 0, scenario.identities)
            )
        for kind, counts, most in (
            (_THEFTS, {} if scenario.together else scenario.stolen, ROBBED_AT_ONCE),
            (_HONEST, scenario.honest if options.control or not scenario.stolen else {}, DESKS_AT_ONCE),
        ):
            for profession, count in counts.items():
                for number, begin in enumerate(range(0, count, most)):
                    tasks.append(Task(scenario, options, seed, kind, profession, number, min(most, count - begin)))
    return tasks


def play(scenario: Scenario, options: Options, progress: Callable[[int, int], None]) -> Run:
    """Play every task and put the results together; `progress` hears of tasks done and tasks in all."""
    tasks = tasks_of(scenario, options)
    run = Run([[] for _ in range(options.seeds)], bounds=[None] * options.seeds)
    for number, (task, result) in enumerate(zip(tasks, _results(tasks, options), strict=True), start=1):
        run.loots[task.seed - options.first_seed] += result.loots
        for who, hindered in result.hindered.items():
            run.hindered.setdefault(NAMES[who], Hindered()).add(hindered)
        for who, hindered in result.neighbours.items():
            run.neighbours.setdefault(NAMES[who], Hindered()).add(hindered)
        if result.bound is not None:
            run.bounds[task.seed - options.first_seed] = result.bound
        progress(number, len(tasks))
    return run


@dataclass(frozen=True, slots=True)
class Result:
    """What one task gave."""

    loots: list[Loot] = field(default_factory=list)
    hindered: Mapping[Profession, Hindered] = field(default_factory=dict)
    neighbours: Mapping[Profession, Hindered] = field(default_factory=dict)
    """What honest people met who share lines with the stolen identities, during the theft."""
    bound: int | None = None
    """The bound of all stolen identities together, where they share lines."""


def _results(tasks: list[Task], options: Options) -> Iterator[Result]:
    if options.processes <= 1 or len(tasks) < 2:
        yield from map(play_task, tasks)
        return
    with ProcessPoolExecutor(options.processes) as pool:
        yield from pool.map(play_task, tasks)


def play_task(task: Task) -> Result:
    """Play one task; in a process of its own, or in this one."""
    if task.options.attackers is not None:
        load_attackers(task.options.attackers)
    if task.kind == _HONEST:
        return Result(hindered={task.profession: _honest(task)})
    return _together(task) if task.kind == _TOGETHER else Result(_thefts(task))


def _honest(task: Task) -> Hindered:
    options = task.options
    begin, days = YEAR_BEGINS, options.honest_days
    if not task.scenario.stolen:
        days = task.scenario.days
    desks = open_desks(
        task.profession, begin, days, task.count, (task.seed, _HONEST, task.number),
        parts=options.parts, presence=options.presence, sharing=options.sharing,
    )  # fmt: skip
    return live_all(desks, days, [date_of(begin + n).month for n in range(days)])


def _thefts(task: Task) -> list[Loot]:
    scenario, options = task.scenario, task.options
    rng = np.random.default_rng([task.seed, _THEFTS, int(task.profession), task.number])
    begin = YEAR_BEGINS + int(np.random.default_rng([task.seed]).integers(0, 365))
    days = WARM_DAYS + scenario.days + (DORMANT_DAYS if scenario.device is StolenDevice.DORMANT else 0)
    desks = open_desks(
        task.profession, begin - WARM_DAYS, days, task.count, (task.seed, _THEFTS, task.number),
        parts=options.parts, presence=options.presence,
    )  # fmt: skip
    loots = []
    for desk in desks:
        for n in range(WARM_DAYS):
            desk.live(n)
        loots.append(Theft(desk, scenario, WARM_DAYS, rng).run())
    return loots


def _together(task: Task) -> Result:
    """Everybody of a scenario who shares lines, day by day: thieves first, then owners and neighbours."""
    scenario, options = task.scenario, task.options
    begin = YEAR_BEGINS + int(np.random.default_rng([task.seed]).integers(0, 365))
    first_day, days = begin - WARM_DAYS, WARM_DAYS + scenario.days
    everybody = {who: scenario.stolen.get(who, 0) + scenario.together.get(who, 0) for who in Profession}
    clients = {who: count for who, count in everybody.items() if count}
    commons = Commons(clients, first_day, one_place=scenario.one_place)
    robbed: list[Desk] = []
    others: dict[Profession, list[Desk]] = {}
    for who, count in clients.items():
        desks = open_desks(
            who, first_day, days, count, (task.seed, _TOGETHER, 0), parts=options.parts, presence=options.presence,
            place=commons.places.get(who),
        )  # fmt: skip
        robbed += desks[: scenario.stolen.get(who, 0)]
        others[who] = desks[scenario.stolen.get(who, 0) :]
    neighbours = [desk for desks in others.values() for desk in desks]
    for desk in (*robbed, *neighbours):
        desk.post.commons = commons
    for n in range(WARM_DAYS):
        commons.begin(first_day + n)
        for desk in (*robbed, *neighbours):
            desk.live(n)
    for desk in neighbours:
        desk.forget()
    rng = np.random.default_rng([task.seed, _TOGETHER])
    thefts = [Theft(desk, scenario, WARM_DAYS, rng) for desk in robbed]
    commons.watch_limits()
    for n in range(scenario.days):
        commons.begin(begin + n)
        for theft in thefts:
            theft.thief_acts(n)
        for theft in thefts:
            theft.owner_lives(n)
        for desk in neighbours:
            desk.live(WARM_DAYS + n)
    loots = [theft.end() for theft in thefts]
    held = [
        line
        for theft in thefts
        for line in theft.held(commons.names_of(theft.profession), commons.card_names_of(theft.profession))
    ]
    present = sum(loot.present for loot in loots)
    bound = printed_bound(held, commons.shared(), scenario.days, present).total
    met = {who: hindered_of(desks, scenario.days) for who, desks in others.items() if desks}
    return Result(loots, neighbours=met, bound=bound)
