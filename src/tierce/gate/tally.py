"""What the gate counts of itself, added up over the workers of one service. Nothing here names anybody."""

from collections.abc import Sequence
from pathlib import Path

from tierce.kernel.counts import Counts
from tierce.policy.acts import Outcome

_SECONDS = ("open", "decide", "close")
_BATCHES, _RETRIES, _WAITING = 3, 4, 5
_OUTCOMES = 64
"""Where the counts of outcomes begin: one place for each number an outcome may have, 0 to 255."""
_PLACES = _OUTCOMES + 256


class Tally:
    """The counts of one process, and their sum over the workers beside it."""

    def __init__(self, folder: Path | None = None) -> None:
        """Count in `folder`, which the workers of one service share; alone when there is none."""
        self._counts = Counts(_PLACES, ".tally", folder)
        self._own = self._counts.own

    def add_batch(self, outcomes: Sequence[Outcome], seconds: tuple[float, float, float]) -> None:
        """Count one batch: what came of its asks, and the time spent opening, deciding and closing it."""
        own = self._own
        for place, spent in enumerate(seconds):
            own[place] += spent
        own[_BATCHES] += 1
        for outcome in outcomes:
            own[_OUTCOMES + outcome] += 1

    def add_retry(self) -> None:
        """Count a batch that the database undid and that is tried again."""
        self._own[_RETRIES] += 1

    def set_waiting(self, count: int) -> None:
        """Say how many asks wait in this process."""
        self._own[_WAITING] = count

    def total(self) -> "Total":
        """Add up the workers' counts; those that still run alone are counted as waiting."""
        rows, running = [], 0
        for runs, row in self._counts.rows():
            running += runs
            if not runs:
                row[_WAITING] = 0
            rows.append(row)
        return Total(rows, running)


class Total:
    """The counts of all workers since the service started."""

    def __init__(self, rows: Sequence[Sequence[float]], workers: int) -> None:
        """Add up `rows`, one a worker."""
        sums = [sum(column) for column in zip(*rows, strict=True)]
        self.workers = workers
        self.seconds = dict(zip(_SECONDS, sums, strict=False))
        self.batches, self.retries, self.waiting = (int(sums[n]) for n in (_BATCHES, _RETRIES, _WAITING))
        self.outcomes = {outcome: int(sums[_OUTCOMES + outcome]) for outcome in Outcome}
