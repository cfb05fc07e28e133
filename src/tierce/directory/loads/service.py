"""Taking in the directory of professionals."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tierce.directory.loads.errors import DirectoryShrinksError
from tierce.directory.loads.model import ActivityLine
from tierce.directory.loads.rules import read_activity
from tierce.directory.loads.store import DirectoryStore
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection

SHRINK_PERCENT_MAX: Final = 20
"""A file that would retire a larger share of the activities is taken for a truncated one."""
SHRINK_ACTIVITIES_MIN: Final = 50
"""Below so many retirements nothing is suspected."""


def take_directory(
    store: DirectoryStore, rows: Iterable[FeedRow | Rejection], on_rejection: Callable[[Rejection], None]
) -> FeedCounts:
    """Take in a whole directory in the caller's transaction; the caller commits.

    Activities that a whole file no longer names are set inactive, never deleted: past disclosures name them. A
    file with refused lines retires nobody, since a refused line may be the one that names them.

    Raises:
        DirectoryShrinksError: too many activities would disappear; the caller rolls back.
    """
    counts = FeedCounts()

    def lines() -> Iterator[ActivityLine]:
        for row in rows:
            try:
                if isinstance(row, FeedRow):
                    line = read_activity(row.cells)
                    counts.taken += 1
                    yield line
                    continue
                rejection = row
            except FieldError as error:
                rejection = Rejection.of(row.line, error)
            counts.reject(rejection)
            on_rejection(rejection)

    before = store.active_activities()
    store.stage(lines())
    changed = store.apply()
    if not counts.rejected:
        retired = store.retire_absent()
        if retired > SHRINK_ACTIVITIES_MIN and retired * 100 > before * SHRINK_PERCENT_MAX:
            msg = (
                f"{retired} of {before} activities would disappear (more than {SHRINK_PERCENT_MAX}%); "
                "nothing was written: check that the file is whole"
            )
            raise DirectoryShrinksError(msg)
        changed += retired
    if changed == 0:
        counts.unchanged, counts.taken = counts.taken, 0
    return counts
