"""What a step takes, over histories drawn at random: each committed batch is placed once, however little at a time.

Readings begin with what the last one did not see. Transactions are open across them, are given up, hold one batch or
two, and end in another order than they began; a step is cut short by its number of blocks, or of entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.test_journal_log import WORKER_KEY, lines
from tierce.journal import store
from tierce.journal.following import NOTHING_SEEN
from tierce.journal.sequencer import STEP_ENTRIES_MAX, places, take
from tierce.journal.service import Appender

pytestmark = pytest.mark.integration

HISTORIES, MOVES, WRITERS = 40, 60, 4


@dataclass(slots=True)
class Reader:
    """Takes what was not seen, at most so many blocks; each is said to hold `weight` entries when a step is cut."""

    connection: psycopg.Connection
    blocks: int
    weight: int
    seen: str = NOTHING_SEEN
    size: int = 0
    placed: list[int] = field(default_factory=list)

    def read(self) -> int:
        """One step; gives how many blocks it took."""
        found, now = store.unplaced(self.connection, self.seen, self.blocks)
        heavy = [replace(one, count=self.weight) for one in found]
        taken, self.seen = take(heavy, now, self.blocks)
        taken = [replace(one, count=1) for one in taken]
        store.insert_placed(self.connection, places(taken, self.size))
        self.connection.commit()
        self.size += len(taken)
        self.placed += [one.block for one in taken]
        return len(taken)


def move(random: Random, writer: psycopg.Connection, appender: Appender, open_blocks: list[int]) -> Sequence[int]:
    """Write a batch, or end the transaction; gives the blocks that this has committed."""
    if len(open_blocks) < random.choice((1, 1, 2)):
        open_blocks.append(appender.write(writer, lines(1))[0] >> 8)
        return ()
    committed = list(open_blocks) if random.random() < 0.8 else []
    if committed:
        writer.commit()
    else:
        writer.rollback()
    open_blocks.clear()
    return committed


def test_every_committed_batch_is_placed_once(connect: Connect, seed: int) -> None:
    random, reading = Random(seed), connect("tierce_worker")
    writers = [(connect("tierce_worker"), list[int]()) for _ in range(WRITERS)]
    appender = Appender.enrol(reading, "worker", WORKER_KEY)
    reader = Reader(reading, 1, 1)
    committed = set[int]()
    for _ in range(HISTORIES):
        reader.blocks, reader.weight = random.choice((1, 2, 3, 50)), random.choice((1, STEP_ENTRIES_MAX // 2))
        for _ in range(MOVES):
            if random.random() < 0.25:
                reader.read()
            else:
                writer, open_blocks = random.choice(writers)
                committed.update(move(random, writer, appender, open_blocks))
        while reader.read():
            pass
        assert len(reader.placed) == len(set(reader.placed))
        assert set(reader.placed) == committed, f"seed {seed}"
    assert len(committed) > 10 * HISTORIES
