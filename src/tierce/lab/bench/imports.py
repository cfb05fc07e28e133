"""`tierce bench import`: a rights file taken into an empty register, beside a bare COPY of the very same bytes.

The import is the product's own, in a process of its own, from the file on disk to the last index: digest, reading,
checks, keyed indexes, sealing, journal. Then the six tables it filled are copied out in binary, emptied, and the same
bytes go back through plain COPY into the same tables without indexes, and the same indexes are built by the same
function. Both are durable in the same way, on the same cluster, one after the other, which has written its log once
before: neither waits while the files of the log are created.

Into the register that is full then, a second insurer's file is merged, and its file of the next day, which says the
same.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Final

import msgspec

from tierce.feeds.commands import open_intake
from tierce.feeds.intake import INSTANCE, no_listener
from tierce.kernel.feed import names
from tierce.kernel.scratch import Scratch
from tierce.lab.bench.copying.store import copy_back, copy_out, describe_server, empty_register, write_log
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.machine import DurableWrite, Machine, describe_machine, measure_durable_write
from tierce.lab.bench.processes import children, with_below
from tierce.lab.country.block import TEST_OID
from tierce.lab.country.identifiers import NirSource
from tierce.lab.country.insurers import PRODUCTS, make_insurers
from tierce.lab.country.population import write_insurers
from tierce.registry.columns import RIGHTS
from tierce.registry.model import People
from tierce.storage.cluster import DURABLE, Cluster
from tierce.storage.database import Database
from tierce.storage.keys import create_keys
from tierce.storage.migrate import migrate

AMC: Final = "99100001"
SECOND: Final = "99100002"
SECOND_SHARE: Final = 5
"""The second insurer has this much fewer lines than the first."""
_SECOND_BLOCKS: Final = 1_000
"""Where its blocks of numbers begin: its people are others."""
BLOCK_LINES: Final = 50_000
"""Lines that draw their numbers from one block: a block has two hundred of a sex, year and month."""
_LOG_BYTES: Final = 1_110
"""What the server logs of a line, its indexes included; as much by the import as by the copy."""
_FAMILIES: Final = (
    "MARCHAND",
    "LENOIR",
    "D’AUBIGNÉ",
    "MORVAN",
    "FERRAND",
    "PETIT-JEAN",
    "ROUX",
    "LEFÈVRE",
    "GARNIER",
)
_GIVEN: Final = ("SOPHIE ANNE", "PAUL", "ROSE", "EMMA LOUISE", "JEAN-ÉRIC", "LÉO", "CLAIRE", "HUGO MARIE", "NADIA")


class ImportReport(msgspec.Struct, frozen=True):
    """What was measured; times in seconds, medians over the turns."""

    lines: int
    turns: int
    rows_per_s: float
    copy_rows_per_s: float
    ratio_to_copy: float
    ratios: list[float]
    second_rows_per_s: float
    """Lines a second of another insurer's first file, a fifth as large, merged into the full register."""
    again_rows_per_s: float
    """Of its file of the next day, in which nothing has changed."""
    peak_mib: float
    import_s: float
    copy_s: float
    copied_bytes: int
    file_bytes: int
    machine: Machine
    durable_write: DurableWrite
    postgres: str
    postgres_settings: dict[str, str]


