"""What she does with her wish, each time after its journal line."""

import secrets

from psycopg import Connection

from tierce.identity.model import PersonCaller
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import new_id
from tierce.kernel.language import Language
from tierce.notices.deliveries.mail import TOKEN_BYTES
from tierce.persons.rules import own_line
from tierce.persons.wishes import store
from tierce.persons.wishes.errors import WishReason, WishRefusedError
from tierce.persons.wishes.model import Asked, Sealed, Standing
from tierce.persons.wishes.rules import CODE_DIGITS, code_digest, read_address, read_code, standing
from tierce.policy.acts import Act

_ASK_REFUSED = {1: WishReason.NOT_OFFERED, 2: WishReason.TOO_OFTEN}


class Wishes:
    """A person's own wish; connections of role tierce_persons in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the persons' instance."""
        self._appender = appender
        self._clock = clock

    def standing(self, connection: Connection, handle: bytes) -> Standing:
        """Where her wish stands."""
        offered = store.recipient(connection) is not None
        return standing(store.own(connection, handle), offered=offered)

    def ask(
        self, connection: Connection, caller: PersonCaller, handle: bytes, typed: str, language: Language
    ) -> None:
        """Keep an address, sealed, and have a code sent to it. Nothing else is sent before the code is typed.

        Raises:
            FieldError: it is no e-mail address.
            WishRefusedError: nobody sends, or she asked too often today.
        """
        address = read_address(typed)
        to = store.recipient(connection)
        if to is None:
            raise WishRefusedError(WishReason.NOT_OFFERED)
        wish, code = new_id(), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        sealed, token = store.seal(to, Sealed(address, code)), secrets.token_bytes(TOKEN_BYTES)
        asked = Asked(wish, sealed, code_digest(wish, code), token, language)
        with connection.transaction():
            self._write(connection, caller, wish)
            refused = store.ask(connection, handle, asked)
            if refused:
                raise WishRefusedError(_ASK_REFUSED[refused])

    def prove(self, connection: Connection, caller: PersonCaller, handle: bytes, typed: str) -> None:
        """Take the code that she typed: from here on she is told.

        Raises:
            WishRefusedError: it is not the one, too many were typed, or it came too late.
        """
        waiting = self.standing(connection, handle).waiting
        if waiting is None:
            raise WishRefusedError(WishReason.TOO_LATE)
        code = read_code(typed)
        with connection.transaction():
            said = store.prove(connection, handle, waiting.id, code_digest(waiting.id, code))
            if said == 0:
                self._write(connection, caller, waiting.id)
        if said:
            raise WishRefusedError(WishReason.WRONG_CODE if said == 1 else WishReason.TOO_LATE)

    def stop(self, connection: Connection, caller: PersonCaller, handle: bytes) -> None:
        """End it at once: what was found and not sent yet is not sent either."""
        with connection.transaction():
            if store.stop(connection, handle):
                self._write(connection, caller, 0)

    def _write(self, connection: Connection, caller: PersonCaller, wish: int) -> None:
        line = own_line(caller, Act.PERSON_WISH, self._clock.now(), wish)
        self._appender.write(connection, [line])
