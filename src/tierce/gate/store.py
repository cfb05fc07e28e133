"""The gate's three database calls, on one connection of its own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.conninfo import conninfo_to_dict

from tierce.gate.arrays import bigints, booleans, byteas, integers, smallint, smallints, texts, uuids
from tierce.gate.leases import Draw, Key
from tierce.gate.model import Ask, Distant, PairSeen, Read, Remote, Revealed, Standing
from tierce.gate.rules import PAIR_BLANK
from tierce.gate.wire import Call, Wire
from tierce.journal.signing import entry_seq
from tierce.kernel.care import Profession
from tierce.kernel.ids import EstablishmentId, InsurerId, LineId, PersonId
from tierce.policy.ladder import Level
from tierce.policy.lines import PLACE_UNSEEN, declared_constants, place_constants, place_of
from tierce.policy.seats import (
    DECLARED,
    SEATS,
    Line,
    SeatConstants,
    pack,
    pack_declared,
    settle,
    unpack,
    unpack_declared,
)
from tierce.presence.model import Claim
from tierce.storage.errors import SealBrokenError

BY_KEY = (
    "plan_cache_mode=force_generic_plan", "enable_hashjoin=off", "enable_mergejoin=off", "enable_material=off"
)  # fmt: skip
"""Whatever a batch reads it finds by key, 64 rows at most: each plan is made once for the life of a connection, and
none hashes a whole table because it is small today. They change no result; see storage.migrate.ROLE_SETTINGS."""
_OPEN, _CLOSE, _REVEAL, _LEASE, _LEND, _USE, _NOTE, _SINCE, _DISTANT, _MINT, _ANSWERED, _REOPEN = (
    b"open", b"close", b"reveal", b"lease", b"lend", b"use", b"note", b"since", b"distant", b"mint", b"answered",
    b"reopen",
)  # fmt: skip
_BEGIN, _COMMIT, _ROLLBACK = b"begin", b"commit", b"rollback"
_STATEMENTS: Mapping[bytes, LiteralString] = {
    _BEGIN: "begin",
    _COMMIT: "commit",
    _ROLLBACK: "rollback",
    _SINCE: "select access.proofs_since()",
    _LEASE: "select gate.lease()",
    _OPEN: """
        select * from gate.open($1::bigint[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::uuid[],
                                $7::smallint[], $8::integer[], $9::text[], $10::smallint[])""",
    _CLOSE: """
        select gate.close($1::smallint, $2::bytea, $3::bigint[], $4::bytea[], $5::bigint[], $6::smallint[],
                          $7::integer[], $8::bigint[], $9::integer[], $10::bigint[], $11::bigint[], $12::integer[],
                          $13::integer[], $14::bigint[], $15::bigint[], $16::bigint[], $17::integer[],
                          $18::integer[], $19::text[], $20::bytea[], $21::integer[])""",
    _REVEAL: "select n, insurer, person, from_day, until_day, sealed from gate.reveal()",
    _LEND: "select * from gate.lend($1::smallint[], $2::bigint[], $3::integer[], $4::integer[], $5::integer[])",
    _USE: "select presence.use($1::smallint[], $2::uuid[], $3::integer[], $4::uuid[], $5::bigint[])",
    _DISTANT: """
        select * from gate.remote_seen($1::uuid[], $2::smallint[], $3::bigint[], $4::smallint[], $5::integer[])""",
    _MINT: "select gate.mint($1::uuid[], $2::smallint[], $3::bigint[], $4::boolean[], $5::bytea[])",
    _ANSWERED: "select * from gate.answered_seen($1::bigint[], $2::bigint[], $3::smallint[])",
    _REOPEN: "select n, insurer, person, from_day, until_day, sealed from gate.reveal_answered($1::bigint[])",
    _NOTE: "select presence.note($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])",
}
"""All that a batch ever says, prepared when its connection is opened."""

LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""The connection is gone, or the server refuses for now: nothing is known of the transaction's end."""
IN_VAIN = (psycopg.errors.QueryCanceled, psycopg.errors.DiskFull, TimeoutError)
"""The connection stands, or seems to, and what was asked of it takes too long, or finds no room on the disk."""
TRANSIENT = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UniqueViolation,
)
"""Errors after which the same batch may be tried again: the database undid it whole."""
ROW_REFUSED = (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.InsufficientPrivilege, SealBrokenError)
"""The database refuses something in the batch, or what it is to keep cannot be sealed; half of it may pass."""


