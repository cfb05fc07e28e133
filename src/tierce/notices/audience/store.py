"""Audiences' rows: frozen whole, in one transaction; then only an item's state moves."""

import secrets
from collections.abc import Collection
from datetime import date

from psycopg import Connection

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort
from tierce.incidents.cohorts.rules import cohort_of
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.audience.model import FIRST, Audience, Counts, Pair, Plan, State, Why
from tierce.notices.contacts.model import Contact
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.store import mandate_of
from tierce.notices.model import ReadOfHer

TOKEN_BYTES = 10


def exposed_pairs(connection: Connection, incident: IncidentId, revision: int) -> list[Pair]:
    """Every pair of a list, and its professionals."""
    found = [
        Pair(PersonId(person), InsurerId(insurer), cohort_of(DataCategory(categories)))
        for person, insurer, categories in connection.execute(
            "select person, insurer, categories from incident.exposed where incident = %s and revision = %s",
            (incident, revision),
        )
    ]
    found += [
        Pair(PersonId(professional), OPERATOR, Cohort.PROFESSIONALS)
        for (professional,) in connection.execute(
            "select professional from incident.exposed_professional where incident = %s and revision = %s",
            (incident, revision),
        )
    ]
    return found


def told_before(connection: Connection, incident: IncidentId, revision: int) -> set[Pair]:
    """Pairs that an earlier audience of the incident told of the same categories as this revision has."""
    rows = connection.execute(
        """
        select p.person, p.insurer, p.cohort from notice.item_pair p
        join notice.audience a on a.id = p.audience and a.incident = %(incident)s
        join notice.item i on i.audience = p.audience and i.number = p.item and i.state = any(%(told)s)
        where case when p.cohort = 'professionals' then
            (select o.categories = n.categories from incident.exposed_professional o, incident.exposed_professional n
             where o.incident = a.incident and o.revision = a.revision and o.professional = p.person
               and n.incident = a.incident and n.revision = %(revision)s and n.professional = p.person)
        else
            (select o.categories = n.categories from incident.exposed o, incident.exposed n
             where o.incident = a.incident and o.revision = a.revision
               and (o.person, o.insurer) = (p.person, p.insurer)
               and n.incident = a.incident and n.revision = %(revision)s
               and (n.person, n.insurer) = (p.person, p.insurer)) end""",
        {
            "incident": incident,
            "revision": revision,
            "told": [State.SENT, State.PRINTED, State.POSTED, State.PUBLIC],
        },
    ).fetchall()
    return {Pair(PersonId(row[0]), InsurerId(row[1]), Cohort(row[2])) for row in rows}


def doubts(connection: Connection, incident: IncidentId) -> int:
    """Items of the incident whose last attempt has no known end."""
    row = connection.execute(
        "select count(*) from notice.item i join notice.audience a on a.id = i.audience"
        " where a.incident = %s and i.state = %s",
        (incident, State.DOUBTFUL),
    ).fetchone()
    assert row is not None
    return int(row[0])


def mandates(connection: Connection, insurers: Collection[InsurerId], on: date) -> dict[InsurerId, Mandate | None]:
    """Who writes to each insurer's people on a day."""
    return {one: mandate_of(connection, one, on) for one in sorted(insurers)}


def client_contacts(
    connection: Connection, professionals: Collection[int]
) -> dict[tuple[PersonId, InsurerId], Contact]:
    """What the operator holds to write to its own clients; whoever has none is left out."""
    rows = connection.execute(
        "select p.id, p.given_name, p.family_name, c.email, c.postal, c.language from directory.professional p"
        " join directory.contact c on c.professional = p.id where p.id = any(%s)",
        (list(professionals),),
    ).fetchall()
    return {
        (PersonId(row[0]), OPERATOR): Contact(f"{row[1]} {row[2]}".strip(), row[3], tuple(row[4]), row[5])
        for row in rows
    }


def insert(connection: Connection, audience: Audience, plan: Plan, entry: int) -> None:
    """Store an audience with its items and pairs, in the caller's transaction."""
    connection.execute(
        "insert into notice.audience (id, incident, revision, digest, salt, pairs, items, frozen_at, entry)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            audience.id, audience.incident, audience.revision, audience.digest, audience.salt, audience.pairs,
            audience.items, audience.frozen_at, entry,
        ),
    )  # fmt: skip
    columns = "audience, number, cohort, channel, language, represented, postal, person, insurer"
    columns += ", binding, token, state, why"
    with connection.cursor() as cursor:
        with cursor.copy(f"copy notice.item ({columns}) from stdin") as copy:
            for one in plan.items:
                copy.write_row(
                    (
                        audience.id, one.number, one.cohort.value, one.channel.value, one.language.value,
                        one.represented, one.postal, one.source.person, one.source.insurer, one.binding,
                        secrets.token_bytes(TOKEN_BYTES), FIRST[one.channel].value, one.why and one.why.value,
                    )
                )  # fmt: skip
        with cursor.copy("copy notice.item_pair (audience, person, insurer, cohort, item, why) from stdin") as copy:
            for one in plan.items:
                for pair in one.pairs:
                    copy.write_row((audience.id, pair.person, pair.insurer, pair.cohort.value, one.number, None))
            for left in plan.left:
                row = (audience.id, left.pair.person, left.pair.insurer, left.pair.cohort.value, None, left.why.value)
                copy.write_row(row)


