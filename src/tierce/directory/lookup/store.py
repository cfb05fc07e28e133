"""Looks for professionals and places in the directory, which is public."""

from psycopg import Connection

from tierce.directory.lookup.rules import Sought, as_prefix
from tierce.directory.model import Place, Professional
from tierce.directory.store import place_of, professional_of
from tierce.kernel.ids import EstablishmentId, ProfessionalId

FOUND_MAX = 50


def professionals(connection: Connection, sought: Sought) -> list[Professional]:
    """Professionals by RPPS or national identifier, or whose family name begins so (and a given name, if said)."""
    if sought.empty:
        return []
    rows = connection.execute(
        "select id, national_id, family_name, given_name, profession, active from directory.professional where"
        " (%(number)s <> '' and (rpps = %(number)s or national_id = %(number)s))"
        " or (%(family)s <> '' and upper(family_name) like upper(%(family)s)"
        "     and upper(given_name) like upper(%(given)s))"
        " or (%(other)s <> '' and upper(family_name) like upper(%(other)s)"
        "     and upper(given_name) like upper(%(family)s))"
        " order by family_name, given_name, id limit %(most)s",
        {
            "number": sought.number,
            "family": as_prefix(sought.words[0]) if sought.words else "",
            "given": as_prefix(sought.words[1]) if len(sought.words) > 1 else "%",
            "other": as_prefix(sought.words[1]) if len(sought.words) > 1 else "",
            "most": FOUND_MAX,
        },
    ).fetchall()
    return [professional_of(row) for row in rows]


def places(connection: Connection, sought: Sought) -> list[Place]:
    """Establishments by FINESS or SIRET number, or whose name begins so."""
    if sought.empty:
        return []
    rows = connection.execute(
        "select id, coalesce(finess, siret, structure, ''), name, town from directory.establishment where"
        " (%(number)s <> '' and (finess = %(number)s or siret = %(number)s))"
        " or (%(name)s <> '' and upper(name) like upper(%(name)s)) order by name, id limit %(most)s",
        {
            "number": sought.number,
            "name": as_prefix(" ".join(sought.words)) if sought.words else "",
            "most": FOUND_MAX,
        },
    ).fetchall()
    return [place_of(row) for row in rows]


def professional(connection: Connection, number: ProfessionalId) -> Professional | None:
    """One professional by our own number."""
    row = connection.execute(
        "select id, national_id, family_name, given_name, profession, active from directory.professional"
        " where id = %s",
        (number,),
    ).fetchone()
    return None if row is None else professional_of(row)


def place(connection: Connection, number: EstablishmentId) -> Place | None:
    """One place by our own number."""
    row = connection.execute(
        "select id, coalesce(finess, siret, structure, ''), name, town from directory.establishment where id = %s",
        (number,),
    ).fetchone()
    return None if row is None else place_of(row)


def listed_places(connection: Connection, number: ProfessionalId) -> list[Place]:
    """Where the directory lists a professional now."""
    rows = connection.execute(
        "select distinct t.id, coalesce(t.finess, t.siret, t.structure, ''), t.name, t.town"
        " from directory.activity a join directory.establishment t on t.id = a.establishment"
        " where a.professional = %s and a.listed and a.substitution is null order by 3, 1",
        (number,),
    ).fetchall()
    return [place_of(row) for row in rows]
