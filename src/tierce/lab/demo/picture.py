"""A picture of the terminal after a demonstration, for the README; it loads nothing from elsewhere."""

import re
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme

_FONT_FACES: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONT: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
COLUMNS: Final = 104

PAPER: Final = TerminalTheme(
    (251, 250, 247),
    (20, 33, 61),
    [
        (20, 33, 61),
        (159, 18, 57),
        (11, 110, 79),
        (180, 83, 9),
        (29, 78, 137),
        (90, 60, 120),
        (11, 110, 79),
        (80, 80, 80),
    ],
)
"""Ink on paper, as on the sites."""


def recording_console() -> Console:
    """A console on standard error that remembers what it prints."""
    return Console(stderr=True, record=True, width=COLUMNS)


def save_picture(console: Console, file: Path) -> None:
    """Write what the console printed as an SVG; text stays text."""
    svg = console.export_svg(title="./dev demo --once", theme=PAPER)
    svg = _FONT_FACES.sub("", svg).replace("Fira Code, monospace", _FONT).replace("Fira Code", "ui-monospace")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(svg, encoding="utf-8")
