"""What each process does with accounts: a professional asks, staff confirm or refuse, `billing` opens and moves.

Every change is in one transaction with its line of the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from psycopg import Connection

from tierce.billing.bank import store
from tierce.billing.bank.copying import Seals
from tierce.billing.bank.errors import (
    AccountMissingError,
    AccountMovedError,
    AccountSealError,
    AccountStoppedError,
)
from tierce.billing.bank.lines import account_line
from tierce.billing.bank.model import AccountState, Ask, Confirmation, NumberFrom, Own, Sealed, Seen
from tierce.billing.bank.rules import holds_iban, is_iban, read_account
from tierce.billing.bank.sealing import Opener
from tierce.identity.model import SessionState, StaffCaller
from tierce.identity.service import Received, Sessions
from tierce.incidents.errors import FreeTextError
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import new_id
from tierce.kernel.language import Phrase
from tierce.policy.accounts import due_at
from tierce.policy.acts import Act

LISTED_MAX: Final = 100
CHUNK: Final = 100
"""Accounts read at once."""
SPOKEN_CHARS_MAX: Final = 80
SAID_CHARS_MAX: Final = 300
LOOKED_AT: Final = 1_000
"""Characters in which an account is looked for: a longer text is refused anyway."""


class OwnAccounts:
    """The account of the establishment of whoever holds a session; process `api`, which seals and opens nothing."""

    def __init__(self, sessions: Sessions, appender: Appender, seals: Seals, *, real: bool) -> None:
        """`seals` says to whom accounts are sealed; `real` whether they are real ones here."""
        self._sessions = sessions
        self._appender = appender
        self._seals = seals
        self._real = real

    async def read(self, handle: str) -> Own:
        """Read them, masked.

        Raises:
            SessionRefusedError: the session is over.
        """
        state = await self._sessions.read(handle)
        async with self._sessions.pool.connection() as connection:
            return await store.own(connection, state.id)

    async def ask(self, handle: str, request: Received, iban: str, holder: str) -> Own:
        """Ask that the establishment be paid to another account; it comes into force later, or never.

        Raises:
            SessionRefusedError, ProofRefusedError: the session is over, or its key did not sign.
            AccountFieldError: what was typed is no account that is taken here.
            AccountStoppedError: this session may not ask, or not now.
        """
        now = self._sessions.clock.now()
        async with self._sessions.signed(handle, request) as (connection, state):
            # Who may not ask is told so first: what she typed is not looked at.
            found = await store.own(connection, state.id)
            if found.stopped is not None:
                raise AccountStoppedError(found.stopped)
            typed, number, place = read_account(iban, holder, real=self._real), new_id(), _place(state)
            sealed = self._seals.seal(place, number, typed.iban)
            stopped = await store.ask(connection, state.id, number, sealed, typed, due_at(now))
            if stopped is not None:
                raise AccountStoppedError(stopped)
            line = account_line(
                Act.ACCOUNT_ASK, now, who=state.professional, establishment=place, account=number,
                state=AccountState.ASKED, session=state.id, device=state.device or 0,
            )  # fmt: skip
            await self._appender.write_async(connection, [line])
            return await store.own(connection, state.id)

    async def stop(self, handle: str, request: Received) -> AccountState:
        """Take the ask under way back, or object to it: anybody of the establishment may.

        Raises:
            SessionRefusedError, ProofRefusedError.
            AccountMovedError: none is under way any more.
        """
        async with self._sessions.signed(handle, request, keyless_too=True) as (connection, state):
            done = await store.stop(connection, state.id)
            if done is None:
                raise AccountMovedError
            number, reached = done
            line = account_line(
                Act.ACCOUNT_STOP, self._sessions.clock.now(), who=state.professional, establishment=_place(state),
                account=number, state=reached, session=state.id, device=state.device or 0,
            )  # fmt: skip
            await self._appender.write_async(connection, [line])
        return reached


def _place(state: SessionState) -> int:
    assert state.activity is not None, "a signed session is bound to an activity"
    return state.activity.establishment


class AccountDesk:
    """What staff do with asks; every connection is one of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = appender
        self._clock = clock

    def queue(self, connection: Connection) -> list[Ask]:
        """Asks under way, the first that may come into force first."""
        return [_weighed(connection, one) for one in store.queue(connection, LISTED_MAX)]

    def ask(self, connection: Connection, number: int) -> tuple[Ask, list[Seen]]:
        """One account, with the others of its establishment.

        Raises:
            AccountMissingError: none has this number.
        """
        found = _found(connection, number)
        others = store.history(connection, found.establishment, LISTED_MAX)
        return _weighed(connection, found), [one for one in others if one.account.id != number]

    def confirm(
        self, connection: Connection, caller: StaffCaller, number: int, number_from: str, spoken_with: str, said: str
    ) -> None:
        """Write that a call confirmed an ask: on which number, with whom, in a sentence.

        Raises:
            FormError: something is not written, or cannot be kept.
            AccountMissingError, AccountMovedError.
        """
        if number_from not in {str(one.value) for one in NumberFrom}:
            raise FreeTextError(
                "number_from",
                Phrase(
                    "Dites d’où vient le numéro que vous avez appelé.", "Say where the number you called is from."
                ),
            )
        spoken = _text("spoken_with", spoken_with, SPOKEN_CHARS_MAX)
        words = _text("said", said)
        given = Confirmation(
            caller.staff, caller.name, NumberFrom(int(number_from)), spoken, words, self._clock.now()
        )
        self._decide(
            connection, caller, number, Act.STAFF_ACCOUNT_CONFIRM, AccountState.WAITING,
            lambda: store.confirm(connection, number, given),
        )  # fmt: skip

    def refuse(self, connection: Connection, caller: StaffCaller, number: int, said: str) -> None:
        """Refuse an ask, with the reason that the establishment reads.

        Raises:
            FormError, AccountMissingError, AccountMovedError.
        """
        words = _text("said", said)
        self._decide(
            connection, caller, number, Act.STAFF_ACCOUNT_REFUSE, AccountState.REFUSED,
            lambda: store.refuse(connection, number, caller.name, words),
        )  # fmt: skip

    def _decide(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: int,
        act: Act,
        reached: AccountState,
        change: Callable[[], bool],
    ) -> None:
        found = _found(connection, number)
        with connection.transaction():
            if not change():
                raise AccountMovedError
            line = account_line(
                act, self._clock.now(), who=caller.staff, establishment=found.establishment, account=number,
                state=reached, session=caller.session,
            )  # fmt: skip
            self._appender.write(connection, [line])


