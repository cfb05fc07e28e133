"""The progress of an import in the terminal: how far in the file, how fast, how long it will still take.

All of it fits in eighty columns: the file is named once, above, and what gives way on a narrower one is the phase.
"""

from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tierce.registry.progress.model import Phase
from tierce.registry.progress.model import Progress as Standing

_SAID: Final = {
    Phase.READING: "lecture / reading",
    Phase.LOADING: "chargement / loading",
    Phase.INDEXING: "index / indexing",
    Phase.PUTTING_OFF: "pesée / weighing",
    Phase.ENDING: "fins de droits / endings",
    Phase.DONE: "terminé / done",
}

_OPENING: Final = "ouverture / opening"
_MEASURING: Final = "empreinte / digest"
"""Each file is read whole for it before its first line is taken."""
_MB: Final = 1_000_000


class ProgressBar:
    """Shows where an import stands; what it shows is committed already."""

    def __init__(self, console: Console, name: str) -> None:
        """Show on `console`, which is standard error."""
        self._console = console
        self._bar = Progress(
            TaskProgressColumn(), BarColumn(bar_width=8), TextColumn("{task.fields[lines]}"), TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
        )  # fmt: skip
        self._name = name
        self._place = ""
        self._task = self._bar.add_task(_OPENING, total=None, lines="")
        self._resumed = False

    def __enter__(self) -> "ProgressBar":
        self._console.print(self._name, markup=False, highlight=False)
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def turn_to(self, place: str) -> None:
        """Show another file of a folder from now on, by its place: « 12/84 »."""
        if place != self._place:
            self._place, self._resumed = place, False
            self._bar.reset(self._task, total=None, lines="")

    def measure(self, read: int, total: int) -> None:
        """Show how much of a file was read for its digest."""
        self._bar.update(
            self._task,
            description=f"{self._place} {_MEASURING}".lstrip(),
            total=max(total, 1),
            completed=read,
            lines=f"{read // _MB:,}/{total // _MB:,} Mo / MB".replace(",", " "),
        )

    def count(self, lines: int) -> None:
        """Show how many lines were read, for files whose progress is not noted."""
        self._bar.update(self._task, lines=f"{lines:,} lignes / lines".replace(",", " "))

    def follow(self, standing: Standing) -> None:
        """Show where an import of rights stands."""
        if standing.resumed and not self._resumed:
            self._resumed = True
            line = standing.lines_done + 2
            said = f"{self._place} reprise à la ligne {line} / resuming at line {line}".lstrip()
            self._console.print(said, markup=False, highlight=False)
        rate = f"{standing.rate:,.0f}/s".replace(",", " ")
        done = f"{standing.lines_done:,}/{standing.lines_total:,}".replace(",", " ")
        self._bar.update(
            self._task,
            description=f"{self._place} {_SAID[standing.phase]}".lstrip(),
            total=max(standing.lines_total, 1),
            completed=standing.lines_done,
            lines=f"{done} · {rate}" if standing.rate else done,
        )
