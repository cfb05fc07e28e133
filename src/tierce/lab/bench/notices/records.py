"""Records of hand-overs: opened, written and encrypted to each insurer's key, as `notices.slices` does it.

The rows are what the database gives for a list: one (person, insurer) with her sealed cover. Each insurer has a pool
of covers that are really sealed, and its rows go round it, so that a country needs no disk; reading from PostgreSQL
is not in the figure (docs/reference/bench-notices.md).
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime

import pyrage

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.lab.bench.errors import BenchError
from tierce.notices.slices.model import Head, Member
from tierce.notices.slices.rules import RECORD_BYTES_MAX, References, head_text, records
from tierce.notices.slices.service import Pieces, Text, encrypt
from tierce.notices.slices.store import open_members
from tierce.registry.records import CoverageRecord, encode_record
from tierce.storage.keys import KEY_BYTES, Compartment, Sealer

INSURERS = 84
NATIONAL = 33_000_000
SMALL = 200_000
POOL = 4_096
"""Different covers of one insurer; its rows go round them."""
_LIST = bytes(range(32))
_SEEN = DataCategory.CIVIL_STATUS | DataCategory.BIRTH_DATE | DataCategory.INSURER | DataCategory.GUARANTEES
_CARE = _SEEN | DataCategory.REIMBURSEMENTS
_FIRST_S = 1_790_000_000


@dataclass(frozen=True, slots=True)
class RecordsReport:
    """What was prepared; `peak_mib` adds up every process, `bytes_per_record` is of the plain text."""

    notices: int
    insurers: int
    seconds: float
    cpu_seconds: float
    peak_mib: int
    bytes_per_record: float
    longest_record: int
    encrypted_mib: int
    processes: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One insurer's share of the country."""

    insurer: InsurerId
    persons: int
    check: bool


@dataclass(frozen=True, slots=True)
class _Made:
    persons: int
    plain: int
    longest: int
    encrypted: int
    peak_kib: int
    cpu: float


def measure_records(notices: int, processes: int, say: Callable[[str], None]) -> RecordsReport:
    """Prepare so many records for 84 insurers of unequal sizes.

    Raises:
        BenchError: the list that is read back is not what was written.
    """
    begun, made = time.perf_counter(), list[_Made]()
    with ProcessPoolExecutor(processes) as pool:
        waiting = [pool.submit(_prepare, part) for part in _shares(notices)]
        for done in as_completed(waiting):
            made.append(done.result())
            say(f"{sum(one.persons for one in made):,} / {notices:,}")
    seconds = time.perf_counter() - begun
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peaks = sorted((one.peak_kib for one in made), reverse=True)[:processes]
    return RecordsReport(
        notices=sum(one.persons for one in made),
        insurers=len(made),
        seconds=round(seconds, 2),
        cpu_seconds=round(sum(one.cpu for one in made), 1),
        peak_mib=(own + sum(peaks)) // 1024,
        bytes_per_record=round(sum(one.plain for one in made) / max(notices, 1), 1),
        longest_record=max(one.longest for one in made),
        encrypted_mib=sum(one.encrypted for one in made) >> 20,
        processes=processes,
    )


def _shares(notices: int) -> list[_Part]:
    """Cut a country among insurers, the largest first; the smallest list is read back whole."""
    weights = [1 / (rank + 4) for rank in range(INSURERS)]
    sizes = [int(notices * weight / sum(weights)) for weight in weights]
    sizes[0] += notices - sum(sizes)
    return [_Part(InsurerId(n + 1), size, check=n == INSURERS - 1) for n, size in enumerate(sizes)]


def _rows(insurer: InsurerId, sealer: Sealer, persons: int) -> Iterator[Member]:
    """What the database would give, in the order of persons."""
    pool = []
    for number in range(min(POOL, persons)):
        person = PersonId(int.from_bytes(os.urandom(7)) + number)
        member = f"A-{insurer:02}{number:07}"
        record = CoverageRecord(
            1, 1, "CONFORT", "C-0000131", member, member, 1, 0xFFF, 20_000, 20_900, 1, 1, False, None, 20_500, 1
        )
        sealed = sealer.seal(Compartment.COVERAGE, insurer, person, encode_record(record))
        pool.append((person, sealed))
    pool.sort()
    for number in range(persons):
        person, sealed = pool[number % len(pool)]
        first = _FIRST_S + number % 40_000
        yield Member(person, int(_CARE if number % 5_000 == 0 else _SEEN), first, first + number % 900, 1, sealed)


class _Lines:
    """Passes records on, and keeps how long they are."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.longest = self.total = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            size = len(line)
            self.total += size
            self.longest = max(self.longest, size)
            yield line


def _prepare(part: _Part) -> _Made:
    """Prepare one insurer's list; its pieces are dropped once they are digested and counted."""
    begun = time.process_time()
    sealer = Sealer({(Compartment.COVERAGE, part.insurer): {1: os.urandom(KEY_BYTES)}})
    identity = pyrage.x25519.Identity.generate()
    head = Head(
        incident="I-20261126-0000",
        number=IncidentId(1),
        revision=1,
        insurer=f"{99_100_000 + part.insurer}",
        list_digest=_LIST,
        notice_digest=_LIST,
        slice_digest=_LIST,
        records=part.persons,
        made_at=datetime.fromtimestamp(_FIRST_S, UTC),
    )
    rows = open_members(sealer, part.insurer, _rows(part.insurer, sealer, part.persons))
    lines = _Lines(records(References(_LIST, part.insurer), rows))
    kept: list[bytes] = []
    text = Text(head_text(head), iter(lines))
    pieces = Pieces(lambda _, sealed: kept.append(sealed) if part.check else None)
    encrypt(text, pieces, str(identity.to_public()))
    pieces.end()
    if lines.longest > RECORD_BYTES_MAX or text.records != part.persons:
        raise BenchError("une fiche est trop longue, ou il en manque une / a record is too long, or one is missing")
    if part.check:
        plain: bytes = pyrage.decrypt(b"".join(kept), [identity])
        if plain.count(b"\n") != part.persons + head_text(head).count("\n"):
            raise BenchError(
                "la liste relue n’est pas celle qui fut écrite / the list read back is not what was written"
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _Made(part.persons, lines.total, lines.longest, pieces.bytes, peak, time.process_time() - begun)
