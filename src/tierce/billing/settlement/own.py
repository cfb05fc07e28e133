"""Transfers to one place, read by whoever works there; nobody covered is named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from tierce.billing.settlement import store
from tierce.billing.settlement.errors import TransferMissingError
from tierce.billing.settlement.model import OwnTransfer
from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.identity.lines import line_of
from tierce.identity.model import SessionState
from tierce.identity.service import Sessions
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.policy.acts import Act
from tierce.policy.transfers import PAGE_ROWS


class OwnTransfers:
    """The transfers to the place of whoever holds a session; process `api`."""

    def __init__(self, sessions: Sessions, appender: Appender, policy: bytes, page_rows: int = PAGE_ROWS) -> None:
        """Whose they are is told by `sessions`, with its connections and its clock; lines go through `appender`."""
        self._sessions = sessions
        self._appender = appender
        self._policy = policy
        self._page_rows = page_rows

    async def page(self, handle: str, after: int | None) -> tuple[list[OwnTransfer], int | None]:
        """One page, the newest first, and where the next begins; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
        """
        async with self._reading(handle) as (connection, reader):
            rows = await store.own(connection, reader.id, after=after, at_most=self._page_rows + 1)
            if rows:
                await self._note(connection, reader, 0)
        page = rows[: self._page_rows]
        return page, page[-1].id if len(rows) > self._page_rows else None

    async def one(self, handle: str, number: int) -> OwnTransfer:
        """One transfer with the invoices that it pays; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
            TransferMissingError: none to this place has this number.
        """
        async with self._reading(handle) as (connection, reader):
            found = await store.own(connection, reader.id, only=number)
            if not found:
                raise TransferMissingError
            whole = await store.with_lines(connection, reader.id, found[0])
            await self._note(connection, reader, number)
        return whole

    @asynccontextmanager
    async def _reading(self, handle: str) -> AsyncIterator[tuple[store.AsyncRows, SessionState]]:
        """A transaction in which a live session reads: what it found is told once its line is committed."""
        state = await self._sessions.read(handle)
        if state.activity is None:
            raise SessionRefusedError(SessionReason.NOT_BOUND)
        async with self._sessions.pool.connection() as connection:
            yield connection, state

    async def _note(self, connection: store.AsyncRows, state: SessionState, number: int) -> None:
        line = line_of(state, Act.TRANSFER_READ, self._sessions.clock.now(), self._policy, number)
        line = replace(line, kind=EntryKind.INVOICE, categories=DataCategory.REIMBURSEMENTS)
        await self._appender.write_async(connection, [line])
