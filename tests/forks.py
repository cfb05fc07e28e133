"""Processes of ours that start at once: each is the fork of one that has imported what they are made of.

What runs is the command itself, in a process of its own with its own output and exit code; only the seconds that
an interpreter takes to read our modules are spent once.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context, set_start_method
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from tierce.cli import app

FORKS: Final = get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "tests.integration.killed_import",
        "tests.integration.test_journal_kill",
        "tests.integration.test_lines_hammer",
        "tierce.lab.bench.commands",
        "tierce.lab.commands",
        "tierce.upkeep.clients",
        "tierce.web.commands",
        "tierce.web.wiring.api",
        "tierce.web.wiring.insurers",
        "tierce.web.wiring.office",
        "tierce.web.wiring.persons",
        "tierce.web.wiring.portal",
        "tierce.web.worker",
        "tests.shared_by_forks",
    ]
)
SECONDS_MAX: Final = 120
STOP_SECONDS_MAX: Final = 30
NOWHERE: Final = Path(os.devnull)


def fork(target: Callable[..., None], *arguments: object, **named: object) -> ForkServerProcess:
    """Start `target` in a process of its own."""
    process = FORKS.Process(target=target, args=arguments, kwargs=named)
    process.start()
    return process


def start_tierce(
    *arguments: str | Path, out: Path, err: Path | None = None, environment: Mapping[str, str] | None = None
) -> ForkServerProcess:
    """Start a `tierce` command that writes to files; both outputs to `out` when `err` is left out."""
    return fork(_command, [str(one) for one in arguments], out, err or out, dict(environment or {}))


@contextmanager
def running(*arguments: str | Path, out: Path = NOWHERE) -> Iterator[ForkServerProcess]:
    """Run a `tierce` command until the block ends, which stops it as a service manager does."""
    process = start_tierce(*arguments, out=out)
    try:
        yield process
    finally:
        process.terminate()
        process.join(STOP_SECONDS_MAX)
        assert process.exitcode is not None, f"tierce {arguments[0]} does not stop"


@contextmanager
def killed(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Iterator[ForkServerProcess]:
    """Run a `tierce` command until the block ends, which kills it."""
    process = start_tierce(*arguments, out=NOWHERE, environment=environment)
    try:
        yield process
    finally:
        process.kill()
        process.join()


def tierce(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a `tierce` command to its end."""
    with tempfile.TemporaryDirectory(prefix="tierce-tests-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = start_tierce(*arguments, out=out, err=err)
        process.join(SECONDS_MAX)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([*map(str, arguments)], SECONDS_MAX)
        said = out.read_text("utf-8"), err.read_text("utf-8")
        return subprocess.CompletedProcess([*map(str, arguments)], process.exitcode, *said)


def _command(arguments: list[str], out: Path, err: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    tempfile.tempdir = None  # where brief files go was asked once by the process that this one is a fork of
    # What it starts in its turn, it starts as in an interpreter of its own: the HTTP server forks its workers.
    set_start_method(None, force=True)
    for file, stream in ((out, sys.stdout), (err, sys.stderr)):
        with file.open("ab") as opened:
            os.dup2(opened.fileno(), stream.fileno())
    app(arguments, prog_name="tierce")
