"""Presence in the database: keys of signers, codes of places, cards said aloud."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from psycopg import AsyncConnection, Connection

from tierce.kernel.feed import Rejection
from tierce.kernel.ids import EstablishmentId, InsurerId, PersonId, SessionId
from tierce.policy.acts import Presence
from tierce.presence.model import Bearer, Place
from tierce.storage.keys import SIGNER_KEY, KeyedHash, Keyring, Purpose
from tierce.storage.pairs import pair_number

__all__ = ["SIGNER_KEY", "KeyedHash", "Keyring", "Purpose"]


async def signer_keys(connection: AsyncConnection[Any]) -> dict[int, bytes]:
    """The public keys of signers that are not revoked, by number; the ask's transaction looks at that again."""
    cursor = await connection.execute(
        "select id, public_key from presence.signer where revoked is null and public_key is not null"
    )
    return {number: bytes(key) for number, key in await cursor.fetchall()}


async def said(connection: AsyncConnection[Any], place: EstablishmentId, digits: int) -> str | None:
    """The card that eight digits stand for at a place."""
    cursor = await connection.execute("select presence.said(%s, %s)", (place, digits))
    row = await cursor.fetchone()
    return row[0] if row else None


async def place_code(connection: AsyncConnection[Any], place: EstablishmentId, drawn: int) -> int | None:
    """The code of a place, `drawn` when it has none yet; None when `drawn` is another place's."""
    cursor = await connection.execute("select presence.place_code(%s, %s)", (place, drawn))
    row = await cursor.fetchone()
    return row[0] if row else None


def bearer(connection: Connection, handle: bytes) -> Bearer | None:
    """Whoever holds the live session of this digest."""
    row = connection.execute(
        "select session, person, insurer, signer, made from presence.bearer(%s)", (handle,)
    ).fetchone()
    if row is None:
        return None
    return Bearer(SessionId(row[0]), PersonId(row[1]), InsurerId(row[2]), row[3], row[4])


def place_of(connection: Connection, code: int) -> Place | None:
    """The place that has this code."""
    row = connection.execute("select establishment, name, town from presence.place_of(%s)", (code,)).fetchone()
    return None if row is None else Place(EstablishmentId(row[0]), row[1], row[2])


def say(connection: Connection, place: EstablishmentId, digits: int, token: str) -> bool:
    """Keep a card under eight digits for as long as it serves; False when they stand for another one there."""
    row = connection.execute("select presence.say(%s, %s, %s)", (place, digits, token)).fetchone()
    return bool(row and row[0])


def insurers_without_signer(connection: Connection) -> list[InsurerId]:
    """Insurers none of whose keys may sign, but those whose contract has ended."""
    rows = connection.execute(
        "select i.id from registry.insurer i where not exists"
        " (select from presence.signer s where s.insurer = i.id and s.revoked is null) and not exists"
        " (select from registry.ending e where e.insurer = i.id and e.resumed is null) order by i.id"
    ).fetchall()
    return [InsurerId(row[0]) for row in rows]


def add_signer(connection: Connection, insurer: InsurerId) -> int:
    """Register a signer of an insurer; its key is derived from its number."""
    row = connection.execute("insert into presence.signer (insurer) values (%s) returning id", (insurer,)).fetchone()
    assert row is not None
    return int(row[0])


def set_signer_key(connection: Connection, signer: int, public_key: bytes) -> None:
    """Write the public key of a signer."""
    connection.execute("update presence.signer set public_key = %s where id = %s", (public_key, signer))


def revoke_signer(connection: Connection, signer: int, why: str) -> InsurerId | None:
    """Revoke a signer from the next ask on; None when it is unknown or revoked already."""
    row = connection.execute(
        "update presence.signer set revoked = now(), revoked_why = %s where id = %s and revoked is null"
        " returning insurer",
        (why, signer),
    ).fetchone()
    return None if row is None else InsurerId(row[0])


def signers(connection: Connection) -> list[tuple[int, str, str, bool]]:
    """Every signer: number, AMC number and name of its insurer, whether it may sign."""
    rows = connection.execute(
        "select s.id, i.amc, i.name, s.revoked is null from presence.signer s"
        " join registry.insurer i on i.id = s.insurer order by s.id"
    ).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def asked(connection: Connection, handle: bytes) -> list[tuple[int, int, int, int]]:
    """Asks that wait for the word of whoever holds this session: number, professional, place, instant."""
    rows = connection.execute(
        "select seq, professional, establishment, at_us from presence.asked(%s)", (handle,)
    ).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def answer(connection: Connection, handle: bytes, seq: int, *, yes: bool) -> tuple[int, EstablishmentId]:
    """Keep her answer: 0 and the place, or why it is not kept (`presence.answer_ask`)."""
    row = connection.execute(
        "select refused, establishment from presence.answer_ask(%s, %s, %s)", (handle, seq, yes)
    ).fetchone()
    assert row is not None
    return row[0], EstablishmentId(row[1])


