"""The file that explains each refused line: where, which field, why, what to do; never what the line said."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tierce.kernel.feed import Rejection

REJECT_COLUMNS = ("line", "field", "motif", "que_faire", "reason", "remedy")


class RejectsFile:
    """Writes refused lines to a CSV file, created with the first of them."""

    def __init__(self, path: Path) -> None:
        """Write to `path`, over what an earlier import left there."""
        self.path = path
        self._file: TextIO | None = None

    def add(self, rejection: Rejection) -> None:
        """Add one line."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(REJECT_COLUMNS)
        csv.writer(self._file).writerow(
            [
                *(rejection.line, rejection.field),
                *(rejection.reason.fr, rejection.remedy.fr),
                *(rejection.reason.en, rejection.remedy.en),
            ]
        )

    def close(self) -> None:
        """Close the file; when nothing was refused, take away what an earlier import left."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
        else:
            self._file.close()


@contextmanager
def rejects_beside(path: Path) -> Iterator[RejectsFile]:
    """Open `<file>.rejects.csv` beside an imported file."""
    rejects = RejectsFile(path.with_name(f"{path.name}.rejects.csv"))
    try:
        yield rejects
    finally:
        rejects.close()
