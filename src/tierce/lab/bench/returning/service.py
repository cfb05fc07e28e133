"""A whole installation at whose portal everybody comes back at once, beside some who are in and work."""

import asyncio
import time
from array import array
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from random import Random

from tierce.kernel.clock import Clock
from tierce.lab.bench.machine import describe_machine
from tierce.lab.bench.returning.model import Felt, Plan, Report
from tierce.lab.bench.returning.newcomers import Return, come_back
from tierce.lab.bench.soak.browsers import Browser, Told, professionals
from tierce.lab.bench.soak.rules import quantile
from tierce.lab.bench.soak.service import installed, live, sign_in_all
from tierce.lab.country.population import read_identities
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.steps import Steps

Progress = Callable[[int], None]
"""Hears how many of those who came back are in."""
EACH_SECONDS = 0.5
LATE_SECONDS = 0.5


def measure_return(plan: Plan, work: Path, clock: Clock, steps: Steps, progress: Progress) -> Report:
    """Run on an installation made below `work` and removed afterwards.

    Raises:
        BenchError: nobody could sign in, or a process of the installation ended.
    """
    with installed(work, steps, plan.people, plan.sign_ins) as stage:
        return asyncio.run(everybody_returns(stage, plan, clock, progress))


async def everybody_returns(stage: Stage, plan: Plan, clock: Clock, progress: Progress) -> Report:
    """Let those of the plan come back in the same moment, and wait until the last of them is in or was refused."""
    draws, told, met = Random(plan.seed), Told(), Return()
    people = list(dict.fromkeys(read_identities(stage.country / "rights")))
    who = islice(cycle(professionals(stage)), plan.inside + plan.professionals)
    inside = [Browser(stage, one, people, Random(draws.random()), told) for one in islice(who, plan.inside)]
    await sign_in_all(inside, clock, told)
    begun = time.monotonic()
    working = [
        asyncio.create_task(live(one, clock, float("inf"), plan.think_seconds, Random(draws.random()), told))
        for one in inside
    ]
    await asyncio.sleep(plan.calm_seconds)
    calm = replace(told, pages=told.pages[:], asks=told.asks[:])
    storm = time.monotonic()
    coming = [asyncio.create_task(come_back(stage, one, clock, storm, met)) for one in who]
    while (await asyncio.wait(coming, timeout=EACH_SECONDS))[1]:
        progress(len(met.in_after))
    await asyncio.sleep(LATE_SECONDS)
    over = time.monotonic()
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    during = replace(told, pages=told.pages[len(calm.pages) :], asks=told.asks[len(calm.asks) :])
    return _report(plan, _felt(calm, storm - begun), _felt(during, over - storm), told, met)


def _felt(told: Told, seconds: float) -> Felt:
    def times(of: "array[float]") -> tuple[float, float]:
        return quantile(of, 0.5), quantile(of, 0.99)

    return Felt(round(seconds, 1), len(told.pages), len(told.asks), *times(told.pages), *times(told.asks))


def _report(plan: Plan, before: Felt, during: Felt, told: Told, met: Return) -> Report:
    last = max(met.in_after, default=0.0)
    return Report(
        professionals=plan.professionals,
        inside=plan.inside,
        sign_ins=plan.sign_ins,
        before=before,
        during=during,
        came_in=len(met.in_after),
        given_a_turn=met.given_a_turn,
        last_in_s=round(last, 1),
        in_s_p50=round(quantile(met.in_after, 0.5) / 1000, 1),
        sign_ins_per_s=round(len(met.in_after) / last, 1) if last else 0.0,
        signing_in_ms_p50=quantile(met.signing_in, 0.5),
        signing_in_ms_p99=quantile(met.signing_in, 0.99),
        answers=dict((told.answers + met.wrong).most_common()),
        machine=describe_machine(),
    )
