"""What `tierce feed first-load` shows and says of a folder of rights files, one an insurer."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from rich.console import Console

from tierce.feeds.bar import ProgressBar
from tierce.feeds.intake import Intake, Report
from tierce.feeds.rejects import REJECTS_SUFFIX, RejectsFile, rejects_beside
from tierce.kernel.errors import TierceError
from tierce.registry.errors import FeedHeldError, FeedRefusedError
from tierce.registry.progress.model import Progress
from tierce.registry.service import Listener

_READ: Final = {".csv", ".parquet"}
ALL_TAKEN, LINES_REFUSED, FILE_REFUSED, HELD = range(4)
"""Exit codes, of one file and of a folder: the worst of its files."""


def rights_files(folder: Path) -> list[Path]:
    """The rights files of a folder, by name; lists of refused lines are not among them.

    Raises:
        FeedRefusedError: it is no folder, holds none, or holds two for one insurer.
    """
    if not folder.is_dir():
        msg = f"{folder.name} : pas un dossier / not a folder"
        raise FeedRefusedError(msg)
    files = sorted(
        path for path in folder.iterdir() if path.suffix in _READ and not path.name.endswith(REJECTS_SUFFIX)
    )
    if not files:
        msg = (
            f"{folder.name} : aucun fichier de droits, nommez-les par numéro AMC, 99100001.csv / "
            "no rights file: name them by AMC number, 99100001.csv"
        )
        raise FeedRefusedError(msg)
    for one, next_one in pairwise(files):
        if one.stem == next_one.stem:
            msg = (
                f"{one.name}, {next_one.name} : un organisme, deux fichiers ; gardez-en un / "
                "two files of one insurer: keep one"
            )
            raise FeedRefusedError(msg)
    return files


@dataclass(slots=True)
class Folder:
    """What became of the files of a folder so far."""

    reports: list[Report] = field(default_factory=list)
    left: int = 0
    code: int = ALL_TAKEN
    began: float = field(default_factory=time.perf_counter)

    def take(self, intake: Intake, files: list[Path], console: Console) -> None:
        """Take the files in, and say what becomes of each as it ends."""
        with ExitStack() as stack:
            rejects = {path: stack.enter_context(rejects_beside(path)) for path in files}
            bar = stack.enter_context(ProgressBar(console, f"{files[0].name} … {files[-1].name}"))
            places = {path: f"{place}/{len(files)}" for place, path in enumerate(files, 1)}

            def listener_of(path: Path) -> Listener:
                def follow(progress: Progress) -> None:
                    bar.turn_to(places[path])
                    bar.follow(progress)

                def measure(read: int, total: int) -> None:
                    bar.turn_to(places[path])
                    bar.measure(read, total)

                return Listener(rejects[path].add, bar.count, follow, measure)

            for path, found in intake.first_load(files, listener_of):
                for line in self._ended(path, found, rejects[path]):
                    console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _ended(self, path: Path, found: Report | TierceError | None, rejects: RejectsFile) -> Iterator[str]:
        if found is None:
            self.left += 1
            yield f"{path.name} : déjà pris / taken before"
        elif isinstance(found, TierceError):
            self.code = max(self.code, HELD if isinstance(found, FeedHeldError) else FILE_REFUSED)
            said = str(found)
            yield f"✗ {said}" if said.startswith(path.name) else f"✗ {path.name} : {said}"
        else:
            self.reports.append(found)
            if found.counts.rejected:
                self.code = max(self.code, LINES_REFUSED)
                yield f"{path.name} : {found.counts.rejected} refusées / refused → {rejects.path}"

    def summary(self) -> dict[str, object]:
        """Return what was said as plain values, for machines."""
        return {
            "kind": "first-load",
            "files": [report.summary() for report in self.reports],
            "taken_before": self.left,
            "seconds": round(time.perf_counter() - self.began, 3),
        }

    def said(self) -> str:
        """What is said at the end."""
        taken = sum(report.counts.taken for report in self.reports)
        refused = sum(report.counts.rejected for report in self.reports)
        seconds = time.perf_counter() - self.began
        return (
            f"{len(self.reports)} fichiers pris / files taken : {taken} lignes prises / lines taken, "
            f"{refused} refusées / refused ; {seconds:.1f} s"
        )