@dataclass(frozen=True, slots=True)
class Settled:
    """A proof of which the lines of seats were told."""

    evidence: UUID
    person: PersonId
    establishment: EstablishmentId
    grade: Presence
    peer: bool
    """Whether a peer reported it."""
    withdrawn: bool


def settle(connection: Connection, at_most: int) -> list[Settled]:
    """Tell the lines of seats about proofs that wait; what must be tried again later stays."""
    rows = connection.execute(
        "select id, person, establishment, grade, peer, withdrawn from presence.settle(%s)", (at_most,)
    ).fetchall()
    return [
        Settled(row[0], PersonId(row[1]), EstablishmentId(row[2]), Presence(row[3]), row[4], row[5]) for row in rows
    ]


def tidy(connection: Connection, days: Sequence[int]) -> None:
    """Forget used cards, answers and settled proofs older than so many days each."""
    connection.execute("select presence.tidy(%s, %s, %s)", tuple(days))


class Listener(Protocol):
    """Hears of a file while it is read."""

    @property
    def on_rejection(self) -> Callable[[Rejection], object]:
        """Called with each refused line."""
        ...

    @property
    def on_lines(self) -> Callable[[int], object]:
        """Called with how many lines were read so far."""
        ...


class ReportRows:
    """What a peer's file changes, in the caller's transaction, as role tierce_feed."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Find people and pairs by the keyed functions of `keyring`."""
        self._connection = connection
        self._keyring = keyring
        self._pair = keyring.hash(Purpose.PAIR)
        self._evidence = keyring.hash(Purpose.FEED)

    def evidence(self, peer: int, number: str) -> UUID:
        """The keyed number of a peer's document."""
        return self._evidence.uuid(b"presence|" + peer.to_bytes(2, "big") + b"|" + number.encode())

    def places(self, numbers: Collection[str]) -> dict[str, EstablishmentId]:
        """Establishments by FINESS."""
        rows = self._connection.execute(
            "select finess, id from directory.establishment where finess = any(%s)", (sorted(numbers),)
        ).fetchall()
        return {finess: EstablishmentId(number) for finess, number in rows}

    def report(self, peer: int, evidence: UUID, place: EstablishmentId, who: bytes, care_day: int) -> bool:
        """Keep a proof; False when it was kept before, or when no pair is there for it."""
        pair = pair_number(self._pair, place, who)
        row = self._connection.execute(
            "select presence.report(%s, %s, %s, %s, %s, %s)",
            (peer, evidence, pair, self._keyring.index(Purpose.INDEX, who), place, care_day),
        ).fetchone()
        return bool(row and row[0])

    def withdraw(self, peer: int, evidence: UUID) -> bool:
        """Take a proof back; False when this peer never sent it, or took it back before."""
        row = self._connection.execute("select presence.take_back(%s, %s)", (peer, evidence)).fetchone()
        return bool(row and row[0])


def peer(connection: Connection, name: str) -> tuple[int, str, InsurerId | None, bytes] | None:
    """A peer that may report: number, name, insurer, public key."""
    row = connection.execute(
        "select id, name, insurer, public_key from presence.peer where name = %s and revoked is null", (name,)
    ).fetchone()
    return None if row is None else (row[0], row[1], None if row[2] is None else InsurerId(row[2]), bytes(row[3]))


def add_peer(connection: Connection, name: str, insurer: str | None, public_key: bytes) -> bool:
    """Register a peer; False when the insurer is unknown."""
    row = connection.execute(
        "insert into presence.peer (name, kind, insurer, public_key)"
        " select %(name)s, case when %(amc)s::text is null then 1 else 2 end, i.id, %(key)s"
        " from (select 1) one left join registry.insurer i on i.amc = %(amc)s::text"
        " where %(amc)s::text is null or i.id is not null returning id",
        {"name": name, "amc": insurer, "key": public_key},
    ).fetchone()
    return row is not None


def revoke_peer(connection: Connection, name: str, why: str) -> bool:
    """Let a peer report no more; False when it is unknown or revoked already."""
    cursor = connection.execute(
        "update presence.peer set revoked = now(), revoked_why = %s where name = %s and revoked is null", (why, name)
    )
    return cursor.rowcount == 1


def certify(connection: Connection, software: int) -> None:
    """Let software declare the readings of cards.

    It counts only while the software is registered as a client: the portal, which has no key of its own, never is.
    """
    connection.execute(
        "insert into presence.certified (software) values (%s)"
        " on conflict (software) do update set since = now(), ended = null",
        (software,),
    )


def end_certificate(connection: Connection, software: int) -> bool:
    """Let software declare no more; False when it might not."""
    cursor = connection.execute(
        "update presence.certified set ended = now() where software = %s and ended is null", (software,)
    )
    return cursor.rowcount == 1
