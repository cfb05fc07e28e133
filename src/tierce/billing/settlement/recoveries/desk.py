"""What staff do with recoveries: one opens, another approves; every word has its line of the journal."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from psycopg import Connection

from tierce.billing.bank.rules import holds_iban
from tierce.billing.settlement.errors import SaidError
from tierce.billing.settlement.lines import batch_line
from tierce.billing.settlement.recoveries import store
from tierce.billing.settlement.recoveries.errors import RecoveryMissingError, RecoveryMovedError
from tierce.billing.settlement.recoveries.model import Reason, RecoverySaid, StaffRecovery, Unsettled, Word
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError, FreeTextError
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import new_id
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.transfers import UNSETTLED_DAYS

LISTED_MAX: Final = 200
SAID_CHARS_MAX: Final = 300
REFERENCE_CHARS_MAX: Final = 40
EUROS_CHARS_MAX: Final = 12
_EUROS: Final = re.compile(r"\d{1,7}(?:[.,]\d{1,2})?", re.ASCII)
LOOKED_AT: Final = 1_000
"""Characters in which an account is looked for: a longer text is refused anyway."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a member of staff typed to open one."""

    reference: str
    euros: str
    reason: str
    said: str


class RecoveryDesk:
    """What staff do; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Lines are written through `appender`."""
        self._appender = appender
        self._clock = clock

    def listed(self, connection: Connection) -> list[StaffRecovery]:
        """Those that wait for a second person first, then the newest."""
        return store.newest(connection, LISTED_MAX)

    def unsettled(self, connection: Connection, at_most: int = LISTED_MAX) -> list[Unsettled]:
        """Places that no transfer has settled for long, whichever side owes: the oldest first."""
        return store.unsettled(connection, self._clock.now() - timedelta(days=UNSETTLED_DAYS), at_most)

    def one(self, connection: Connection, number: int) -> StaffRecovery:
        """One, with who said what.

        Raises:
            RecoveryMissingError: none has this number.
        """
        found = store.one(connection, number)
        if found is None:
            raise RecoveryMissingError
        return found

    def open_(self, connection: Connection, caller: StaffCaller, transfer: int, typed: Typed) -> int:
        """Open one of an invoice that a transfer paid; its number. A second person must approve it.

        Raises:
            FormError: a field is missing, cannot be kept, or is not of what was paid.
        """
        if typed.reason not in {str(one.value) for one in Reason}:
            raise FormError("reason", Phrase("Dites le motif.", "Say the reason."))
        asked = cents_typed(typed.euros), Reason(int(typed.reason))
        reference = typed.reference.strip()[:REFERENCE_CHARS_MAX]
        said = RecoverySaid(Word.APPROVE, caller.staff, caller.name, told_text(typed.said), self._clock.now())
        number = new_id()
        with connection.transaction():
            match store.open_(connection, number, transfer, reference, asked, said):
                case 1:
                    raise FormError("reference", Phrase(
                        "Ce virement ne paie aucune facture de ce numéro : recopiez celui du lieu.",
                        "This transfer pays no invoice of this number: copy the place's own.",
                    ))  # fmt: skip
                case 2:
                    raise FormError("euros", Phrase(
                        "Elle n’est pas payée, ou pas d’autant : pas plus que ce qui l’a été.",
                        "It is not paid, or not that much: no more than what was.",
                    ))  # fmt: skip
                case 3:
                    raise FormError("reference", Phrase(
                        "Cette facture est récupérée déjà, ou l’a été : elle ne l’est qu’une fois.",
                        "This invoice is recovered already, or was: it is only once.",
                    ))  # fmt: skip
                case _:
                    self._line(connection, caller, number)
        return number

    def say(
        self, connection: Connection, caller: StaffCaller, number: int, what: Word, *, said: str = "",
        seen_amount: int = 0,
    ) -> bool:  # fmt: skip
        """Approve one for the amount that was read, cancel it, or say that the rest that was read is settled.

        Whether it is so now, or a second must say so.

        Raises:
            FormError: a reason is not written, or cannot be kept; or the same care was invoiced again.
            RecoveryMissingError, RecoveryMovedError: it can no longer be said.
            SaidError: she said it already.
        """
        words = "" if what is Word.APPROVE else told_text(said)
        given = RecoverySaid(what, caller.staff, caller.name, words, self._clock.now())
        with connection.transaction():
            match store.say(connection, number, given, seen_amount):
                case 2:
                    raise RecoveryMissingError if store.one(connection, number) is None else RecoveryMovedError
                case 3:
                    raise SaidError
                case 4:
                    raise FormError("said", Phrase(
                        "Le même soin a été facturé de nouveau depuis : rendre celui-ci le paierait deux fois.",
                        "The same care was invoiced again since: giving this back would pay it twice.",
                    ))  # fmt: skip
                case 5:
                    raise FormError("said", Phrase(
                        "D’autres soins ont pris depuis sur le même plafond : rendre celui-ci le dépasserait. Le "
                        "lieu peut facturer ce soin de nouveau.",
                        "Other care drew on the same cap since: giving this back would exceed it. The place may "
                        "invoice that care again.",
                    ))  # fmt: skip
                case done:
                    self._line(connection, caller, number)
        return bool(done)

    def _line(self, connection: Connection, caller: StaffCaller, number: int) -> None:
        line = batch_line(
            Act.STAFF_RECOVERY, self._clock.now(), who=caller.staff, number=number, session=caller.session
        )
        self._appender.write(connection, [line])


def cents_typed(text: str) -> int:
    """Euros as staff type them, « 12,50 » or « 12.50 ».

    Raises:
        FormError.
    """
    bare = text.replace("€", "").replace("\u00a0", "").replace(" ", "").strip()
    if len(text) <= EUROS_CHARS_MAX and _EUROS.fullmatch(bare):
        whole, _, part = bare.replace(",", ".").partition(".")
        return int(whole) * 100 + int(part.ljust(2, "0"))
    raise FormError("euros", Phrase("Écrivez un montant en euros, comme 12,50.", "Write euros, as 12.50."))


def told_text(typed: str) -> str:
    """A text that the place reads; and no account in it."""
    if holds_iban(typed[:LOOKED_AT]):
        raise FreeTextError("said", Phrase(
            "Ce texte contient un IBAN : n’en écrivez aucun ici.", "This text holds an IBAN: write none here."
        ))  # fmt: skip
    return check_free_text("said", typed, SAID_CHARS_MAX)
