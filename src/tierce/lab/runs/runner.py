"""Plays a scenario: thefts and honest desks cut into tasks, spread over processes, put together in order.

The order of tasks decides nothing: each has a generator of its own, so that the same seeds give the same bytes
whatever the number of processes.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of, day_of
from tierce.lab.arena.crowd import Hindered, live_all, open_desks
from tierce.lab.arena.parts import ALL, Parts
from tierce.lab.arena.theft import Loot, Theft
from tierce.lab.attackers.scenario import Scenario, StolenDevice, load_attackers
from tierce.lab.behaviour.model import NAMES
from tierce.lab.runs.figures import Run
from tierce.policy.seats import DORMANT_DAYS

YEAR_BEGINS: Final = day_of(date(2026, 1, 1))
"""Simulated years begin here; a theft begins on a day of that year drawn by its seed."""
WARM_DAYS: Final = 60
"""Days that the owner works before the theft, after the thirty that are drawn as her past: caps have settled once."""
ROBBED_AT_ONCE: Final = 50
DESKS_AT_ONCE: Final = 250
_THEFTS, _HONEST = 0, 1


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
    honest_first_day: int = YEAR_BEGINS
    honest_days: int = 365


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
        for kind, counts, most in (
            (_THEFTS, scenario.stolen, ROBBED_AT_ONCE),
            (_HONEST, scenario.honest if options.control or not scenario.stolen else {}, DESKS_AT_ONCE),
        ):
            for profession, count in counts.items():
                for number, begin in enumerate(range(0, count, most)):
                    tasks.append(Task(scenario, options, seed, kind, profession, number, min(most, count - begin)))
    return tasks


def play(scenario: Scenario, options: Options, progress: Callable[[int, int], None]) -> Run:
    """Play every task and put the results together; `progress` hears of tasks done and tasks in all."""
    tasks = tasks_of(scenario, options)
    run = Run([[] for _ in range(options.seeds)])
    for number, (task, (loots, hindered)) in enumerate(zip(tasks, _results(tasks, options), strict=True), start=1):
        run.loots[task.seed - options.first_seed] += loots
        if hindered is not None:
            name = NAMES[task.profession]
            run.hindered.setdefault(name, Hindered()).add(hindered)
        progress(number, len(tasks))
    return run


Result = tuple[list[Loot], Hindered | None]


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
    return ([], _honest(task)) if task.kind == _HONEST else (_thefts(task), None)


def _honest(task: Task) -> Hindered:
    options = task.options
    begin, days = options.honest_first_day, options.honest_days
    if not task.scenario.stolen:
        days = task.scenario.days
    desks = open_desks(
        task.profession, begin, days, task.count, (task.seed, _HONEST, task.number),
        parts=options.parts, presence=options.presence,
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


def scaled(scenario: Scenario, scale: float) -> Scenario:
    """The same scenario with its honest desks multiplied by `scale`."""
    return replace(scenario, honest={who: max(1, round(count * scale)) for who, count in scenario.honest.items()})
