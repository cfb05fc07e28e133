"""The line of what came of an ask, and asks without one, as role tierce_api; no transaction waits for an insurer."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import AsyncConnection, Connection
from psycopg.errors import NoDataFound
from psycopg_pool import AsyncConnectionPool

from tierce.journal.encoding import decode, encode
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import Entry, EntryKind
from tierce.journal.signing import sign_batch
from tierce.journal.store import NEXT_BLOCK, number
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, day_of, micros, ordinal_of
from tierce.kernel.ids import EntrySeq, InsurerId
from tierce.policy.acts import Outcome, Presence
from tierce.policy.remote import SWEEP_SECONDS
from tierce.rights.remote.errors import Failure
from tierce.rights.remote.model import Cover, Declared


@dataclass(frozen=True, slots=True)
class Watched:
    """An insurer that keeps its people itself, as staff see it; counts are those of today."""

    number: int
    insurer: InsurerId
    amc: str
    name: str
    url: str
    since: datetime
    answered: int
    failed: int
    failed_at: datetime | None
    failed_how: str | None
    away_until: datetime | None


Pool = AsyncConnectionPool[AsyncConnection[Any]]
SWEPT_MAX = 64
TOLD = frozenset({Outcome.NOT_ELIGIBLE, Outcome.FUTURE, Outcome.ENDED, Outcome.NOT_CONTRACTED})
"""Reasons that tell something of her cover, to whoever is told them."""


async def load_declared(connection: AsyncConnection[Any]) -> Mapping[str, Declared]:
    """Insurers that keep their people themselves, by their own AMC number."""
    cursor = await connection.execute(
        "select r.insurer, i.amc, r.url, r.public_key"
        " from registry.remote r join registry.insurer i on i.id = r.insurer where r.ended is null"
    )
    return {
        amc: Declared(InsurerId(insurer), amc, url, bytes(key)) for insurer, amc, url, key in await cursor.fetchall()
    }


async def load_products(connection: AsyncConnection[Any]) -> Mapping[tuple[InsurerId, str], int]:
    """The products of each insurer, by the code that it gave them."""
    cursor = await connection.execute("select insurer, code, id from registry.product")
    return {(InsurerId(insurer), code): product for insurer, code, product in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes what came of asks, one transaction for each, on connections that the gate does not use."""

    pool: Pool
    instance: int
    key: Ed25519PrivateKey
    clock: Clock

    async def settle(
        self, asked: EntrySeq, line: bytes, outcome: Outcome, cover: Cover | None = None, sealed: bytes | None = None
    ) -> EntrySeq:
        """Write the line of an ask's outcome, and with an answer its engagement and itself; durable on return."""
        first = decode(line)
        after = replace(_after(first, outcome, cover), time_us=micros(self.clock.now()))
        return await self._write(asked, encode(after), cover, sealed)

    async def sweep(self) -> int:
        """Write, of each ask whose answer was never written, that it was answered; how many there were."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute("select seq, body from gate.unsettled(%s)", (SWEPT_MAX,))
            found = await cursor.fetchall()
        for seq, body in found:
            after = replace(decode(bytes(body)), kind=EntryKind.DISCLOSURE, outcome=Outcome.RELEASED)
            with suppress(NoDataFound):  # another worker wrote it
                await self._write(EntrySeq(seq), encode(replace(after, time_us=micros(self.clock.now()))), None, None)
        return len(found)

    async def say(self, insurer: InsurerId, answered: int, failed: int, how: Failure | None, away: float) -> None:
        """Keep what was seen of an insurer, in counts; `away` seconds more it is not asked."""
        until: datetime | None = self.clock.now() + timedelta(seconds=away) if away else None
        async with self.pool.connection() as connection:
            await connection.execute(
                "select gate.remote_says(%s::smallint, %s, %s, %s, %s)",
                (insurer, answered, failed, None if how is None else how.value, until),
            )

    async def _write(self, asked: EntrySeq, body: bytes, cover: Cover | None, sealed: bytes | None) -> EntrySeq:
        first, last = (None, None) if cover is None else (day_of(cover.first), day_of(cover.last))
        async with self.pool.connection() as connection:
            block = number(await (await connection.execute(NEXT_BLOCK)).fetchone())
            signature = sign_batch(self.key, self.instance, block, [leaf_hash(body)])
            cursor = await connection.execute(
                "select gate.settle_asked(%s, %s::smallint, %s, %s, %s, %s::integer, %s::integer, %s)",
                (asked, self.instance, block, body, signature, first, last, sealed),
            )
            line = number(await cursor.fetchone())
        return EntrySeq(line)


def _after(first: Entry, outcome: Outcome, cover: Cover | None) -> Entry:
    """The line of an outcome, which says of everything else what the ask's own line says, mark included."""
    if cover is not None:
        return replace(
            first, kind=EntryKind.DISCLOSURE, outcome=outcome, reference=ordinal_of(day_of(cover.first))
        )  # fmt: skip
    told = first.presence >= Presence.CONFIRMED and outcome in TOLD
    return replace(
        first,
        kind=EntryKind.MISS,
        outcome=outcome,
        insurer=first.insurer if told else InsurerId(0),
        categories=DataCategory.GUARANTEES if told else DataCategory.NONE,
        reference=0,
    )


