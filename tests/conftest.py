"""What every test shares: one printed seed, Hypothesis settings, and a marker for each level."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SEED = int(os.environ.get("TIERCE_TEST_SEED", "20240129"))
_HERE = Path(__file__).parent
_LONGEST = (
    "test_drill.py",
    "test_operation_runbooks.py",
    "test_thief_walk.py",
    "test_api_contract.py",
    "test_every_page_of_office.py",
    "test_every_page_of_portal.py",
    "test_every_page.py",
    "test_insurers_incidents.py",
    "test_portal.py",
    "test_camera.py",
    "test_deposit.py",
    "test_soak.py",
    "test_presence.py",
    "test_office_and_persons.py",
    "test_insurers.py",
    "test_paid.py",
)
"""Files that take long, the longest first, those without a browser before the others; the rest take some ten seconds.

The first of them waits for most of its time, in which the other workers have the machine.
"""
_LAST = "test_thief.py"
"""The attack uses up the day of a doctor whom others play, on the platform that the files of one worker share."""

# What is collected stays until the end: nothing of it is garbage, and to look for some takes a fifth of that time.
gc.disable()

# A machine shared by many makes any time limit per example a coin toss, so there is none.
settings.register_profile(
    "house", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture
def seed() -> int:
    """The seed of everything random in this run; TIERCE_TEST_SEED sets another."""
    return SEED


def pytest_report_header() -> str:
    return f"seed: {SEED} (set TIERCE_TEST_SEED for another); Hypothesis is derandomised"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, so that nobody has to remember to; those with a browser come last.

    The browser's driver keeps an event loop in the main thread, in which no other test could run its own. Of both
    the longest files come first: a worker that began one last would end long after the others.
    """
    order = {name: place for place, name in enumerate(_LONGEST)} | {_LAST: len(_LONGEST) + 1}
    items.sort(
        key=lambda item: (item.path.is_relative_to(_HERE / "browser"), order.get(item.path.name, len(_LONGEST)))
    )
    for item in items:
        if not item.path.is_relative_to(_HERE):
            continue
        level = item.path.relative_to(_HERE).parts[0]
        if level in {"integration", "browser"}:
            item.add_marker(level)


def pytest_collection_finish() -> None:
    """Leave what was collected out of each collection of garbage: half a million objects that live until the end."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
