"""Insurers' names and guarantees: nothing personal, kept in memory."""

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from tierce.kernel.care import Domain
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.storage.errors import SealBrokenError
from tierce.storage.insurer_keys import READ_KEYS, sealer_from
from tierce.storage.keys import Compartment, Keyring, Purpose, Sealer

__all__ = [
    "Compartment",
    "Keyring",
    "Purpose",
    "SealBrokenError",
    "Sealer",
    "load_coverage_sealer",
    "load_guarantees",
    "load_insurers",
    "load_responsible",
]


async def load_insurers(connection: AsyncConnection[Any]) -> dict[InsurerId, str]:
    """Every insurer's name."""
    cursor = await connection.execute("select id, name from registry.insurer")
    return {InsurerId(number): name for number, name in await cursor.fetchall()}


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


async def own_engagements(
    connection: AsyncConnection[Any], professional: int, establishment: int, before: int | None, at_most: int
) -> list[tuple[int, datetime, int, str | None]]:
    """A professional's own answers at one establishment, newest first: number, instant, domain, label."""
    cursor = await connection.execute(
        "select seq, at, domain, label from care.engagement where professional = %s and establishment = %s"
        " and seq < %s order by seq desc limit %s",
        (professional, establishment, before or 2**63 - 1, at_most),
    )
    return [(seq, at, domain, label) for seq, at, domain, label in await cursor.fetchall()]


async def engagement_domain(connection: AsyncConnection[Any], seq: int, establishment: int) -> int | None:
    """The domain of an establishment's engagement, None when it is not one of its own."""
    cursor = await connection.execute(
        "select domain from care.engagement where seq = %s and establishment = %s", (seq, establishment)
    )
    row = await cursor.fetchone()
    return row[0] if row else None
