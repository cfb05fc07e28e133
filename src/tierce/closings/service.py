"""Close and open again; each with its journal line in the same transaction."""

from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection

from tierce.closings import store
from tierce.closings.errors import NotClosedError
from tierce.closings.model import Closing, Hindered, Target
from tierce.closings.rules import read_reason
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import SessionId, StaffId, new_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.allowed import DOMAINS
from tierce.policy.ladder import CLOSE_FOR, CLOSE_FOR_MAX, Level


@dataclass(frozen=True, slots=True)
class By:
    """Whose hand: the member of staff as the journal numbers her, her session (0 by command), her name."""

    staff: StaffId
    session: SessionId
    name: str


class Closings:
    """Moves of the ladder that close or open a whole part of the service.

    One person closes, and one opens again what she or another closed. That a *broad* release takes two is not built.
    """

    def __init__(self, appender: Appender, clock: Clock, policy: bytes) -> None:
        """Write lines by `appender`, of role tierce_office; connections are given and never kept."""
        self._appender = appender
        self._clock = clock
        self._policy = policy

    def hindered(self, connection: Connection, target: Target) -> Hindered:
        """Count who a closing would hinder; to be shown before it is made."""
        return store.hindered(connection, target, concerned(target))

    def close(
        self, connection: Connection, target: Target, reason: str, by: By, length: timedelta = CLOSE_FOR
    ) -> Closing:
        """Close, and commit. In effect for the gate's next batch, and within a second everywhere else.

        Raises:
            ClosingError: the reason is missing or too long.
        """
        if not timedelta() < length <= CLOSE_FOR_MAX:
            msg = "a closing is bounded"
            raise ValueError(msg)
        now = self._clock.now()
        closing = Closing(new_id(), target, now, now + length, by.name, read_reason(reason))
        with connection.transaction():
            store.put(connection, closing)
            self._appender.write(connection, [self._line(closing.id, target, by)])
        return closing

    def reopen(self, connection: Connection, target: Target, by: By) -> int:
        """Lift every closing of the target, and commit; returns how many.

        Raises:
            NotClosedError: nothing was closed there.
        """
        with connection.transaction():
            lifted = store.lift(connection, target, self._clock.now())
            if not lifted:
                raise NotClosedError
            self._appender.write(connection, [self._line(number, target, by) for number in lifted[:64]])
        return len(lifted)

    def _line(self, number: int, target: Target, by: By) -> Entry:
        return Entry(
            kind=EntryKind.LADDER_MOVE,
            act=Act.STAFF_LADDER_MOVE,
            outcome=Outcome.DONE,
            domain=Domain(target.subject) if target.level is Level.DOMAIN else None,
            time_us=micros(self._clock.now()),
            professional=by.staff,
            session=by.session,
            policy=self._policy,
            reference=number,
        )


def concerned(target: Target) -> list[Profession]:
    """The professions that may ask about what would be closed."""
    if target.level is not Level.DOMAIN:
        return list(Profession)
    return [profession for profession, domains in DOMAINS.items() if Domain(target.subject) in domains]
