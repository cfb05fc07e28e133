"""The lab's mail server in a process of its own, for tests."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def mailbox(folder: Path, *arguments: str) -> Iterator[int]:
    """Run it on a free port of 127.0.0.1 until the block ends; gives the port."""
    command = [sys.executable, "-m", "tierce.lab.standins.mailbox", "--folder", str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait()
