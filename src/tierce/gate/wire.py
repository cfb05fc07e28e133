"""What a batch says to the database, on one connection, below the driver's cursors.

A batch makes the same few statements for the life of a connection, with values that are packed already. For each, the
driver's cursors did again what never changes: adapters, plans to keep, a pipeline to enter and to leave. That was a
third of what a small batch cost the process. Here statements are prepared once; those of a turn leave together, and
are waited for once.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, LiteralString

from psycopg import AsyncConnection, OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import Diagnostic, error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

Call = tuple[bytes, Sequence[bytes]]
"""A statement's name and its values, each in PostgreSQL's binary form."""
Rows = list[tuple[Any, ...]]
_BINARY = [int(Format.BINARY)] * 32
_WARNING = "01000"
"""What a commit says whose wait for a standby somebody cancelled: it is on this server, maybe not on that one."""


class Wire:
    """One connection with its statements prepared; not shared, and nothing else is said on it."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        """Take an autocommit connection; `prepare` comes first."""
        self._connection = connection
        self._pg = connection.pgconn
        self._loader = Transformer(connection)
        self._loop = asyncio.get_running_loop()
        self._warned = False
        connection.add_notice_handler(self._notice)

    async def prepare(self, statements: Mapping[bytes, LiteralString]) -> None:
        """Prepare what will be said, by name."""
        await self._turn(((name, text.encode()) for name, text in statements.items()), self._pg.send_prepare)

    async def say(self, *calls: Call) -> list[Rows]:
        """Send the calls together, wait once, and return the rows of each.

        Raises:
            psycopg.Error: the first that the database refused; those after it were not done. Or it warned, and the
                connection is closed: nobody knows that a commit is wherever the server is to have it.
        """
        return [self._rows(result) for result in await self._turn(calls, self._send)]

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    def _send(self, name: bytes, values: Sequence[bytes]) -> None:
        self._pg.send_query_prepared(name, values, _BINARY[: len(values)], Format.BINARY)

    async def _turn(self, calls: Iterable[tuple[bytes, Any]], send: Callable[[bytes, Any], None]) -> list[PGresult]:
        pg = self._pg
        try:
            pg.enter_pipeline_mode()
            for name, given in calls:
                send(name, given)
            pg.pipeline_sync()
            while pg.flush():
                await self._ready(writing=True)
                pg.consume_input()
            results = await self._results()
            if self._warned:
                msg = "the server warned of a commit"
                raise OperationalError(msg)
            pg.exit_pipeline_mode()
        except BaseException:
            # Nobody knows what is under way: whatever is said here next finds the connection closed.
            pg.finish()
            raise
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result, self._loader.encoding)
        return results

    async def _results(self) -> list[PGresult]:
        pg = self._pg
        found: list[PGresult] = []
        while True:
            while pg.is_busy():
                await self._ready()
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                continue  # the end of one statement's results
            if result.status == ExecStatus.PIPELINE_SYNC:
                return found
            found.append(result)

    async def _ready(self, *, writing: bool = False) -> None:
        """Wait until something can be read, or be written."""
        loop, socket = self._loop, self._pg.socket
        ready = loop.create_future()
        loop.add_reader(socket, _settle, ready)
        if writing:
            loop.add_writer(socket, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(socket)
            if writing:
                loop.remove_writer(socket)

    def _notice(self, said: Diagnostic) -> None:
        self._warned = self._warned or said.sqlstate == _WARNING

    def _rows(self, result: PGresult) -> Rows:
        if result.status != ExecStatus.TUPLES_OK:
            return []
        self._loader.set_pgresult(result)
        return self._loader.load_rows(0, result.ntuples, tuple)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