def measure_import(lines: int, turns: int, parent: Path, say: Callable[[str], None]) -> ImportReport:
    """Measure imports of `lines` lines, each beside its bare COPY.

    Raises:
        BenchError: an import did not take every line.
    """
    with _stage(parent) as (home, database):
        say(f"writing {lines:,} lines")
        path = home / f"{AMC}.csv"
        write_lines(path, lines)
        write_insurers(home / "insurers.csv", make_insurers(2))
        with closing(open_intake(database, home / "keys", People.INVENTED)) as intake:
            intake.insurers(home / "insurers.csv", no_listener())
        write_log(database, lines * _LOG_BYTES)
        imports, copies, peaks, size = [], [], [], 0
        for turn in range(turns):
            empty_register(database)
            seconds, peak = _import(database, home / "keys", path, lines, AMC)
            say(f"turn {turn + 1}: import {seconds:.1f} s, {lines / seconds:,.0f} lines/s, {peak:.0f} MiB")
            size = copy_out(database, home / "out")
            empty_register(database)
            copied = copy_back(database, home / "out")
            say(f"turn {turn + 1}: bare COPY of {size / 2**20:,.0f} MiB and the indexes {copied:.1f} s")
            imports.append(seconds)
            copies.append(copied)
            peaks.append(peak)
        second, again = _merge(database, home, max(1, lines // SECOND_SHARE), say)
        version, settings = describe_server(database)
        ratios = [one / other for one, other in zip(imports, copies, strict=True)]
        return ImportReport(
            lines, turns, round(lines / median(imports)), round(lines / median(copies)), round(median(ratios), 2),
            [round(one, 2) for one in ratios], round(second), round(again), round(max(peaks)),
            round(median(imports), 4), round(median(copies), 4),
            size, path.stat().st_size, describe_machine(), measure_durable_write(home), version, settings,
        )  # fmt: skip


@contextmanager
def _stage(parent: Path) -> Iterator[tuple[Path, Database]]:
    with Scratch("import.", parent) as scratch:
        home = scratch.path
        home.chmod(0o711)
        cluster = Cluster(home / "cluster", {**DURABLE, "shared_buffers": "1GB", "max_wal_size": "8GB"})
        cluster.start()
        try:
            database = cluster.database("tierce")
            migrate(database)
            create_keys(home / "keys", [INSTANCE])
            yield home, database
        finally:
            cluster.discard()


def _merge(database: Database, home: Path, lines: int, say: Callable[[str], None]) -> tuple[float, float]:
    """Import a second insurer's file, then that of the next day; lines a second of each."""
    rates = []
    for day in ("2026-11-23", "2026-11-24"):
        path = home / f"{SECOND}.csv"
        write_lines(path, lines, amc=SECOND, day=day, first_block=_SECOND_BLOCKS)
        seconds, _peak = _import(database, home / "keys", path, lines, SECOND)
        rates.append(lines / seconds)
        say(f"another insurer's file of {day}: {rates[-1]:,.0f} lines/s")
    return rates[0], rates[1]


def write_lines(
    path: Path, lines: int, seed: int = 1, *, amc: str = AMC, day: str = "2026-11-23", first_block: int = 0
) -> None:
    """Write a rights file of invented families, quickly: every line is good, an eighth has another card."""
    rng, block, numbers = random.Random(seed), 0, NirSource(first_block)
    products = [(one.code, " ".join(domain.name for domain in one.domains)) for one in PRODUCTS]
    header = names(RIGHTS)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(header) + "\n")
        made = 0
        while made < lines:
            if made // BLOCK_LINES != block:
                block = made // BLOCK_LINES
                numbers = NirSource(first_block + block)
            family, (product, domains) = rng.choice(_FAMILIES), products[made % len(products)]
            holder, contract = f"A-{made + 1:08d}", f"C-{made + 1:08d}"
            since = f"20{rng.randrange(15, 26)}-{rng.randrange(1, 13):02d}-01"
            for place, kind in enumerate(("holder", "spouse", "child", "child")[: min(lines - made, 1 + made % 4)]):
                year = rng.randrange(2009, 2026) if kind == "child" else rng.randrange(1940, 2005)
                month, sex = rng.randrange(1, 13), rng.choice("MF")
                town, nir = numbers.draw(sex, year, month)
                birth = f"{year}{month:02d}{rng.randrange(1, 29):02d}"
                card = f"{nir},{birth[:6]}00,1" if made % 8 == 0 else ",,"
                file.write(
                    f"current,{day},{amc},A-{made + 1:08d},{holder},{contract},{product},{kind},{nir},{nir},"
                    f"{TEST_OID},{birth},1,{sex},{family},,"
                    f"{rng.choice(_GIVEN)},{town},,,,{card},"
                    f"{holder if kind == 'child' else ''},{domains},{since},2026-12-31,"
                    f"{1 + place % 2},active,no,,,,,,,,\n"
                )
                made += 1


def _import(database: Database, keys: Path, path: Path, lines: int, amc: str) -> tuple[float, float]:
    """Import in a process of its own; return seconds and the peak of memory in MiB, its helper's included."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_import_there, args=(theirs, database, keys, path, amc))
    process.start()
    theirs.close()
    ended, peaks = Event(), [0.0]
    watch = Thread(target=_watch_memory, args=(process.pid, ended, peaks))
    watch.start()
    try:
        seconds, taken = ours.recv()
    except EOFError:
        msg = "the import failed; its error is above"
        raise BenchError(msg) from None
    finally:
        ended.set()
        watch.join()
        process.join()
    if taken != lines:
        msg = f"{taken} lines of {lines} were taken"
        raise BenchError(msg)
    return seconds, peaks[0]


def _import_there(pipe: object, database: Database, keys: Path, path: Path, amc: str) -> None:
    with closing(open_intake(database, keys, People.INVENTED)) as intake:
        started = time.perf_counter()
        counts = intake.rights(path, amc, no_listener()).counts
        pipe.send((time.perf_counter() - started, counts.taken + counts.unchanged))  # type: ignore[attr-defined]  # a Connection


def _watch_memory(process: int, ended: Event, peaks: list[float]) -> None:
    """Add up the resident memory of a process and its children, again and again."""
    while not ended.wait(0.1):
        peaks[0] = max(peaks[0], sum(map(_resident, with_below(process, children()))) / 2**20)


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
