"""Enrolments, substitutions and the directory's past in PostgreSQL, for role tierce_office."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection

from tierce.directory.model import (
    Enrolment,
    Kind,
    Place,
    Professional,
    Status,
    Substitution,
    Version,
)
from tierce.kernel.care import Profession
from tierce.kernel.ids import EstablishmentId, ProfessionalId

_PROFESSIONAL: LiteralString = """
    select p.id, p.national_id, p.family_name, p.given_name, p.profession, p.active from directory.professional p"""
_PLACE: LiteralString = """
    select t.id, coalesce(t.finess, t.siret, t.structure, ''), t.name, t.town from directory.establishment t"""
_ENROLMENTS: LiteralString = """
    select n.id, n.status, n.manager, n.contract, n.reason, n.by, n.since_day, n.at,
           p.id, p.national_id, p.family_name, p.given_name, p.profession, p.active,
           t.id, coalesce(t.finess, t.siret, t.structure, ''), t.name, t.town
    from directory.enrolment n join directory.professional p on p.id = n.professional
    join directory.establishment t on t.id = n.establishment"""
_SUBSTITUTIONS: LiteralString = """
    select s.id, s.profession, s.from_day, s.until_day, s.by, s.reason, s.ended_day, s.at,
           p.id, p.national_id, p.family_name, p.given_name, p.profession, p.active,
           r.id, r.national_id, r.family_name, r.given_name, r.profession, r.active,
           t.id, coalesce(t.finess, t.siret, t.structure, ''), t.name, t.town
    from directory.substitution s join directory.professional p on p.id = s.professional
    join directory.professional r on r.id = s.replaces join directory.establishment t on t.id = s.establishment"""


def profession_of(code: int | None) -> Profession | None:
    """The profession of a stored code; None for 0, which the operator does not serve."""
    return Profession(code) if code else None


def professional_of(row: Sequence[Any]) -> Professional:
    """A row of (id, national_id, family_name, given_name, profession, active)."""
    return Professional(ProfessionalId(row[0]), row[1], row[2], row[3], profession_of(row[4]), row[5])


def place_of(row: Sequence[Any]) -> Place:
    """A row of the four columns of a Place, in its order."""
    return Place(EstablishmentId(row[0]), row[1], row[2], row[3])


def professional_by_number(connection: Connection, national_id: str) -> Professional | None:
    """Find a professional by her national identifier (type digit and number)."""
    row = connection.execute(_PROFESSIONAL + " where p.national_id = %s", (national_id,)).fetchone()
    return None if row is None else professional_of(row)


def place_by_number(connection: Connection, number: str) -> Place | None:
    """Find an establishment by its FINESS number, else its SIRET, else the directory's own number."""
    row = connection.execute(
        _PLACE + " where t.place_key = any(%s) or t.siret = %s order by t.active desc, t.place_key limit 1",
        ([f"F{number}", f"S{number}", f"T{number}"], number),
    ).fetchone()
    return None if row is None else place_of(row)


def served_activities(
    connection: Connection, professional: ProfessionalId, place: EstablishmentId
) -> list[Profession]:
    """The professions that she exercises there by the directory and that the operator serves."""
    rows = connection.execute(
        "select profession from directory.activity where professional = %s and establishment = %s"
        " and substitution is null and listed and profession <> 0 order by profession",
        (professional, place),
    ).fetchall()
    return [Profession(row[0]) for row in rows]


def enrolment(
    connection: Connection, professional: ProfessionalId, place: EstablishmentId, *, lock: bool = False
) -> Enrolment | None:
    """Read the enrolment of a professional at a place, perhaps locking it until the transaction's end."""
    row = connection.execute(
        _ENROLMENTS + " where n.professional = %s and n.establishment = %s" + (" for update of n" if lock else ""),
        (professional, place),
    ).fetchone()
    return None if row is None else _enrolment(row)


def enrolments(
    connection: Connection,
    *,
    professional: ProfessionalId | None,
    place: EstablishmentId | None,
    status: Status | None,
    at_most: int,
) -> list[Enrolment]:
    """List enrolments of one professional, one place or one status, the newest step first."""
    rows = connection.execute(
        _ENROLMENTS
        + """ where (%(professional)s::bigint is null or n.professional = %(professional)s)
        and (%(place)s::bigint is null or n.establishment = %(place)s)
        and (%(status)s::smallint is null or n.status = %(status)s) order by n.at desc, n.id desc limit %(most)s""",
        {"professional": professional, "place": place, "status": status, "most": at_most},
    ).fetchall()
    return [_enrolment(row) for row in rows]


