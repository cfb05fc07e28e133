"""What is said of the readings of a long run, and how they are taken."""

import os
import subprocess
import sys

import pytest

from tierce.lab.bench.soak.memory import memory_below, own_memory
from tierce.lab.bench.soak.rules import MIB, held, quantile


def test_what_grows_while_caches_fill_is_not_called_a_slope() -> None:
    filling = [(60.0 * n, (100 + n) * MIB) for n in range(25)]
    flat = [(1500.0 + 60 * n, 125 * MIB) for n in range(75)]
    told = held("portal", filling + flat)
    assert (told.at_start, told.settled, told.at_end, told.per_hour, told.most) == (100.0, 125.0, 125.0, 0.0, 125.0)


def test_a_leak_is_said_in_mib_an_hour() -> None:
    told = held("worker", [(36.0 * n, (100 + n) * MIB) for n in range(100)])
    assert told.per_hour == pytest.approx(100.0)
    assert told.at_end - told.settled == pytest.approx(50.0)


@pytest.mark.parametrize("readings", [1, 2, 3])
def test_a_run_of_a_few_readings_is_summed_up_all_the_same(readings: int) -> None:
    told = held("api", [(float(n), 10 * MIB) for n in range(readings)])
    assert (told.at_start, told.settled, told.at_end, told.per_hour) == (10.0, 10.0, 10.0, 0.0)


def test_a_quantile_is_in_milliseconds_and_none_is_zero() -> None:
    assert quantile([0.1 * n for n in range(1, 101)], 0.99) == 10_000.0
    assert quantile([], 0.5) == 0.0


def test_memory_written_to_is_counted_as_the_childs_and_as_its_parents() -> None:
    # A child of its own: in this process, memory that earlier tests gave back may be taken again without growing.
    program = "print(flush=True); input(); held = b'\\x01' * (64 << 20); print(flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        before = memory_below(child.pid)
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        assert 63 * MIB <= memory_below(child.pid) - before <= 80 * MIB
        assert memory_below(os.getpid()) >= memory_below(child.pid)
        assert sum(own_memory(os.getpid()).values()) >= 64 * MIB
    finally:
        child.communicate(b"\n")