_STANDINGS = {standing.value: standing for standing in Standing}


@dataclass(frozen=True, slots=True)
class Opened:
    """What `gate.open` read: the batch's block number, lines by id, and one Read per ask.

    `lines` holds those of establishments too, of which `desks` and `cells` say the size and the place.
    """

    block: int
    lines: dict[LineId, Line]
    reads: list[Read]
    desks: dict[LineId, int]
    cells: dict[LineId, int]
    proofs: dict[int, int] = field(default_factory=dict)
    """By place in the batch: what `presence.use` said of the claim that came with the ask."""
    declared: dict[LineId, Line] = field(default_factory=dict)
    """The declared lines that were ever used, by the line, of a device or an establishment, that they follow."""
    distant: bool = False
    """Whether an insurer that keeps its people itself is to be asked about one of these."""


class PairKept(NamedTuple):
    """A pair as the batch leaves it, and the lines that hold its seat; 0 where none does."""

    pair: PairSeen
    line: LineId
    last: LineId
    """The line on which she counts as seen today; 0 for none."""
    place: int = 0
    software: int = 0
    vendor: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """A proof of presence that we verified, of a pair that holds a seat."""

    once: UUID
    pair: int
    person: PersonId
    establishment: EstablishmentId


@dataclass(frozen=True, slots=True)
class Minted:
    """The number of somebody whose insurer is about to be asked."""

    idx: UUID
    insurer: InsurerId
    number: PersonId
    fresh: bool
    """Drawn in this batch."""
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Closing:
    """What `gate.close` writes."""

    instance: int
    signature: bytes
    lines: dict[LineId, Line]
    pairs: dict[int, PairKept]
    """By key."""
    asks: Sequence[Ask]
    pair_keys: Sequence[int]
    untils: Sequence[int]
    bodies: Sequence[bytes]
    hints: Sequence[int]
    """What the watch may know of each ask beside its line; kept until it has looked."""
    day: int
    released: int
    """How many people the batch shows: what it takes from the connection's lease."""
    places: Sequence[LineId]
    """The establishment's line of each ask."""
    taken: Counter[Key]
    """Units that the batch takes of lines that many share."""
    short: Sequence[Key]
    """Lines that many share and of which this process held too little for some ask."""
    declared: Mapping[LineId, Line]
    """The declared lines that were ever used, stored behind their lines."""
    noted: Sequence[Noted] = ()
    minted: Sequence[Minted] = ()


