"""The first load of a register by many files at once: all are loaded, the indexes are built once, then each is ended.

Each stays an import of its own, with its row, its journal lines and its refusals. A line about somebody whom another
file named too waits until the indexes are there, as does one that its own file repeats (`registry/first_load.py`).
Then file after file is ended in the same order, so that the register is as if they had come one after another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tierce.feeds.rights import RightsRun
from tierce.kernel.errors import TierceError
from tierce.registry.first_load import Seen
from tierce.registry.progress.model import Progress
from tierce.registry.store import RegistryStore


@dataclass(frozen=True, slots=True)
class Ended:
    """One file of many, ended: how, or by which error; neither where it was the insurer's last already."""

    path: Path
    progress: Progress | None = None
    error: TierceError | None = None


def take_together(registry: RegistryStore, runs: Sequence[tuple[Path, RightsRun]]) -> Iterator[Ended]:
    """Take the files in; one that is refused or held leaves the others alone.

    Into a register that holds people, they are taken one after another. Interrupted, the same files go on where each
    stood; those that were ended are left. Each is read whole for its digest when its turn comes, and not before.
    """
    book = registry.book()
    # An interrupted first load left them aside: it goes on. Only an empty register sets them aside.
    aside = book.waits_for_indexes() or book.set_indexes_aside()
    registry.commit()
    failed: dict[Path, TierceError] = {}
    if aside:
        seen = Seen(sum(run.lines_about() for _path, run in runs))
        book.remember_loaded(seen)
        for path, run in runs:
            try:
                if not run.was_last():
                    run.load(seen)
            except TierceError as error:
                failed[path] = error
        book.build_indexes()
    for path, run in runs:
        if path in failed:
            yield Ended(path, error=failed[path])
        elif run.was_last():
            yield Ended(path)
        else:
            yield _ended(path, run)


def _ended(path: Path, run: RightsRun) -> Ended:
    try:
        return Ended(path, run.run())
    except TierceError as error:
        return Ended(path, error=error)
