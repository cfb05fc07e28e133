"""The gate's three database calls, on one connection of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection

from tierce.gate.model import Ask, PairSeen, Read, Revealed, Standing
from tierce.journal.signing import entry_seq
from tierce.kernel.ids import InsurerId, LineId, PersonId
from tierce.policy.seats import Line, pack, unpack

_OPEN: LiteralString = """
    select * from gate.open(%b::bigint[], %b::bigint[], %b::uuid[], %b::bigint[], %b::bigint[], %b::uuid[],
                            %b::smallint[], %b::integer[], %b::text[], %b::smallint[])"""
_CLOSE: LiteralString = """
    select gate.close(%b::smallint, %b, %b::bigint[], %b::bytea[], %b::bigint[], %b::smallint[], %b::integer[],
                      %b::bigint[], %b::integer[], %b::bigint[], %b::bigint[], %b::bigint[], %b::integer[],
                      %b::integer[], %b::text[], %b::bytea[])"""
_REVEAL: LiteralString = "select n, insurer, person, from_day, until_day, sealed from gate.reveal()"

LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""The connection is gone, or the server refuses for now: nothing is known of the transaction's end."""
TRANSIENT = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UniqueViolation,
)
"""Errors after which the same batch may be tried again: the database undid it whole."""
ROW_REFUSED = (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.InsufficientPrivilege)
"""The database refuses something in the batch; half of it may pass."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What `gate.open` read: the batch's block number, lines by id, and one Read per ask."""

    block: int
    lines: dict[LineId, Line]
    reads: list[Read]


@dataclass(frozen=True, slots=True)
class Closing:
    """What `gate.close` writes."""

    instance: int
    signature: bytes
    lines: dict[LineId, Line]
    pairs: dict[int, tuple[PairSeen, LineId, LineId]]
    """By key: the pair, the line that holds its seat, and the line that saw the person last."""
    asks: Sequence[Ask]
    pair_keys: Sequence[int]
    untils: Sequence[int]
    bodies: Sequence[bytes]
    day: int


class GateStore:
    """One connection, used by one slot; not shared."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        """Take an autocommit connection as role tierce_api."""
        self._connection = connection

    @classmethod
    async def connect(cls, dsn: str) -> "GateStore":
        """Open the connection."""
        return cls(await AsyncConnection.connect(dsn, autocommit=True, prepare_threshold=0))

    async def close_connection(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def open(self, asks: Sequence[Ask]) -> Opened:
        """Begin, lock the lines in id order, and read what the decision needs; one round trip."""
        lines = sorted({ask.caller.line for ask in asks})
        arguments = (
            lines,
            [ask.caller.session for ask in asks],
            [ask.person for ask in asks],
            [ask.pair for ask in asks],
            [ask.engagement for ask in asks],
            [ask.once for ask in asks],
            [ask.domain.value for ask in asks],
            [ask.care_day for ask in asks],
            [ask.card for ask in asks],
            [ask.payer for ask in asks],
        )
        async with self._connection.pipeline():
            await self._connection.execute("begin")
            cursor = self._connection.cursor(binary=True)
            await cursor.execute(_OPEN, arguments)
            row = await cursor.fetchone()
        if row is None:
            msg = "gate.open answered nothing"
            raise psycopg.DataError(msg)
        return _opened(row, len(asks))

    async def close(self, closing: Closing) -> dict[int, Revealed]:
        """Write, commit durably, then reveal what the committed lines release; place in batch -> coverage."""
        pairs = sorted(closing.pairs.items())
        arguments = (
            closing.instance,
            closing.signature,
            list(closing.lines),
            [pack(line) for line in closing.lines.values()],
            [key for key, _ in pairs],
            [pair.state for _, (pair, _, _) in pairs],
            [pair.day for _, (pair, _, _) in pairs],
            [holder for _, (_, holder, _) in pairs],
            [closing.day] * len(pairs),
            [last for _, (_, _, last) in pairs],
            [ask.caller.line for ask in closing.asks],
            list(closing.pair_keys),
            list(closing.untils),
            [ask.care_day for ask in closing.asks],
            [ask.label for ask in closing.asks],
            list(closing.bodies),
        )
        async with self._connection.pipeline():
            closed = self._connection.cursor(binary=True)
            await closed.execute(_CLOSE, arguments)
            await self._connection.execute("commit")
            cursor = self._connection.cursor(binary=True)
            await cursor.execute(_REVEAL)
            row = await closed.fetchone()
            rows = await cursor.fetchall()
        if row is None:
            msg = "gate.close answered nothing"
            raise psycopg.DataError(msg)
        block = row[0]
        return {
            n: Revealed(entry_seq(block, n), InsurerId(insurer), start, until, bytes(sealed), PersonId(person))
            for n, insurer, person, start, until, sealed in rows
        }

    async def rollback(self) -> None:
        """Undo the batch; the lines' locks are let go."""
        await self._connection.execute("rollback")


def _opened(row: Sequence[Any], asked: int) -> Opened:
    (block, ids, states, live, fresh, rungs, persons, insurers, untils, keys, pair_states, pair_days, seen_days,
     seen_lines, from_days, standings, others, closed, engaged_untils) = row  # fmt: skip
    reads = [
        Read(
            live=live[n], fresh=fresh[n], rung=rungs[n], person=PersonId(persons[n]),
            insurer=InsurerId(insurers[n]), until_day=untils[n], pair=keys[n], pair_state=pair_states[n],
            pair_day=pair_days[n], seen_day=seen_days[n], seen_line=seen_lines[n],
            from_day=from_days[n], standing=Standing(standings[n]), others=others[n], closed=closed[n],
            engaged_until=engaged_untils[n],
        )
        for n in range(asked)
    ]  # fmt: skip
    lines = {LineId(ids[n]): unpack(bytes(states[n])) for n in range(len(ids))}
    return Opened(block, lines, reads)


async def read_line(connection: AsyncConnection[Any], line: LineId) -> Line:
    """The stored state of one line, for its owner's gauge; takes no lock."""
    cursor = await connection.execute("select state from access.line where id = %s", (line,))
    row = await cursor.fetchone()
    if row is None:
        msg = "no such line"
        raise psycopg.DataError(msg)
    return unpack(bytes(row[0]))