def _text(field: str, typed: str, most: int = SAID_CHARS_MAX) -> str:
    """A text of staff, as the incidents keep theirs; and no account in it."""
    if holds_iban(typed[:LOOKED_AT]):
        reason = Phrase(
            "Ce texte contient un IBAN : n’en écrivez aucun ici.", "This text holds an IBAN: write none here."
        )
        raise FreeTextError(field, reason)
    return check_free_text(field, typed, most)


def _found(connection: Connection, number: int) -> Seen:
    found = store.seen(connection, number)
    if found is None:
        raise AccountMissingError
    return found


def _weighed(connection: Connection, seen: Seen) -> Ask:
    odd, needed, suspended = store.oddities(connection, seen.account.id)
    given = tuple(store.confirmations(connection, seen.account.id))
    return Ask(seen, odd, needed, suspended, given, *store.told(connection, seen.account.id))


@dataclass(slots=True)
class Moved:
    """What one turn of `billing` did."""

    opened: int = 0
    refused: int = 0
    unopened: int = 0
    """Asks that no key of this process opens."""
    in_force: int = 0


@dataclass(frozen=True, slots=True)
class Mover:
    """Opens what was asked, and puts in force what may be; process `billing`, in autocommit mode."""

    appender: Appender
    opener: Opener
    clock: Clock

    def turn(self, connection: Connection) -> Moved:
        """Do one turn: each account in a transaction of its own."""
        done = Moved()
        after = -1
        while found := store.asked(connection, after, CHUNK):
            for one in found:
                self._examine(connection, one, done)
            after = found[-1].id
        after = -1
        while ripe := store.ripe(connection, after, CHUNK):
            for number, establishment in ripe:
                done.in_force += self._put_in_force(connection, number, establishment)
            after = ripe[-1][0]
        return done

    def _examine(self, connection: Connection, one: Sealed, done: Moved) -> None:
        """Hold what is sealed to what its row says: whoever took it in could have shown another tail.

        What does not open may be sealed to a key that this process was not given yet: it waits, and is counted.
        """
        try:
            iban = self.opener.iban(one.establishment, one.sealed)
        except AccountSealError:
            done.unopened += 1
            return
        fits = iban[:2] == one.country and iban[-4:] == one.tail and is_iban(iban)
        with connection.transaction():
            reached = store.examined(connection, one.id, self.opener.twin(iban) if fits else None)
            if reached is not None:
                self._write(connection, one.id, one.establishment, reached)
        done.opened += reached is AccountState.WAITING
        done.refused += reached is AccountState.REFUSED

    def _put_in_force(self, connection: Connection, number: int, establishment: int) -> bool:
        with connection.transaction():
            done, replaced = store.put_in_force(connection, number)
            if done:
                if replaced is not None:
                    self._write(connection, replaced, establishment, AccountState.ENDED)
                self._write(connection, number, establishment, AccountState.IN_FORCE)
        return done

    def _write(self, connection: Connection, number: int, establishment: int, state: AccountState) -> None:
        line = account_line(
            Act.ACCOUNT_MOVE, self.clock.now(), who=self.appender.instance, establishment=establishment,
            account=number, state=state,
        )  # fmt: skip
        self.appender.write(connection, [line])
