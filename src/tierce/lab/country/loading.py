"""Loads a synthetic country through the same imports as an operator's files."""

from collections.abc import Callable
from pathlib import Path

from tierce.feeds.intake import Intake
from tierce.kernel.feed import Rejection
from tierce.registry.service import Listener


def load_country(intake: Intake, country: Path, on_lines: Callable[[int], None]) -> int:
    """Import insurers, directory and every rights feed of a country's folder; returns the rights lines taken.

    `on_lines` hears how many rights lines were read so far. A country has no line to refuse, so one that is
    refused stops the load.

    Raises:
        ValueError: a line was refused; the message names line, field and remedy.
    """
    done = 0

    def refuse(rejection: Rejection) -> None:
        msg = f"line {rejection.line}, {rejection.field}: {rejection.reason.en} {rejection.remedy.en}"
        raise ValueError(msg)

    listener = Listener(refuse, lambda lines: on_lines(done + lines))
    silent = Listener(refuse, lambda _lines: None)
    intake.insurers(country / "insurers.csv", silent)
    intake.directory(country / "directory.csv", silent)
    taken = 0
    for path in sorted((country / "rights").glob("*.csv")):
        counts = intake.rights(path, path.stem, listener).counts
        done += counts.read
        taken += counts.taken
    return taken