def _enrolment(row: Sequence[Any]) -> Enrolment:
    return Enrolment(
        id=row[0], status=Status(row[1]), manager=row[2], contract=row[3], reason=row[4], by=row[5],
        since_day=row[6], at=row[7], professional=professional_of(row[8:14]), place=place_of(row[14:18]),
    )  # fmt: skip


def write_enrolment(
    connection: Connection,
    professional: ProfessionalId,
    place: EstablishmentId,
    status: Status,
    *,
    manager: bool,
    contract: str,
    reason: str,
    by: str,
    at: datetime,
) -> int:
    """Create or move an enrolment; what it said before goes to the past by itself. Returns its number."""
    row = connection.execute(
        "insert into directory.enrolment as n"
        " (professional, establishment, status, manager, contract, reason, by, at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (professional, establishment) do update set"
        " status = excluded.status, manager = excluded.manager, contract = excluded.contract,"
        " reason = excluded.reason, by = excluded.by, at = excluded.at returning n.id",
        (professional, place, status.value, manager, contract, reason, by, at),
    ).fetchone()
    assert row is not None, "an upsert always returns its row"
    return int(row[0])


def enrol_listed(connection: Connection, *, contract: str, reason: str, by: str, at: datetime) -> int:
    """Enrol everybody whom the directory lists in a profession that the operator serves; returns the number enrolled.

    For invented countries and for an operator's first day, when its whole own file is its clients.
    """
    return connection.execute(
        "insert into directory.enrolment (professional, establishment, status, contract, reason, by, at)"
        " select distinct a.professional, a.establishment, 2, %s, %s, %s, %s::timestamptz"
        " from directory.activity a join directory.professional p on p.id = a.professional"
        " where a.listed and a.profession <> 0 and a.substitution is null and p.active"
        " on conflict (professional, establishment) do nothing",
        (contract, reason, by, at),
    ).rowcount


def live_sessions_ended(
    connection: Connection, professional: ProfessionalId, place: EstablishmentId, at: datetime
) -> int:
    """End the live sessions of a professional at one place, and of whoever stands in for her there."""
    return connection.execute(
        # Whose they may be comes first: nothing finds the sessions of a place among a year of them.
        "with hers as materialized (select %(professional)s::bigint as professional union"
        "  select professional from directory.substitution where establishment = %(place)s"
        "  and replaces = %(professional)s),"
        " due as materialized (select s.id from hers h join access.session s on s.professional = h.professional"
        "  join directory.activity a on a.id = s.activity"
        "  left join directory.substitution b on b.id = a.substitution"
        "  where a.establishment = %(place)s and s.revoked is null and s.expires > %(at)s"
        "  and case when b.id is null then s.professional else b.replaces end = %(professional)s)"
        " update access.session s set revoked = %(at)s, revoked_why = 'enrolment ended or suspended'"
        " where s.id = any(array(select id from due)) and s.revoked is null",
        {"at": at, "place": place, "professional": professional},
    ).rowcount


def substitutions(
    connection: Connection,
    *,
    professional: ProfessionalId | None,
    place: EstablishmentId | None,
    not_before: int,
    at_most: int,
) -> list[Substitution]:
    """List substitutions of a professional, on either side, or of a place, that last until `not_before` or later."""
    rows = connection.execute(
        _SUBSTITUTIONS
        + """ where (%(professional)s::bigint is null or %(professional)s in (s.professional, s.replaces))
        and (%(place)s::bigint is null or s.establishment = %(place)s)
        and least(s.until_day, coalesce(s.ended_day - 1, s.until_day)) >= %(day)s
        order by s.from_day desc, s.id desc limit %(most)s""",
        {"professional": professional, "place": place, "day": not_before, "most": at_most},
    ).fetchall()
    return [_substitution(row) for row in rows]


def substitution(connection: Connection, wanted: int) -> Substitution | None:
    """Read one substitution."""
    row = connection.execute(_SUBSTITUTIONS + " where s.id = %s", (wanted,)).fetchone()
    return None if row is None else _substitution(row)


def _substitution(row: Sequence[Any]) -> Substitution:
    return Substitution(
        id=row[0], profession=Profession(row[1]), from_day=row[2], until_day=row[3], by=row[4], reason=row[5],
        ended_day=row[6], at=row[7], substitute=professional_of(row[8:14]), replaced=professional_of(row[14:20]),
        place=place_of(row[20:24]),
    )  # fmt: skip


