"""Close and open again; each with its journal line in the same transaction."""

from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection

from tierce.closings import store
from tierce.closings.errors import NotClosedError, SecondPersonError
from tierce.closings.model import Closing, Hindered, Release, Released, Target
from tierce.closings.rules import check_rung, read_reason
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import SessionId, StaffId, new_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.allowed import DOMAINS
from tierce.policy.ladder import BROAD, CLOSE_FOR, CLOSE_FOR_MAX, RELEASE_WAITS, Level, Rung, cell_profession

ENTRIES_MAX = 64
"""Holds of one target let go of at once."""


@dataclass(frozen=True, slots=True)
class By:
    """Whose hand: the member of staff as the journal numbers her, her session (0 by command), her name."""

    staff: StaffId
    session: SessionId
    name: str


class Closings:
    """Moves of the ladder that close, hold or let go of a whole part of the service.

    One person closes or holds, for it must be quick. Letting go where many are concerned (policy.ladder.BROAD) takes
    two: one asks, another confirms within RELEASE_WAITS.
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
        self,
        connection: Connection,
        target: Target,
        reason: str,
        by: By,
        length: timedelta = CLOSE_FOR,
        rung: Rung = Rung.SUSPENDED,
    ) -> Closing:
        """Close (or hold on a lower rung), and commit; in effect for the gate's next batch, in a second everywhere.

        Raises:
            ClosingError: the reason is missing or too long, or the rung cannot stand at this level.
        """
        if not timedelta() < length <= CLOSE_FOR_MAX:
            msg = "a closing is bounded"
            raise ValueError(msg)
        check_rung(target, rung)
        now = self._clock.now()
        closing = Closing(new_id(), target, now, now + length, by.name, read_reason(reason), rung)
        with connection.transaction():
            store.put(connection, closing)
            self._appender.write(connection, [self._line(Act.STAFF_LADDER_MOVE, closing.id, target, by)])
        return closing

    def reopen(self, connection: Connection, target: Target, by: By) -> Released:
        """Let go of every live hold of the target, or ask another person to, and commit.

        Raises:
            NotClosedError: nothing stood there.
            SecondPersonError: the only thing left is to confirm what this very person asked for.
        """
        now = self._clock.now()
        lifted = waiting = 0
        with connection.transaction():
            store.forget_releases(connection, now)
            asked = store.releases(connection)
            holds = store.live_on(connection, target)[:ENTRIES_MAX]
            if not holds:
                raise NotClosedError
            for hold in holds:
                before = asked.get(hold.id)
                if target.level not in BROAD or (before is not None and not _is_hers(before, by)):
                    lifted += store.lift(connection, hold.id, by.staff, by.name, "")
                    self._appender.write(connection, [self._line(Act.STAFF_LADDER_MOVE, hold.id, target, by)])
                elif before is None:
                    release = Release(hold.id, by.staff, by.session, by.name, "", now + RELEASE_WAITS)
                    store.ask_release(connection, release, now)
                    self._appender.write(connection, [self._line(Act.STAFF_RELEASE_ASK, hold.id, target, by)])
                    waiting += 1
            if not lifted and not waiting:
                raise SecondPersonError
        return Released(lifted, waiting)

    def _line(self, act: Act, number: int, target: Target, by: By) -> Entry:
        return Entry(
            kind=EntryKind.LADDER_MOVE,
            act=act,
            outcome=Outcome.DONE,
            domain=Domain(target.subject) if target.level is Level.DOMAIN else None,
            time_us=micros(self._clock.now()),
            professional=by.staff,
            session=by.session,
            policy=self._policy,
            reference=number,
        )


def _is_hers(release: Release, by: By) -> bool:
    """Whether one person asked and would confirm: a command numbers her by her name, the office by her sign-in."""
    if release.session and by.session:
        return release.staff == by.staff
    asked, confirms = (" ".join(name.split()).casefold() for name in (release.name, by.name))
    return asked == confirms


def concerned(target: Target) -> list[Profession]:
    """The professions that may ask about what would be closed."""
    match target.level:
        case Level.DOMAIN:
            return [profession for profession, domains in DOMAINS.items() if Domain(target.subject) in domains]
        case Level.PROFESSION:
            return [Profession(target.subject)]
        case Level.CELL:
            return [Profession(cell_profession(target.subject))]
        case _:
            return list(Profession)
