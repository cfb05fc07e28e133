"""The sequencer beside the gate: a step a second, as the worker takes them, and nothing else of the worker.

The worker also watches, and may hold whoever asks; that would change what is measured.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN
from tierce.journal.tiles.folder import LogFolder
from tierce.lab.bench.service import Stage
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

_READY_SECONDS_MAX = 60.0
_EVERY_SECONDS = 1.0


@contextmanager
def sequencing(stage: Stage) -> Iterator[None]:
    """Sequence what the stage's gate writes, in a process of its own, while the context lasts."""
    context = get_context("spawn")
    ready, stopping = context.Event(), context.Event()
    process = context.Process(target=_run, args=(stage.database, stage.home, ready, stopping))
    process.start()
    try:
        ready.wait(_READY_SECONDS_MAX)
        yield
    finally:
        stopping.set()
        process.join(_READY_SECONDS_MAX)
        process.kill()


def _run(database: Database, home: Path, ready: Event, stopping: Event) -> None:
    key = Keyring(home / "keys", ()).instance(LOG_KEY_NAME)
    with closing(database.connect("tierce_worker")) as connection:
        sequencer = Sequencer(connection, LOG_ORIGIN, key, LogFolder(home / "log"))
        while sequencer.step():
            pass  # what was written before: the loss is that of keeping up, not of catching up
        ready.set()
        while not stopping.wait(_EVERY_SECONDS):
            sequencer.step()
