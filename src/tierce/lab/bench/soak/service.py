"""A whole installation under many browsers, its memory read all the while."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from random import Random

from tierce.kernel.clock import Clock
from tierce.kernel.scratch import Scratch
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.machine import describe_machine
from tierce.lab.bench.soak.browsers import Browser, Told, professionals
from tierce.lab.bench.soak.memory import memory_below, own_memory
from tierce.lab.bench.soak.model import Plan, Report
from tierce.lab.bench.soak.rules import held, quantile
from tierce.lab.country.population import read_identities
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.stage import Stage, open_stage
from tierce.lab.demo.steps import Steps
from tierce.policy.returning import SIGN_INS_A_SECOND

INSURERS = 8
SIGN_INS_AT_ONCE = 4
READINGS = 720
"""Readings of memory at most: one every five seconds of an hour."""
READING_SECONDS_MIN = 0.2
Progress = Callable[[float, Told], None]
"""Hears the share of the run that is over, and what was answered so far."""


def measure_soak(plan: Plan, work: Path, clock: Clock, steps: Steps, progress: Progress) -> Report:
    """Run on an installation made below `work` and removed afterwards.

    Raises:
        BenchError: nobody could sign in, or a process of the installation ended.
    """
    with installed(work, steps, plan.people) as stage:
        return asyncio.run(soak(stage, plan, clock, progress))


@contextmanager
def installed(work: Path, steps: Steps, people: int, sign_ins: int = SIGN_INS_A_SECOND) -> Iterator[Stage]:
    """A whole installation below `work`, removed at the end.

    Raises:
        BenchError: what went wrong with it, within the block too.
    """
    with Scratch("installed.", work) as home:
        home.path.chmod(0o711)  # the database's server may run as another user
        try:
            with open_stage(home.path / "home", steps, persons=people, insurers=INSURERS, sign_ins=sign_ins) as stage:
                yield stage
        except DemoError as error:
            raise BenchError(str(error)) from None


async def soak(stage: Stage, plan: Plan, clock: Clock, progress: Progress) -> Report:
    """Let the browsers work for the time of the plan."""
    draws, told = Random(plan.seed), Told()
    people = list(dict.fromkeys(read_identities(stage.country / "rights")))
    who = islice(cycle(professionals(stage)), plan.browsers)
    browsers = [Browser(stage, one, people, Random(draws.random()), told) for one in who]
    await sign_in_all(browsers, clock, told)
    begun = time.monotonic()
    end = begun + 60 * plan.minutes
    readings: dict[str, list[tuple[float, int]]] = defaultdict(list)
    async with asyncio.TaskGroup() as group:
        for browser in browsers:
            group.create_task(live(browser, clock, end, plan.think_seconds, Random(draws.random()), told))
        every = max(READING_SECONDS_MIN, 60 * plan.minutes / READINGS)
        while (now := time.monotonic()) < end:
            for name, size in _read(stage).items():
                readings[name].append((now - begun, size))
            progress((now - begun) / (end - begun), told)
            await asyncio.sleep(min(every, end - now))
    return _report(plan, told, readings, time.monotonic() - begun)


async def sign_in_all(browsers: list[Browser], clock: Clock, told: Told) -> None:
    """Sign every browser in, a few at once.

    Raises:
        BenchError: not one could.
    """
    waiting = iter(browsers)

    async def one_after_the_other() -> None:
        for browser in waiting:
            try:
                await browser.sign_in(clock)
            except DemoError as error:
                told.answers[f"sign-in: {error}"] += 1

    await asyncio.gather(*(one_after_the_other() for _ in range(SIGN_INS_AT_ONCE)))
    if not told.sign_ins:
        msg = f"nobody could sign in: {next(iter(told.answers), 'the country has no professional')}"
        raise BenchError(msg)


async def live(browser: Browser, clock: Clock, end: float, think: float, draws: Random, told: Told) -> None:
    """Visit until the end, with a rest between two visits; the first comes anywhere within one."""
    rest = draws.random() * think
    while time.monotonic() + rest < end:
        await asyncio.sleep(rest)
        try:
            await browser.visit(clock)
        except DemoError as error:
            told.answers[str(error)] += 1
        rest = draws.expovariate(1 / think)


def _read(stage: Stage) -> dict[str, int]:
    found = own_memory(stage.processes["serve"].pid)
    if stage.cluster is not None:
        postmaster = int((stage.cluster.data / "postmaster.pid").read_text().split()[0])
        found["postgres"] = memory_below(postmaster)
    return found


def _report(plan: Plan, told: Told, readings: dict[str, list[tuple[float, int]]], seconds: float) -> Report:
    return Report(
        browsers=plan.browsers,
        minutes=round(seconds / 60, 2),
        pages=len(told.pages),
        asks=len(told.asks),
        shown=told.shown,
        sign_ins=told.sign_ins,
        pages_per_s=round((len(told.pages) + len(told.asks)) / seconds, 1),
        page_ms_p50=quantile(told.pages, 0.5),
        page_ms_p99=quantile(told.pages, 0.99),
        ask_ms_p50=quantile(told.asks, 0.5),
        ask_ms_p99=quantile(told.asks, 0.99),
        answers=dict(told.answers.most_common()),
        memory=tuple(held(name, found) for name, found in sorted(readings.items())),
        readings=max((len(found) for found in readings.values()), default=0),
        machine=describe_machine(),
    )
