"""Computing a scope over the whole journal: sealed segments and hot rows under one checkpoint."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.segments.store import segments
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import staff_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.scope import store
from tierce.scope.engine.store import Engine, Said
from tierce.scope.errors import ExporterMissingError, JournalBehindError, SegmentsMissingError
from tierce.scope.model import Criteria
from tierce.scope.rules import check_criteria
from tierce.scope.sources import Sealed


@contextmanager
def computed(
    connection: Connection,
    folder: Path,
    clauses: Sequence[Criteria],
    settled: datetime,
    say: Said = lambda _what, _done, _of: None,
) -> Iterator[Engine]:
    """Compute a scope under the last checkpoint; its list can be read while the context lasts.

    Call in a transaction that has just begun: everything is read from one state of the database. Hot rows are read
    before the manifest, in that state.

    Args:
        connection: in a transaction, as a role that reads the journal.
        folder: where sealed segments are.
        clauses: what is looked for.
        settled: blocks written after this are not called holes.
        say: told how far it is.

    Raises:
        CriteriaError: the criteria name nobody or no time.
        JournalBehindError: the journal has no checkpoint yet.
        SegmentsMissingError: a segment that the manifest names cannot be read; nothing was written.
    """
    check_criteria(*clauses)
    store.freeze(connection)
    head = store.tree_head(connection)
    if head is None:
        raise JournalBehindError
    hot = store.hot(connection, clauses, head.size, settled)
    hot = replace(hot, gaps=[*hot.gaps, *store.ended(connection, clauses)])
    try:
        with Engine(clauses, head, sealed=Sealed(folder, segments(connection)), hot=hot, say=say) as engine:
            yield engine
    except (duckdb.Error, FileNotFoundError) as error:
        raise SegmentsMissingError from error


@dataclass(frozen=True, slots=True)
class Export:
    """Whose hand takes something out of the journal, and the line that says so; committed before it is out."""

    appender: Appender
    clock: Clock
    by: str

    def __post_init__(self) -> None:
        """Refuse an export by nobody.

        Raises:
            ExporterMissingError: `by` is blank.
        """
        if not self.by.strip():
            raise ExporterMissingError

    def note(self, connection: Connection, act: Act, digest: bytes) -> None:
        """Write and commit the line: `reference` is the first 63 bits of what is taken out (SHA-256)."""
        line = Entry(
            kind=EntryKind.EXPORT,
            act=act,
            outcome=Outcome.DONE,
            time_us=micros(self.clock.now()),
            professional=staff_id(f"command:{self.by.strip()}"),
            policy=policy_digest(),
            reference=int.from_bytes(digest[:8]) >> 1,
        )
        self.appender.append(connection, [line])
