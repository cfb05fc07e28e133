"""Cohorts' rows: professionals exposed, whom a list cannot settle, a list's counts, what changed since the last."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from psycopg import Connection

from tierce.incidents.cohorts.model import Cohort, CohortCount, ExposedProfessional, InvoicesRead
from tierce.incidents.cohorts.rules import INVOICED
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros
from tierce.kernel.ids import IncidentId, InsurerId, ProfessionalId
from tierce.scope.model import Exposure
from tierce.scope.rules import rule_text

_PAIR: LiteralString = """
    with pair as (
        select case when categories & %(invoiced)s <> 0 then 'invoices' else 'insured' end as cohort,
            insurer as controller, person, entries::bigint as entries, categories
        from incident.exposed where incident = %(incident)s and revision = %(revision)s
        union all
        select 'professionals', 0, professional, entries, categories
        from incident.exposed_professional where incident = %(incident)s and revision = %(revision)s)"""
_COUNT_CONTROLLERS: LiteralString = f"""{_PAIR}
    insert into incident.cohort_controller (incident, revision, cohort, controller, pairs, entries, categories)
    select %(incident)s, %(revision)s, cohort, controller, count(*), sum(entries), bit_or(categories)
    from pair group by cohort, controller"""  # noqa: S608 - our own text alone
_COUNT_COHORTS: LiteralString = f"""{_PAIR},
    part as (
        select cohort, count(distinct person) as persons, count(*) as pairs, sum(entries) as entries,
            bit_or(categories) as categories
        from pair group by cohort)
    insert into incident.cohort (incident, revision, cohort, persons, pairs, entries, categories)
    select %(incident)s, %(revision)s, c.cohort, coalesce(p.persons, 0), coalesce(p.pairs, 0), coalesce(p.entries, 0),
        coalesce(p.categories, 0)
    from (values ('insured'), ('invoices'), ('professionals')) c (cohort) left join part p using (cohort)"""  # noqa: S608 - our own text alone
_DIFFERENCE: LiteralString = """
    insert into incident.difference (incident, revision, insurer, added, gone, changed)
    select %(incident)s, %(revision)s, insurer, count(*) filter (where old.person is null),
        count(*) filter (where new.person is null), count(*) filter (where old.categories <> new.categories)
    from (select person, insurer, categories from incident.exposed
          where incident = %(incident)s and revision = %(revision)s) new
    full join (select person, insurer, categories from incident.exposed
               where incident = %(incident)s and revision = %(revision)s - 1) old using (person, insurer)
    where new.categories is distinct from old.categories group by insurer"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed of one insurer's pairs since the list before: new, no longer there, with other categories."""

    insurer: InsurerId
    added: int
    gone: int
    changed: int


def incidents_of(connection: Connection, professional: ProfessionalId) -> list[IncidentId]:
    """The incidents opened on the account of a professional, or on a list of which it is, the oldest first."""
    rows = connection.execute(
        "select i.id from incident.incident i where exists (select from incident.exposed_professional e"
        " where e.incident = i.id and e.professional = %(account)s) or exists (select from incident.opening o"
        " where o.incident = i.id and o.subject = %(account)s) order by i.signal_at, i.id",
        {"account": professional},
    )
    return [IncidentId(row[0]) for row in rows]


def insert_professionals(
    connection: Connection, incident: IncidentId, revision: int, exposed: Iterable[ExposedProfessional]
) -> None:
    """Store the professionals exposed of one list."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into incident.exposed_professional"
            " (incident, revision, professional, categories, first_at, last_at, entries)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    incident, revision, one.professional, int(one.categories), from_micros(one.first_us),
                    from_micros(one.last_us), one.entries,
                )
                for one in exposed
            ],
        )  # fmt: skip


def insert_possible(connection: Connection, incident: IncidentId, revision: int, some: Iterable[Exposure]) -> None:
    """Store whom the journal cannot settle; they are told so, and on no insurer's list."""
    columns = "incident, revision, person, insurer, categories, first_at, last_at, entries, rule"
    with connection.cursor() as cursor, cursor.copy(f"copy incident.possible ({columns}) from stdin") as copy:
        for one in some:
            first, last = from_micros(one.first_us), from_micros(one.last_us)
            copy.write_row(
                (
                    incident, revision, one.person, one.insurer, int(one.categories), first, last, one.entries,
                    rule_text(one.rules),
                )
            )  # fmt: skip


def count(connection: Connection, incident: IncidentId, revision: int) -> None:
    """Count a stored list by cohort and controller, and what changed since the list before; keep both."""
    values = {"incident": incident, "revision": revision, "invoiced": int(INVOICED)}
    connection.execute(_COUNT_CONTROLLERS, values)
    connection.execute(_COUNT_COHORTS, values)
    if revision > 1:
        connection.execute(_DIFFERENCE, values)


def cohorts(connection: Connection, incident: IncidentId, revision: int) -> list[CohortCount]:
    """The cohorts of a list, empty ones too; professionals are absent from a list that never looked for them."""
    rows = connection.execute(
        "select cohort, persons, pairs, entries, categories from incident.cohort"
        " where incident = %s and revision = %s",
        (incident, revision),
    ).fetchall()
    found = {row[0]: CohortCount(Cohort(row[0]), row[1], row[2], row[3], DataCategory(row[4])) for row in rows}
    return [found[cohort] for cohort in Cohort if cohort in found]


def differences(connection: Connection, incident: IncidentId, revision: int) -> list[Difference]:
    """What changed since the list before, by insurer; an insurer of whom nothing changed is absent."""
    rows = connection.execute(
        "select insurer, added, gone, changed from incident.difference where incident = %s and revision = %s"
        " order by insurer",
        (incident, revision),
    ).fetchall()
    return [Difference(InsurerId(row[0]), *row[1:]) for row in rows]


def changed(connection: Connection, incident: IncidentId, revision: int) -> int:
    """How many pairs and accounts of a list are new, no longer there, or with other data than in the one before."""
    row = connection.execute(
        """
        select (select coalesce(sum(added + gone + changed), 0) from incident.difference
                where incident = %(incident)s and revision = %(revision)s)
            + (select count(*) from (select professional, categories from incident.exposed_professional
                                     where incident = %(incident)s and revision = %(revision)s) new
               full join (select professional, categories from incident.exposed_professional
                          where incident = %(incident)s and revision = %(revision)s - 1) old using (professional)
               where new.categories is distinct from old.categories)""",
        {"incident": incident, "revision": revision},
    ).fetchone()
    assert row is not None
    return int(row[0])


def invoices_read(connection: Connection, number: IncidentId, revision: int) -> InvoicesRead:
    """Readings of invoices under a list's criteria, and how many pairs of it they could be matched with."""
    row = connection.execute(
        "select readings, matched from incident.invoices_read(%s, %s::smallint)", (number, revision)
    ).fetchone()
    assert row is not None
    return InvoicesRead(*row)
