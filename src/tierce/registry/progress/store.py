"""Progress, refusals and put-off lines in the database, and the indexes that a first load sets aside."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, LiteralString

import numpy as np
from psycopg import Connection, connect

from tierce.kernel.feed import FeedCounts, Rejection
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.registry.arrays import Bytes, Ints
from tierce.registry.first_load import Seen
from tierce.registry.progress.model import Phase, Progress

_SAVE: LiteralString = """
    update registry.feed set phase = %s, effective_day = %s, lines_done = %s, bytes_done = %s, unread = %s,
        shrink = %s, confirmed = %s, resumed = %s, rate = %s, lines_read = %s, taken = %s, unchanged = %s,
        outdated = %s, rejected = %s, people_ended = %s, updated = %s, state = %s where id = %s"""
_READ: LiteralString = """
    select id, phase, whole, effective_day, lines_done, bytes_done, unread, shrink, confirmed, resumed,
           taken, unchanged, outdated, rejected, people_ended
    from registry.feed where kind = 'rights' and insurer = %s and file_sha256 = %s and state in ('running', 'held')
    order by started desc limit 1"""
REMOVAL_LOCK: Final = 0x7469_6572_6B79
"""Taken shared by whoever removes people (storage/sql/retention.sql); alone, it waits for them, and they for it."""
_BUILD_MEMORY: Final = "1GB"
_HEAVY: Final = ("coverage.coverage", "person.record", "person.family", "person.key", "person.trait", "person.member")


class FeedBook:
    """The rows of registry.feed and what hangs on them; the caller commits."""

    def __init__(self, connection: Connection) -> None:
        """Use the connection of the import."""
        self._connection = connection

    # -- one import ------------------------------------------------------------------------------------------

    def find(self, insurer: InsurerId, sha256: bytes, lines_total: int, bytes_total: int) -> Progress | None:
        """Return where an interrupted or held import of this very file stands."""
        row = self._connection.execute(_READ, (insurer, sha256)).fetchone()
        if row is None:
            return None
        (feed, phase, whole, day, lines, size, unread, shrink, confirmed, resumed, *counts) = row
        reasons = self._connection.execute(
            "select field, sum(lines)::bigint from registry.feed_reason where feed = %s group by field", (feed,)
        ).fetchall()
        taken, unchanged, outdated, rejected, ended = counts
        counted = FeedCounts(taken, unchanged, rejected, dict(reasons), outdated=outdated, ended=ended)
        return Progress(
            feed, sha256, lines_total, bytes_total, whole, Phase(phase), day, lines, size, unread, shrink, confirmed,
            resumed, counts=counted,
        )  # fmt: skip

    def was_last(self, insurer: InsurerId, sha256: bytes) -> bool:
        """Tell whether this very file is the last of the insurer that was taken to its end.

        One of which every line was refused was not taken: what refused them (the mode, guarantees that were not there
        yet) may have been mended since.
        """
        row = self._connection.execute(
            "select file_sha256, rejected = 0 or taken + unchanged > 0 from registry.feed"
            " where kind = 'rights' and insurer = %s and state = 'done' order by ended desc limit 1",
            (insurer,),
        ).fetchone()
        return row == (sha256, True)

    def wait_for_removal(self) -> None:
        """Wait until the removal of people under way has ended; none begins before the caller commits.

        Whom it found without cover the file may bring back. The removals after it see the file, and wait for its end.
        """
        self._connection.execute("select pg_advisory_xact_lock(%s)", (REMOVAL_LOCK,))

    def begin(self, progress: Progress, insurer: InsurerId, at: datetime) -> None:
        """Note that a file is being taken in, and that imports of this insurer's other files are left."""
        self._connection.execute(
            "update registry.feed set state = 'left', ended = %s where kind = 'rights' and insurer = %s"
            " and state in ('running', 'held')",
            (at, insurer),
        )
        self._connection.execute(
            "insert into registry.feed (id, kind, insurer, file_sha256, state, phase, whole, lines_total,"
            " bytes_total, started, updated) values (%s, 'rights', %s, %s, 'running', %s, %s, %s, %s, %s, %s)",
            (progress.feed, insurer, progress.sha256, progress.phase.value, progress.whole, progress.lines_total,
             progress.bytes_total, at, at),
        )  # fmt: skip

    def save(self, progress: Progress, at: datetime, state: str = "running") -> None:
        """Note how far it has come."""
        one, counts = progress, progress.counts
        self._connection.execute(
            _SAVE,
            (one.phase.value, one.effective_day, one.lines_done, one.bytes_done, one.unread, one.shrink,
             one.confirmed, one.resumed, one.rate, counts.read, counts.taken, counts.unchanged, counts.outdated,
             counts.rejected, counts.ended, at, state, one.feed),
        )  # fmt: skip

    # -- refused lines ---------------------------------------------------------------------------------------

    def refuse(self, feed: int, rejections: Sequence[Rejection]) -> None:
        """Write refused lines down: reasons with their counts, and each line with its reason."""
        if not rejections:
            return
        by_reason: dict[tuple[str, str], list[Rejection]] = {}
        for one in rejections:
            by_reason.setdefault((one.field, one.code), []).append(one)
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into registry.feed_reason as r values (%s, %s, %s, %s, %s, %s, %s, %s)"
                " on conflict (feed, field, code) do update set lines = r.lines + excluded.lines",
                [
                    (feed, *place, one[0].reason.fr, one[0].reason.en, one[0].remedy.fr, one[0].remedy.en, len(one))
                    for place, one in by_reason.items()
                ],
            )
            with cursor.copy("copy registry.feed_refused (feed, line, field, code) from stdin") as copy:
                for refused in rejections:
                    copy.write_row((feed, refused.line, refused.field, refused.code))

    def refused(self, feed: int) -> Iterator[Rejection]:
        """Yield every line refused so far, in the order of the file."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "select l.line, l.field, r.reason_fr, r.reason_en, r.remedy_fr, r.remedy_en"
                " from registry.feed_refused l join registry.feed_reason r using (feed, field, code)"
                " where l.feed = %s order by l.line",
                (feed,),
            )
            for line, field, reason_fr, reason_en, remedy_fr, remedy_en in cursor:
                yield Rejection(line, field, Phrase(reason_fr, reason_en), Phrase(remedy_fr, remedy_en))

    # -- lines put off ---------------------------------------------------------------------------------------

    def put_off(self, feed: int, later: Sequence[tuple[int, bool]]) -> None:
        """Put lines off to the end; the flag says that it ends a running right."""
        if later:
            query = "copy registry.feed_later (feed, line, ends) from stdin"
            with self._connection.cursor() as cursor, cursor.copy(query) as copy:
                for line, ends in later:
                    copy.write_row((feed, line, ends))

    def later(self, feed: int) -> Ints:
        """List the lines put off that were not taken yet."""
        rows = self._connection.execute(
            "select line from registry.feed_later where feed = %s order by line", (feed,)
        ).fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64)

    def taken_later(self, feed: int, first: int, last: int) -> None:
        """Forget lines put off, from one to another, both included."""
        self._connection.execute(
            "delete from registry.feed_later where feed = %s and line between %s and %s", (feed, first, last)
        )

    # -- how many would lose their cover -----------------------------------------------------------------------

    def count_endings(self, feed: int) -> int:
        """Count the lines put off because they end a running right."""
        return self._number("select count(*) from registry.feed_later where feed = %s and ends", (feed,))

    def count_covered(self, insurer: InsurerId, day: int, at_most: int | None = None) -> int:
        """Count the people whom an insurer covers on a day, up to so many.

        Its periods of one person never overlap: as many hold the day as people.
        """
        return self._number(
            "select count(*) from (select from coverage.coverage"
            " where insurer = %s and %s between from_day and until_day limit %s) covered",
            (insurer, day, at_most),
        )

    def count_ahead(self, insurer: InsurerId, day: int) -> int:
        """Count the periods of an insurer that have not ended on a day, those that begin later among them."""
        return self._number(
            "select count(*) from coverage.coverage where insurer = %s and until_day >= %s", (insurer, day)
        )

    def count_absent(self, insurer: InsurerId, day: int, told: int) -> int:
        """Count the people covered on a day, or from a later one, whom the file has not told of: see `absent`."""
        return self._number(
            "select count(distinct person) from coverage.coverage where insurer = %s and effective_day <= %s"
            " and told <> %s and until_day >= %s",
            (insurer, day, told, day),
        )

    def absent(
        self, insurer: InsurerId, day: int, told: int, at_most: int
    ) -> Iterator[list[tuple[int, int, int, bytes]]]:
        """Give periods of absent people that reach a day or lie ahead: (person, first, last, sealed), by person.

        Some at a time, whole people, from one reading that outlives the commits between: asked for again, all of an
        insurer that the planner does not know was read for each lot.
        """
        waiting: list[tuple[int, int, int, bytes]] = []
        with self._connection.cursor(name="absent_periods", withhold=True) as cursor:
            cursor.execute(
                "select person, from_day, until_day, sealed from coverage.coverage where insurer = %s"
                " and effective_day <= %s and told <> %s and until_day >= %s order by person, from_day",
                (insurer, day, told, day),
            )
            while rows := cursor.fetchmany(at_most):
                waiting += rows
                whole = [one for one in waiting if one[0] != waiting[-1][0]]
                waiting = waiting[len(whole) :]
                if whole:
                    yield whole
        if waiting:
            yield waiting

    def _number(self, query: LiteralString, parameters: tuple[object, ...]) -> int:
        row = self._connection.execute(query, parameters).fetchone()
        assert row is not None
        return int(row[0])

    # -- the first load --------------------------------------------------------------------------------------

    def set_indexes_aside(self) -> bool:
        """Take the indexes off an empty register; False when somebody is in it."""
        row = self._connection.execute("select registry.set_indexes_aside()").fetchone()
        return row == (True,)

    def waits_for_indexes(self) -> bool:
        """Tell whether indexes are set aside."""
        return self._number("select count(*) from registry.set_aside", ()) > 0

    def build_indexes(self) -> None:
        """Build the indexes again, two tables at a time, each committed by itself."""
        self._connection.commit()
        info = self._connection.info
        waiting = {row[0] for row in self._connection.execute("select relation from registry.set_aside").fetchall()}
        self._connection.commit()

        def build(table: str) -> None:
            with connect(info.dsn, password=info.password) as own:
                own.execute("select set_config('maintenance_work_mem', %s, true)", (_BUILD_MEMORY,))
                own.execute("select registry.build_indexes(%s)", (table,))

        with ThreadPoolExecutor(2) as pool:
            for _built in pool.map(build, [table for table in _HEAVY if table in waiting]):
                pass

    def wait_for_no_disk(self) -> None:
        """Let the commit of the transaction under way return before it is on disk.

        If the server crashes within the second, it is as if it had not been, nor those behind it; a later commit that
        waits makes all before it durable.
        """
        self._connection.execute("set local synchronous_commit to off")

    def remember_loaded(self, seen: Seen) -> None:
        """Add every key and member number that a first load has written so far."""
        for numbers in self._loaded_numbers():
            seen.add(numbers)

    def _loaded_numbers(self) -> Iterator[Bytes]:
        for query in ("copy (select idx from person.key) to stdout (format binary)",
                      "copy (select idx from person.member) to stdout (format binary)"):  # fmt: skip
            with self._connection.cursor() as cursor, cursor.copy(query.encode()) as copy:
                rows = bytearray()  # grown in place: a block is one row, and bytes would be copied whole for each
                head = True
                for block in copy:
                    rows += block
                    if head:
                        del rows[:19]
                        head = False
                    if len(rows) >= 22 << 15:
                        whole = len(rows) // 22 * 22
                        yield _numbers(bytes(rows[:whole]))
                        del rows[:whole]
                yield _numbers(bytes(rows[: len(rows) // 22 * 22]))


def _numbers(rows: bytes) -> Bytes:
    """Cut the numbers out of binary COPY rows of one uuid: 2 bytes of count, 4 of length, 16 of value."""
    return np.ascontiguousarray(np.frombuffer(rows, dtype=np.uint8).reshape(-1, 22)[:, 6:])
