"""The insurer's signer: makes the dynamic card of whoever holds a live session of the persons' space.

It holds the keys that sign, the key of the handles, and nothing else: it can read no record, no coverage, and name
nobody. Who asks is proved by the session's handle, so that whoever holds the persons' site makes cards for the people
who are signed in there, and for nobody else.
"""

import os
import secrets
from hashlib import sha256

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.policy.presence import CARD_SECONDS, CARDS_A_DAY
from tierce.presence import store
from tierce.presence.errors import BearerUnknownError, NoSignerError, PlaceUnknownError, TooManyCardsError
from tierce.presence.model import Bearer, Card, Minted, Place
from tierce.presence.rules import (
    HANDLE_BYTES,
    NONCE_BYTES,
    SPOKEN_DIGITS,
    named,
    pack_card,
    read_place_code,
    spaced,
    write_card,
)
from tierce.presence.signing import sign_card, signing_key

_SAY_TRIES = 8


class Signer:
    """Makes cards, over connections of role tierce_signer in autocommit mode."""

    def __init__(self, master: bytes, handles: store.KeyedHash, appender: Appender, clock: Clock) -> None:
        """`master` is the file from which signing keys are derived; `handles` makes the handles in cards."""
        self._master = master
        self._handles = handles
        self._appender = appender
        self._clock = clock

    def place(self, connection: Connection, code: str) -> Place:
        """The place that a code stands for.

        Raises:
            PlaceUnknownError: none has this code.
        """
        number = read_place_code(code)
        found = None if number is None else store.place_of(connection, number)
        if found is None:
            raise PlaceUnknownError
        return found

    def mint(self, connection: Connection, handle: str, code: str) -> Minted:
        """Make a card for the bearer of a session, to be read at the place of this code; its line comes first.

        Raises:
            BearerUnknownError: the session has ended.
            NoSignerError: no insurer of hers signs cards.
            TooManyCardsError: she asked for too many today.
            PlaceUnknownError: no place has this code.
        """
        with connection.transaction():
            bearer = store.bearer(connection, sha256(handle.encode()).digest())
            if bearer is None:
                raise BearerUnknownError
            if not bearer.signer:
                raise NoSignerError
            if bearer.today >= CARDS_A_DAY:
                raise TooManyCardsError
            place = self.place(connection, code)
            token = self._token(bearer, place)
            self._appender.write(connection, [self._line(bearer, place)])
            spoken = self._say(connection, place, token)
        return Minted(token, spaced(spoken, SPOKEN_DIGITS), place, CARD_SECONDS)

    def _token(self, bearer: Bearer, place: Place) -> str:
        nonce = os.urandom(NONCE_BYTES)
        digest = self._handles.digest(named(nonce, bearer.person, place.establishment))[:HANDLE_BYTES]
        issued = int(self._clock.now().timestamp())
        payload = pack_card(Card(bearer.signer, place.establishment, digest, issued, CARD_SECONDS, nonce))
        return write_card(payload, sign_card(signing_key(self._master, bearer.signer, bearer.insurer), payload))

    def _say(self, connection: Connection, place: Place, token: str) -> int:
        for _ in range(_SAY_TRIES):
            digits = secrets.randbelow(10**SPOKEN_DIGITS)
            if store.say(connection, place.establishment, digits, token):
                return digits
        raise TooManyCardsError

    def _line(self, bearer: Bearer, place: Place) -> Entry:
        return Entry(
            kind=EntryKind.CARD,
            act=Act.PRESENCE_CARD,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            professional=bearer.person,
            establishment=place.establishment,
            session=bearer.session,
            insurer=bearer.insurer,
            person=bearer.person,
            policy=policy_digest(),
        )