class GateStore:
    """One connection, used by one slot; not shared."""

    def __init__(self, wire: Wire) -> None:
        """Take a wire as role tierce_api on which the statements are prepared."""
        self._wire = wire
        self.leased = 0
        """People that this connection may still show on its lease, as far as is known here; the database counts."""

    @classmethod
    async def connect(cls, dsn: str) -> "GateStore":
        """Open the connection."""
        said = conninfo_to_dict(dsn).get("options") or ""
        options = " ".join([str(said), *(f"-c {setting}" for setting in BY_KEY)])
        wire = Wire(await AsyncConnection.connect(dsn, autocommit=True, options=options))
        try:
            await wire.prepare(_STATEMENTS)
        except BaseException:
            await wire.close()
            raise
        return cls(wire)

    async def close_connection(self) -> None:
        """Close the connection."""
        await self._wire.close()

    async def proofs_since(self) -> int:
        """Read the first second (of the Unix epoch) of which a signed proof may be new.

        A crash of the database forgets which proofs were used, and closes every connection: read once for each.
        """
        ((row,),) = await self._wire.say((_SINCE, ()))
        return int(row[0])

    async def open(self, asks: Sequence[Ask]) -> Opened:
        """Begin, lock the lines in id order, and read what the decision needs; one round trip."""
        lines: set[int] = set()
        for ask in asks:
            lines.add(ask.caller.line)
            lines.add(place_of(ask.caller.establishment, ask.caller.profession))
        arguments = (
            bigints(sorted(lines)),
            bigints([ask.caller.session for ask in asks]),
            uuids([ask.person for ask in asks]),
            bigints([ask.pair for ask in asks]),
            bigints([ask.engagement for ask in asks]),
            uuids([ask.once for ask in asks]),
            smallints([ask.domain for ask in asks]),
            integers([ask.care_day for ask in asks]),
            texts([ask.card for ask in asks]),
            smallints([ask.payer for ask in asks]),
        )
        claims = [(place, ask, ask.claim) for place, ask in enumerate(asks) if ask.claim is not None]
        remotes = [(place, ask, ask.remote) for place, ask in enumerate(asks) if ask.remote is not None]
        again = [place for place, ask in enumerate(asks) if ask.engagement is not None]
        _, (row,), *more = await self._wire.say(
            (_BEGIN, ()), (_OPEN, arguments), *_used(claims), *_distant(remotes), *_answered([asks[n] for n in again])
        )  # fmt: skip
        proofs = dict(zip((place for place, _, _ in claims), more[0][0][0], strict=True)) if claims else {}
        opened = _opened(row, asks, proofs)
        if again:
            _open_again(opened, again, more.pop()[0])
        if remotes:
            _see(opened, remotes, more[-1][0])
            opened = replace(opened, distant=True)
        return opened

    async def close(self, closing: Closing) -> dict[int, Revealed]:
        """Write, commit durably, then reveal what the committed lines release; place in batch -> coverage."""
        pairs = sorted(closing.pairs.items())
        arguments = (
            smallint(closing.instance),
            closing.signature,
            bigints(list(closing.lines)),
            byteas([_packed(line, closing.declared.get(number)) for number, line in closing.lines.items()]),
            bigints([key for key, _ in pairs]),
            smallints([kept.pair.state for _, kept in pairs]),
            integers([kept.pair.day for _, kept in pairs]),
            bigints([kept.line for _, kept in pairs]),
            # A blank was seen on no day, so that the next night takes it away.
            integers([0 if kept.pair.state == PAIR_BLANK else closing.day for _, kept in pairs]),
            bigints([kept.last for _, kept in pairs]),
            bigints([kept.place for _, kept in pairs]),
            integers([kept.software for _, kept in pairs]),
            integers([kept.vendor for _, kept in pairs]),
            bigints([ask.caller.line for ask in closing.asks]),
            bigints(closing.places),
            bigints(closing.pair_keys),
            integers(closing.untils),
            integers([ask.care_day for ask in closing.asks]),
            texts([ask.label for ask in closing.asks]),
            byteas(closing.bodies),
            integers(closing.hints),
        )
        minting, noting, reopened = _minting(closing.minted), _noted(closing.noted), _reopened(closing.asks)
        told = await self._wire.say(
            *minting, (_CLOSE, arguments), *noting, (_COMMIT, ()), (_REVEAL, ()), *reopened
        )  # fmt: skip
        rows = told.pop() + told.pop() if reopened else told.pop()
        ((block,),) = told[len(minting)]
        self.leased -= closing.released
        return {
            n: Revealed(entry_seq(block, n), InsurerId(insurer), start, until, sealed, PersonId(person))
            for n, insurer, person, start, until, sealed in rows
        }

    async def lease(self) -> None:
        """Draw people from the ceilings for this connection, in a transaction of its own.

        Where a ceiling is reached the lease is short, and the batch that needs more is refused by `close`.
        """
        ((row,),) = await self._wire.say((_LEASE, ()))
        self.leased = row[0]

    async def lend(self, draws: Sequence[Draw]) -> tuple[int, list[int]]:
        """Draw from lines that many share, on their own; the day the units are good for, and how many of each."""
        arguments = (
            smallints([draw.key[0] for draw in draws]),
            bigints([draw.key[1] for draw in draws]),
            integers([draw.want for draw in draws]),
            integers([draw.back_day for draw in draws]),
            integers([draw.back for draw in draws]),
        )
        (((day, granted),),) = await self._wire.say((_LEND, arguments))
        return day, granted

    async def rollback(self) -> None:
        """Undo the batch; the lines' locks are let go."""
        await self._wire.say((_ROLLBACK, ()))


