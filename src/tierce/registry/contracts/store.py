"""Contracts in PostgreSQL."""

from collections.abc import Iterable, Sequence

from psycopg import Connection

from tierce.registry.contracts.model import Contract


class ContractStore:
    """Reads and writes contracts over one connection of role tierce_feed."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`, not in autocommit; the caller commits."""
        self._connection = connection

    def insurers(self) -> dict[str, int]:
        """Map the AMC number of every insurer to its internal number."""
        rows = self._connection.execute("select amc, id from registry.insurer").fetchall()
        return {amc: int(number) for amc, number in rows}

    def establishments(self, finess: Iterable[str]) -> dict[str, int]:
        """Map FINESS numbers that the directory knows."""
        rows = self._connection.execute(
            "select finess, id from directory.establishment where finess = any(%s)", (list(finess),)
        ).fetchall()
        return {number: int(found) for number, found in rows}

    def professionals(self, numbers: Iterable[str]) -> dict[str, int]:
        """Map national identifiers (type and number) that the directory knows."""
        rows = self._connection.execute(
            "select national_id, id from directory.professional where national_id = any(%s)", (list(numbers),)
        ).fetchall()
        return {number: int(found) for number, found in rows}

    def listed(self) -> int:
        """How many (insurer, domain) are listed: closed to whoever has no contract."""
        row = self._connection.execute(
            "select coalesce(sum(length(replace(listed_domains::bit(32)::text, '0', ''))), 0) from registry.insurer"
        ).fetchone()
        return int(row[0]) if row else 0

    def put(self, contracts: Sequence[Contract]) -> int:
        """Write contracts, and note that their insurers list these domains; gives how many said something new."""
        columns = [
            [one.insurer for one in contracts],
            [one.party.value for one in contracts],
            [one.subject for one in contracts],
            [one.domain.value for one in contracts],
            [one.from_day for one in contracts],
            [one.until_day for one in contracts],
        ]
        changed = self._connection.execute(
            "insert into registry.convention as c (insurer, party, subject, domain, from_day, until_day)"
            " select * from unnest(%s::smallint[], %s::smallint[], %s::bigint[], %s::smallint[], %s::integer[],"
            " %s::integer[])"
            " on conflict (insurer, party, subject, domain, from_day) do update set until_day = excluded.until_day"
            " where c.until_day <> excluded.until_day",
            columns,
        ).rowcount
        self._connection.execute(
            "update registry.insurer i set listed_domains = i.listed_domains | n.bits"
            " from (select insurer, bit_or(1 << (domain - 1)) as bits from unnest(%s::smallint[], %s::smallint[])"
            " a(insurer, domain) group by insurer) n"
            " where n.insurer = i.id and i.listed_domains & n.bits <> n.bits",
            (columns[0], columns[3]),
        )
        return changed
