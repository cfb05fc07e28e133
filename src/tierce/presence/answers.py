"""What a person says when somebody asks about her: « oui, j’y suis » or « non »."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, from_micros, micros
from tierce.kernel.ids import EntrySeq, EstablishmentId, PersonId, ProfessionalId, SessionId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.presence import store
from tierce.presence.errors import NotAskedError, TooManyAnswersError


@dataclass(frozen=True, slots=True)
class Asked:
    """An ask about her that she may answer; nothing proves yet that she was there."""

    seq: EntrySeq
    professional: ProfessionalId
    establishment: EstablishmentId
    at: datetime


class Answers:
    """Reads the asks that wait for her word, and keeps it; `handle` is the digest of her live session's handle."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write her answers' lines through `appender`."""
        self._appender = appender
        self._clock = clock

    def waiting(self, connection: Connection, handle: bytes) -> list[Asked]:
        """The asks of the last minutes, the newest of each place."""
        return [
            Asked(EntrySeq(seq), ProfessionalId(who), EstablishmentId(place), from_micros(at))
            for seq, who, place, at in store.asked(connection, handle)
        ]

    def answer(
        self, connection: Connection, handle: bytes, seq: EntrySeq, person: PersonId, session: SessionId, *, yes: bool
    ) -> None:
        """Keep her answer with its journal line, in one transaction.

        Raises:
            NotAskedError: no ask of the last minutes that is about her has this number, or she answered it.
            TooManyAnswersError: she said yes too often today.
        """
        with connection.transaction():
            refused, place = store.answer(connection, handle, seq, yes=yes)
            if refused == 1:
                raise NotAskedError
            if refused:
                raise TooManyAnswersError
            line = Entry(
                kind=EntryKind.PERSON_ACT,
                act=Act.PRESENCE_CONFIRM if yes else Act.PRESENCE_DENY,
                outcome=Outcome.DONE,
                time_us=micros(self._clock.now()),
                professional=person,
                establishment=place,
                session=session,
                person=person,
                policy=policy_digest(),
                reference=seq,
            )
            self._appender.write(connection, [line])