def _used(claims: Sequence[tuple[int, Ask, Claim]]) -> list[Call]:
    """Spend the proofs of presence of a batch, in its transaction; nothing in a batch that has none."""
    if not claims:
        return []
    arguments = (
        smallints([claim.kind for _, _, claim in claims]),
        uuids([claim.once for _, _, claim in claims]),
        integers([claim.signer for _, _, claim in claims]),
        uuids([ask.person for _, ask, _ in claims]),
        bigints([ask.caller.establishment for _, ask, _ in claims]),
    )
    return [(_USE, arguments)]


def _noted(noted: Sequence[Noted]) -> list[Call]:
    if not noted:
        return []
    arguments = (
        uuids([one.once for one in noted]),
        bigints([one.pair for one in noted]),
        bigints([one.person for one in noted]),
        bigints([one.establishment for one in noted]),
    )
    return [(_NOTE, arguments)]


def _distant(remotes: Sequence[tuple[int, Ask, Remote]]) -> list[Call]:
    """What is known here of asks that an insurer is to answer; nothing in a batch that has none."""
    if not remotes:
        return []
    arguments = (
        uuids([ask.person for _, ask, _ in remotes]),
        smallints([remote.insurer for _, _, remote in remotes]),
        bigints([ask.caller.session for _, ask, _ in remotes]),
        smallints([ask.domain for _, ask, _ in remotes]),
        integers([ask.care_day for _, ask, _ in remotes]),
    )
    return [(_DISTANT, arguments)]


def _see(opened: Opened, remotes: Sequence[tuple[int, Ask, Remote]], told: Sequence[Any]) -> None:
    """Add what was read of them; an insurer declared no more is asked nothing, and knows nobody here."""
    for (place, _, remote), person, declared, closed, contracted, until in zip(remotes, *told, strict=True):
        if not declared:
            continue
        read = opened.reads[place]
        read.distant = Distant(bool(person), contracted)
        if closed and not read.closed:
            read.closed = Level.INSURER
        # Where nobody is asked, a line names nobody: that she was ever asked about is told to no replay.
        read.person = PersonId(0 if read.closed else person)
        read.insurer, read.engaged_until = remote.insurer, until


def _answered(asks: Sequence[Ask]) -> list[Call]:
    """What is known of answers to be opened again that an insurer gave on the way; nothing where none is opened."""
    if not asks:
        return []
    arguments = (
        bigints([ask.engagement for ask in asks]),
        bigints([ask.caller.session for ask in asks]),
        smallints([ask.domain for ask in asks]),
    )
    return [(_ANSWERED, arguments)]


def _open_again(opened: Opened, places: Sequence[int], told: Sequence[Any]) -> None:
    """Put what was read of them in the place of what the register says of the same number."""
    for place, insurer, start, standing, closed in zip(places, *told, strict=True):
        if not insurer:
            continue
        read = opened.reads[place]
        read.insurer, read.from_day = InsurerId(insurer), start
        read.standing, read.others = _STANDINGS[standing], False
        if closed and not read.closed:
            read.closed = Level.INSURER


