"""Invoices of one place: taken in with their journal line, read again, taken back. Nobody covered is looked up."""

from dataclasses import replace

from tierce.billing.invoices import store
from tierce.billing.invoices.errors import (
    InvoicesClosedError,
    InvoicesHeldError,
    InvoiceUnknownError,
    NotCancellableError,
    ReferenceUsedError,
    TooManyMissedError,
)
from tierce.billing.invoices.model import Found, OwnInvoice, Quoted, Sent, Taken
from tierce.billing.invoices.rules import (
    check_documents,
    check_granted,
    check_quoted,
    not_own,
    parse_invoice,
    repeated,
)
from tierce.billing.model import InvoiceState
from tierce.billing.rules import NO_NUMBER, digest_of, read_number, read_why
from tierce.billing.turns import Turns
from tierce.deposits.errors import ReceiptUnknownError
from tierce.deposits.receipts import read_receipt
from tierce.identity.service import Received, Sessions
from tierce.journal.engagement import parse_engagement
from tierce.journal.errors import EngagementFormatError
from tierce.journal.model import EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act
from tierce.policy.invoices import PAGE_ROWS

_NONE_OF_THEIRS = 2
_KIND, _READ = EntryKind.INVOICE, DataCategory.REIMBURSEMENTS


class Invoices:
    """The invoices of whoever holds a session; `keys` are those of engagement numbers and of receipts."""

    def __init__(self, sessions: Sessions, keys: tuple[bytes, bytes], page_rows: int = PAGE_ROWS) -> None:
        """Whose they are is told by `sessions`, with its connections and its clock."""
        self._sessions = sessions
        self._turns = Turns(sessions)
        self._keys = keys
        self._page_rows = page_rows

    async def send(self, handle: str, request: Received, said: bytes | None = None) -> Taken:
        """Take one invoice in, after its journal line; the same bytes again get the same receipt.

        `said` is the body in our own words, where another's were signed.

        Raises:
            SessionRefusedError, ProofRefusedError, PlaceBusyError.
            BillingFieldError: a field cannot be accepted, or what is quoted does not guarantee it.
            ReferenceUsedError: this reference is another invoice's.
            TooManyInvoicesError, TooManyMissedError, InvoicesHeldError, InvoicesClosedError.
        """
        today, words = date_of(paris_day(self._sessions.clock.now())), request.body if said is None else said
        async with self._turns.signed(handle, request) as (connection, state):
            sent, digest = parse_invoice(words, today), digest_of(words)
            numbers = self._numbers(sent)
            quoted = await store.quote(connection, state.id, sent.reference, numbers)
            number = quoted.invoice
            if number is not None and quoted.digest != digest:
                raise ReferenceUsedError
            if number is None:
                if quoted.found is Found.NOT_OWN:
                    await connection.commit()  # the number that was tried counts
                _refuse(sent, quoted)
                agreement = numbers[2]
                if agreement is not None and not quoted.guaranteed:
                    check_documents(*await store.undeclared(connection, state.id, agreement))
                check_quoted(sent, quoted, today)
                if agreement is not None:
                    check_granted(sent.lines, await store.granted(connection, state.id, agreement))
                number = new_id()
                entry = await self._sessions.note(
                    connection, state, Act.INVOICE_SEND, number, kind=_KIND, domain=quoted.domain
                )
                await store.keep(connection, state.id, number, sent=sent, quoted=numbers, digest=digest, entry=entry)
            (kept,) = await store.own(connection, state.id, self._keys, only=number)
            repeats = repeated(sent.lines, await store.beside(connection, state.id, number))
        return Taken(kept, repeats)

    def _numbers(self, sent: Sent) -> store.Numbers:
        if sent.agreement is not None:
            return None, None, read_number(sent.agreement)
        try:
            if sent.engagement is not None:
                return parse_engagement(self._keys[0], sent.engagement), None, None
            return None, read_receipt(self._keys[1], sent.receipt or ""), None
        except EngagementFormatError:
            return NO_NUMBER, None, None
        except ReceiptUnknownError:
            return None, NO_NUMBER, None

    async def page(
        self, handle: str, state: InvoiceState | None, after: int | None
    ) -> tuple[list[OwnInvoice], int | None]:
        """One page of the place's invoices, the newest first, and where the next begins; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            rows = await store.own(
                connection, reader.id, self._keys, state=state, after=after, at_most=self._page_rows + 1
            )
            if rows:
                await self._sessions.note(connection, reader, Act.INVOICE_READ, kind=_KIND, categories=_READ)
        page = rows[: self._page_rows]
        return page, page[-1].id if len(rows) > self._page_rows else None

    async def one(self, handle: str, number: int) -> OwnInvoice:
        """One invoice of the place with its lines; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
            InvoiceUnknownError: none of this place's has this number.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            found = await store.own(connection, reader.id, self._keys, only=number)
            if not found:
                raise InvoiceUnknownError
            lines = await store.own_lines(connection, reader.id, number)
            await self._sessions.note(connection, reader, Act.INVOICE_READ, number, kind=_KIND, categories=_READ)
        return replace(found[0], lines=lines)

    async def cancel(self, handle: str, request: Received, number: int) -> OwnInvoice:
        """Take one invoice back, with a written reason, before any transfer has it.

        Raises:
            SessionRefusedError, ProofRefusedError.
            BillingFieldError: the reason cannot be kept.
            InvoiceUnknownError, NotCancellableError.
        """
        async with self._sessions.signed(handle, request, keyless_too=True) as (connection, state):
            done = await store.cancel(connection, state.id, number, read_why(request.body))
            if done == _NONE_OF_THEIRS:
                raise InvoiceUnknownError
            if done:
                raise NotCancellableError
            await self._sessions.note(connection, state, Act.INVOICE_CANCEL, number, kind=_KIND)
            (kept,) = await store.own(connection, state.id, self._keys, only=number)
        return kept


def _refuse(sent: Sent, quoted: Quoted) -> None:
    """Raise what stands in the way of an invoice before what it quotes is looked at."""
    match quoted.found:
        case Found.NOT_OWN:
            raise not_own(sent)
        case Found.TRIED:
            raise TooManyMissedError
        case Found.HELD:
            raise InvoicesHeldError
        case Found.CLOSED:
            raise InvoicesClosedError
        case _:
            return
