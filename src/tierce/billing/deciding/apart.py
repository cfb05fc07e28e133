"""What waits is decided one by one, each in a transaction of its own: what nothing decides keeps no other waiting."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from psycopg import Connection

from tierce.billing.deciding.errors import AlikeError, BehindError, CoverGoneError, NumberGoneError
from tierce.billing.deciding.model import Undecided
from tierce.billing.deciding.store import SealBrokenError, Sealer, note_undecided
from tierce.billing.pricing.service import Prices
from tierce.billing.refusing.model import Obstacle
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock

CHUNK = 200
"""Numbers read at once."""

Step = Callable[[str], None]
"""Called with the name of the step about to begin; tests of crashes stop there."""


def no_step(_name: str) -> None:
    """Do nothing: production."""


@dataclass(slots=True)
class Apart:
    """Whether what was done for one of many is kept, or what is in its way: nothing where it waits for another."""

    committed: bool = False
    obstacle: Obstacle | None = None


@contextmanager
def one_alone(connection: Connection, done: Undecided) -> Iterator[Apart]:
    """A transaction for one of many: its fault, ours or the database's word against it, keeps nobody else waiting."""
    apart = Apart()
    try:
        with connection.transaction():
            yield apart
        apart.committed = True
    except SealBrokenError:
        apart.obstacle = Obstacle.UNOPENED
        done.unopened += 1
    except CoverGoneError as error:
        apart.obstacle = Obstacle.NUMBER_GONE if isinstance(error, NumberGoneError) else Obstacle.COVER_GONE
        done.uncovered += 1
    except AlikeError:
        apart.obstacle = Obstacle.ALIKE
        done.alike += 1
    except BehindError:
        done.behind += 1
    except Exception as error:
        if connection.closed:
            raise
        apart.obstacle = Obstacle.FAILED
        done.failed.append(type(error).__name__)


_Done = TypeVar("_Done", bound=Undecided)


class Queue(NamedTuple):
    """What waits of one kind, in the order in which it is decided."""

    kind: EntryKind
    new: Callable[[Connection, int, int], list[int]]
    """Numbers past the first so many of them, so many at most; those that nothing decided before are apart."""
    undecided: Callable[[Connection, int, int], list[int]]
    """Numbers of those, past one of them."""


@dataclass(slots=True)
class OneByOne:
    """Goes through what waits, over a connection of role tierce_billing in autocommit mode."""

    appender: Appender
    sealer: Sealer
    clock: Clock
    prices: Prices = field(default_factory=Prices)
    again_max: int = CHUNK
    """Of those that nothing decided before, how many a turn tries again: a crowd of them keeps no other waiting."""
    _tried: int = 0
    """The number of the last that was tried again; the next turn goes on after it."""

    def through(
        self,
        connection: Connection,
        queue: Queue,
        done: _Done,
        between: Callable[[_Done], bool],
        decide: Callable[[int], str | None],
    ) -> None:
        """Decide all that is new, then a part of what nothing decided before.

        `decide` is called in the transaction of one, and names what of `done` counts it, if anything does. Many may
        wait: `between` is called after each chunk of those that are new; False ends the turn where it is.
        """
        behind = 0
        again = queue.undecided(connection, self._tried, self.again_max)
        while numbers := queue.new(connection, behind, CHUNK):
            for number in numbers:
                if not _one(connection, queue.kind, number, done, decide):
                    behind += 1
            if not between(done):
                return
        for number in again:
            _one(connection, queue.kind, number, done, decide)
        self._tried = max(again) if len(again) == self.again_max else 0


def _one(
    connection: Connection, kind: EntryKind, number: int, done: Undecided, decide: Callable[[int], str | None]
) -> bool:
    """Decide one; False where it waits on among those that are new: for another, or nothing was kept."""
    counted = None
    with one_alone(connection, done) as apart:
        counted = decide(number)
    if apart.committed:
        if counted is not None:
            setattr(done, counted, getattr(done, counted) + 1)
        return True
    with one_alone(connection, done) as noted:
        note_undecided(connection, kind, number, apart.obstacle)
    return noted.committed and apart.obstacle is not None
