"""Agreements of one place: asked for with their journal line, read again, taken back. Nobody covered is looked up."""

from dataclasses import replace

from tierce.billing.agreements import store
from tierce.billing.agreements.documents import store as documents
from tierce.billing.agreements.documents.model import Awaits
from tierce.billing.agreements.documents.rules import check_declared, read_declared, repeats
from tierce.billing.agreements.errors import (
    AgreementReferenceUsedError,
    AgreementsClosedError,
    AgreementSettledError,
    AgreementUnknownError,
    NoDocumentAwaitedError,
)
from tierce.billing.agreements.model import AgreementState, OwnAgreement, Quoted
from tierce.billing.agreements.rules import check_quoted, parse_agreement
from tierce.billing.invoices.errors import InvoicesHeldError, TooManyMissedError
from tierce.billing.invoices.model import Found
from tierce.billing.invoices.rules import engagement_not_own
from tierce.billing.rules import NO_NUMBER, digest_of, read_why
from tierce.billing.turns import Turns
from tierce.identity.service import Received, Sessions
from tierce.journal.engagement import parse_engagement
from tierce.journal.errors import EngagementFormatError
from tierce.journal.model import EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act
from tierce.policy.agreements import PAGE_ROWS

READ = DataCategory.GUARANTEES | DataCategory.REIMBURSEMENTS
"""What an agreement says: what somebody's product gives for some items, and what is promised of it."""
_NONE_OF_THEIRS = 2
_KIND = EntryKind.AGREEMENT


