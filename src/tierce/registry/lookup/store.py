"""Looks people up by keyed numbers, many in one statement.

Each number is looked up by key in a subquery of its own. In a join, or in a list of people, the planner may instead
read all that an insurer sent so far, for every chunk: it counts nobody yet of an insurer whose first file this is.
"""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import Connection

from tierce.kernel.ids import InsurerId
from tierce.registry.periods import Period

_FIND_KEYS: LiteralString = """
    select f.n, f.person
    from (select a.n, (select k.person from person.key k where k.idx = encode(a.raw, 'hex')::uuid) as person
          from unnest(%b::bytea[]) with ordinality a(raw, n)) f
    where f.person is not null"""
_FIND_MEMBERS: LiteralString = """
    select f.n, f.person
    from (select a.n, (select m.person from person.member m
                       where m.insurer = %s and m.idx = encode(a.raw, 'hex')::uuid) as person
          from unnest(%b::bytea[]) with ordinality a(raw, n)) f
    where f.person is not null"""
_FIND_TRAITS: LiteralString = """
    select f.n, f.opens
    from (select a.n, (select t.contested is null from person.trait t
                       where t.idx = encode(a.raw, 'hex')::uuid and t.person = a.person) as opens
          from unnest(%b::bigint[], %b::bytea[]) with ordinality a(person, raw, n)) f
    where f.opens is not null"""
_FIND_PERIODS: LiteralString = """
    select a.person, c.from_day, c.until_day, c.effective_day, c.told, c.digest, c.domains
    from unnest(%s::bigint[]) a(person)
    cross join lateral (select * from coverage.coverage x where x.person = a.person and x.insurer = %s offset 0) c"""


class Lookup:
    """The register as one insurer's import reads it."""

    def __init__(self, connection: Connection, insurer: InsurerId) -> None:
        """Read over the connection of the import."""
        self._connection = connection
        self._insurer = insurer

    def find_keys(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """Map those keyed identifiers that lead to somebody."""
        asked = list(keys)
        rows = self._connection.execute(_FIND_KEYS, (asked,)).fetchall()
        return {asked[place - 1]: person for place, person in rows}

    def find_members(self, numbers: Iterable[bytes]) -> dict[bytes, int]:
        """Map those keyed member numbers of the insurer that lead to somebody."""
        asked = list(numbers)
        rows = self._connection.execute(_FIND_MEMBERS, (self._insurer, asked)).fetchall()
        return {asked[place - 1]: person for place, person in rows}

    def find_periods(self, persons: Iterable[int]) -> dict[int, list[Period]]:
        """Map people to the periods that the insurer told of them."""
        rows = self._connection.execute(_FIND_PERIODS, (list(persons), self._insurer)).fetchall()
        found: dict[int, list[Period]] = {}
        for person, since, until, effective, told, digest, domains in rows:
            found.setdefault(person, []).append(Period(since, until, effective, told, bytes(digest), domains))
        return found

    def find_traits(self, pairs: Iterable[tuple[int, bytes]]) -> dict[tuple[int, bytes], bool]:
        """Tell which people have which keyed traits, and whether these open their space."""
        asked = list(pairs)
        rows = self._connection.execute(
            _FIND_TRAITS,
            ([person for person, _trait in asked], [trait for _person, trait in asked]),
        ).fetchall()
        return {asked[place - 1]: opens for place, opens in rows}
