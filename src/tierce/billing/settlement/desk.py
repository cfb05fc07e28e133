"""What staff say of batches: two people approve one, and say that a transfer came back; every word has its line."""

from dataclasses import dataclass
from typing import Final

from psycopg import Connection

from tierce.billing.bank.rules import holds_iban
from tierce.billing.settlement import store
from tierce.billing.settlement.errors import BatchMissingError, BatchMovedError, SaidError
from tierce.billing.settlement.lines import batch_line
from tierce.billing.settlement.listing import TransferList, write_list
from tierce.billing.settlement.model import (
    Batch,
    BatchState,
    Returned,
    Said,
    Transfer,
    TransferState,
    Waits,
    Word,
)
from tierce.billing.settlement.replies import store as replies_store
from tierce.billing.settlement.replies.model import BankReply, What
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FreeTextError
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.transfers import TRANSFERS_MAX, replies_due

LISTED_MAX: Final = 100
TRANSFERS_LISTED: Final = 100
SAID_CHARS_MAX: Final = 300
LOOKED_AT: Final = 1_000
"""Characters in which an account is looked for: a longer text is refused anyway."""
ACTS: Final = {
    Word.APPROVE: Act.STAFF_BATCH_APPROVE,
    Word.REFUSE: Act.STAFF_BATCH_APPROVE,
    Word.EXECUTED: Act.STAFF_BATCH_SETTLE,
    Word.RETURNED: Act.STAFF_BATCH_SETTLE,
    Word.REJECTED: Act.STAFF_BATCH_SETTLE,
    Word.LEFT: Act.STAFF_BATCH_SETTLE,
}
_NEEDS_SAYING: Final = frozenset({Word.REFUSE, Word.RETURNED, Word.REJECTED, Word.LEFT})


@dataclass(frozen=True, slots=True)
class Shown:
    """One batch, what was said of it, and some of its transfers; the next page is past `after` of them, if not 0."""

    batch: Batch
    words: tuple[Said, ...]
    transfers: tuple[Transfer, ...]
    after: int
    replies: tuple[BankReply, ...]
    """What the bank's files say of the batch, and of each transfer in it."""
    firsts: tuple[int, int]
    """Before its file: how many transfers, and how much, go to an account to which none was carried out yet."""
    late: bool
    """Whether its file was written days ago, and no file of the bank's speaks of it."""

    def heard(self, subject: int) -> tuple[BankReply, ...]:
        """What the bank's files say of the batch itself, or of one transfer."""
        return tuple(one for one in self.replies if one.subject == subject)

    def disputed(self, one: Transfer) -> bool:
        """Whether a report rejects a transfer of a batch that was carried out, and no file shows its debit."""
        booked = sum(each.amount for each in self.replies if each.what is What.BOOKED)
        whats = {each.what for each in self.heard(one.id)}
        return (
            self.batch.state is BatchState.EXECUTED
            and one.state in {TransferState.OPEN, TransferState.PAID}
            and What.REJECTED in whats
            and What.BOOKED not in whats
            and booked < (self.batch.sent_total or 0)
        )

    def said(self, what: Word, subject: int | None = None) -> tuple[Said, ...]:
        """Who said this of the batch, or of one transfer."""
        wanted = self.batch.id if subject is None else subject
        return tuple(one for one in self.words if one.what is what and one.subject == wanted)


