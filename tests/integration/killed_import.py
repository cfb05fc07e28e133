"""An import in a process of its own, which kills itself after so many steps."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.forks import fork
from tests.integration.feeding import make_importer
from tierce.registry.progress.model import Progress
from tierce.storage.database import Database

MARK = "TIERCE_TEST_IMPORT"
"""An environment variable by which a test knows the processes of its own imports."""
CHUNK_LINES = 60
RUN_SECONDS_MAX = 120


def run_import(
    database: Database, keys: Path, path: Path, said: Path, steps: int, *, whole: bool, load_from: int
) -> tuple[int, list[str]]:
    """Import `path`, or all of a folder by a first load; `said` takes what is heard.

    Gives the exit code, negative for a signal, and the lines heard.
    """
    process = fork(_import, database, keys, path, said, steps=steps, whole=whole, load_from=load_from)
    process.join(RUN_SECONDS_MAX)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    assert code in {0, -signal.SIGKILL}, said.read_text("utf-8")
    return code, said.read_text("utf-8").split("\n")[:-1]


def _import(
    database: Database, keys: Path, path: Path, said: Path, *, steps: int, whole: bool, load_from: int
) -> None:
    os.environ[MARK] = str(keys)
    with said.open("w", encoding="utf-8") as out:
        os.dup2(out.fileno(), sys.stderr.fileno())
        with database.connect("tierce_feed") as connection:
            importer = make_importer(connection, keys, chunk_lines=CHUNK_LINES, load_from=load_from)
            importer.on_progress = _killer(steps, lambda line: print(line, file=out, flush=True))
            if path.is_dir():
                importer.first_load(sorted(path.iterdir()))
            else:
                importer.rights(path, whole=whole)
            print(len(importer.rejections), file=out, flush=True)


def _killer(steps: int, say: Callable[[str], None]) -> Callable[[Progress], None]:
    heard = 0

    def hear(progress: Progress) -> None:
        nonlocal heard
        heard += 1
        say(f"{progress.phase.value} {progress.lines_done} {progress.resumed}")
        if heard > steps:
            os.kill(os.getpid(), signal.SIGKILL)

    return hear
