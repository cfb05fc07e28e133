"""The page that teaches how to write an attacker: its example is run as it stands."""

import re
from pathlib import Path

from tierce.lab.attackers.protocol import ATTACKERS
from tierce.lab.attackers.scenario import load_attackers, load_scenario
from tierce.lab.runs.figures import figures_of
from tierce.lab.runs.runner import Options, play

PAGE = Path(__file__).parents[2] / "docs" / "lab-attackers.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_of_the_page_plays_and_stays_under_its_bound(tmp_path: Path) -> None:
    code, scenario = tmp_path / "mine.py", tmp_path / "mine.toml"
    code.write_text(block("python"))
    scenario.write_text(block("toml"))
    load_attackers(code)
    options = Options(seeds=2, attackers=code, processes=2, control=False)
    run = play(load_scenario(str(scenario)), options, lambda _done, _total: None)
    figures = figures_of(run)
    assert len(run.every) == 6
    assert 0 < figures.people_learned_total <= figures.bound_total
    assert all(loot.by_day[6] == loot.by_day[0] for loot in run.every)


def test_an_attacker_of_the_page_takes_ten_lines() -> None:
    lines = [
        line for line in block("python").splitlines() if line.strip() and not line.startswith(("from", "import"))
    ]
    assert len(lines) <= 10


def test_every_source_of_targets_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    for name in ("guess", "listed", "of_the_file", "present", "view", "REST"):
        assert name in text
    assert "adversary" in ATTACKERS