class TransferDesk:
    """What staff do with batches; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Lines are written through `appender`."""
        self._appender = appender
        self._clock = clock

    def queue(self, connection: Connection) -> tuple[list[Batch], list[Waits], frozenset[int]]:
        """Batches, those that wait for somebody first; what is due and in none; of which the bank says nothing."""
        batches = store.batches(connection, LISTED_MAX)
        answered = replies_store.answered(connection, [one.id for one in batches])
        late = frozenset(one.id for one in batches if one.id not in answered and self._late(one))
        return batches, store.waiting(connection), late

    def shown(self, connection: Connection, number: int, skipped: int = 0) -> Shown:
        """One batch, with a page of its transfers.

        Raises:
            BatchMissingError: none has this number.
        """
        found = store.batch(connection, number)
        if found is None:
            raise BatchMissingError
        skipped = max(0, min(skipped, TRANSFERS_MAX))
        rows = store.transfers(connection, number, skipped, TRANSFERS_LISTED + 1)
        following = skipped + TRANSFERS_LISTED if len(rows) > TRANSFERS_LISTED else 0
        words = tuple(store.words(connection, number))
        replies = tuple(replies_store.of_batch(connection, number))
        late = not replies and self._late(found)
        firsts = (0, 0) if found.filed else store.firsts(connection, number)
        return Shown(found, words, tuple(rows[:TRANSFERS_LISTED]), following, replies, firsts, late)

    def _late(self, one: Batch) -> bool:
        return one.state is BatchState.FILED and one.filed is not None and one.filed < replies_due(self._clock.now())

    def listed(self, connection: Connection, caller: StaffCaller, number: int) -> bytes:
        """What the file of a batch has to pay, for whoever checks it; after the line that says so.

        Raises:
            BatchMissingError: none has this number.
            BatchMovedError: its file is not written, or the bank took none of it.
        """
        found = store.batch(connection, number)
        if found is None:
            raise BatchMissingError
        if found.approved is None or found.filed is None:
            raise BatchMovedError
        with connection.transaction():
            rows = store.listed(connection, number)
            if not rows:
                raise BatchMovedError
            line = batch_line(
                Act.STAFF_BATCH_LIST, self._clock.now(), who=caller.staff, number=number, session=caller.session
            )
            self._appender.write(connection, [line])
        return write_list(TransferList(f"{number:016x}", found.insurer, found.approved, rows))

    def transfer(self, connection: Connection, number: int) -> tuple[Shown, Transfer]:
        """One transfer, with its batch.

        Raises:
            BatchMissingError: none has this number.
        """
        found = store.transfer(connection, number)
        if found is None:
            raise BatchMissingError
        return self.shown(connection, found[0]), found[1]

    def returned(self, connection: Connection, caller: StaffCaller, number: int, detail: str, said: str) -> bool:
        """Say that one transfer came back, for the bank's reason; whether it is so now, or a second must say so too.

        Raises:
            FormError: no reason is given, or it cannot be kept.
            BatchMissingError, BatchMovedError, SaidError.
        """
        shown, one = self.transfer(connection, number)
        if shown.batch.state not in {BatchState.FILED, BatchState.EXECUTED} or one.because is not None:
            raise BatchMovedError
        return self.say(connection, caller, shown.batch.id, Word.RETURNED, subject=number, detail=detail, said=said)

    def left(self, connection: Connection, caller: StaffCaller, number: int, said: str) -> bool:
        """Say that one transfer left, though a report of the bank's rejects it; whether it is so, or a second must.

        Raises:
            FormError: no reason is given, or it cannot be kept.
            BatchMissingError, BatchMovedError, SaidError.
        """
        shown, _ = self.transfer(connection, number)
        return self.say(connection, caller, shown.batch.id, Word.LEFT, subject=number, said=said)

    def say(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: int,
        what: Word,
        *,
        subject: int | None = None,
        detail: str = "",
        said: str = "",
        seen_total: int = 0,
    ) -> bool:
        """Say something of a batch, or with `subject` of one transfer in it; whether it is so now, or a second must.

        Raises:
            FormError: a reason is not written, or cannot be kept.
            BatchMissingError, BatchMovedError: it can no longer be said.
            SaidError: she said it already.
        """
        why = _reason(what, detail)
        words = _text(said) if what in _NEEDS_SAYING and (what is not Word.RETURNED or why is Returned.OTHER) else ""
        about = number if subject is None else subject
        given = Said(about, what, caller.staff, why or 0, caller.name, words, self._clock.now())
        with connection.transaction():
            match store.say(connection, number, given, seen_total):
                case 2:
                    raise BatchMissingError if store.batch(connection, number) is None else BatchMovedError
                case 3:
                    raise SaidError
                case done:
                    line = batch_line(
                        ACTS[what], self._clock.now(), who=caller.staff, number=about, session=caller.session
                    )
                    self._appender.write(connection, [line])
        return bool(done)


def _reason(what: Word, typed: str) -> Returned | None:
    """Why a transfer came back, as the form names it."""
    if what is not Word.RETURNED:
        return None
    if typed not in {str(one.value) for one in Returned}:
        raise FreeTextError("detail", Phrase("Dites le motif de la banque.", "Say the bank's reason."))
    return Returned(int(typed))


def _text(typed: str) -> str:
    """A text of staff; and no account in it."""
    if holds_iban(typed[:LOOKED_AT]):
        reason = Phrase(
            "Ce texte contient un IBAN : n’en écrivez aucun ici.", "This text holds an IBAN: write none here."
        )
        raise FreeTextError("said", reason)
    return check_free_text("said", typed, SAID_CHARS_MAX)
