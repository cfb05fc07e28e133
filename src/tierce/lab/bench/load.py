"""The load generator: `load.c`, compiled on first use, and its result.

Ours, because the proof in each request serves once and latency at a fixed rate must run from the scheduled
instant: common generators repeat one request, or leave out of the count what a stall delayed.
"""

import hashlib
import shutil
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tierce.lab.bench.errors import BenchError

SOURCE: Final = Path(__file__).with_name("load.c")
DRAIN_SECONDS: Final = 15.0
_RECORD: Final = struct.Struct("<4IdQ")


class Latency(msgspec.Struct, frozen=True):
    """Percentiles of the latency, in milliseconds."""

    p50: float
    p90: float
    p99: float
    p999: float
    max: float


class LoadResult(msgspec.Struct, frozen=True):
    """What the generator saw.

    `in_time` counts the answers that came before the end of the `seconds` asked for; `lost` the requests never
    answered; `never_sent` those that fell due while every connection was busy to the end; `shown` the answers
    that released coverage; `body_bytes` the least and greatest length of the bodies answered with status 200.
    """

    sent: int
    answered: int
    in_time: int
    lost: int
    never_sent: int
    connections_lost: int
    shown: int
    ran_out: bool
    seconds: float
    body_bytes: tuple[int, int]
    statuses: dict[str, int]
    latency_ms: Latency

    @property
    def per_second(self) -> float:
        """Answers a second within the time asked for."""
        return self.in_time / self.seconds

    @property
    def errors(self) -> dict[str, int]:
        """Statuses other than 200, and requests unanswered or unsent, by name; empty when all went well."""
        found = {status: count for status, count in self.statuses.items() if status != "200"}
        found |= {"unanswered": self.lost, "never_sent": self.never_sent}
        return {name: count for name, count in found.items() if count}


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Write prepared requests as the generator reads them."""
    with path.open("wb") as file:
        for request in requests:
            file.write(struct.pack("<I", len(request)))
            file.write(request)


def read_requests(path: Path) -> list[bytes]:
    """Read back what `write_requests` wrote."""
    written, place, requests = path.read_bytes(), 0, []
    while place < len(written):
        (length,) = struct.unpack_from("<I", written, place)
        requests.append(written[place + 4 : place + 4 + length])
        place += 4 + length
    return requests


@dataclass(frozen=True, slots=True)
class Record:
    """One answer: the place of its request in the file, what came, and the seconds it took."""

    index: int
    status: int
    seconds: float
    head: bytes
    body_bytes: int
    body_hash: int


def read_records(path: Path) -> list[Record]:
    """Read the generator's records, in the order of the answers."""
    written, place, found = path.read_bytes(), 0, []
    while place < len(written):
        index, status, head_bytes, body_bytes, seconds, body_hash = _RECORD.unpack_from(written, place)
        place += _RECORD.size
        head = written[place : place + head_bytes]
        place += head_bytes
        found.append(Record(index, status, seconds, head, body_bytes, body_hash))
    return found


def build_generator(directory: Path) -> Path:
    """Compile the generator into `directory`, once for each content of the source; returns the program."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        msg = (
            "aucun compilateur C pour le générateur de charge : installez les paquets Debian `gcc` et `libc6-dev` / "
            "no C compiler was found for the load generator; install Debian's packages `gcc` and `libc6-dev`"
        )
        raise BenchError(msg)
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    program = directory / f"load-{digest}"
    if program.exists():
        return program
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(".new")
    done = subprocess.run(
        [compiler, "-O2", "-Wall", "-o", unfinished, SOURCE, "-lm"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        msg = f"the load generator does not compile; is Debian's package `libc6-dev` there?\n{done.stderr[-600:]}"
        raise BenchError(msg)
    return unfinished.rename(program)


def run_load(
    program: Path,
    *,
    port: int,
    requests: Path,
    connections: int,
    seconds: float,
    rate: float = 0,
    seed: int = 1,
    records: Path | None = None,
) -> LoadResult:
    """Send the prepared requests to 127.0.0.1:`port`.

    Args:
        program: what `build_generator` returned.
        port: where the service listens.
        requests: the file that `write_requests` wrote.
        connections: keep-alive connections, opened before the time starts.
        seconds: how long requests are sent.
        rate: requests a second, as a Poisson process; 0 for a closed loop.
        seed: of the Poisson process.
        records: where to keep what `read_records` reads, if anywhere.
    """
    arguments = [str(port), str(requests), str(connections), str(seconds), str(rate), str(seed)]
    if records is not None:
        arguments.append(str(records))
    try:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True, check=False, timeout=seconds + DRAIN_SECONDS, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        msg = (
            f"le générateur de charge n’a pas fini {DRAIN_SECONDS:.0f} s après son heure : machine surchargée ? / "
            f"the load generator did not end {DRAIN_SECONDS:.0f} s after its time; is the machine overloaded?"
        )
        raise BenchError(msg) from None
    if done.returncode:
        msg = f"the load generator failed: {done.stderr.decode(errors='replace').strip()}"
        raise BenchError(msg)
    return msgspec.json.decode(done.stdout, type=LoadResult)
