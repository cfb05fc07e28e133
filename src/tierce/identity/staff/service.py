"""List and end the sessions of staff, each end with its journal line in the same transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.identity.staff import store
from tierce.identity.staff.store import OpenStaffSession
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import APPEND_ENTRIES_MAX, Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import SessionId, staff_id
from tierce.policy.acts import Act, Outcome


class StaffSessionError(TierceError):
    """No session can be ended as asked; nothing was written."""


@dataclass(frozen=True, slots=True)
class StaffDesk:
    """The use cases; `policy` is the 16-byte digest of the rendered policy, written with each line."""

    appender: Appender
    clock: Clock
    policy: bytes

    def live(self, connection: Connection) -> list[OpenStaffSession]:
        """Every open session, the newest first."""
        return store.live(connection, self.clock.now())

    def end(self, connection: Connection, subject: str, by: str) -> int:
        """End every open session of `subject`, which is refused at its next request; how many were ended.

        Raises:
            StaffSessionError: nobody is named as doing it, or no session of that name is open.
        """
        refusal = (
            "aucune session de ce nom n’est ouverte : `tierce staff list` les montre, sous le nom du fournisseur / "
            "no session of that name is open: `tierce staff list` shows the names; they are the provider's"
        )
        return self._end(connection, lambda now: store.end_every(connection, subject, now), by, refusal)

    def end_insurer(self, connection: Connection, amc: str, by: str) -> int:
        """End every open session of an insurer's staff, refused at their next request; how many were ended.

        Raises:
            StaffSessionError: nobody is named as doing it, or that insurer (by its AMC number) has no session open.
        """
        refusal = (
            "aucune session d’un organisme de ce numéro AMC n’est ouverte / "
            "no session of an insurer with that AMC number is open"
        )
        return self._end(connection, lambda now: store.end_insurer(connection, amc, now), by, refusal)

    def _end(
        self, connection: Connection, end: Callable[[datetime], Sequence[SessionId]], by: str, refusal: str
    ) -> int:
        if not by.strip():
            msg = "--by : donnez votre nom / nobody is named as ending the session: give your name"
            raise StaffSessionError(msg)
        now = self.clock.now()
        with connection.transaction():
            ended = end(now)
            if not ended:
                raise StaffSessionError(refusal)
            lines = [
                Entry(
                    kind=EntryKind.STAFF_ACT,
                    act=Act.STAFF_SESSION_END,
                    outcome=Outcome.DONE,
                    time_us=micros(now),
                    professional=staff_id(f"command:{by.strip()}"),
                    policy=self.policy,
                    reference=session,
                )
                for session in ended
            ]
            for first in range(0, len(lines), APPEND_ENTRIES_MAX):
                self.appender.write(connection, lines[first : first + APPEND_ENTRIES_MAX])
        return len(ended)
