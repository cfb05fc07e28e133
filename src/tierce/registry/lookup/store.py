"""Looks people up by keyed numbers, many in one statement."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import Connection

from tierce.kernel.ids import InsurerId
from tierce.registry.periods import Period

_ASKED: LiteralString = "unnest(%b::bytea[]) with ordinality a(raw, n)"


class Lookup:
    """The register as one insurer's import reads it."""

    def __init__(self, connection: Connection, insurer: InsurerId) -> None:
        """Read over the connection of the import."""
        self._connection = connection
        self._insurer = insurer

    def find_keys(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """Map those keyed identifiers that lead to somebody."""
        asked = list(keys)
        rows = self._connection.execute(
            f"select a.n, k.person from {_ASKED} join person.key k on k.idx = encode(a.raw, 'hex')::uuid",  # noqa: S608 - a constant
            (asked,),
        ).fetchall()
        return {asked[place - 1]: person for place, person in rows}

    def find_members(self, numbers: Iterable[bytes]) -> dict[bytes, int]:
        """Map those keyed member numbers of the insurer that lead to somebody."""
        asked = list(numbers)
        rows = self._connection.execute(
            f"select a.n, m.person from {_ASKED}"  # noqa: S608 - a constant
            " join person.member m on m.insurer = %s and m.idx = encode(a.raw, 'hex')::uuid",
            (asked, self._insurer),
        ).fetchall()
        return {asked[place - 1]: person for place, person in rows}

    def find_periods(self, persons: Iterable[int]) -> dict[int, list[Period]]:
        """Map people to the periods that the insurer told of them."""
        rows = self._connection.execute(
            "select person, from_day, until_day, effective_day, told, digest, domains from coverage.coverage"
            " where insurer = %s and person = any(%s)",
            (self._insurer, list(persons)),
        ).fetchall()
        found: dict[int, list[Period]] = {}
        for person, since, until, effective, told, digest, domains in rows:
            found.setdefault(person, []).append(Period(since, until, effective, told, bytes(digest), domains))
        return found

    def find_traits(self, pairs: Iterable[tuple[int, bytes]]) -> set[tuple[int, bytes]]:
        """Tell which people have which keyed traits."""
        asked = list(pairs)
        rows = self._connection.execute(
            "select a.n from unnest(%b::bigint[], %b::bytea[]) with ordinality a(person, raw, n)"
            " join person.trait t on t.idx = encode(a.raw, 'hex')::uuid and t.person = a.person",
            ([person for person, _trait in asked], [trait for _person, trait in asked]),
        ).fetchall()
        return {asked[place - 1] for (place,) in rows}
