"""From what was shown with an ask to a claim that the gate's transaction can finish, or to a refusal."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from tierce.kernel.clock import Clock
from tierce.kernel.ids import EstablishmentId, PersonId, SoftwareId
from tierce.policy.acts import Presence
from tierce.presence import store
from tierce.presence.errors import ProofRefusedError
from tierce.presence.model import CARD, CONFIRMATION, READING, Card, Claim, Kind, Reason, Shown, anybody
from tierce.presence.plugins import Verifier
from tierce.presence.rules import HANDLE_BYTES, named, once_of, place_code, read_card, read_spoken, refusal
from tierce.presence.signing import signed_by

Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]]
_DRAW_TRIES = 8


class Proofs:
    """Verifies what comes with asks in one process of `api`; never takes a grade from what was sent."""

    def __init__(
        self,
        handles: store.KeyedHash,
        connect: Connect,
        clock: Clock,
        verifiers: Mapping[str, Verifier] | None,
    ) -> None:
        """`handles` makes the handles in cards; `verifiers` are those that the operator installed, by name."""
        self._handles = handles
        self._connect = connect
        self._clock = clock
        self._verifiers = dict(verifiers or {})
        self._keys: dict[int, bytes] = {}

    async def claim(self, shown: Shown, place: EstablishmentId, software: SoftwareId, who: bytes) -> Claim:
        """Verify what was shown at a place, by this software, with a question about `who`: canonical identifiers.

        What cannot be known here (was it used before, is its key still good, is it about the person asked for) is
        looked up in the transaction of the ask. So is what somebody might try until it fits (digits, what a verifier
        reads): a claim that never stands comes of it, so that each is an attempt of the day with its line.

        Raises:
            ProofRefusedError: it is no proof, not for this place, or not now; nothing was looked up.
        """
        if shown.means == CARD:
            return await self._card(shown.proof, place)
        if shown.means == CONFIRMATION:
            return Claim(Kind.CONFIRMATION, Presence.CONFIRMED, None)
        if shown.means == READING:
            # Nothing is verified: the software's own word, if it may give it, and it opens nothing by itself.
            return Claim(Kind.READING, Presence.DECLARED, None, software)
        verifier = self._verifiers.get(shown.means)
        if verifier is None:
            raise ProofRefusedError(Reason.MEANS)
        return await self._plugged(verifier, shown, place, who)

    async def code_of(self, place: EstablishmentId) -> int:
        """The short code of a place, drawn the first time it is asked for."""
        async with self._connect() as connection:
            for _ in range(_DRAW_TRIES):
                code = await store.place_code(connection, place, place_code(secrets.randbelow(2**31)))
                if code is not None:
                    return code
        msg = "no code could be drawn for this place"
        raise RuntimeError(msg)

    async def _card(self, proof: str, place: EstablishmentId) -> Claim:
        text = await self._heard(proof, place)
        if text is None:
            return _never()
        read = read_card(text)
        if read is None:
            raise ProofRefusedError(Reason.FORM)
        card, payload, signature = read
        key = await self._key(card.signer)
        if key is None:
            raise ProofRefusedError(Reason.SIGNER)
        if not signed_by(key, payload, signature):
            raise ProofRefusedError(Reason.SIGNATURE)
        why = refusal(card, place, self._clock.now())
        if why is not None:
            raise ProofRefusedError(why)
        return Claim(Kind.CARD, Presence.VERIFIED, once_of(payload), card.signer, self._names(card))

    async def _heard(self, proof: str, place: EstablishmentId) -> str | None:
        digits = read_spoken(proof)
        if digits is None:
            return proof
        async with self._connect() as connection:
            return await store.said(connection, place, digits)

    async def _key(self, signer: int) -> bytes | None:
        if signer not in self._keys:
            async with self._connect() as connection:
                self._keys = await store.signer_keys(connection)
        return self._keys.get(signer)

    def _names(self, card: Card) -> Callable[[PersonId], bool]:
        def names(person: PersonId) -> bool:
            made = self._handles.digest(named(card.nonce, person, card.establishment))[:HANDLE_BYTES]
            return secrets.compare_digest(made, card.handle)

        return names

    async def _plugged(self, verifier: Verifier, shown: Shown, place: EstablishmentId, who: bytes) -> Claim:
        verified = await verifier.verify(shown.proof, place)
        if verified is None:
            return _never()
        once = UUID(bytes=sha256(f"{shown.means}|{verified.once}".encode()).digest()[:16])
        return Claim(Kind.VERIFIER, Presence.VERIFIED, once, names=anybody if verified.who == who else _nobody)


def _never() -> Claim:
    """A claim that the gate refuses once it has counted the attempt: no key has the number 0."""
    return Claim(Kind.CARD, Presence.VERIFIED, uuid4())


def _nobody(_person: PersonId) -> bool:
    return False
