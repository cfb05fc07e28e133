"""A small drill on a whole installation: everything read is found, nothing else, and each adult is told once."""

import json
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from tierce.kernel.language import Language
from tierce.lab.demo.steps import Steps
from tierce.lab.drill.commands import play

pytestmark = pytest.mark.integration

PEOPLE = 40


def test_i2_i4_s1_a_theft_is_found_whole_and_each_adult_is_told_once(tmp_path: Path) -> None:
    """Also N4 (each insurer opens its own list alone) and the pack, checked by the script that it carries."""
    folder = tmp_path / "kept"
    report = play(tmp_path / "home", folder, PEOPLE, 1, Steps(Console(stderr=True), Language.EN))
    assert report.exposed_true >= PEOPLE
    assert (report.recall, report.false_confirmed, report.insurer_sum_error) == (1.0, 0, 0)
    assert report.over_http > 0, "some were read through the live gate"
    assert report.insurers_told == report.insurers_acknowledged > 1
    assert report.records_handed_over == report.records_matched == report.listed == report.exposed_true
    assert report.adults == report.adults_told_once == report.emails + report.letters
    assert report.unexplained == 0
    assert report.good
    assert report.other_operator == "touched (7)"
    with zipfile.ZipFile(next((folder / "letters").glob("*.zip"))) as letters:
        assert sum(name.endswith(".pdf") for name in letters.namelist()) == report.letters
    assert json.loads((folder / "cnil" / "notification.json").read_text())["controller"] == 0
    assert (folder / "cnil" / "notification.pdf").read_bytes().startswith(b"%PDF")
