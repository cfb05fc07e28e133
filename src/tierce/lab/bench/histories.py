"""How long one person's history takes over sealed entries, asked at a given rate, and one professional's."""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tierce.journal.segments.pages import ENTRY_COLUMNS
from tierce.journal.segments.reader import SHOWN, SegmentFiles, shown_of_person
from tierce.lab.bench.entries import LOGINS, PERSONS, person_ids, professional_ids
from tierce.scope.sources import Sealed

LOGINS_READ = 20


@dataclass(frozen=True, slots=True)
class Histories:
    """What was measured; times in milliseconds, sizes in bytes an entry."""

    entries: int
    segments: int
    warmed_mib: float
    """What was read into the system's memory first: indexes, blocks, and the columns of histories."""
    asked_per_s: float
    histories: int
    lines_each: float
    history_ms_p50: float
    history_ms_p99: float
    login_lines_each: float
    login_ms_p50: float
    bytes_per_entry: float
    """Rows and batches."""
    index_bytes_per_entry: float


@dataclass(frozen=True, slots=True)
class _Part:
    """What one process asks."""

    sealed: Sealed
    rate: float
    seconds: float
    seed: int


def measure_histories(sealed: Sealed, rate: float, seconds: float, processes: int, seed: int) -> Histories:
    """Ask for the histories of people drawn at random, each at its own moment, whether or not the last has ended.

    A time counts from the moment when it should have begun: waiting is part of it.
    """
    manifest, folder = sealed.segments, sealed.folder
    warmed = sum(_warm(files, folder) for files in _open(sealed))
    parts = [_Part(sealed, rate / processes, seconds, seed * 1_000 + at) for at in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("forkserver")) as pool:
        found = [one for part in pool.map(_ask, parts) for one in part]
    times = np.array([one[0] for one in found])
    logins = _logins(sealed, seed)
    entries = sum(one.count for one in manifest)

    def size(path: Callable[[int], Path]) -> float:
        return sum(path(at).stat().st_size for at in range(len(manifest))) / entries

    return Histories(
        entries=entries,
        segments=len(manifest),
        warmed_mib=round(warmed / (1 << 20), 1),
        asked_per_s=rate,
        histories=len(found),
        lines_each=round(sum(one[1] for one in found) / len(found), 1),
        history_ms_p50=round(float(np.percentile(times, 50)) * 1e3, 1),
        history_ms_p99=round(float(np.percentile(times, 99)) * 1e3, 1),
        login_lines_each=round(float(np.mean([one[1] for one in logins])), 1),
        login_ms_p50=round(float(np.median([one[0] for one in logins])) * 1e3, 1),
        bytes_per_entry=bytes_per_entry(sealed),
        index_bytes_per_entry=round(size(lambda at: manifest[at].index_path(folder)), 2),
    )


def bytes_per_entry(sealed: Sealed) -> float:
    """What a sealed entry costs: rows and batches; neither the tiles of the tree nor the index."""
    paths = [path for one in sealed.segments for path in one.paths(sealed.folder)[:2]]
    return round(sum(path.stat().st_size for path in paths) / sum(one.count for one in sealed.segments), 2)


def _open(sealed: Sealed) -> list[SegmentFiles]:
    return [SegmentFiles(sealed.folder, segment) for segment in sealed.segments]


def _warm(files: SegmentFiles, folder: Path) -> int:
    """Read what each history touches somewhere, so that the disk is measured no more than it is in a day's work.

    The person's column is left out: a history reads eight bytes of it where the index says.
    """
    done = 0
    for path in files.segment.paths(folder)[1:]:
        done += len(path.read_bytes())
    pages = files.index.entries.pages
    with files.path.open("rb", buffering=0) as file:
        for column, name in enumerate(ENTRY_COLUMNS):
            if name in SHOWN:
                for start, length in zip(pages.starts[:, column], pages.lengths[:, column], strict=True):
                    done += len(os.pread(file.fileno(), int(length), int(start)))
    return done


def _ask(part: _Part) -> list[tuple[float, int]]:
    """Ask for as long as it lasts: the seconds and the lines of each history."""
    segments, draws = _open(part.sealed), random.Random(part.seed)
    found = []
    began = due = time.perf_counter()
    while (due := due + draws.expovariate(part.rate)) < began + part.seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        person = int(person_ids(np.array([draws.randrange(PERSONS)]))[0])
        lines = shown_of_person(segments, person)
        found.append((time.perf_counter() - due, len(lines)))
    return found


def _logins(sealed: Sealed, seed: int) -> list[tuple[float, int]]:
    segments, draws, every = _open(sealed), random.Random(seed), professional_ids()
    found = []
    for _turn in range(LOGINS_READ):
        professional, began = int(every[draws.randrange(LOGINS)]), time.perf_counter()
        lines = [entry for files in segments for entry in files.read(files.of_professional(professional))]
        found.append((time.perf_counter() - began, len(lines)))
    return found
