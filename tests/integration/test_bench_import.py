"""`tierce bench import` on a small file: its figures are there; what they are is for a quiet machine to say."""

from pathlib import Path

import pytest

from tierce.lab.bench.imports import measure_import
from tierce.lab.bench.machine import describe_machine

pytestmark = pytest.mark.integration


def test_an_import_is_measured_beside_its_copy(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents):
        if parent.owner() == Path("/proc/self").owner():
            parent.chmod(parent.stat().st_mode | 0o011)
    said: list[str] = []
    report = measure_import(2_000, 1, tmp_path / "bench", said.append)
    assert (report.lines, report.turns, len(said)) == (2_000, 1, 3)
    assert report.rows_per_s > 0
    assert report.copy_rows_per_s > 0
    assert report.ratio_to_copy == pytest.approx(report.import_s / report.copy_s, rel=0.02)
    assert 20 < report.peak_mib < 2_000
    assert report.copied_bytes > 2_000 * 700
    assert report.machine.cores == describe_machine().cores
    assert list((tmp_path / "bench").iterdir()) == []
