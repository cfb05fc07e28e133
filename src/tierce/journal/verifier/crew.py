"""Verifies stretches beside each other: this process, and others that it starts and speaks with over pipes.

A process started afresh knows nothing of the program that calls, and needs a second to be ready: this one verifies
from the first moment, and the others join when they are.
"""

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import IO

from psycopg import Connection

from tierce.journal.verifier import store
from tierce.journal.verifier.stretch import Stretch, Task, verify_stretch

_AHEAD = 4
"""Stretches, for each process, that may be verified before the first of them is taken: what memory holds."""


class Crew:
    """So many processes; the others end with this."""

    def __init__(self, processes: int) -> None:
        """Start the others, which get ready while the caller goes on."""
        self._processes = processes
        command = (sys.executable, "-c", f"from {__name__} import serve; serve()")
        self._others = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(processes - 1)
        ]
        self._threads: list[threading.Thread] = []
        self._board: _Board | None = None

    def __enter__(self) -> "Crew":
        """Give itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the others, whatever they do."""
        if self._board is not None:
            self._board.end()
        for one in self._others:
            one.kill()
        for thread in self._threads:
            thread.join()
        for one in self._others:
            one.communicate()

    def verify(self, connection: Connection, dsn: str, snapshot: str, tasks: Sequence[Task]) -> Iterator[Stretch]:
        """Give the stretches of these tasks in their order; the others begin at once.

        Args:
            connection: what this process reads from.
            dsn: how the others reach the database.
            snapshot: the instant that all of them read.
            tasks: one for each stretch.
        """
        self._board = board = _Board(tasks, _AHEAD * self._processes)
        for other in self._others:
            self._threads.append(threading.Thread(target=_lead, args=(other, board, dsn, snapshot), daemon=True))
            self._threads[-1].start()
        return _stretches(connection, board)


def _stretches(connection: Connection, board: "_Board") -> Iterator[Stretch]:
    """Take the stretches in their order, verifying one here whenever the next is not there yet."""
    for wanted in range(len(board.tasks)):
        while (found := board.find(wanted)) is None:
            mine = board.draw(wait=False)
            if mine is None:
                board.wait(wanted)
            else:
                board.give(mine, verify_stretch(connection, board.tasks[mine]))
        yield found


class _Board:
    """Which task is next and what came of those before; several threads draw from it."""

    def __init__(self, tasks: Sequence[Task], ahead: int) -> None:
        self.tasks = tasks
        self._ahead = ahead
        self._next = self._taken = 0
        self._found: dict[int, Stretch | BaseException] = {}
        self._changed = threading.Condition()

    def draw(self, *, wait: bool) -> int | None:
        """The next task, or None when there is none; waits for one to be taken when too many are ahead."""
        with self._changed:
            while wait and self._next < len(self.tasks) and self._next >= self._taken + self._ahead:
                self._changed.wait()
            if self._next >= min(len(self.tasks), self._taken + self._ahead):
                return None
            self._next += 1
            return self._next - 1

    def give(self, number: int, found: Stretch | BaseException) -> None:
        """Hand in what came of a task."""
        with self._changed:
            self._found[number] = found
            self._changed.notify_all()

    def find(self, number: int) -> Stretch | None:
        """Take what came of a task, once it is there; raises what the task raised."""
        with self._changed:
            found = self._found.pop(number, None)
            if isinstance(found, BaseException):
                raise found
            self._taken += found is not None
            self._changed.notify_all()
            return found

    def wait(self, number: int) -> None:
        """Wait until a task was handed in."""
        with self._changed:
            while number not in self._found:
                self._changed.wait()

    def end(self) -> None:
        """Let nobody draw any more."""
        with self._changed:
            self._next = len(self.tasks)
            self._changed.notify_all()


def _lead(other: "subprocess.Popen[bytes]", board: _Board, dsn: str, snapshot: str) -> None:
    """Give another process one task after the other."""
    assert other.stdin is not None
    assert other.stdout is not None
    number = None
    try:
        _say(other.stdin, (dsn, snapshot))
        pickle.load(other.stdout)  # noqa: S301 - it is ready: from a process of ours, over its own pipe
        while (number := board.draw(wait=True)) is not None:
            _say(other.stdin, board.tasks[number])
            board.give(number, pickle.load(other.stdout))  # noqa: S301 - from a process of ours
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        if number is not None:  # otherwise it took nothing from the others, who do the work
            error.add_note("a process that verified part of the journal ended; the journal was not verified")
            board.give(number, error)


def _say(pipe: IO[bytes], value: object) -> None:
    pickle.dump(value, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def serve() -> None:
    """Verify what the process that started this one gives, until it is done."""
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        dsn, snapshot = pickle.load(given)  # noqa: S301 - from the process that started this one
        with store.snapshot(dsn, snapshot) as (connection, _name):
            _say(answers, None)
            while True:
                _say(answers, verify_stretch(connection, pickle.load(given)))  # noqa: S301 - from a process of ours
    except (EOFError, BrokenPipeError):
        return