def newest(connection: Connection, incident: IncidentId) -> Audience | None:
    """The newest audience of an incident; an older one is never written to again."""
    row = connection.execute(
        "select id, incident, revision, digest, salt, pairs, items, frozen_at from notice.audience"
        " where incident = %s order by frozen_at desc, entry desc limit 1",
        (incident,),
    ).fetchone()
    return Audience(row[0], IncidentId(row[1]), row[2], bytes(row[3]), bytes(row[4]), *row[5:]) if row else None


def last_revision(connection: Connection, incident: IncidentId) -> int:
    """The revision of the newest list of an incident; 0 when none was computed."""
    row = connection.execute(
        "select coalesce(max(revision), 0) from incident.scope where incident = %s", (incident,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def list_digest(connection: Connection, incident: IncidentId, revision: int) -> bytes:
    """The digest of one list."""
    row = connection.execute(
        "select digest from incident.scope where incident = %s and revision = %s", (incident, revision)
    ).fetchone()
    assert row is not None
    return bytes(row[0])


def exposed_count(connection: Connection, audience: Audience) -> int:
    """Pairs of the audience's list, counted in the list itself and not in the audience."""
    row = connection.execute(
        "select (select count(*) from incident.exposed where incident = %(i)s and revision = %(r)s)"
        " + (select count(*) from incident.exposed_professional where incident = %(i)s and revision = %(r)s)",
        {"i": audience.incident, "r": audience.revision},
    ).fetchone()
    assert row is not None
    return int(row[0])


def counts(connection: Connection, audience: Audience, steps: tuple[int, int, int]) -> Counts:
    """Count an audience from its rows. `steps` are the numbers of accepted, refused and bounced."""
    value = {"a": audience.id, "no_contact": Why.NO_CONTACT.value}
    left: dict[int, int] = dict(
        connection.execute(
            "select why, count(*) from notice.item_pair where audience = %(a)s and item is null group by why", value
        ).fetchall()
    )
    row = connection.execute(
        "select count(*), count(distinct p.item), count(*) filter (where i.why = %(no_contact)s)"
        " from notice.item_pair p join notice.item i on i.audience = p.audience and i.number = p.item"
        " where p.audience = %(a)s",
        value,
    ).fetchone()
    assert row is not None
    ours, adults, unmatched = (int(one) for one in row)
    states = connection.execute(
        "select state, count(*), count(*) filter (where channel <> 3) from notice.item where audience = %(a)s"
        " group by state", value,
    ).fetchall()  # fmt: skip
    public = connection.execute(
        "select why, count(*) from notice.item where audience = %(a)s and why is not null group by why", value
    ).fetchall()
    told: dict[int, int] = dict(
        connection.execute(
            "select step, count(distinct item) from notice.step where audience = %s and step = any(%s) group by step",
            (audience.id, list(steps)),
        ).fetchall()
    )
    by_state = {State(state): int(number) for state, number, _ in states}
    return Counts(
        exposed=exposed_count(connection, audience),
        insurer_sends=left.get(Why.INSURER_SENDS, 0),
        no_mandate=left.get(Why.NO_MANDATE, 0),
        already_told=left.get(Why.ALREADY_TOLD, 0),
        unmatched=unmatched,
        matched=ours - unmatched,
        grouped=ours - adults,
        adults=audience.items,
        reachable=sum(int(reachable) for _, _, reachable in states),
        states=by_state,
        public={Why(why): int(number) for why, number in public},
        sent=told.get(steps[0], 0),
        refused=told.get(steps[1], 0),
        bounced=told.get(steps[2], 0),
        doubts=by_state.get(State.DOUBTFUL, 0),
    )


def reads(connection: Connection, audience: Audience, pairs: Collection[Pair]) -> dict[Pair, ReadOfHer]:
    """What was read under each pair of persons covered, as the list has it."""
    wanted = [pair for pair in pairs if pair.cohort is not Cohort.PROFESSIONALS]
    rows = connection.execute(
        "select x.person, x.insurer, n.name, x.categories, x.first_at, x.last_at, x.entries"
        " from unnest(%s::bigint[], %s::smallint[]) w(person, insurer) join incident.exposed x on x.incident = %s"
        " and x.revision = %s and x.person = w.person and x.insurer = w.insurer"
        " join registry.insurer n on n.id = x.insurer",
        (
            [one.person for one in wanted],
            [one.insurer for one in wanted],
            audience.incident,
            audience.revision,
        ),
    ).fetchall()
    found = {(row[0], row[1]): ReadOfHer(row[2], DataCategory(row[3]), row[4], row[5], row[6]) for row in rows}
    return {one: found[one.person, one.insurer] for one in wanted}
