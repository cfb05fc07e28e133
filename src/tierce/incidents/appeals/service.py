"""Staff answer appeals: each answer with its journal line, and the lift's own, in one transaction."""

from psycopg import Connection

from tierce.closings.store import lift
from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.appeals import store
from tierce.incidents.appeals.model import Reply
from tierce.incidents.holds.errors import HoldMissingError, OrderError
from tierce.incidents.holds.rules import move_line
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act


class AppealDesk:
    """One per office; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = appender
        self._clock = clock

    def answer(self, connection: Connection, caller: StaffCaller, reply: Reply) -> None:
        """Keep the hold or lift it, and say why in words for the professional.

        Raises:
            FormError: no reason, or one that cannot be kept; or whoever placed the hold would keep it.
            HoldMissingError: the appeal was answered meanwhile.
        """
        words = check_free_text("words", reply.words)
        now = self._clock.now()
        with connection.transaction():
            found = next((one for one in store.waiting(connection, now) if one.id == reply.appeal), None)
            if found is None:
                raise HoldMissingError
            if not reply.lift and found.by == caller.name:
                raise OrderError(
                    "words",
                    Phrase(
                        "Vous avez posé ce frein : une autre personne décide de le maintenir.",
                        "You placed this hold: another person decides to keep it.",
                    ),
                )
            if not store.answer(connection, Reply(reply.appeal, reply.lift, words), now, caller.name):
                raise HoldMissingError
            lines = [staff_line(caller, Act.STAFF_APPEAL_ANSWER, now, reference=reply.appeal)]
            if reply.lift and lift(connection, found.hold, caller.staff, caller.name, words):
                lines.append(move_line(caller, now, found.hold))
            self._appender.write(connection, lines)
