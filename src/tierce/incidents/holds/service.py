"""Staff hold, lift and end: each with its line in the transaction that does it, so that neither is there alone."""

from dataclasses import replace

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.holds import rules, store
from tierce.incidents.holds.errors import HoldMissingError
from tierce.incidents.holds.model import Order
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import AssistantId, ProfessionalId, SessionId, new_id
from tierce.policy.acts import Act
from tierce.policy.ladder import Level


class Holds:
    """One per office; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = self.appender = appender
        self._clock = self.clock = clock

    def place(self, connection: Connection, caller: StaffCaller, order: Order) -> int:
        """Put an account or a device on a rung, for a bounded time; returns the ladder's row.

        Raises:
            FormError: a field cannot be taken as it is.
            HoldMissingError: the account has never signed in, or was never used from this device.
        """
        rules.check_order(order)
        said = replace(order, reason=check_free_text("reason", order.reason))
        now, number = self._clock.now(), new_id()
        with connection.transaction():
            known = (
                store.devices_of(connection, order.professional)
                if order.level is Level.DEVICE
                else [store.login_of(connection, order.professional)]
            )
            if order.subject not in known:
                raise HoldMissingError
            store.place(connection, number, said, now, caller.name)
            self._appender.write(connection, [rules.move_line(caller, now, number, said)])
        return number

    def lift(self, connection: Connection, caller: StaffCaller, number: int, reason: str) -> None:
        """Lift a live hold.

        Raises:
            FormError: no reason, or one that cannot be kept.
            HoldMissingError: it was lifted or ended meanwhile.
        """
        said = check_free_text("reason", reason)
        now = self._clock.now()
        with connection.transaction():
            if not store.lift(connection, number, caller.staff, caller.name, said):
                raise HoldMissingError
            self._appender.write(connection, [rules.move_line(caller, now, number)])

    def end_session(
        self, connection: Connection, caller: StaffCaller, professional: ProfessionalId, session: SessionId
    ) -> None:
        """End one open session of an account: its next ask is refused.

        Raises:
            HoldMissingError: it is not this account's, or is over.
        """
        now = self._clock.now()
        with connection.transaction():
            if not store.end_session(connection, session, professional, now):
                raise HoldMissingError
            line = staff_line(caller, Act.STAFF_ACCESS_END, now, reference=session)
            self._appender.write(connection, [line])

    def end_assistant(
        self,
        connection: Connection,
        caller: StaffCaller,
        professional: ProfessionalId,
        number: AssistantId,
        reason: str,
    ) -> None:
        """End one assistant of an account: her sessions, her passkeys and her code with her.

        Raises:
            FormError: no reason, or one that cannot be kept.
            HoldMissingError: she is none of this account's, or is over.
        """
        said = check_free_text("reason", reason)
        with connection.transaction():
            if not store.end_assistant(connection, professional, number, caller.name, said):
                raise HoldMissingError
            line = staff_line(caller, Act.STAFF_ASSISTANT_END, self._clock.now(), reference=number)
            self._appender.write(connection, [line])
