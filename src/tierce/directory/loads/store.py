"""The directory's files in PostgreSQL: staged whole, compared, then written where something differs."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import Connection

from tierce.directory.loads.model import ActivityLine, Difference, PlaceLine, SkillLine, Source
from tierce.kernel.care import Profession
from tierce.kernel.ids import new_id

_PLANS: tuple[LiteralString, ...] = (
    "set local enable_nestloop = off",
    "set local jit = off",
    "set local work_mem = '128MB'",
)
"""Whole files meet whole tables, whose statistics may be of before the last one: never a loop over one for each row
of the other. Compilation is off, because the costs that forbid loops would start it."""

_STAGES: tuple[LiteralString, ...] = (
    """create temporary table stage_activity (
           n bigint generated always as identity, national_id text, rpps text, family_name text, given_name text,
           base smallint, profession_code text, category_code text, skill_code text, place_key text,
           profession smallint, mode_code text, sector_code text, role_code text, kind_code text,
           new_professional bigint
       ) on commit drop""",
    """create temporary table stage_place (
           n bigint generated always as identity, place_key text, finess text, legal_finess text, siret text,
           structure text, name text, town text, category text, new_establishment bigint
       ) on commit drop""",
    "create temporary table gone_activity (id integer) on commit drop",
    "create temporary table gone_professional (id bigint) on commit drop",
    "create temporary table stage_kept (named text) on commit drop",
    "create temporary table stage_skill (national_id text, skill_code text) on commit drop",
)
_COPY_ACTIVITY: LiteralString = """
    copy stage_activity (national_id, rpps, family_name, given_name, base, profession_code, category_code, skill_code,
        place_key, profession, mode_code, sector_code, role_code, kind_code, new_professional) from stdin"""
_COPY_PLACE: LiteralString = """
    copy stage_place (place_key, finess, legal_finess, siret, structure, name, town, category, new_establishment)
    from stdin"""
_COPY_SKILL: LiteralString = "copy stage_skill (national_id, skill_code) from stdin"

_SETTLE_STAGES: tuple[LiteralString, ...] = (
    # One row a place and a professional: the first line names it, any line may give what the first left out.
    """create temporary table day_place on commit drop as
       select place_key, (array_agg(finess order by n) filter (where finess is not null))[1] as finess,
              (array_agg(legal_finess order by n) filter (where legal_finess is not null))[1] as legal_finess,
              (array_agg(siret order by n) filter (where siret is not null))[1] as siret,
              (array_agg(structure order by n) filter (where structure is not null))[1] as structure,
              (array_agg(name order by n))[1] as name, (array_agg(town order by n))[1] as town,
              (array_agg(category order by n))[1] as category, min(new_establishment) as new_establishment
       from stage_place group by place_key""",
    """create temporary table day_professional on commit drop as
       select national_id, (array_agg(rpps order by n))[1] as rpps,
              (array_agg(family_name order by n))[1] as family_name,
              (array_agg(given_name order by n))[1] as given_name,
              coalesce((array_agg(base order by n) filter (where base <> 0))[1], 0::smallint) as base,
              (array_agg(profession_code order by n))[1] as profession_code,
              (array_agg(category_code order by n))[1] as category_code,
              coalesce(array_agg(distinct skill_code order by skill_code) filter (where skill_code <> ''), '{}')
                  as skill_codes,
              min(new_professional) as new_professional
       from stage_activity group by national_id""",
    """create temporary table day_activity on commit drop as
       select national_id, place_key, profession, (array_agg(mode_code order by n))[1] as mode_code,
              (array_agg(sector_code order by n))[1] as sector_code,
              (array_agg(role_code order by n))[1] as role_code,
              (array_agg(kind_code order by n))[1] as kind_code, min(n) as n
       from stage_activity where place_key is not null group by national_id, place_key, profession""",
    "create unique index on day_professional (national_id)",
    "create unique index on day_place (place_key)",
    "create unique index on day_activity (national_id, place_key, profession)",
    "analyze day_professional", "analyze day_place", "analyze day_activity",
    # A structure that was known by a lesser number keeps its row, and with it its clients, when it gets a better one.
    """update directory.establishment e set finess = coalesce(d.finess, e.finess), siret = coalesce(d.siret, e.siret)
       from day_place d
       join (select structure from day_place group by structure having count(*) = 1) one
           on one.structure = d.structure
       where e.structure = d.structure and e.place_key <> d.place_key
       and not exists (select from directory.establishment o where o.place_key = d.place_key)""",
)  # fmt: skip

_GONE: tuple[LiteralString, ...] = (
    """insert into gone_activity
       select a.id from directory.activity a join directory.professional p on p.id = a.professional
       join directory.establishment e on e.id = a.establishment
       where a.listed and a.substitution is null and a.source = %(source)s
         and not exists (select from day_activity d where d.national_id = p.national_id
                         and d.place_key = e.place_key and d.profession = a.profession)
         and not exists (select from stage_kept k where k.named = p.national_id)""",
    """insert into gone_professional
       select p.id from directory.professional p where p.active and p.source = %(source)s
         and not exists (select from day_professional d where d.national_id = p.national_id)
         and not exists (select from stage_kept k where k.named = p.national_id)""",
)

_DIFFERENCE: LiteralString = """
    select (select count(*) from directory.activity where listed and substitution is null and source = %(source)s),
           (select count(*) from gone_activity),
           (select count(*) from directory.professional where active and source = %(source)s),
           (select count(*) from gone_professional),
           (select count(*) from day_professional d join directory.professional p using (national_id)
            where p.active and (p.family_name, p.given_name) <> (d.family_name, d.given_name)),
           (select count(*) from day_activity d where not exists (
                select from directory.activity a join directory.professional p on p.id = a.professional
                join directory.establishment e on e.id = a.establishment
                where p.national_id = d.national_id and e.place_key = d.place_key and a.profession = d.profession
                  and a.listed and a.substitution is null)),
           (select count(*) from day_professional d where not exists (
                select from directory.professional p where p.national_id = d.national_id and p.active))"""

_WRITE: tuple[LiteralString, ...] = (
    """insert into directory.professional as p
           (id, national_id, rpps, family_name, given_name, profession, source, profession_code, category_code,
            skill_codes)
       select new_professional, national_id, rpps, family_name, given_name, base, %(source)s, profession_code,
              category_code, skill_codes from day_professional
       on conflict (national_id) do update set rpps = excluded.rpps, family_name = excluded.family_name,
           given_name = excluded.given_name, profession = excluded.profession, source = excluded.source,
           profession_code = excluded.profession_code, category_code = excluded.category_code,
           skill_codes = case when p.skill_codes @> excluded.skill_codes then p.skill_codes
                              else excluded.skill_codes end, active = true
       where (p.rpps, p.family_name, p.given_name, p.profession, p.source, p.profession_code, p.category_code,
              p.active)
           is distinct from (excluded.rpps, excluded.family_name, excluded.given_name, excluded.profession,
                             excluded.source, excluded.profession_code, excluded.category_code, true)
           or not p.skill_codes @> excluded.skill_codes""",
    """insert into directory.establishment as e (id, finess, legal_finess, siret, structure, name, town)
       select new_establishment, finess, legal_finess, siret, structure, name, town from day_place
       on conflict (place_key) do update set legal_finess = coalesce(excluded.legal_finess, e.legal_finess),
           siret = coalesce(excluded.siret, e.siret), structure = coalesce(excluded.structure, e.structure),
           name = case when e.registered then e.name else excluded.name end,
           town = case when e.registered then e.town else excluded.town end
       where (e.legal_finess, e.siret, e.structure) is distinct from
                 (coalesce(excluded.legal_finess, e.legal_finess), coalesce(excluded.siret, e.siret),
                  coalesce(excluded.structure, e.structure))
           or not e.registered and (e.name, e.town) <> (excluded.name, excluded.town)""",
    """insert into directory.activity as a
           (professional, establishment, profession, source, mode_code, sector_code, role_code, kind_code)
       select p.id, e.id, d.profession, %(source)s, d.mode_code, d.sector_code, d.role_code, d.kind_code
       from day_activity d join directory.professional p using (national_id)
       join directory.establishment e using (place_key) order by d.n
       on conflict (professional, establishment, profession) where substitution is null do update
       set listed = true, source = excluded.source, mode_code = excluded.mode_code,
           sector_code = excluded.sector_code, role_code = excluded.role_code, kind_code = excluded.kind_code
       where (a.listed, a.source, a.mode_code, a.sector_code, a.role_code, a.kind_code) is distinct from
             (true, excluded.source, excluded.mode_code, excluded.sector_code, excluded.role_code,
              excluded.kind_code)
    """,
)
_RETIRE: tuple[LiteralString, ...] = (
    "update directory.activity a set listed = false from gone_activity g where a.id = g.id",
    "update directory.professional p set active = false from gone_professional g where p.id = g.id",
)

_PLACE_DIFFERENCE: LiteralString = """
    select (select count(*) from directory.establishment where registered and active),
           (select count(*) from directory.establishment e where e.registered and e.active
            and not exists (select from day_place d where d.place_key = e.place_key)
            and not exists (select from stage_kept k where k.named = e.place_key)),
           (select count(*) from day_place d join directory.establishment e using (place_key)
            where e.registered and e.active and e.name <> d.name),
           (select count(*) from day_place d where not exists (
                select from directory.establishment e
                where e.place_key = d.place_key and e.registered and e.active))"""
_WRITE_PLACES: LiteralString = """
    insert into directory.establishment as e (id, finess, legal_finess, siret, name, town, category, registered)
    select new_establishment, finess, legal_finess, siret, name, town, category, true from day_place
    on conflict (place_key) do update set legal_finess = excluded.legal_finess,
        siret = coalesce(excluded.siret, e.siret), name = excluded.name, town = excluded.town,
        category = excluded.category, registered = true, active = true
    where (e.legal_finess, e.siret, e.name, e.town, e.category, e.registered, e.active) is distinct from
          (excluded.legal_finess, coalesce(excluded.siret, e.siret), excluded.name, excluded.town, excluded.category,
           true, true)"""
_CLOSE_PLACES: LiteralString = """
    update directory.establishment e set active = false where e.registered and e.active
    and not exists (select from day_place d where d.place_key = e.place_key)
    and not exists (select from stage_kept k where k.named = e.place_key)"""
_WRITE_SKILLS: LiteralString = """
    update directory.professional p set skill_codes = s.codes
    from (select national_id, array_agg(distinct skill_code order by skill_code) as codes from stage_skill
          group by national_id) s
    where s.national_id = p.national_id and p.skill_codes <> s.codes"""


class DirectoryStore:
    """Writes the directory over one connection of role tierce_feed, in one transaction of the caller's."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`, not in autocommit."""
        self._connection = connection

    def begin(self, day: int) -> None:
        """Start a file: what it changes changes on `day`, a day number."""
        self._connection.execute("select set_config('tierce.directory_day', %s, true)", (str(day),))
        for statement in (*_PLANS, *_STAGES):
            self._connection.execute(statement)

    def stage(self, lines: Iterable[ActivityLine]) -> None:
        """Copy every line of a file into tables of this transaction; places are told once each."""
        told: set[tuple[str, str | None, str | None, str | None]] = set()
        places: list[PlaceLine] = []
        with self._connection.cursor() as cursor, cursor.copy(_COPY_ACTIVITY) as copy:
            for line in lines:
                key = None if line.place is None else place_key(line.place)
                copy.write_row(
                    (line.national_id, line.rpps, line.family_name, line.given_name, _number(line.base),
                     line.profession_code, line.category_code, line.skill_code, key, _number(line.profession),
                     line.mode_code, line.sector_code, line.role_code, line.kind_code, new_id())
                )  # fmt: skip
                if line.place is not None and key is not None:
                    same = (key, line.place.legal_finess, line.place.siret, line.place.structure)
                    if same not in told:
                        told.add(same)
                        places.append(line.place)
        self.stage_places(places)

    def stage_places(self, places: Iterable[PlaceLine]) -> None:
        """Copy establishments into a table of this transaction."""
        with self._connection.cursor() as cursor, cursor.copy(_COPY_PLACE) as copy:
            for place in places:
                copy.write_row(
                    (place_key(place), place.finess, place.legal_finess, place.siret, place.structure, place.name,
                     place.town, place.category, new_id())
                )  # fmt: skip

    def stage_skills(self, skills: Iterable[SkillLine]) -> None:
        """Copy skills into a table of this transaction."""
        with self._connection.cursor() as cursor, cursor.copy(_COPY_SKILL) as copy:
            for skill in skills:
                copy.write_row((skill.national_id, skill.skill_code))

    def keep(self, named: Iterable[str]) -> None:
        """Name professionals, or places, that this file must not end: a line of theirs was refused."""
        with self._connection.cursor() as cursor:
            cursor.executemany("insert into stage_kept values (%s)", [(one,) for one in named])

    def settle(self) -> None:
        """Put the staged lines together, one row a professional, a place and an activity."""
        for statement in _SETTLE_STAGES:
            self._connection.execute(statement)

    def difference(self, source: Source) -> Difference:
        """Note what the settled lines would end, and count what they would change; `write` follows it."""
        values = {"source": source.value}
        for statement in _GONE:
            self._connection.execute(statement, values)
        row = self._connection.execute(_DIFFERENCE, values).fetchone()
        assert row is not None, "counts always answer"
        return Difference(
            listed=row[0], ended=row[1], professionals=row[2], professionals_ended=row[3], renamed=row[4],
            new=row[5] if row[0] else 0, professionals_new=row[6] if row[2] else 0,
        )  # fmt: skip

    def write(self, source: Source) -> int:
        """Create, change and end what the settled lines say; returns the rows that changed."""
        values = {"source": source.value}
        return sum(self._connection.execute(statement, values).rowcount for statement in _WRITE) + sum(
            self._connection.execute(statement).rowcount for statement in _RETIRE
        )

    def place_difference(self) -> Difference:
        """Count what the settled establishments would change."""
        row = self._connection.execute(_PLACE_DIFFERENCE).fetchone()
        assert row is not None, "counts always answer"
        return Difference(
            professionals=row[0],
            professionals_ended=row[1],
            renamed=row[2],
            professionals_new=row[3] if row[0] else 0,
        )

    def write_places(self) -> int:
        """Create, change and close establishments as the settled lines say; returns the rows that changed."""
        return sum(self._connection.execute(statement).rowcount for statement in (_WRITE_PLACES, _CLOSE_PLACES))

    def write_skills(self) -> int:
        """Write the skills of professionals whom the directory has; returns those that changed."""
        return self._connection.execute(_WRITE_SKILLS).rowcount


def place_key(place: PlaceLine) -> str:
    """What an establishment is known by: its FINESS number, else its SIRET, else the directory's own number."""
    if place.finess is not None:
        return f"F{place.finess}"
    return f"S{place.siret}" if place.siret is not None else f"T{place.structure}"


def _number(profession: Profession | None) -> int:
    return 0 if profession is None else profession.value
