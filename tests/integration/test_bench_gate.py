"""The measurement of the gate runs whole, and says what it promises to say; no figure is judged."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forks import tierce
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.gate import SMALL, Plan
from tierce.lab.bench.reference import find_pgbench
from tierce.rights.rules import ANSWER_BYTES
from tierce.storage.cluster import find_binaries

COMMAND = [sys.executable, "-c", "from tierce.cli import app; app(prog_name='tierce')", "bench", "gate"]
KEYS = {
    "requests_per_s", "reference_per_s", "ratio_to_reference", "p50_ms_at_500", "p99_ms_at_500", "split", "errors",
    "outcomes", "machine", "durable_write", "others_cpu", "postgres", "workers",
}  # fmt: skip
PARTS = {"verify", "parse", "rules", "open", "decide", "close_reveal", "answer", "service_cpu", "database_cpu"}


@pytest.mark.slow
def test_the_small_measurement_prints_one_object_and_leaves_nothing_behind() -> None:
    try:
        find_pgbench(find_binaries())
    except BenchError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [*COMMAND, "--small", "--json", "-"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report.keys() >= KEYS
    assert report["split"].keys() == PARTS
    assert report["errors"] == 0, report["errors_by_kind"]
    assert report["requests_per_s"] > 0
    assert report["ratio_to_reference"] == pytest.approx(
        report["requests_per_s"] / report["reference_per_s"], abs=1e-3
    )
    assert report["outcomes"]["released"] > 0.5
    assert report["answer_bytes"] == [ANSWER_BYTES], "an answer's length tells something"
    assert report["at_500"]["answered"] == report["at_500"]["sent"]
    assert not list(Path("var/bench").glob("gate-*"))


@pytest.mark.parametrize(
    ("arguments", "named"), [(["--seconds", "16"], "--seconds"), (["--repeat", "0"], "--repeat")]
)
def test_a_measurement_that_makes_no_sense_is_refused(arguments: list[str], named: str) -> None:
    done = tierce("bench", "gate", *arguments, "--json", "-")
    assert done.returncode == 1
    assert done.stdout == ""
    assert named in done.stderr


def test_a_plan_holds_the_lifetime_of_a_proof() -> None:
    with pytest.raises(BenchError, match="raise --repeat"):
        Plan(seconds=60, repeat=1, persons=SMALL.persons, desks=SMALL.desks, seed=1)


def test_a_machine_without_pgbench_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if list(Path("/usr/lib/postgresql").glob("*/bin/pgbench")):
        assert shutil.which("pgbench") is None
        assert find_pgbench(tmp_path).parent.parent.parent == Path("/usr/lib/postgresql")
    else:
        with pytest.raises(BenchError, match="`postgresql-15`"):
            find_pgbench(tmp_path)


@pytest.mark.slow
def test_the_small_oracle_test_asks_what_it_means_to_and_sees_one_answer() -> None:
    """The figure itself is judged on a quiet machine at full size; here, that it was measured at all."""
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler for the load generator")
    done = subprocess.run(
        [*COMMAND, "--oracle", "--small", "--json", "-"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["heads"], report["bodies"]) == (1, 1)
    assert len(report["pairs"]) == 6
    assert all(judged["shape"] == 0.5 for judged in report["pairs"].values())
    assert report["oracle_auc"] == max(max(judged.values()) for judged in report["pairs"].values())
    assert report["outcomes"]["unknown"] == report["outcomes"]["out_of_seats"] == report["each"]
    assert not list(Path("var/bench").glob("gate-*"))
