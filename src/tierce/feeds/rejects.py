"""The file that explains each refused line: where, which field, why, what to do; never what the line said."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tierce.kernel.feed import Rejection
from tierce.registry.errors import FeedHeldError
from tierce.registry.runs.rules import COLUMNS

REJECTS_SUFFIX = ".rejects.csv"


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
            csv.writer(self._file).writerow(COLUMNS)
        csv.writer(self._file).writerow(
            [
                *(rejection.line, rejection.field),
                *(rejection.reason.fr, rejection.remedy.fr),
                *(rejection.reason.en, rejection.remedy.en),
            ]
        )

    def close(self, *, was_read: bool) -> None:
        """Close the file; when all was read and nothing refused, take away what an earlier import left.

        An import that is refused before its first line may be a second one beside the first, whose list this is.
        """
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                error.filename = str(self.path)  # a flush that fails names nothing
                raise
        elif was_read:
            self.path.unlink(missing_ok=True)


@contextmanager
def rejects_beside(path: Path) -> Iterator[RejectsFile]:
    """Open `<file>.rejects.csv` beside an imported file."""
    rejects = RejectsFile(path.with_name(path.name + REJECTS_SUFFIX))
    was_read = False
    try:
        yield rejects
        was_read = True
    except FeedHeldError:
        was_read = True
        raise
    finally:
        rejects.close(was_read=was_read)
