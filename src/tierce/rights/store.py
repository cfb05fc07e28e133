"""Insurers' names and guarantees: nothing personal, kept in memory."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from tierce.kernel.card import Routing
from tierce.kernel.care import Domain
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.registry.routing.store import READ_PRINTED, printed_of
from tierce.storage.errors import SealBrokenError
from tierce.storage.insurer_keys import READ_KEYS, sealer_from
from tierce.storage.keys import Compartment, Keyring, Purpose, Sealer
from tierce.storage.pairs import pair_number

__all__ = [
    "Compartment",
    "Keyring",
    "Purpose",
    "SealBrokenError",
    "Sealer",
    "Wanted",
    "load_coverage_sealer",
    "load_guarantees",
    "load_insurers",
    "load_responsible",
    "load_routing",
    "pair_number",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which asks a page of history holds; instants in microseconds, the second one left out."""

    domain: int | None = None
    shown: bool | None = None
    from_us: int = 0
    to_us: int = 2**63 - 1


async def load_insurers(connection: AsyncConnection[Any]) -> dict[InsurerId, tuple[str, str]]:
    """Every insurer's name and own AMC number."""
    cursor = await connection.execute("select id, name, amc from registry.insurer")
    return {InsurerId(number): (name, amc) for number, name, amc in await cursor.fetchall()}


async def load_routing(connection: AsyncConnection[Any]) -> Routing:
    """Which insurer a card's AMC number and CSR lead to."""
    cursor = await connection.execute(READ_PRINTED)
    return Routing(printed_of(await cursor.fetchall()))


async def load_guarantees(connection: AsyncConnection[Any]) -> dict[tuple[int, Domain], Phrase]:
    """Every product's formula by domain, in words."""
    cursor = await connection.execute("select product, domain, formula_fr, formula_en from registry.guarantee")
    return {(product, Domain(domain)): Phrase(fr, en) for product, domain, fr, en in await cursor.fetchall()}


async def load_responsible(connection: AsyncConnection[Any]) -> dict[int, bool]:
    """Whether each product is a « contrat responsable »."""
    cursor = await connection.execute("select id, responsible from registry.product")
    return {int(product): bool(responsible) for product, responsible in await cursor.fetchall()}


async def load_coverage_sealer(connection: AsyncConnection[Any], keyring: Keyring) -> Sealer:
    """The insurers' keys of the coverage compartment, and of no other."""
    cursor = await connection.execute(READ_KEYS, ([Compartment.COVERAGE.value],))
    return sealer_from(await cursor.fetchall(), keyring)


async def own_asks(
    connection: AsyncConnection[Any],
    professional: int,
    establishment: int,
    before: int | None,
    wanted: Wanted,
    at_most: int,
) -> list[tuple[int, int, int, bool, str | None, int | None]]:
    """What was asked in a professional's name at one establishment, newest first.

    Each: number, instant in microseconds, domain, whether something was shown, label, last day of the engagement.
    """
    cursor = await connection.execute(
        "select seq, at_us, domain, shown, label, until_day from"
        " gate.own_asks(%s, %s, %s::bigint, %s::smallint, %s::boolean, %s::bigint, %s::bigint, %s)",
        (professional, establishment, before or 2**63 - 1, wanted.domain, wanted.shown, wanted.from_us,
         wanted.to_us, at_most),
    )  # fmt: skip
    return [tuple(row) for row in await cursor.fetchall()]


async def asked_before(
    connection: AsyncConnection[Any], professional: int, mark: bytes, since_us: int
) -> tuple[int, bool, bool, bytes] | None:
    """The first recent ask of this mark: number, whether shown, whether told at all, the question's bytes."""
    cursor = await connection.execute(
        "select seq, shown, told, question from gate.asked_before(%s, %s, %s)", (professional, mark, since_us)
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1], row[2], bytes(row[3]))


async def engagement_domain(connection: AsyncConnection[Any], seq: int, establishment: int) -> int | None:
    """The domain of an establishment's engagement, None when it is not one of its own."""
    cursor = await connection.execute(
        "select domain from care.engagement where seq = %s and establishment = %s", (seq, establishment)
    )
    row = await cursor.fetchone()
    return row[0] if row else None
