"""What staff do with what nothing decides: two who say the same refuse one, each with her line."""

from typing import Final

from psycopg import Connection

from tierce.billing.model import InvoiceReason
from tierce.billing.refusing import store
from tierce.billing.refusing.errors import UndecidedMissingError, UndecidedMovedError
from tierce.billing.refusing.model import REASON_LABELS, RULING_LABELS, RefusalSaid, Ruling, Undecided, Which
from tierce.billing.settlement.errors import SaidError
from tierce.billing.settlement.lines import batch_line
from tierce.billing.settlement.recoveries.desk import told_text
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act

LISTED_MAX: Final = 200


class RefusalDesk:
    """What staff do; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Lines are written through `appender`."""
        self._appender = appender
        self._clock = clock

    def listed(self, connection: Connection, at_most: int = LISTED_MAX) -> list[Undecided]:
        """Those that have waited longest first."""
        return store.oldest(connection, at_most)

    def one(self, connection: Connection, which: Which) -> Undecided:
        """One, with who said what.

        Raises:
            UndecidedMissingError: none of this number waits so.
        """
        found = store.one(connection, which)
        if found is None:
            raise UndecidedMissingError
        return found

    def refuse(self, connection: Connection, caller: StaffCaller, which: Which, reason: str, said: str) -> bool:
        """Say that one is refused; whether it is now, or a second person must say the same.

        Raises:
            FormError: no reason is chosen, or the words cannot be kept.
            UndecidedMissingError, UndecidedMovedError: it waits so no more, or may still be decided.
            SaidError: she said it already.
        """
        chosen = next((one for one in REASON_LABELS if str(one.value) == reason), None)
        return self._say(connection, caller, which, chosen, said)

    def rule(self, connection: Connection, caller: StaffCaller, which: Which, ruling: str, said: str) -> bool:
        """Say whether two in whose names the same care is are one person; raises as `refuse`."""
        chosen = next((one for one in RULING_LABELS if str(one.value) == ruling), None)
        return self._say(connection, caller, which, chosen, said)

    def _say(
        self,
        connection: Connection,
        caller: StaffCaller,
        which: Which,
        chosen: InvoiceReason | Ruling | None,
        said: str,
    ) -> bool:
        if chosen is None:
            raise FormError("reason", Phrase("Dites le motif.", "Say the reason."))
        now = self._clock.now()
        given = RefusalSaid(caller.staff, caller.name, chosen, told_text(said), now)
        act = Act.STAFF_INVOICE_RULE if isinstance(chosen, Ruling) else Act.STAFF_INVOICE_REFUSE
        with connection.transaction():
            found = self.one(connection, which)
            if chosen not in found.choices:
                raise UndecidedMovedError
            line = batch_line(
                act, now, who=caller.staff, number=which.number, session=caller.session,
                establishment=found.establishment, kind=which.kind,
            )  # fmt: skip
            (entry,) = self._appender.write(connection, [line])
            match store.refuse(connection, which, given, entry):
                case 2:
                    raise UndecidedMovedError
                case 3:
                    raise SaidError
                case done:
                    return bool(done)