def _reopened(asks: Sequence[Ask]) -> list[Call]:
    engagements = [ask.engagement for ask in asks]
    return [(_REOPEN, (bigints(engagements),))] if any(one is not None for one in engagements) else []


def _minting(minted: Sequence[Minted]) -> list[Call]:
    """Give their numbers, before the lines that name them."""
    if not minted:
        return []
    arguments = (
        uuids([one.idx for one in minted]),
        smallints([one.insurer for one in minted]),
        bigints([one.number for one in minted]),
        booleans([one.fresh for one in minted]),
        byteas([one.sealed for one in minted]),
    )
    return [(_MINT, arguments)]


def _opened(row: Sequence[Any], asks: Sequence[Ask], proofs: dict[int, int]) -> Opened:
    (block, ids, states, owed, desks, cells, live, fresh, rungs, persons, insurers, untils, keys, pair_states,
     pair_days, seen_days, seen_lines, from_days, standings, others, closed, engaged_untils) = row  # fmt: skip
    columns = (live, fresh, rungs, persons, insurers, untils, keys, pair_states, pair_days, seen_days, seen_lines,
               from_days, map(_STANDINGS.__getitem__, standings), others, engaged_untils, closed)  # fmt: skip
    reads = [Read(*row) for row in zip(*columns, strict=True)]
    if len(reads) != len(asks):
        msg = "gate.open answered for another number of asks"
        raise psycopg.DataError(msg)
    lines = {line: PLACE_UNSEEN if state is None else unpack(state) for line, state in zip(ids, states, strict=True)}
    sizes = dict(zip(ids, desks, strict=True))
    found = Opened(block, lines, reads, sizes, dict(zip(ids, cells, strict=True)), proofs)
    for line, state in zip(ids, states, strict=True):
        if state is not None and (second := unpack_declared(state)) is not None:
            found.declared[line] = second
    if any(owed):
        _settle(found, dict(zip(ids, owed, strict=True)), asks)
    return found


def _packed(line: Line, declared: Line | None) -> bytes:
    return pack(line) if declared is None else pack(line) + pack_declared(declared)


def _settle(found: Opened, owed: Mapping[LineId, bytes | None], asks: Sequence[Ask]) -> None:
    """Count the proofs that came since these lines were last opened."""
    lines, desks, declared = found.lines, found.desks, found.declared
    rules: dict[LineId, SeatConstants] = {}
    seconds: dict[LineId, SeatConstants] = {}
    for ask in asks:
        profession = ask.caller.profession
        place = LineId(place_of(ask.caller.establishment, profession))
        rules[ask.caller.line], seconds[ask.caller.line] = SEATS[profession], DECLARED[profession]
        rules[place] = place_constants(profession, desks.get(place, 1))
        seconds[place] = declared_constants(profession, desks.get(place, 1))
    for line, told in owed.items():
        if told:
            lines[line] = settle(lines[line], rules[line], told)
            if line in declared:
                declared[line] = settle(declared[line], seconds[line], told, declared=True)


def lease_is_short(error: Exception) -> bool:
    """Whether the database refused a batch because this connection's lease does not hold so many people."""
    return isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name == "lease"


async def read_line(connection: AsyncConnection[Any], line: LineId) -> Line:
    """The stored state of one line, for its owner's gauge; takes no lock."""
    cursor = await connection.execute("select state, owed, profession from access.line where id = %s", (line,))
    row = await cursor.fetchone()
    if row is None:
        msg = "no such line"
        raise psycopg.DataError(msg)
    return settle(unpack(bytes(row[0])), SEATS[Profession(row[2])], bytes(row[1] or b""))


def size_crowded(connection: Connection) -> bool:
    """Count who works with one common line of many, if one is due; returns whether one was counted.

    For the worker: whoever draws from a line holds its row, and counting the nation takes a second.
    """
    row = connection.execute("select gate.size_crowded()").fetchone()
    connection.commit()
    return row == (True,)
