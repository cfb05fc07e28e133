"""Two things at one moment, in the order that a test wants."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from tests.waiting import eventually
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

_WAITING = (
    "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
)


def while_open(database: Database, first: psycopg.Connection, second: Callable[[], object]) -> Future[object]:
    """Do `second` elsewhere while the transaction of `first` is open; then commit that one."""
    with held_back(database, second) as doing:
        first.commit()
    return doing


@contextmanager
def before_table(database: Database, table: str, second: Callable[[], object]) -> Iterator[Future[object]]:
    """Begin `second` elsewhere, wait until it stands before a locked table, and let it go on at the end."""
    with database.connect(SUPERUSER) as admin:
        admin.execute(f"lock table {table} in access exclusive mode".encode())
        with held_back(database, second) as doing:
            yield doing
            admin.rollback()


@contextmanager
def held_back(database: Database, second: Callable[[], object]) -> Iterator[Future[object]]:
    """Begin `second` elsewhere, and go on once it waits for a lock or has ended."""
    with database.connect(SUPERUSER, autocommit=True) as watching, ThreadPoolExecutor(1) as elsewhere:
        doing = elsewhere.submit(second)
        eventually(
            lambda: doing.done() or watching.execute(_WAITING).fetchone() == (True,),
            "the second one waits or has ended",
        )
        yield doing