class Agreements:
    """The agreements of whoever holds a session; `key` is that of engagement numbers."""

    def __init__(self, sessions: Sessions, key: bytes, page_rows: int = PAGE_ROWS) -> None:
        """Whose they are is told by `sessions`, with its connections and its clock."""
        self._sessions = sessions
        self._turns = Turns(sessions)
        self._key = key
        self._page_rows = page_rows

    async def ask(self, handle: str, request: Received, said: bytes | None = None) -> OwnAgreement:
        """Take one ask in, after its journal line; the same bytes again get the same receipt.

        `said` is the body in our own words, where another's were signed.

        Raises:
            SessionRefusedError, ProofRefusedError, PlaceBusyError.
            BillingFieldError: a field cannot be accepted, or what is quoted allows none.
            AgreementReferenceUsedError: this reference is another agreement's.
            TooManyAgreementsError, TooManyMissedError, InvoicesHeldError, AgreementsClosedError.
        """
        today, words = date_of(paris_day(self._sessions.clock.now())), request.body if said is None else said
        async with self._turns.signed(handle, request) as (connection, state):
            sought, digest = parse_agreement(words), digest_of(words)
            engagement = self._number(sought.engagement)
            quoted = await store.quote(connection, state.id, sought.reference, engagement)
            number = quoted.agreement
            if number is not None and quoted.digest != digest:
                raise AgreementReferenceUsedError
            if number is None:
                if quoted.found is Found.NOT_OWN:
                    await connection.commit()  # the number that was tried counts
                _refuse(quoted)
                check_quoted(quoted, today)
                number = new_id()
                entry = await self._sessions.note(
                    connection, state, Act.AGREEMENT_ASK, number, kind=_KIND, domain=quoted.domain
                )
                await store.keep(
                    connection, state.id, number, sought=sought, engagement=engagement, digest=digest, entry=entry
                )
            (kept,) = await store.own(connection, state.id, self._key, only=number)
            told = await store.own_documents(connection, state.id, number)
        return replace(kept, documents=told)

    def _number(self, printed: str) -> int:
        try:
            return parse_engagement(self._key, printed)
        except EngagementFormatError:
            return NO_NUMBER

    async def page(
        self, handle: str, state: AgreementState | None, after: int | None
    ) -> tuple[list[OwnAgreement], int | None]:
        """One page of the place's agreements, the newest first, and where the next begins; after its line.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            rows = await store.own(
                connection, reader.id, self._key, state=state, after=after, at_most=self._page_rows + 1
            )
            if rows:
                await self._sessions.note(connection, reader, Act.AGREEMENT_READ, kind=_KIND, categories=READ)
        page = rows[: self._page_rows]
        return page, page[-1].id if len(rows) > self._page_rows else None

    async def one(self, handle: str, number: int) -> OwnAgreement:
        """One agreement of the place with its lines and documents; after the line that says so.

        Raises:
            SessionRefusedError: the session is over, or has chosen no activity.
            AgreementUnknownError: none of this place's has this number.
        """
        async with self._sessions.reading(handle) as (connection, reader):
            found = await store.own(connection, reader.id, self._key, only=number)
            if not found:
                raise AgreementUnknownError
            lines = await store.own_lines(connection, reader.id, number)
            told = await store.own_documents(connection, reader.id, number)
            await self._sessions.note(connection, reader, Act.AGREEMENT_READ, number, kind=_KIND, categories=READ)
        return replace(found[0], lines=lines, documents=told)

    async def declare(self, handle: str, request: Received, number: int) -> OwnAgreement:
        """Keep what is declared of a document, after its journal line; the same said again changes nothing.

        The last that was awaited makes the grant, in the same transaction.

        Raises:
            SessionRefusedError, ProofRefusedError.
            BillingFieldError: a field cannot be accepted, or the document does not hold.
            AgreementUnknownError, NoDocumentAwaitedError, TooManyDocumentsError, TooManyMissedError.
            InvoicesHeldError, AgreementsClosedError.
        """
        today = date_of(paris_day(self._sessions.clock.now()))
        async with self._sessions.signed(handle, request, keyless_too=True) as (connection, state):
            declared = read_declared(request.body)
            subject = await documents.subject_of(connection, state.id, number)
            _refuse_document(subject.awaits)
            if not repeats(declared, await store.own_documents(connection, state.id, number)):
                by = await documents.prescriber_of(connection, declared.prescriber)
                check_declared(declared, subject, by, state.professional, today)
                entry = await self._sessions.note(
                    connection, state, Act.AGREEMENT_DOCUMENT, number, kind=_KIND, domain=subject.domain
                )
                await documents.keep(connection, state.id, number, declared=declared, prescriber=by, entry=entry)
            (kept,) = await store.own(connection, state.id, self._key, only=number)
            lines = await store.own_lines(connection, state.id, number)
            told = await store.own_documents(connection, state.id, number)
        return replace(kept, lines=lines, documents=told)

    async def cancel(self, handle: str, request: Received, number: int) -> OwnAgreement:
        """Take one agreement back, with a written reason, while no invoice quotes it.

        Raises:
            SessionRefusedError, ProofRefusedError.
            BillingFieldError: the reason cannot be kept.
            AgreementUnknownError, AgreementSettledError.
        """
        async with self._sessions.signed(handle, request, keyless_too=True) as (connection, state):
            done = await store.cancel(connection, state.id, number, read_why(request.body))
            if done == _NONE_OF_THEIRS:
                raise AgreementUnknownError
            if done:
                raise AgreementSettledError
            await self._sessions.note(connection, state, Act.AGREEMENT_CANCEL, number, kind=_KIND, categories=READ)
            (kept,) = await store.own(connection, state.id, self._key, only=number)
        return kept


def _refuse_document(awaits: Awaits) -> None:
    """Raise what stands in the way of a declaration before it is looked at."""
    match awaits:
        case Awaits.NOT_OWN:
            raise AgreementUnknownError
        case Awaits.TRIED:
            raise TooManyMissedError
        case Awaits.HELD:
            raise InvoicesHeldError
        case Awaits.CLOSED:
            raise AgreementsClosedError
        case Awaits.NOTHING:
            raise NoDocumentAwaitedError
        case Awaits.YES:
            return


def _refuse(quoted: Quoted) -> None:
    """Raise what stands in the way of an ask before what it quotes is looked at."""
    match quoted.found:
        case Found.NOT_OWN:
            raise engagement_not_own()
        case Found.TRIED:
            raise TooManyMissedError
        case Found.HELD:
            raise InvoicesHeldError
        case Found.CLOSED:
            raise AgreementsClosedError
        case _:
            return
