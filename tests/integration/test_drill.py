"""A small drill on a whole installation: everything read is found, nothing else, and each adult is told once."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from tierce.kernel.language import Language
from tierce.lab.demo.steps import Steps
from tierce.lab.drill import kept
from tierce.lab.drill.matching import opened
from tierce.lab.drill.operators import PROCESSES
from tierce.lab.drill.play import play

pytestmark = pytest.mark.integration

PEOPLE, LIVE = 40, 30


def test_i2_i4_s1_a_theft_is_found_whole_and_each_adult_is_told_once(server_path: Path) -> None:
    """Also N4 (each insurer opens its own list alone) and the pack, checked by the script that it carries."""
    folder = server_path / "kept"
    kept.prepare(folder)
    steps = Steps(Console(stderr=True), Language.EN)
    report, _words = play(server_path / "home", folder, PEOPLE, 1, steps, live=LIVE, only=PROCESSES)
    assert report.exposed_true >= PEOPLE
    assert (report.recall, report.false_confirmed, report.insurer_sum_error) == (1.0, 0, 0)
    assert report.over_http >= LIVE, "read through the live gate"
    assert report.in_bulk >= PEOPLE - LIVE
    assert report.honest > 1, "and people at work were answered meanwhile, who are on no list"
    assert report.insurers_told == report.insurers_acknowledged > 1
    assert report.records_handed_over == report.records_matched == report.listed == report.exposed_true
    assert report.adults == report.adults_told_once == report.emails + report.letters
    assert report.unexplained == 0
    assert report.good
    assert re.fullmatch(r"touched \([1-9]\d*\)", report.other_operator)
    with zipfile.ZipFile(next((folder / "letters").glob("*.zip"))) as letters:
        assert sum(name.endswith(".pdf") for name in letters.namelist()) == report.letters
    assert json.loads((folder / "cnil" / "notification.json").read_text())["controller"] == 0
    assert (folder / "cnil" / "notification.pdf").read_bytes().startswith(b"%PDF")
    (drafted,) = (folder / "cnil").glob("notification-*.json")
    _, records = opened(folder, drafted.stem.rpartition("-")[2])
    values = json.loads(drafted.read_text())["values"]
    assert values["aware"]["knowledge"] == "known", "from its notice on"
    people = values["people_count"]["content"]
    assert people[:2] == [len(records)] * 2, "an insurer's draft counts the people of its own list"
