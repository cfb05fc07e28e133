"""How long "who was exposed, to what, when" takes over sealed entries, beside the bare engine on the same columns."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from tierce.journal.segments.files import MANIFEST_FILE, read_manifest
from tierce.kernel.ids import ProfessionalId, VendorId
from tierce.lab.bench.entries import make_entries, professional_ids
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.machine import Machine, describe_machine
from tierce.lab.bench.scope.store import bare_scan
from tierce.scope.engine.store import Engine, write_list
from tierce.scope.files import rows_of
from tierce.scope.model import Criteria, TreeHead
from tierce.scope.sources import Sealed

SMALL_ENTRIES = 10_000_000
STOLEN = 50
_WEEK_US = 7 * 86_400 * 1_000_000
_NO_TREE = TreeHead(0, bytes(32))
Say = Callable[[str], None]


class ScopeReport(msgspec.Struct, frozen=True):
    """One size. `bare_scan_s`: the same files, predicate and aggregation; `peak_mib`: of the process, by scoping."""

    entries: int
    scope_s: float
    bare_scan_s: float
    ratio_to_bare: float
    persons: int
    gaps: int
    segments: int
    peak_mib: float
    turns: int
    machine: Machine
    history_ms_p99: float = 0.0
    """One person's history over the same entries, fifty asked a second; waiting is part of it."""


class NationalReport(msgspec.Struct, frozen=True):
    """The list of everybody who was shown, streamed into a file."""

    entries: int
    rows: int
    minutes: float
    file_mib: float
    peak_mib: float
    digest: str
    machine: Machine


def ready_entries(folder: Path, entries: int, say: Say) -> Sealed:
    """Find at least so many entries in `folder`, or make them there.

    Raises:
        BenchError: the folder holds another number of entries.
    """
    if not (folder / MANIFEST_FILE).exists():
        say(f"making {entries:,} entries in {folder}")
        return Sealed(folder, make_entries(folder, entries))
    found = read_manifest(folder)
    kept = [one for one in found if one.first < entries * 0.98]
    if not kept or kept[-1].end < entries * 0.98:
        msg = (
            f"{folder} contient {found[-1].end:,} lignes : donnez ce nombre à --entries, ou un autre dossier / "
            f"it holds {found[-1].end:,} entries: give --entries that many, or another folder"
        )
        raise BenchError(msg)
    return Sealed(folder, kept)


def measure_scope(sealed: Sealed, turns: int, say: Say) -> ScopeReport:
    """Look for 50 stolen logins over a week in the middle, in turns with the bare engine; medians.

    Raises:
        BenchError: the two do not find the same people.
    """
    first, last = sealed.segments[0], sealed.segments[-1]
    begun = (first.from_us + last.until_us - _WEEK_US) // 2
    begun = max(begun, first.from_us)
    stolen = np.sort(np.random.default_rng(3).choice(professional_ids(), STOLEN, replace=False)).tolist()
    clause = Criteria(frozenset(map(ProfessionalId, stolen)), frozenset(), frozenset(), begun, begun + _WEEK_US)
    ours, bares = [], []
    persons = gaps = 0
    for turn in range(turns + 1):
        bare_found, bare_s = bare_scan(sealed, clause)
        started = time.perf_counter()
        with Engine([clause], _NO_TREE, sealed=sealed) as engine:
            rows = [one.person for one in engine.exposures()]
            found, persons, gaps = len(rows), len(set(rows)), len(engine.head.gaps)
        scope_s = time.perf_counter() - started
        say(f"turn {turn}: scope {scope_s:.2f} s, bare {bare_s:.2f} s{' (warming up)' if not turn else ''}")
        if found != bare_found:
            msg = f"the engine lists {found} rows, the bare scan {bare_found}"
            raise BenchError(msg)
        if turn:
            ours.append(scope_s)
            bares.append(bare_s)
    scope_s, bare_s = float(np.median(ours)), float(np.median(bares))
    return ScopeReport(
        entries=last.end - first.first,
        scope_s=round(scope_s, 3),
        bare_scan_s=round(bare_s, 3),
        ratio_to_bare=round(scope_s / bare_s, 2),
        persons=persons,
        gaps=gaps,
        segments=len(sealed.around([clause])),
        peak_mib=_peak_mib(),
        turns=turns,
        machine=describe_machine(),
    )


def measure_national(sealed: Sealed, work: Path, say: Say) -> NationalReport:
    """Write the list of everybody shown through any vendor: what a closed nation would need."""
    clause = Criteria(
        frozenset(),
        frozenset(),
        frozenset(),
        sealed.segments[0].from_us,
        sealed.segments[-1].until_us + 1,
        vendors=frozenset(map(VendorId, range(1, 13))),
    )
    started = time.perf_counter()

    def told(what: str, done: int, of: int) -> None:
        say(f"{what} {done}/{of}")

    with Engine([clause], _NO_TREE, sealed=sealed, say=told, scratch=work) as engine:
        path, digest = write_list(engine, work / "lists")
        seconds = time.perf_counter() - started
        rows = sum(1 for _ in rows_of(path))
    size = path.stat().st_size
    path.unlink()
    return NationalReport(
        entries=sealed.segments[-1].end - sealed.segments[0].first,
        rows=rows,
        minutes=round(seconds / 60, 2),
        file_mib=round(size / 2**20, 1),
        peak_mib=_peak_mib(),
        digest=digest.hex(),
        machine=describe_machine(),
    )


def _peak_mib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
