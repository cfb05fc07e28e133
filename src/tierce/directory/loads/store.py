"""The directory in PostgreSQL."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import Connection

from tierce.directory.loads.model import ActivityLine
from tierce.kernel.ids import new_id

_STAGE: LiteralString = """
    create temporary table stage_activity (
        n bigint generated always as identity, national_id text, rpps text, family_name text, given_name text,
        finess text, establishment_name text, town text, profession smallint,
        new_professional bigint, new_establishment bigint
    ) on commit drop"""

_COPY: LiteralString = """
    copy stage_activity (national_id, rpps, family_name, given_name, finess, establishment_name, town, profession,
                         new_professional, new_establishment) from stdin"""

_CHANGES: tuple[LiteralString, ...] = (
    """insert into directory.professional as p (id, national_id, rpps, family_name, given_name, profession)
       select distinct on (national_id) new_professional, national_id, rpps, family_name, given_name, profession
       from stage_activity order by national_id, n
       on conflict (national_id) do update set rpps = excluded.rpps, family_name = excluded.family_name,
           given_name = excluded.given_name, profession = excluded.profession, active = true
       where (p.rpps, p.family_name, p.given_name, p.profession, p.active)
           is distinct from (excluded.rpps, excluded.family_name, excluded.given_name, excluded.profession, true)""",
    """insert into directory.establishment as e (id, finess, name, town)
       select distinct on (finess) new_establishment, finess, establishment_name, town
       from stage_activity order by finess, n
       on conflict (finess) do update set name = excluded.name, town = excluded.town
       where (e.name, e.town) is distinct from (excluded.name, excluded.town)""",
    """insert into directory.activity as a (professional, establishment, profession)
       select p.id, e.id, s.profession from stage_activity s join directory.professional p using (national_id)
       join directory.establishment e using (finess) group by p.id, e.id, s.profession order by min(s.n)
       on conflict (professional, establishment, profession) where substitution is null
           do update set listed = true where not a.listed""",
)

_GONE: LiteralString = """
    update directory.activity a set listed = false where a.listed and a.substitution is null and not exists (
        select from stage_activity s join directory.professional p using (national_id)
        join directory.establishment e using (finess)
        where p.id = a.professional and e.id = a.establishment and s.profession = a.profession)"""

_GONE_PROFESSIONALS: LiteralString = """
    update directory.professional p set active = false where p.active
    and not exists (select from stage_activity s where s.national_id = p.national_id)"""


class DirectoryStore:
    """Writes the directory over one connection of role tierce_feed, in one transaction of the caller's."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`, not in autocommit."""
        self._connection = connection

    def stage(self, lines: Iterable[ActivityLine]) -> None:
        """Copy every line of a file into a table of this transaction."""
        self._connection.execute(_STAGE)
        with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for line in lines:
                copy.write_row(
                    (line.national_id, line.rpps, line.family_name, line.given_name, line.finess,
                     line.establishment_name, line.town, line.profession.value, new_id(), new_id())
                )  # fmt: skip

    def apply(self) -> int:
        """Create and update what the staged lines say; returns the rows that changed."""
        return sum(self._connection.execute(statement).rowcount for statement in _CHANGES)

    def active_activities(self) -> int:
        """Count the activities in force."""
        row = self._connection.execute(
            "select count(*) from directory.activity where listed and substitution is null"
        ).fetchone()
        return int(row[0]) if row else 0

    def retire_absent(self) -> int:
        """Set inactive every activity and professional that no staged line names; returns the activities."""
        retired = self._connection.execute(_GONE).rowcount
        self._connection.execute(_GONE_PROFESSIONALS)
        return retired
