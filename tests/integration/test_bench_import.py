"""`tierce bench import` on a small file: its figures are there; what they are is for a quiet machine to say."""

import tempfile
from pathlib import Path

import pytest

from tierce.lab.bench.imports import measure_import
from tierce.lab.bench.machine import describe_machine

pytestmark = pytest.mark.integration


def test_an_import_is_measured_beside_its_copy() -> None:
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tierce-tests-") as name:
        home = Path(name)
        home.chmod(0o711)
        report = measure_import(2_000, 1, home / "bench", said.append)
        assert list((home / "bench").iterdir()) == []
    assert (report.lines, report.turns, len(said)) == (2_000, 1, 5)
    assert report.rows_per_s > 0
    assert report.copy_rows_per_s > 0
    assert report.ratio_to_copy == pytest.approx(report.import_s / report.copy_s, rel=0.02)
    assert report.second_rows_per_s > 0
    assert report.again_rows_per_s > 0
    assert 20 < report.peak_mib < 2_000
    assert report.copied_bytes > 2_000 * 700
    assert report.machine.cores == describe_machine().cores
