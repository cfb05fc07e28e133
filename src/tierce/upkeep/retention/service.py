"""The retention job: class after class, in bounded chunks, each chunk with its journal line in the same commit."""

from collections.abc import Callable, Iterator
from pathlib import Path

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.notices.deliveries.letters import batch_file
from tierce.policy.acts import Act, Outcome
from tierce.policy.kept import Kept
from tierce.policy.retention import JOB_CLASSES
from tierce.upkeep.retention import store

CHUNK_ROWS = 2_000
BY_STRETCHES = frozenset(
    {Kept.OPEN_PAIRS, Kept.PROVED_PAIRS, Kept.LABELS, Kept.ENGAGEMENTS, Kept.COVERAGE, Kept.PERSONS}
)
"""Classes whose tables hold a country for years: the database goes through each once a run, a stretch at a time."""
CLASS_SHIFT = 40
"""The line's reference: the class in the bits above this one, the number of rows below."""

Progress = Callable[[Kept, int], None]


class Retention:
    """Removes what is past its duration; stopped at any moment, it goes on where it was at its next run."""

    def __init__(
        self, connection: Connection, appender: Appender, clock: Clock, policy: bytes, letters: Path
    ) -> None:
        """Use a connection as tierce_upkeep; lines are signed by `appender`; `letters` is the folder of batches."""
        self._letters = letters
        self._connection = connection
        self._appender = appender
        self._clock = clock
        self._policy = policy

    def due(self) -> dict[Kept, int]:
        """Count what a run would remove now; changes nothing.

        A person counts once her last coverage is gone, so a first run removes more people than are counted before it.
        """
        found = {
            kept: sum(self._stretches(kept, really=False))
            if kept in BY_STRETCHES
            else store.forget(self._connection, kept, None, really=False)
            for kept in JOB_CLASSES
        }
        self._connection.rollback()
        return found

    def run(self, progress: Progress = lambda _kept, _rows: None) -> dict[Kept, int]:
        """Remove everything that is due; returns how many rows of each class.

        Raises:
            OSError: files of a class cannot be removed; what was due of every other class is gone.
        """
        removed, failed = dict.fromkeys(JOB_CLASSES, 0), None
        for kept in JOB_CLASSES:
            try:
                for rows in self._removed(kept):
                    if rows:
                        self._appender.write(self._connection, [self._line(kept, rows)])
                    self._connection.commit()
                    removed[kept] += rows
                    progress(kept, rows)
            except OSError as error:
                failed = error
            self._connection.rollback()
        if failed is not None:
            raise failed
        return removed

    def _removed(self, kept: Kept) -> Iterator[int]:
        """Remove chunk after chunk of a class, each in a transaction that the caller commits."""
        if kept in BY_STRETCHES:
            yield from self._stretches(kept, really=True)
            return
        while rows := self._remove(kept):
            yield rows

    def _stretches(self, kept: Kept, *, really: bool) -> Iterator[int]:
        upto: int | None = None
        while True:
            rows, upto = store.forget_next(self._connection, kept, upto, really=really)
            yield rows
            if upto is None:
                return

    def _remove(self, kept: Kept) -> int:
        """Remove a chunk of a class in the caller's transaction; a file is gone before its row says so."""
        if kept is not Kept.LETTERS:
            return store.forget(self._connection, kept, CHUNK_ROWS, really=True)
        due = store.due_letters(self._connection, CHUNK_ROWS)
        for audience, number in due:
            batch_file(self._letters, audience, number).unlink(missing_ok=True)
            store.letters_gone(self._connection, audience, number)
        return len(due)

    def _line(self, kept: Kept, rows: int) -> Entry:
        return Entry(
            kind=EntryKind.UPKEEP,
            act=Act.OPERATION_RETENTION,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            professional=self._appender.instance,
            policy=self._policy,
            reference=(kept.value << CLASS_SHIFT) | rows,
        )
