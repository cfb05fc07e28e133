"""Measures the journal on a server of its own, durable as in production.

Signed batches of 64 are written through the product's own functions. Then the sequencer takes them all, step by step,
each with its durable checkpoint and tiles; proofs are made of entries drawn at random; the independent reader
verifies the whole, with every batch signature and with one in sixteen. The reference, in the same run: one reader
that selects every entry and hashes it, and does nothing else.
"""

import random
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import verifier_key
from tierce.journal.segments.model import ENTRIES_MAX
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import APPEND_ENTRIES_MAX, Appender, prove
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.kernel.ids import EntrySeq, PersonId
from tierce.kernel.scratch import Scratch
from tierce.lab.bench.entries import make_entries
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.histories import bytes_per_entry
from tierce.lab.bench.log import store
from tierce.lab.bench.machine import DurableWrite, Machine, describe_machine, measure_durable_write
from tierce.scope.sources import Sealed
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.migrate import migrate

ORIGIN: Final = "tierce.bench/journal"
ROLE: Final = "tierce_worker"
PROOFS: Final = 2_000
SAMPLE: Final = 16
BATCHES_A_COMMIT: Final = 50
TURNS: Final = 3
"""Proofs and readings are taken so often, and medians given: a machine differs from one minute to the next."""


class JournalReport(msgspec.Struct, frozen=True):
    """The figures; speeds in entries a second."""

    entries: int
    checkpoints: int
    entries_per_s: float
    """Sequenced, each step with a durable checkpoint and durable tiles."""
    verify_entries_per_s: float
    """Verified whole, every batch signature included, by one process a processor."""
    verify_sampled_entries_per_s: float
    """The same, with the signature of one batch in sixteen."""
    proof_ms_p50: float
    proof_ms_p99: float
    bare_entries_per_s: float
    """Selected and hashed, by one reader that does nothing else."""
    ratio_sequence_to_bare: float
    ratio_verify_to_bare: float
    bytes_per_entry: float
    """Of one full segment of a year's entries, rows and batches: nothing is gained by sealing the few above."""
    tile_bytes_per_entry: float
    machine: Machine
    durable_write: DurableWrite


def measure_journal(entries: int, work: Path, seed: int, say: Callable[[str], None]) -> JournalReport:
    """Measure a journal of so many entries; everything made for it is taken away.

    Raises:
        BenchError: the journal that was measured does not verify.
    """
    machine = describe_machine()
    with Scratch("journal.", work) as home:
        home.path.chmod(0o755)
        (home.path / "cluster").mkdir()
        cluster = Cluster(home.path / "cluster", {**DURABLE, "shared_buffers": "256MB", "max_wal_size": "4GB"})
        try:
            cluster.start()
            database = cluster.database("bench")
            migrate(database)
            return _measure(database, home.path, entries, seed, machine, say)
        finally:
            cluster.discard()


def _measure(
    database: Database, home: Path, entries: int, seed: int, machine: Machine, say: Callable[[str], None]
) -> JournalReport:
    durable = measure_durable_write(home)
    numbers = _fill(database, entries, seed)
    with closing(database.connect(SUPERUSER, autocommit=True)) as admin:
        store.settle(admin)
    say(f"{len(numbers):,} entries written, in batches of {APPEND_ENTRIES_MAX}")
    bare = _bare(database)
    say(f"bare: {bare:,.0f} entries/s selected and hashed")
    key, log = Ed25519PrivateKey.generate(), LogFolder(home / "log")
    with closing(database.connect(ROLE)) as connection:
        sequencer = Sequencer(connection, ORIGIN, key, log)
        began, steps = time.perf_counter(), 0
        while sequencer.step():
            steps += 1
        sequenced = len(numbers) / (time.perf_counter() - began)
    say(f"sequenced: {sequenced:,.0f} entries/s under {steps} checkpoints")
    chosen, line = random.Random(seed).choices(numbers, k=PROOFS), verifier_key(ORIGIN, key.public_key())
    proofs, readings = [], []
    for _turn in range(TURNS):
        proofs.append(_proofs(database, log, chosen))
        readings.append([_verify(database, log, line, len(numbers), machine.cores, one) for one in (1, SAMPLE)])
    half, most = median(map(median, proofs)), median(quantiles(one, n=100)[98] for one in proofs)
    say(f"proofs: {half:.2f} ms, p99 {most:.2f} ms")
    whole, sampled = map(median, zip(*readings, strict=True))
    say(f"verified: {whole:,.0f} entries/s, {sampled:,.0f} with one signature in {SAMPLE}")
    tiles = sum(file.stat().st_size for file in log.path.rglob("*") if file.is_file())
    sealed = bytes_per_entry(Sealed(home / "year", make_entries(home / "year", ENTRIES_MAX, seed=seed)))
    say(f"sealed: {sealed} bytes an entry in one segment of {ENTRIES_MAX:,}")
    return JournalReport(
        entries=len(numbers),
        checkpoints=steps,
        entries_per_s=round(sequenced),
        verify_entries_per_s=round(whole),
        verify_sampled_entries_per_s=round(sampled),
        proof_ms_p50=round(half, 3),
        proof_ms_p99=round(most, 3),
        bare_entries_per_s=round(bare),
        ratio_sequence_to_bare=round(sequenced / bare, 2),
        ratio_verify_to_bare=round(whole / bare, 2),
        bytes_per_entry=sealed,
        tile_bytes_per_entry=round(tiles / len(numbers), 2),
        machine=machine,
        durable_write=durable,
    )


def _fill(database: Database, entries: int, seed: int) -> list[EntrySeq]:
    """Write signed batches, some of them to a commit."""
    chance, numbers = random.Random(seed), []
    with closing(database.connect(ROLE)) as connection:
        appender = Appender.enrol(connection, "worker", Ed25519PrivateKey.generate())
        for batch in range(entries // APPEND_ENTRIES_MAX):
            numbers += appender.write(
                connection,
                [
                    Entry(
                        kind=EntryKind.PROOF,
                        time_us=1_700_000_000_000_000 + batch * 1_000 + place,
                        professional=chance.randrange(1, 1 << 40),
                        person=PersonId(chance.randrange(1, 1 << 40)),
                    )
                    for place in range(APPEND_ENTRIES_MAX)
                ],
            )
            if batch % BATCHES_A_COMMIT == BATCHES_A_COMMIT - 1:
                connection.commit()
        connection.commit()
    return numbers


def _bare(database: Database) -> float:
    with closing(database.connect(SUPERUSER)) as connection:
        began, count = time.perf_counter(), 0
        for body in store.bodies(connection):
            sha256(b"\x00" + body).digest()
            count += 1
        return count / (time.perf_counter() - began)


def _proofs(database: Database, log: LogFolder, chosen: list[EntrySeq]) -> list[float]:
    times = []
    with closing(database.connect("tierce_office", autocommit=True)) as connection:
        for seq in chosen:
            began = time.perf_counter()
            prove(connection, log, seq).to_json()
            times.append((time.perf_counter() - began) * 1e3)
    return times


def _verify(database: Database, log: LogFolder, line: str, entries: int, processes: int, sample: int) -> float:
    began = time.perf_counter()
    report = verify(Journal(database.dsn("tierce_office"), log.path), line, sample=sample, processes=processes)
    took = time.perf_counter() - began
    if not report.intact or report.leaves != entries:
        msg = f"the journal measured does not verify: {report.findings[:1]}"
        raise BenchError(msg)
    return entries / took
