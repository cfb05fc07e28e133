"""What an operator sees while a file is taken in."""

from io import StringIO

import pytest
from rich.console import Console

from tierce.feeds.bar import ProgressBar
from tierce.registry.progress.model import Phase, Progress


def screen() -> Console:
    return Console(file=StringIO(), force_terminal=True, width=80, color_system=None)


def shown(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_words_and_the_share_that_is_done(phase: Phase) -> None:
    console = screen()
    with ProgressBar(console, "99100001.csv") as bar:
        bar.follow(
            Progress(1, bytes(32), 40_000_000, 1, whole=False, phase=phase, lines_done=10_000_000, rate=98_765)
        )
    text = shown(console)
    assert text.startswith("99100001.csv\n")
    assert " / " in text.split("98 765/s")[1], "in both languages"
    assert "25%" in text
    assert "10 000 000/40 000 000 · 98 765/s" in text
    assert "…" not in text, "eighty columns hold the largest file there can be"


def test_where_it_goes_on_after_a_stop_is_said_once() -> None:
    console = screen()
    standing = Progress(1, bytes(32), 20_000, 1, whole=False, lines_done=5_000, resumed=1)
    with ProgressBar(console, "f.csv") as bar:
        bar.follow(standing)
        bar.follow(standing)
    assert shown(console).count("reprise à la ligne 5002 / resuming at line 5002") == 1
    assert "/s" not in shown(console).split("5 000/20 000")[1][:6], "no speed before one is known"


def test_of_a_folder_the_place_of_the_file_is_shown() -> None:
    console = screen()
    with ProgressBar(console, "99100001.csv … 99100084.csv") as bar:
        for place in ("12/84", "13/84"):
            bar.turn_to(place)
            bar.follow(
                Progress(1, bytes(32), 3_000_000, 0, whole=False, lines_done=1_000_000, rate=26_500, resumed=1)
            )
    text = shown(console)
    for place in ("12/84", "13/84"):
        assert f"{place} lecture / reading" in text
        assert text.count(f"{place} reprise à la ligne 1000002 / resuming at line 1000002") == 1
    assert "…" not in text.split("\n", 1)[1]


def test_while_a_file_is_read_for_its_digest_the_bar_moves_and_then_tells_of_lines() -> None:
    lines = Progress(1, bytes(32), 40_000_000, 0, whole=False, lines_done=20_000_000)
    for then, share, words in ((None, "25%", "12/84 empreinte / digest"), (lines, "50%", "12/84 lecture / reading")):
        console = screen()
        with ProgressBar(console, "99100001.csv … 99100084.csv") as bar:
            bar.turn_to("12/84")
            bar.measure(1_500_000_000, 6_000_000_000)
            if then is not None:
                bar.follow(then)
        text = shown(console)
        assert share in text
        assert words in text
        assert ("1 500/6 000 Mo / MB" in text) == (then is None)
        assert "…" not in text.split("\n", 1)[1]


def test_an_empty_file_and_one_without_noted_progress() -> None:
    console = screen()
    with ProgressBar(console, "f.csv") as bar:
        bar.follow(Progress(1, bytes(32), 0, 0, whole=True))
        bar.count(1_234_567)
    assert "1 234 567 lignes / lines" in shown(console)
