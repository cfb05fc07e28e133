"""Transfers to one place, read by whoever works there; nobody covered is named."""

from tierce.billing.settlement import store
from tierce.billing.settlement.errors import TransferMissingError
from tierce.billing.settlement.model import OwnTransfer
from tierce.billing.settlement.recoveries import store as recovery_rows
from tierce.billing.settlement.recoveries.model import OwnRecovery
from tierce.identity.service import Sessions
from tierce.journal.model import EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock
from tierce.policy.acts import Act
from tierce.policy.transfers import PAGE_ROWS

_KIND, _READ = EntryKind.INVOICE, DataCategory.REIMBURSEMENTS


class OwnTransfers:
    """The transfers to the place of whoever holds a session; process `api`."""

    def __init__(self, sessions: Sessions, page_rows: int = PAGE_ROWS) -> None:
        """Whose they are is told by `sessions`, with its connections and its clock."""
        self._sessions = sessions
        self._page_rows = page_rows

    @property
    def clock(self) -> Clock:
        """The clock by which a recovery may still be contested."""
        return self._sessions.clock

    async def page(self, handle: str, after: int | None) -> tuple[list[OwnTransfer], int | None]:
        """One page, the newest first, and where the next begins; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            rows = await store.own(connection, reader.id, after=after, at_most=self._page_rows + 1)
            if rows:
                await self._sessions.note(connection, reader, Act.TRANSFER_READ, kind=_KIND, categories=_READ)
        page = rows[: self._page_rows]
        return page, page[-1].id if len(rows) > self._page_rows else None

    async def recoveries(self, handle: str) -> list[OwnRecovery]:
        """What is recovered of the place, the newest first; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            rows = await recovery_rows.own(connection, reader.id)
            if rows:
                await self._sessions.note(connection, reader, Act.TRANSFER_READ, kind=_KIND, categories=_READ)
        return rows

    async def one(self, handle: str, number: int) -> tuple[OwnTransfer, list[OwnRecovery]]:
        """One transfer with the invoices that it pays and what it took; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
            TransferMissingError: none to this place has this number.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            found = await store.own(connection, reader.id, only=number)
            if not found:
                raise TransferMissingError
            whole = await store.with_lines(connection, reader.id, found[0])
            taken = await recovery_rows.own(connection, reader.id, number)
            await self._sessions.note(connection, reader, Act.TRANSFER_READ, number, kind=_KIND, categories=_READ)
        return whole, taken
