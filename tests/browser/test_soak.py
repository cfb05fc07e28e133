"""The browsers of a long run, for a few seconds, on an installation of their own: they use up places and asks."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.browser.conftest import INSURERS, PERSONS
from tests.installation import installation
from tierce.kernel.clock import SystemClock
from tierce.lab.bench.returning import model as returning
from tierce.lab.bench.returning.service import everybody_returns
from tierce.lab.bench.soak.browsers import Told
from tierce.lab.bench.soak.model import Plan, Report
from tierce.lab.bench.soak.service import soak
from tierce.lab.demo.stage import Stage

SIGN_INS = 2
"""Few enough that a queue forms before a dozen, whom a slow machine serves too."""


@pytest.fixture(scope="module")
def own_stage() -> Iterator[Stage]:
    with installation(PERSONS, INSURERS, sign_ins=SIGN_INS) as running:
        yield running


def test_browsers_ask_through_the_portal_and_every_process_is_read(own_stage: Stage) -> None:
    shares: list[float] = []

    def progress(share: float, _told: Told) -> None:
        shares.append(share)

    def run() -> Report:
        return asyncio.run(soak(own_stage, Plan(3, 0.1, 0.5, PERSONS, 1), SystemClock(), progress))

    with ThreadPoolExecutor(1) as beside:  # the browser of other tests has a loop of its own in this thread
        report = beside.submit(run).result()
    assert report.sign_ins >= 3
    assert report.asks > 0
    assert report.shown > 0
    assert set(report.answers) <= {"/ask 200", "ask 200", "/history 200", "/places 200"}, report.answers
    assert report.answers["ask 200"] == report.asks
    assert shares == sorted(shares)
    read = {one.process: one for one in report.memory}
    assert {"postgres", "tierce-api", "tierce-portal", "tierce-worker", "tierce-office"} <= set(read)
    assert all(one.at_start > 1 for one in report.memory)


def test_everybody_who_comes_back_at_once_is_in_after_a_while_beside_those_who_work(own_stage: Stage) -> None:
    plan = returning.Plan(12, 2, SIGN_INS, 1, 3, PERSONS, 1)
    heard: list[int] = []

    def run() -> returning.Report:
        return asyncio.run(everybody_returns(own_stage, plan, SystemClock(), heard.append))

    with ThreadPoolExecutor(1) as beside:
        report = beside.submit(run).result()
    assert report.came_in == plan.professionals, report.answers
    assert report.given_a_turn > 0
    assert report.before.pages > 0
    assert report.during.pages > 0
    assert report.last_in_s >= report.in_s_p50 > 0
    assert set(report.answers) <= {"/ask 200", "ask 200", "/history 200", "/places 200"}, report.answers
    assert heard == sorted(heard)
