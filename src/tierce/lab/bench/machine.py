"""What a figure depends on and must be printed beside it: processors, memory, durable writes."""

import os
import time
from pathlib import Path
from statistics import median, quantiles
from tempfile import NamedTemporaryFile
from typing import Final

import msgspec

PAGE_BYTES: Final = 8192


class Machine(msgspec.Struct, frozen=True):
    """The machine as this process may use it; `load_average` is that of the minute before the run."""

    cores: int
    cpu_model: str
    memory_gib: float
    load_average: float


class DurableWrite(msgspec.Struct, frozen=True):
    """The time of one write of 8 KiB followed by fdatasync, in microseconds."""

    median_us: float
    p99_us: float
    writes: int


def describe_machine() -> Machine:
    """Read the facts from the system."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(len(os.sched_getaffinity(0)), model, round(memory / 2**30, 1), round(os.getloadavg()[0], 2))


def busy_seconds() -> float:
    """Processor seconds that the whole machine has worked since its start, all processors together."""
    user, nice, system, _idle, _waiting, irq, softirq, steal = (
        int(field) for field in Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measure_durable_write(directory: Path, seconds: float = 1.0) -> DurableWrite:
    """Write the same page again and again in `directory`, each time down to the disk."""
    page = os.urandom(PAGE_BYTES)
    times: list[float] = []
    with NamedTemporaryFile(dir=directory) as file:
        os.pwrite(file.fileno(), page, 0)
        os.fsync(file.fileno())
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end or len(times) < 2:
            os.pwrite(file.fileno(), page, 0)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e6)
    return DurableWrite(round(median(times), 1), round(quantiles(times, n=100)[98], 1), len(times))
