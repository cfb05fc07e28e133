"""What a client does for colleagues from her own session: declare a substitute, end one, enrol one who applied.

Each is signed by the session's key, carried out by a function of the database that checks the session again and holds
the policy's bounds, and journalled in the same transaction. None shows anybody.
"""

from datetime import date
from typing import Final

from tierce.identity import store
from tierce.identity.errors import ColleagueReason, ColleagueRefusedError
from tierce.identity.model import SessionState
from tierce.identity.rules import is_national_id
from tierce.identity.service import Received, Sessions
from tierce.kernel.clock import day_of
from tierce.kernel.ids import MAX_ID, ProfessionalId
from tierce.policy.acts import Act

BY_MANAGER: Final = "inscrit par le responsable de l’établissement"
"""The reason kept with an enrolment by a manager: nothing is typed, so nobody can be named in it."""


class Colleagues:
    """Acts of one professional for another, over the sessions of a process."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the sessions' own connections and journal."""
        self._sessions = sessions

    async def declare_substitute(
        self, handle: str, request: Received, substitute: str, first: date, last: date
    ) -> int:
        """Declare a substitute (by national identifier) for oneself, from `first` to `last`, both included.

        Returns the substitution's number.

        Raises:
            ColleagueRefusedError: nobody of that number, another profession, days or number out of bounds, the
                session acts under a substitution itself, is held, or its device is new.
            SessionRefusedError, ProofRefusedError.
        """
        async with self._sessions.signed(handle, request) as (connection, state):
            await _refuse_held_or_new(connection, state)
            who = await _find(connection, substitute)
            made = await store.declare_substitute(connection, state.id, who, day_of(first), day_of(last))
            if made is None:
                raise ColleagueRefusedError(ColleagueReason.SUBSTITUTE)
            await self._sessions.note(connection, state, Act.SUBSTITUTE_DECLARE, made)
        return made

    async def end_substitute(self, handle: str, request: Received, number: int) -> None:
        """End a substitution from today on, as the professional replaced or as the substitute.

        Raises:
            ColleagueRefusedError: it is not one's own, or is over.
            SessionRefusedError, ProofRefusedError.
        """
        async with self._sessions.signed(handle, request) as (connection, state):
            if number > MAX_ID or not await store.end_substitute(connection, number, state.id, _by(state)):
                raise ColleagueRefusedError(ColleagueReason.NOT_FOUND)
            await self._sessions.note(connection, state, Act.SUBSTITUTE_END, number)

    async def enrol(self, handle: str, request: Received, colleague: str) -> None:
        """As an enrolled manager, enrol a colleague who signed in and applied at this very establishment.

        Raises:
            ColleagueRefusedError: one is no manager there, is held or at a new device, or the colleague did not apply
                or was decided on by staff.
            SessionRefusedError, ProofRefusedError.
        """
        async with self._sessions.signed(handle, request) as (connection, state):
            await _refuse_held_or_new(connection, state)
            who = await _find(connection, colleague)
            if not await store.enrol_by_manager(connection, state.id, who, BY_MANAGER):
                raise ColleagueRefusedError(ColleagueReason.ENROLMENT)
            await self._sessions.note(connection, state, Act.ENROLMENT_MOVE, who)


def _by(state: SessionState) -> str:
    return f"professional {state.professional}"


async def _refuse_held_or_new(connection: store.Connection, state: SessionState) -> None:
    """The database holds both too; here they are told from the other reasons."""
    if await store.brings_nobody(connection, state.id):
        raise ColleagueRefusedError(ColleagueReason.HELD)
    if state.activity is not None and await store.too_new(connection, state.id):
        raise ColleagueRefusedError(ColleagueReason.DEVICE)


async def _find(connection: store.Connection, national_id: str) -> ProfessionalId:
    found = None
    if is_national_id(national_id):
        found = await store.professional_by_national_id(connection, national_id)
    if found is None:
        raise ColleagueRefusedError(ColleagueReason.NOT_FOUND)
    return found
