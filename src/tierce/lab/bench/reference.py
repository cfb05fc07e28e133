"""The reference that every ratio is taken against: pgbench on the frozen files of `bench/`."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tierce.lab.bench.errors import BenchError

FOLDER: Final = Path(__file__).parents[4] / "bench"
REFERENCE: Final = "reference.sql"
STATEMENTS: Final = "reference_statements.sql"
CLIENTS: Final = 32
THREADS: Final = 2

_RATE: Final = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)
_FAILED: Final = re.compile(r"^number of failed transactions: ([0-9]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReferenceRun:
    """One run of pgbench: transactions a second, and how many failed."""

    per_second: float
    failed: int


def find_pgbench(binaries: Path) -> Path:
    """Return pgbench, beside the server's programs or in PATH or where Debian puts it."""
    candidates = [binaries / "pgbench"]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)
    on_path = shutil.which("pgbench")
    if on_path:
        candidates.append(Path(on_path))
    for program in candidates:
        if program.exists():
            return program
    msg = (
        "pgbench est introuvable : il vient avec le paquet Debian `postgresql-15` ou plus récent / pgbench was not "
        "found; it comes with Debian's package `postgresql-15` (or any later version)"
    )
    raise BenchError(msg)


def set_up_reference(connection: psycopg.Connection) -> None:
    """Create the reference's tables; the connection is a superuser's, with autocommit."""
    setup = FOLDER / "reference_setup.sql"
    if not setup.exists():
        msg = (
            f"{setup} manque : on mesure depuis une copie des sources, pas depuis une roue installée / "
            "it is missing: measurements run from a checkout of the source, not from an installed wheel"
        )
        raise BenchError(msg)
    connection.execute(setup.read_bytes())
    connection.execute("vacuum (analyze) bench.item, bench.account")


def run_reference(pgbench: Path, dsn: str, seconds: int, seed: int, script: str = REFERENCE) -> ReferenceRun:
    """Run pgbench for `seconds` with 32 clients on 2 threads and prepared statements."""
    place = conninfo_to_dict(dsn)
    environment = {
        **os.environ,
        "PGHOST": str(place["host"]),
        "PGPORT": str(place["port"]),
        "PGUSER": str(place["user"]),
        "PGPASSWORD": str(place["password"]),
        "PGDATABASE": str(place["dbname"]),
    }
    done = subprocess.run(
        [pgbench, "--no-vacuum", "-M", "prepared", "-c", str(CLIENTS), "-j", str(THREADS), "-T", str(seconds),
         "--random-seed", str(seed), "-f", FOLDER / script],
        capture_output=True, text=True, check=False, env=environment, timeout=seconds + 60, start_new_session=True,
    )  # fmt: skip
    rate, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
    if done.returncode or rate is None:
        msg = f"pgbench failed: {done.stderr.strip()[-600:]}"
        raise BenchError(msg)
    return ReferenceRun(float(rate.group(1)), int(failed.group(1)) if failed else 0)
