"""Read what holds oneself, and appeal: in one's own session, with a journal line."""

from dataclasses import replace
from datetime import timedelta

from tierce.identity.appeals import store
from tierce.identity.appeals.model import OwnHold
from tierce.identity.appeals.rules import read_appeal
from tierce.identity.errors import AppealRefusedError
from tierce.identity.service import Received, Sessions
from tierce.kernel.ids import new_id
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act

SHOWN_FOR = timedelta(days=30)
"""A hold that ended is still told for so long, with its answer."""


class Appeals:
    """The holds of the professional who holds a session."""

    def __init__(self, sessions: Sessions) -> None:
        """Whose holds is told by `sessions`, with its connections and its clock."""
        self._sessions = sessions

    async def holds(self, handle: str) -> list[OwnHold]:
        """List what holds this session's account, device or establishment, now or lately.

        What became of an appeal is told to the professional who made it, and to no assistant of hers.

        Raises:
            SessionRefusedError: the session is over.
        """
        state = await self._sessions.read(handle)
        since = self._sessions.clock.now() - SHOWN_FOR
        async with self._sessions.pool.connection() as connection:
            found = await store.own_holds(connection, state, since)
        if state.assistant is None:
            return found
        return [replace(one, said=None, due=None, answered=None, answer=None) for one in found]

    async def appeal(self, handle: str, request: Received, hold: int, said: str) -> None:
        """Say why one should not be held; staff answer in time (policy.ladder).

        Signed by the session's key where it has one: a hold is appealed once, so a stolen cookie would take the
        owner's only word from her.

        Raises:
            SessionRefusedError, ProofRefusedError.
            AppealRefusedError: the text cannot be kept, the hold is over or not one's own, or was appealed already.
        """
        words, now, number = read_appeal(said), self._sessions.clock.now(), new_id()
        async with self._sessions.signed(handle, request, keyless_too=True) as (connection, state):
            live = [one.id for one in await store.own_holds(connection, state, now)]
            if hold not in live or not await store.put_appeal(connection, number, state, hold, words, now):
                raise AppealRefusedError(
                    "said",
                    Phrase(
                        "rien ne vous retient plus, ou vous avez déjà écrit",
                        "nothing holds you any more, or you wrote already",
                    ),
                    Phrase("Relisez la page : l’état y est à jour.", "Read the page again: it is up to date."),
                )
            await self._sessions.note(connection, state, Act.APPEAL_MAKE, number)
