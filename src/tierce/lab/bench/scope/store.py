"""The same question, asked of DuckDB as one bare statement."""

import time

import duckdb

from tierce.scope.engine.store import MEMORY_MIB
from tierce.scope.model import Criteria
from tierce.scope.sources import Sealed


def bare_scan(sealed: Sealed, clause: Criteria) -> tuple[int, float]:
    """The same question as one statement of the engine, on the files of the same segments."""
    around = sealed.around([clause])
    entries = [str(one.entries_path(sealed.folder)) for one in around]
    blocks = [str(one.blocks_path(sealed.folder)) for one in around]
    named = ", ".join(str(one) for one in sorted(clause.professionals))
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2,
        "memory_limit": f"{MEMORY_MIB}MiB",
        "autoinstall_known_extensions": False,
    }
    started = time.perf_counter()
    with duckdb.connect(config=config) as database:
        rows = database.execute(
            "select person, insurer, bit_or(categories), min(at_us + late_us), max(at_us + late_us), count(*)"  # noqa: S608 - numbers and paths of ours
            f" from read_parquet({entries}) join read_parquet({blocks}) using (block)"
            f" where professional in ({named}) and at_us + late_us >= {clause.from_us}"
            f" and at_us + late_us < {clause.until_us}"
            " and case when kind = 3 then categories <> 0 else kind in (1, 4) and outcome = 1 end and person <> 0"
            " group by person, insurer order by person, insurer"
        ).fetchall()
    return len(rows), time.perf_counter() - started