def kept_out(connection: Connection, substitute: ProfessionalId, place: EstablishmentId) -> bool:
    """Tell whether the operator suspended somebody, wherever it is, or ended her at this place."""
    row = connection.execute(
        "select exists (select from directory.enrolment e where e.professional = %s"
        " and (e.status = %s or e.status = %s and e.establishment = %s))",
        (substitute, Status.SUSPENDED.value, Status.ENDED.value, place),
    ).fetchone()
    return bool(row and row[0])


def overlapping_substitutes(connection: Connection, replaced: ProfessionalId, from_day: int, until_day: int) -> int:
    """Count the substitutions of one professional that share a day with the given ones."""
    row = connection.execute(
        "select count(*) from directory.substitution s where s.replaces = %s and s.ended_day is null"
        " and s.from_day <= %s and s.until_day >= %s",
        (replaced, until_day, from_day),
    ).fetchone()
    assert row is not None, "a count always answers"
    return int(row[0])


def open_substitution(
    connection: Connection,
    *,
    substitute: ProfessionalId,
    replaced: ProfessionalId,
    place: EstablishmentId,
    profession: Profession,
    days: tuple[int, int],
    by: str,
    reason: str,
) -> int:
    """Write a substitution with its activity; returns its number."""
    row = connection.execute(
        "select directory.open_substitution(%s, %s, %s, %s::smallint, %s, %s, %s, %s)",
        (substitute, replaced, place, profession.value, *days, by, reason),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])


def end_substitution(connection: Connection, wanted: int, by: str) -> bool:
    """End a substitution from today on; False when it was over."""
    row = connection.execute("select directory.end_substitution(%s, null, %s)", (wanted, by)).fetchone()
    return row is not None and bool(row[0])


_NOW: dict[Kind, LiteralString] = {
    Kind.PROFESSIONAL: "select id, since_day, to_jsonb(x) from directory.professional x where id = any(%s)",
    Kind.ESTABLISHMENT: "select id, since_day, to_jsonb(x) from directory.establishment x where id = any(%s)",
    Kind.ACTIVITY: "select id, since_day, to_jsonb(x) from directory.activity x where id = any(%s)",
    Kind.ENROLMENT: "select id, since_day, to_jsonb(x) from directory.enrolment x where id = any(%s)",
}


def versions(connection: Connection, kind: Kind, subjects: Iterable[int]) -> list[Version]:
    """Everything that rows of one kind ever said, the oldest first, their present state last."""
    wanted = list(subjects)
    past = connection.execute(
        "select subject, from_day, until_day, was from directory.past where kind = %s and subject = any(%s)"
        " order by subject, n",
        (kind.value, wanted),
    ).fetchall()
    present = connection.execute(_NOW[kind], (wanted,)).fetchall()
    found = [Version(kind, row[0], row[1], row[2], row[3]) for row in past]
    found += [Version(kind, row[0], row[1], None, row[2]) for row in present]
    return sorted(found, key=lambda one: (one.subject, one.until_day is None))


def activities_of(connection: Connection, professional: ProfessionalId) -> list[int]:
    """The numbers of every activity that a professional ever had; none is ever deleted."""
    rows = connection.execute(
        "select id from directory.activity where professional = %s order by id", (professional,)
    ).fetchall()
    return [int(row[0]) for row in rows]


def enrolments_of(connection: Connection, professional: ProfessionalId) -> list[int]:
    """The numbers of every enrolment of a professional."""
    rows = connection.execute(
        "select id from directory.enrolment where professional = %s order by id", (professional,)
    ).fetchall()
    return [int(row[0]) for row in rows]


def write_contact(
    connection: Connection,
    professional: ProfessionalId,
    contact: tuple[str | None, tuple[str, ...], str],
    at: datetime,
    by: str,
) -> None:
    """Keep how to write to a professional: e-mail, postal lines, language; what was kept before is replaced."""
    email, postal, language = contact
    connection.execute(
        'insert into directory.contact (professional, email, postal, language, at, "by")'
        " values (%s, %s, %s, %s, %s, %s) on conflict (professional) do update"
        " set email = excluded.email, postal = excluded.postal,"
        ' language = excluded.language, at = excluded.at, "by" = excluded."by"',
        (professional, email, list(postal), language, at, by),
    )