def watched(connection: Connection) -> list[Watched]:
    """The insurers that are asked on the way, and how each answers today; for the office and upkeep."""
    rows = connection.execute(
        "select r.id, r.insurer, i.amc, i.name, r.url, r.since, coalesce(d.answered, 0), coalesce(d.failed, 0),"
        " s.failed_at, s.failed_how, s.away_until from registry.remote r join registry.insurer i on i.id = r.insurer"
        " left join registry.remote_day d on d.insurer = r.insurer"
        "   and d.day = (now() at time zone 'Europe/Paris')::date - date '1970-01-01'"
        " left join registry.remote_state s on s.insurer = r.insurer where r.ended is null order by i.name, r.id"
    ).fetchall()
    return [Watched(*row) for row in rows]


def silent(connection: Connection) -> list[str]:
    """Names of the insurers that are asked on the way and do not answer, for the status page.

    What a process saw is written once a sweep, and one ask tries when the time of an insurer that is away is over: so
    it is named for a sweep longer, or it would come and go on the page.
    """
    rows = connection.execute(
        "select i.name from registry.remote_state s"
        " join registry.remote r on r.insurer = s.insurer and r.ended is null"
        " join registry.insurer i on i.id = s.insurer where s.away_until > now() - make_interval(secs => %s)"
        " order by i.name, i.id",
        (2 * SWEEP_SECONDS,),
    ).fetchall()
    return [str(name) for (name,) in rows]


def declare(
    connection: Connection, amc: str, url: str, key: bytes, by: str, why: str
) -> tuple[int, InsurerId] | None:
    """Declare an insurer, in the place of an earlier declaration; None where none has this AMC number."""
    insurer = _insurer(connection, amc)
    if insurer is None:
        return None
    row = connection.execute(
        "select registry.declare_remote(%s::smallint, %s, %s, %s, %s)", (insurer, url, key, by, why)
    ).fetchone()
    return number(row), insurer


def end(connection: Connection, amc: str, by: str, why: str) -> tuple[int, InsurerId] | None:
    """Ask an insurer no more; None where it was not asked."""
    insurer = _insurer(connection, amc)
    row = connection.execute("select registry.end_remote(%s::smallint, %s, %s)", (insurer, by, why)).fetchone()
    return None if insurer is None or row is None or row[0] is None else (int(row[0]), insurer)


def _insurer(connection: Connection, amc: str) -> InsurerId | None:
    row = connection.execute("select id from registry.insurer where amc = %s", (amc,)).fetchone()
    return None if row is None else InsurerId(row[0])
